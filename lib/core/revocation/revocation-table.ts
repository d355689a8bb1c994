// All revocations that an instance knows, in one array of numbers: found by key, merged, bounded, forgotten once they are over.
import type { Revocation, RevocationKey, RevocationScope } from './revocation.js';
import { NO_OWNER } from './revocation.js';

const MAX_ENTRIES = 2_000_000;
const MIN_SLOTS = 64;
const MAX_LOAD = 0.85;
const GROWTH = 1.4; // from 85 % to 61 %: never more than 1.65 slots of 24 bytes for an entry while it grows
const PURGE_SECONDS = 60;
const SAMPLE = 2_048;
const CROWD_SHARE = 0.01;
const EVICTED_SHARE = 1 / 16;

// The words of a slot. A slot whose UNTIL is 0 is empty.
const [HIGH, LOW, OWNER_HIGH, OWNER_LOW, ISSUED_BEFORE, UNTIL, WORDS] = [0, 1, 2, 3, 4, 5, 6] as const;

// A revocation without an owner has its scope in place of the owner's low half; 32 zero bits in front make it no owner.
const UNOWNED: readonly RevocationScope[] = ['user', 'tenant', 'accessKey', 'project'];

/** The bounds of a table. */
export interface RevocationTableInput {
  /** @defaultValue 2,000,000 */
  readonly maxEntries?: number | undefined;
  /**
   * Reports that a full table made room: `'crowded'`, the older sessions of users with very many entries are rejected
   * together; `'full'`, those that end first are forgotten, and their tokens are accepted again.
   */
  readonly onFull: (what: 'crowded' | 'full') => void;
}

// Open addressing with linear probing over one Uint32Array. No entry is ever removed by itself: a rebuild leaves out those
// that are over, so there are no gaps to step over. A map with an object for each entry takes several times the memory.
export class RevocationTable {
  readonly #maxEntries: number;
  readonly #onFull: RevocationTableInput['onFull'];
  #words = new Uint32Array(MIN_SLOTS * WORDS);
  #slots = MIN_SLOTS;
  #size = 0;
  #purgedAt = 0;
  readonly #lastUntil = new Map<RevocationScope, number>();

  constructor({ maxEntries = MAX_ENTRIES, onFull }: RevocationTableInput) {
    this.#maxEntries = maxEntries;
    this.#onFull = onFull;
  }

  /** The number of entries, including those that are over and not left out yet. */
  get size(): number {
    return this.#size;
  }

  /** The size of the array, in bytes. */
  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** Checks whether any revocation of a scope may still count. */
  hasAny(scope: RevocationScope, now: number): boolean {
    return (this.#lastUntil.get(scope) ?? 0) > now;
  }

  /** Returns the second before which tokens of a key must have been issued to be rejected; 0 if nothing is revoked. */
  find({ high, low }: RevocationKey, now: number): number {
    const at = this.#seek(high, low);
    const words = this.#words;
    return (words[at + UNTIL] as number) > now ? (words[at + ISSUED_BEFORE] as number) : 0;
  }

  /**
   * Adds a revocation, or widens the one of its key: neither its second nor its end is ever lowered.
   * @returns whether anything changed
   */
  merge(revocation: Revocation, now: number): boolean {
    if (revocation.until <= now) return false;
    const at = this.#seek(revocation.key.high, revocation.key.low);
    this.#noteEnd(revocation.scope, revocation.until);
    if (this.#words[at + UNTIL] !== 0) return this.#widen(at, revocation, now);
    this.#makeRoom(now);
    this.#write(revocation);
    return true;
  }

  /** Lists the revocations that still count. */
  *list(now: number): Generator<Revocation> {
    const words = this.#words; // a rebuild during the listing makes another array
    for (let at = 0; at < words.length; at += WORDS)
      if ((words[at + UNTIL] as number) > now) yield toRevocation(words, at);
  }

  // The slot of a key, or the empty one where it would stand.
  #seek(high: number, low: number): number {
    const words = this.#words;
    let at = (low % this.#slots) * WORDS;
    while (words[at + UNTIL] !== 0 && (words[at + LOW] !== low || words[at + HIGH] !== high)) {
      at += WORDS;
      if (at === words.length) at = 0;
    }
    return at;
  }

  // An entry that is over counts as none.
  #widen(at: number, { issuedBefore, until }: Revocation, now: number): boolean {
    const words = this.#words;
    const isOver = (words[at + UNTIL] as number) <= now;
    const oldBefore = isOver ? 0 : (words[at + ISSUED_BEFORE] as number);
    const oldUntil = isOver ? 0 : (words[at + UNTIL] as number);
    words[at + ISSUED_BEFORE] = Math.max(oldBefore, issuedBefore);
    words[at + UNTIL] = Math.max(oldUntil, until);
    return issuedBefore > oldBefore || until > oldUntil;
  }

  #write({ scope, key, owner, issuedBefore, until }: Revocation): void {
    this.#noteEnd(scope, until);
    const at = this.#seek(key.high, key.low);
    if (this.#words[at + UNTIL] !== 0) {
      this.#widen(at, { scope, key, owner, issuedBefore, until }, 0);
      return;
    }
    const ownerLow = scope === 'session' ? owner.low : UNOWNED.indexOf(scope);
    const ownerHigh = scope === 'session' ? owner.high : 0;
    this.#words.set([key.high, key.low, ownerHigh, ownerLow, issuedBefore, until], at);
    this.#size += 1;
  }

  #noteEnd(scope: RevocationScope, until: number): void {
    this.#lastUntil.set(scope, Math.max(until, this.#lastUntil.get(scope) ?? 0));
  }

  #makeRoom(now: number): void {
    if (this.#size + 1 <= this.#slots * MAX_LOAD && this.#size < this.#maxEntries) {
      if (this.#slots > MIN_SLOTS && now - this.#purgedAt >= PURGE_SECONDS) this.#purge(now);
      return;
    }
    this.#rebuild((words, at) => (words[at + UNTIL] as number) > now);
    if (this.#size < this.#maxEntries) return;
    this.#mergeCrowds();
    if (this.#size < this.#maxEntries) return;
    this.#evict(now);
  }

  // Once a minute, so that a table gives back the memory of entries that are over.
  #purge(now: number): void {
    this.#purgedAt = now;
    let living = 0;
    for (let at = UNTIL; at < this.#words.length; at += WORDS)
      if ((this.#words[at] as number) > now) living += 1;
    if (living < this.#size / 2) this.#rebuild((words, at) => (words[at + UNTIL] as number) > now);
  }

  #rebuild(keeps: (words: Uint32Array, at: number) => boolean): void {
    const old = this.#words;
    const kept: number[] = [];
    for (let at = 0; at < old.length; at += WORDS) if (old[at + UNTIL] !== 0 && keeps(old, at)) kept.push(at);
    this.#slots = Math.max(MIN_SLOTS, Math.ceil((kept.length * GROWTH) / MAX_LOAD));
    this.#words = new Uint32Array(this.#slots * WORDS);
    this.#size = kept.length;
    for (const at of kept) {
      const to = this.#seek(old[at + HIGH] as number, old[at + LOW] as number);
      for (let word = 0; word < WORDS; word += 1) this.#words[to + word] = old[at + word] as number;
    }
  }

  // A full table takes space from the users with very many entries, without accepting a revoked token: the older half of a
  // user's sessions becomes one entry of the user, which rejects all tokens that were issued up to then.
  #mergeCrowds(): void {
    const crowds = this.#findCrowds();
    if (crowds.size === 0) return;
    const merged = [...crowds.values()].map(toUserRevocation);
    this.#rebuild((words, at) => {
      const crowd = crowds.get(toOwner(words, at));
      return crowd === undefined || (words[at + ISSUED_BEFORE] as number) > crowd.median;
    });
    for (const revocation of merged) this.#write(revocation);
    this.#onFull('crowded');
  }

  // The users with more than a hundredth of a sample, and more than two entries of it.
  #findCrowds(): Map<bigint, Crowd> {
    const step = WORDS * Math.max(1, Math.floor(this.#slots / SAMPLE));
    const counts = new Map<bigint, number>();
    let seen = 0;
    for (let at = 0; at < this.#words.length; at += step) {
      if (!isSession(this.#words, at)) continue;
      const owner = toOwner(this.#words, at);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
      seen += 1;
    }
    const least = Math.max(2, seen * CROWD_SHARE);
    const heavy = new Map(
      [...counts].filter(([, count]) => count > least).map(([owner]) => [owner, [] as number[]]),
    );
    for (let at = 0; at < this.#words.length; at += WORDS)
      if (isSession(this.#words, at)) heavy.get(toOwner(this.#words, at))?.push(at);
    return new Map([...heavy].map(([owner, entries]) => [owner, this.#toCrowd(entries)]));
  }

  #toCrowd(entries: readonly number[]): Crowd {
    const words = this.#words;
    const seconds = entries
      .map((at) => words[at + ISSUED_BEFORE] as number)
      .sort((one, other) => one - other);
    const median = seconds[(seconds.length - 1) >> 1] ?? 0;
    const older = entries.filter((at) => (words[at + ISSUED_BEFORE] as number) <= median);
    const [first = 0] = entries;
    const until = older.reduce((latest, at) => Math.max(latest, words[at + UNTIL] as number), 0);
    const owner = { high: words[first + OWNER_HIGH] as number, low: words[first + OWNER_LOW] as number };
    return { owner, median, until };
  }

  #evict(now: number): void {
    const words = this.#words;
    const ends = new Uint32Array(this.#size);
    for (let at = UNTIL, index = 0; at < words.length; at += WORDS)
      if (words[at] !== 0) ends[index++] = words[at] as number;
    ends.sort();
    const last = ends[Math.floor(this.#size * EVICTED_SHARE)] ?? now;
    let spare = Math.floor(this.#size * EVICTED_SHARE) + 1; // many may end in the same second
    this.#rebuild((old, at) => {
      if ((old[at + UNTIL] as number) > last || spare === 0) return true;
      spare -= 1;
      return false;
    });
    this.#onFull('full');
  }
}

interface Crowd {
  readonly owner: RevocationKey;
  /** The second up to which the user's sessions are merged. */
  readonly median: number;
  readonly until: number;
}

function toUserRevocation({ owner, median, until }: Crowd): Revocation {
  return { scope: 'user', key: owner, owner: NO_OWNER, issuedBefore: median, until };
}

function isSession(words: Uint32Array, at: number): boolean {
  return (
    words[at + UNTIL] !== 0 &&
    (words[at + OWNER_HIGH] !== 0 || (words[at + OWNER_LOW] as number) >= UNOWNED.length)
  );
}

function toOwner(words: Uint32Array, at: number): bigint {
  return (BigInt(words[at + OWNER_HIGH] as number) << 32n) | BigInt(words[at + OWNER_LOW] as number);
}

function toRevocation(words: Uint32Array, at: number): Revocation {
  const ofSession = isSession(words, at);
  const [owner, scope] = [words[at + OWNER_LOW] as number, UNOWNED[words[at + OWNER_LOW] as number]];
  return {
    scope: ofSession || scope === undefined ? 'session' : scope,
    key: { high: words[at + HIGH] as number, low: words[at + LOW] as number },
    owner: ofSession ? { high: words[at + OWNER_HIGH] as number, low: owner } : NO_OWNER,
    issuedBefore: words[at + ISSUED_BEFORE] as number,
    until: words[at + UNTIL] as number,
  };
}
