// A map of bounded size whose entries end: a full one loses what has ended, else of anyone who holds the most, else what ends first.
import type { Clock } from './clock.js';
import type { DescopeError } from './errors.js';
import { DescopeUnavailableError } from './errors.js';

interface Entry<Value> {
  readonly key: string;
  value: Value;
  untilMs: number;
  /** Where it stands in the heap. */
  at: number;
}

/**
 * Gives and takes in logarithmic time, however full it is: the entries stand in a heap, of which the first ends first.
 */
export class ExpiringMap<Value> {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #heap: Entry<Value>[] = [];
  readonly #ownerOf: ((value: Value) => string) | undefined;
  readonly #shares = new OwnerShares();

  /** `ownerOf` says on whose account an entry is kept; without it, all are alike. */
  constructor(maxEntries: number, clock: Clock, ownerOf?: (value: Value) => string) {
    this.#maxEntries = maxEntries;
    this.#clock = clock;
    this.#ownerOf = ownerOf;
  }

  /** How many are held, those included that have ended and were not missed yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** Gives a value that has not ended. */
  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.untilMs > this.#clock() ? entry.value : undefined;
  }

  /** Keeps a value until its end; `false` when another one that had not ended had to go. */
  set(key: string, value: Value, untilMs: number): boolean {
    const known = this.#entries.get(key);
    if (known !== undefined) this.#remove(known);
    this.#dropEnded();
    const lost = this.#entries.size >= this.#maxEntries ? this.#findFirst(value) : undefined;
    if (lost !== undefined) this.#remove(lost);
    const entry = { key, value, untilMs, at: this.#heap.length };
    this.#entries.set(key, entry);
    this.#place(entry, entry.at);
    this.#rise(entry);
    if (this.#ownerOf !== undefined) this.#shares.add(this.#ownerOf(value), key);
    return lost === undefined;
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Gives the entries of anyone who would lose one if this value were added now; none where there is room, or nobody holds two. */
  readCrowd(value: Value): readonly (readonly [key: string, value: Value])[] {
    this.#dropEnded();
    if (this.#entries.size < this.#maxEntries || this.#ownerOf === undefined) return [];
    return [...(this.#shares.findCrowd(this.#ownerOf(value)) ?? [])].flatMap((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? [] : [[key, entry.value] as const];
    });
  }

  #findFirst(value: Value): Entry<Value> | undefined {
    const crowd = this.#ownerOf && this.#shares.findCrowd(this.#ownerOf(value));
    const oldest = crowd?.values().next().value;
    return (oldest === undefined ? undefined : this.#entries.get(oldest)) ?? this.#heap[0];
  }

  #dropEnded(): void {
    const now = this.#clock();
    for (let first = this.#heap[0]; first !== undefined && first.untilMs <= now; first = this.#heap[0])
      this.#remove(first);
  }

  #remove(entry: Entry<Value>): void {
    this.#entries.delete(entry.key);
    if (this.#ownerOf !== undefined) this.#shares.remove(this.#ownerOf(entry.value), entry.key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#place(last, entry.at);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<Value>): void {
    for (;;) {
      const above = entry.at === 0 ? undefined : this.#heap[(entry.at - 1) >> 1];
      if (above === undefined || above.untilMs <= entry.untilMs) return;
      this.#swap(entry, above);
    }
  }

  #sink(entry: Entry<Value>): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * entry.at + 1], this.#heap[2 * entry.at + 2]];
      const below = right !== undefined && left !== undefined && right.untilMs < left.untilMs ? right : left;
      if (below === undefined || below.untilMs >= entry.untilMs) return;
      this.#swap(entry, below);
    }
  }

  #swap(one: Entry<Value>, other: Entry<Value>): void {
    const at = one.at;
    this.#place(one, other.at);
    this.#place(other, at);
  }

  #place(entry: Entry<Value>, at: number): void {
    entry.at = at;
    this.#heap[at] = entry;
  }
}

// Exchanges that failed a moment ago: the next caller need not find out again, and Descope is not asked again.

const MAX_ENTRIES = 10_000;
const MAX_OUTAGE_SECONDS = 30; // Descope may name hours; a try costs little, and ends them
const MOMENT_MS = 1_000;

interface Failure {
  readonly error: DescopeError;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly owner: string;
}

/** How long a failure is remembered, and on whose account; each credential's own where nothing is known. */
export interface FailureKeeping {
  readonly keepMs?: number | undefined;
  readonly owner?: string | undefined;
}

export class FailureMemory {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>(); // from old to new
  readonly #shares = new OwnerShares();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Recalls why the exchange of a credential failed, as long as that counts. */
  recall(digest: string): DescopeError | undefined {
    const failure = this.#failures.get(digest);
    if (failure === undefined) return undefined;
    const nowMs = this.#clock();
    if (nowMs >= failure.sinceMs && nowMs < failure.untilMs) return failure.error;
    this.#forget(digest);
    return undefined;
  }

  /** Remembers a failure; an outage for as long as it asks for, within bounds, anything without a time for a moment. */
  remember(digest: string, error: DescopeError, keeping: FailureKeeping = {}): void {
    const { keepMs = toKeepMs(error), owner = digest } = keeping;
    const sinceMs = this.#clock();
    this.#forget(digest); // what is set again would keep its old place
    this.#makeRoom(sinceMs, owner);
    this.#failures.set(digest, { error, sinceMs, untilMs: sinceMs + keepMs, owner });
    this.#shares.add(owner, digest);
  }

  #makeRoom(nowMs: number, owner: string): void {
    for (const [digest, { untilMs }] of this.#failures) {
      if (untilMs > nowMs) break;
      this.#forget(digest);
    }
    if (this.#failures.size < MAX_ENTRIES) return;
    const [first] = this.#shares.findCrowd(owner) ?? this.#failures.keys();
    if (first !== undefined) this.#forget(first);
  }

  #forget(digest: string): void {
    const failure = this.#failures.get(digest);
    if (failure === undefined) return;
    this.#failures.delete(digest);
    this.#shares.remove(failure.owner, digest);
  }
}

function toKeepMs(error: DescopeError): number {
  if (!(error instanceof DescopeUnavailableError)) return MOMENT_MS;
  return 1000 * Math.min(error.retryAfterSeconds, MAX_OUTAGE_SECONDS);
}

// Who holds how many entries of a bounded memory: one owner must not push out what is kept of others.

/** Counts entries by their owner; each call takes the same time however many there are. */
export class OwnerShares {
  readonly #keys = new Map<string, Set<string>>(); // by owner, each from old to new
  readonly #owners = new Map<number, Set<string>>(); // by how many entries they hold
  #most = 0;

  add(owner: string, key: string): void {
    const keys = this.#keys.get(owner) ?? new Set<string>();
    if (keys.has(key)) return;
    this.#keys.set(owner, keys);
    keys.add(key);
    this.#move(owner, keys.size - 1, keys.size);
  }

  remove(owner: string, key: string): void {
    const keys = this.#keys.get(owner);
    if (keys?.delete(key) !== true) return;
    if (keys.size === 0) this.#keys.delete(owner);
    this.#move(owner, keys.size + 1, keys.size);
  }

  /**
   * Names whose entries must make room for another one of `owner`, and gives them from old to new: `owner` itself where
   * nobody holds more, else who holds the most. `undefined` where nobody holds two.
   */
  findCrowd(owner: string): ReadonlySet<string> | undefined {
    if (this.#most < 2) return undefined;
    const own = this.#keys.get(owner);
    if (own?.size === this.#most) return own;
    const largest = this.#owners.get(this.#most)?.values().next().value;
    return largest === undefined ? undefined : this.#keys.get(largest);
  }

  #move(owner: string, from: number, to: number): void {
    const before = this.#owners.get(from);
    before?.delete(owner);
    if (before?.size === 0) this.#owners.delete(from);
    if (to > 0) {
      const now = this.#owners.get(to) ?? new Set<string>();
      this.#owners.set(to, now);
      now.add(owner);
    }
    if (to > this.#most) this.#most = to;
    else if (from === this.#most && !this.#owners.has(from)) this.#most = to;
  }
}
