// A cache of bounded size with expiry: one load for many waiters, failures remembered, space shared among owners.
import type { Clock } from './clock.js';
import type { MaybePromise } from './maybe-promise.js';

/** The bounds of a cache, and when an entry counts. */
export interface ExpiringCacheInput {
  readonly clock: Clock;
  readonly maxEntries: number;
  /** The greatest number of entries of one owner, whose oldest is evicted. Left out: an owner may use all free space. */
  readonly maxPerOwner?: number;
  /** Which entry a full cache evicts if no owner has two. @defaultValue `'oldest'` */
  readonly evicts?: 'oldest' | 'first-to-end';
  /**
   * Whether entries count while the clock shows an earlier time than when they were set. A cached result must not, because
   * a clock that is set back would prolong it; a record that rejects a caller must. @defaultValue `false`
   */
  readonly survivesClockReset?: boolean;
  /** Which failures of loads are remembered. Left out: none. */
  readonly failures?: FailureRule;
}

/** Which failures are remembered, separately from the values: no number of failures evicts a value. */
export interface FailureRule {
  readonly maxEntries: number;
  /** Returns how a failure is remembered; `undefined` if the next caller loads again. */
  readonly toMemory: (error: unknown) => FailureMemory | undefined;
}

/** How one failure is remembered. */
export interface FailureMemory {
  /** How long it is thrown in place of another load, in milliseconds. */
  readonly keepMs: number;
  /** Whether it invalidates the value that is still kept. */
  readonly endsValue?: boolean;
}

/** A value that was loaded. */
export interface Loaded<Value> {
  readonly value: Value;
  /** When it expires; with a past moment it is not kept. */
  readonly untilMs: number;
  /** The owner, if it is known only now. @defaultValue the owner given to `load` */
  readonly owner?: string | undefined;
}

/** The expiry and the owner of a value. */
export interface Keeping {
  readonly untilMs: number;
  /** @defaultValue the key: every entry has its own owner */
  readonly owner?: string | undefined;
}

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly owner: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Its index in the heap. */
  index: number;
}

export class ExpiringCache<Value> {
  readonly #input: ExpiringCacheInput;
  readonly #entries = new Map<string, Entry<Value>>(); // from old to new
  readonly #heap: Entry<Value>[] = []; // the first is the first to expire
  readonly #shares = new OwnerShares();
  readonly #failures: ExpiringCache<{ readonly error: unknown }> | undefined;
  // Not bounded: each load belongs to the callers that wait for it.
  readonly #loads = new Map<string, Promise<Value>>();

  constructor(input: ExpiringCacheInput) {
    this.#input = input;
    const { clock, failures } = input;
    this.#failures = failures && new ExpiringCache({ clock, maxEntries: failures.maxEntries });
  }

  /** The number of entries, including expired ones that were not removed yet. */
  get size(): number {
    return this.#entries.size;
  }

  /** Returns the value of a key, if one counts now. */
  get(key: string): Value | undefined {
    return this.#read(key)?.value;
  }

  /** Returns the value of a key, or its load under way. Throws a failure that is remembered. */
  getOrJoin(key: string): MaybePromise<Value> | undefined {
    const entry = this.#read(key);
    if (entry !== undefined) return entry.value;
    this.#assertNoFailure(key);
    return this.#loads.get(key);
  }

  /** Returns the value of a key, synchronously if there is one; otherwise loads it as `load` does. */
  getOrLoad(key: string, load: () => Promise<Loaded<Value>>, owner = key): MaybePromise<Value> {
    const entry = this.#read(key);
    return entry === undefined ? this.reload(key, load, owner) : entry.value;
  }

  /**
   * Loads a value in place of the one that is kept: one call of `load` for all callers until it settles. Rejects with
   * the rejection of `load`. Throws a failure that is remembered, and an exception of `load`, which is not remembered.
   */
  reload(key: string, load: () => Promise<Loaded<Value>>, owner = key): Promise<Value> {
    this.#assertNoFailure(key);
    const underWay = this.#loads.get(key);
    if (underWay !== undefined) return underWay;
    this.#removeEnded();
    const loading: Promise<Value> = load().then(
      ({ value, untilMs, owner: actualOwner = owner }) => {
        if (this.#endLoad(key, loading)) this.set(key, value, { untilMs, owner: actualOwner });
        return value;
      },
      (error: unknown) => {
        if (this.#endLoad(key, loading)) this.#keepFailure(key, error, owner);
        throw error;
      },
    );
    this.#loads.set(key, loading);
    return loading;
  }

  /**
   * Keeps a value. A load of the key that is under way continues for its waiters, and its result is not kept.
   * @returns `false` if an entry that had not expired was evicted
   */
  set(key: string, value: Value, { untilMs, owner = key }: Keeping): boolean {
    this.delete(key); // also because an entry that is set again is a new one
    this.#removeEnded();
    const sinceMs = this.#input.clock();
    if (untilMs <= sinceMs) return true;
    const evicted = this.#findEvicted(owner);
    if (evicted !== undefined) this.#remove(evicted);
    const entry = { key, value, owner, sinceMs, untilMs, index: this.#heap.length };
    this.#entries.set(key, entry);
    this.#shares.add(owner, key);
    this.#move(entry, entry.index);
    this.#rise(entry);
    return evicted === undefined;
  }

  /** Deletes the value or the failure of a key; the result of a load that is under way is not kept. */
  delete(key: string): void {
    this.#loads.delete(key);
    this.#failures?.delete(key);
    const entry = this.#entries.get(key);
    if (entry !== undefined) this.#remove(entry);
  }

  /** Deletes the values of one owner. */
  deleteOwned(owner: string): void {
    for (const key of [...(this.#shares.keysOf(owner) ?? [])]) this.delete(key);
  }

  /** Returns the values of one owner, from old to new. */
  readOwned(owner: string): readonly Value[] {
    return this.#toEntries(this.#shares.keysOf(owner)).map(([, value]) => value);
  }

  /**
   * Returns the entries of the owner who would lose one if another entry of `owner` were set now; none if there is free
   * space, or if no owner has two.
   */
  readEvictable(owner: string): readonly (readonly [key: string, value: Value])[] {
    this.#removeEnded();
    if (this.#entries.size < this.#input.maxEntries) return [];
    return this.#toEntries(this.#shares.findEvictable(owner));
  }

  #read(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#input.clock();
    const hasBegun = nowMs >= entry.sinceMs || this.#input.survivesClockReset === true;
    return hasBegun && entry.untilMs > nowMs ? entry : undefined;
  }

  #assertNoFailure(key: string): void {
    const failure = this.#failures?.get(key);
    if (failure !== undefined) throw failure.error;
  }

  // A value that was set or deleted meanwhile is newer than the result of the load.
  #endLoad(key: string, loading: Promise<Value>): boolean {
    return this.#loads.get(key) === loading && this.#loads.delete(key);
  }

  #keepFailure(key: string, error: unknown, owner: string): void {
    const memory = this.#input.failures?.toMemory(error);
    if (memory?.endsValue === true) this.delete(key);
    if (memory !== undefined)
      this.#failures?.set(key, { error }, { untilMs: this.#input.clock() + memory.keepMs, owner });
  }

  #findEvicted(owner: string): Entry<Value> | undefined {
    const { maxEntries, maxPerOwner, evicts } = this.#input;
    const own = this.#shares.keysOf(owner);
    const isOwnerFull = maxPerOwner !== undefined && (own?.size ?? 0) >= maxPerOwner;
    if (!isOwnerFull && this.#entries.size < maxEntries) return undefined;
    const [oldest] = (isOwnerFull ? own : this.#shares.findEvictable(owner)) ?? [];
    if (oldest !== undefined) return this.#entries.get(oldest);
    if (evicts === 'first-to-end') return this.#heap[0];
    return this.#entries.values().next().value;
  }

  #removeEnded(): void {
    const nowMs = this.#input.clock();
    for (let first = this.#heap[0]; first !== undefined && first.untilMs <= nowMs; first = this.#heap[0])
      this.#remove(first);
  }

  #toEntries(keys: Iterable<string> = []): readonly (readonly [key: string, value: Value])[] {
    return [...keys].flatMap((key) => {
      const entry = this.#entries.get(key);
      return entry === undefined ? [] : [[key, entry.value] as const];
    });
  }

  #remove(entry: Entry<Value>): void {
    this.#entries.delete(entry.key);
    this.#shares.remove(entry.owner, entry.key);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#move(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<Value>): void {
    for (;;) {
      const parent = entry.index === 0 ? undefined : this.#heap[(entry.index - 1) >> 1];
      if (parent === undefined || parent.untilMs <= entry.untilMs) return;
      this.#swap(entry, parent);
    }
  }

  #sink(entry: Entry<Value>): void {
    for (;;) {
      const [left, right] = [this.#heap[2 * entry.index + 1], this.#heap[2 * entry.index + 2]];
      const child = right !== undefined && left !== undefined && right.untilMs < left.untilMs ? right : left;
      if (child === undefined || child.untilMs >= entry.untilMs) return;
      this.#swap(entry, child);
    }
  }

  #swap(one: Entry<Value>, other: Entry<Value>): void {
    const { index } = one;
    this.#move(one, other.index);
    this.#move(other, index);
  }

  #move(entry: Entry<Value>, index: number): void {
    entry.index = index;
    this.#heap[index] = entry;
  }
}

// Counts entries by owner, so that one owner cannot evict the entries of others. Each call takes constant time.
class OwnerShares {
  readonly #keys = new Map<string, Set<string>>(); // by owner, each from old to new
  readonly #owners = new Map<number, Set<string>>(); // by their number of entries
  #most = 0;

  keysOf(owner: string): ReadonlySet<string> | undefined {
    return this.#keys.get(owner);
  }

  add(owner: string, key: string): void {
    const keys = this.#keys.get(owner) ?? new Set<string>();
    this.#keys.set(owner, keys.add(key));
    this.#recount(owner, keys.size - 1, keys.size);
  }

  remove(owner: string, key: string): void {
    const keys = this.#keys.get(owner);
    if (keys?.delete(key) !== true) return;
    if (keys.size === 0) this.#keys.delete(owner);
    this.#recount(owner, keys.size + 1, keys.size);
  }

  // Of these keys one is evicted for another entry of `owner`: its own if no owner has more, otherwise those of the largest.
  findEvictable(owner: string): ReadonlySet<string> | undefined {
    if (this.#most < 2) return undefined;
    const own = this.#keys.get(owner);
    if (own?.size === this.#most) return own;
    const largest = this.#owners.get(this.#most)?.values().next().value;
    return largest === undefined ? undefined : this.#keys.get(largest);
  }

  #recount(owner: string, from: number, to: number): void {
    const before = this.#owners.get(from);
    before?.delete(owner);
    if (before?.size === 0) this.#owners.delete(from);
    if (to > 0) this.#owners.set(to, (this.#owners.get(to) ?? new Set<string>()).add(owner));
    if (to > this.#most) this.#most = to;
    else if (from === this.#most && !this.#owners.has(from)) this.#most = to;
  }
}
