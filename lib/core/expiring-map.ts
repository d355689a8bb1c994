// A map of bounded size whose entries end: a full one loses what has ended, else of whoever holds the most, else what ends first.
import type { Clock } from './clock.js';
import { OwnerShares } from './owner-shares.js';

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

  /** Gives the entries of whoever would lose one if this value were added now; none where there is room, or nobody holds two. */
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
