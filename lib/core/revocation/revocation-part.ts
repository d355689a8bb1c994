// A part of the revocations in memory: one array of numbers, in which an entry is found by key, merged and forgotten.
import type { Revocation, RevocationKey, RevocationScope } from './revocation.js';
import { NO_OWNER } from './revocation.js';

const HALVES = 2 ** 32; // how many different halves of a key there are
const MIN_SLOTS = 8;
const MAX_LOAD = 0.85;
const GROWTH = 1.4; // from 85 % to 61 %: never more than 1.65 slots of 24 bytes for an entry while it grows
const SAMPLE = 2_048;
const CROWD_SHARE = 0.01;
const EVICTED_SHARE = 1 / 16;

// The words of a slot. A slot whose UNTIL is 0 is empty.
const [HIGH, LOW, OWNER_HIGH, OWNER_LOW, ISSUED_BEFORE, UNTIL, WORDS] = [0, 1, 2, 3, 4, 5, 6] as const;

// A revocation without an owner has its scope in place of the owner's low half; 32 zero bits in front make it no owner.
const UNOWNED: readonly RevocationScope[] = ['user', 'tenant', 'accessKey', 'project'];

/** The input of `RevocationPart`. */
export interface RevocationPartInput {
  /** How many entries it holds before it makes room. */
  readonly maxEntries: number;
  /** Receives the revocation of a user, in place of very many of the user's sessions, to keep it. */
  readonly onCrowd: (ofUser: Revocation) => void;
  /** Reports that entries which still count were forgotten. */
  readonly onForgotten: () => void;
}

// Open addressing with linear probing over one Uint32Array. No entry is ever removed by itself: a rebuild leaves out those
// that are over, so there are no gaps to step over. A map with an object for each entry takes several times the memory.
export class RevocationPart {
  readonly #input: RevocationPartInput;
  #words = new Uint32Array(MIN_SLOTS * WORDS);
  #slots = MIN_SLOTS;
  #size = 0;

  constructor(input: RevocationPartInput) {
    this.#input = input;
  }

  /** The number of entries, including those that are over and not left out yet. */
  get size(): number {
    return this.#size;
  }

  /** The size of the array, in bytes. */
  get byteLength(): number {
    return this.#words.byteLength;
  }

  /** Returns the second before which tokens of a key must have been issued to be rejected; 0 if nothing is revoked. */
  find({ high, low }: RevocationKey, now: number): number {
    const at = this.#seek(high, low);
    const words = this.#words;
    return (words[at + UNTIL] as number) > now ? (words[at + ISSUED_BEFORE] as number) : 0;
  }

  /** Adds a revocation, or widens the one of its key, and makes room for it; returns whether anything changed. */
  merge(revocation: Revocation, now: number): boolean {
    const at = this.#seek(revocation.key.high, revocation.key.low);
    if (this.#words[at + UNTIL] !== 0) return this.#widen(at, revocation, now);
    if (this.#size >= this.#input.maxEntries) this.#makeRoom(now);
    return this.keep(revocation, now);
  }

  /** Like `merge`, also beyond the greatest number of entries. */
  keep({ scope, key, owner, issuedBefore, until }: Revocation, now: number): boolean {
    if (this.#size + 1 > this.#slots * MAX_LOAD) this.#rebuild((words, at) => isLiving(words, at, now));
    const [at, words] = [this.#seek(key.high, key.low), this.#words];
    if (words[at + UNTIL] !== 0) return this.#widen(at, { scope, key, owner, issuedBefore, until }, now);
    const ofSession = scope === 'session';
    words[at + HIGH] = key.high;
    words[at + LOW] = key.low;
    words[at + OWNER_HIGH] = ofSession ? owner.high : 0;
    words[at + OWNER_LOW] = ofSession ? owner.low : UNOWNED.indexOf(scope);
    words[at + ISSUED_BEFORE] = issuedBefore;
    words[at + UNTIL] = until;
    this.#size += 1;
    return true;
  }
  /** Leaves out the entries that are over if they are most of them, which gives their memory back. */
  purge(now: number): void {
    const words = this.#words;
    let living = 0;
    for (let at = UNTIL; at < words.length; at += WORDS) if ((words[at] as number) > now) living += 1;
    if (living < this.#size / 2) this.#rebuild((old, at) => isLiving(old, at, now));
  }

  /** Lists the entries that still count, as they stand now: a rebuild during the listing makes another array. */
  list(now: number): Iterable<Revocation> {
    return listLiving(this.#words, now);
  }

  // The slot of a key, or the empty one where it would stand.
  #seek(high: number, low: number): number {
    const words = this.#words;
    let at = Math.floor((low * this.#slots) / HALVES) * WORDS; // in the order of keys, so that a rebuild reads and writes in order
    while (words[at + UNTIL] !== 0 && (words[at + LOW] !== low || words[at + HIGH] !== high)) {
      at += WORDS;
      if (at === words.length) at = 0;
    }
    return at;
  }

  // An entry that is over counts as none.
  #widen(at: number, { issuedBefore, until }: Revocation, now: number): boolean {
    const words = this.#words;
    const isOver = !isLiving(words, at, now);
    const oldBefore = isOver ? 0 : (words[at + ISSUED_BEFORE] as number);
    const oldUntil = isOver ? 0 : (words[at + UNTIL] as number);
    words[at + ISSUED_BEFORE] = Math.max(oldBefore, issuedBefore);
    words[at + UNTIL] = Math.max(oldUntil, until);
    return issuedBefore > oldBefore || until > oldUntil;
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

  #makeRoom(now: number): void {
    const { maxEntries } = this.#input;
    this.#rebuild((words, at) => isLiving(words, at, now));
    if (this.#size >= maxEntries) this.#mergeCrowds();
    if (this.#size >= maxEntries) this.#evict(now);
  }

  // A full part takes space from the users with very many entries, without accepting a revoked token: the older half of a
  // user's sessions becomes one entry of the user, which rejects all tokens that were issued up to then.
  #mergeCrowds(): void {
    const crowds = this.#findCrowds();
    if (crowds.size === 0) return;
    this.#rebuild((words, at) => {
      const crowd = crowds.get(toOwner(words, at));
      return crowd === undefined || (words[at + ISSUED_BEFORE] as number) > crowd.median;
    });
    for (const crowd of crowds.values()) this.#input.onCrowd(toUserRevocation(crowd));
  }

  // The users with more than a hundredth of a sample, and more than two entries of it.
  #findCrowds(): Map<bigint, Crowd> {
    const words = this.#words;
    const step = WORDS * Math.max(1, Math.floor(this.#slots / SAMPLE));
    const counts = new Map<bigint, number>();
    let seen = 0;
    for (let at = 0; at < words.length; at += step) {
      if (!isSession(words, at)) continue;
      const owner = toOwner(words, at);
      counts.set(owner, (counts.get(owner) ?? 0) + 1);
      seen += 1;
    }
    const least = Math.max(2, seen * CROWD_SHARE);
    const heavy = new Map<bigint, number[]>();
    for (const [owner, count] of counts) if (count > least) heavy.set(owner, []);
    if (heavy.size > 0)
      for (let at = 0; at < words.length; at += WORDS)
        if (isSession(words, at)) heavy.get(toOwner(words, at))?.push(at);
    return new Map([...heavy].map(([owner, entries]) => [owner, toCrowd(words, entries)]));
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
    this.#input.onForgotten();
  }
}

interface Crowd {
  readonly owner: RevocationKey;
  /** The second up to which the user's sessions are merged. */
  readonly median: number;
  readonly until: number;
}

function toCrowd(words: Uint32Array, entries: readonly number[]): Crowd {
  const seconds = entries.map((at) => words[at + ISSUED_BEFORE] as number).sort((one, other) => one - other);
  const median = seconds[(seconds.length - 1) >> 1] ?? 0;
  const older = entries.filter((at) => (words[at + ISSUED_BEFORE] as number) <= median);
  const [first = 0] = entries;
  const until = older.reduce((latest, at) => Math.max(latest, words[at + UNTIL] as number), 0);
  const owner = { high: words[first + OWNER_HIGH] as number, low: words[first + OWNER_LOW] as number };
  return { owner, median, until };
}

function toUserRevocation({ owner, median, until }: Crowd): Revocation {
  return { scope: 'user', key: owner, owner: NO_OWNER, issuedBefore: median, until };
}

function isLiving(words: Uint32Array, at: number, now: number): boolean {
  return (words[at + UNTIL] as number) > now;
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

function* listLiving(words: Uint32Array, now: number): Generator<Revocation> {
  for (let at = 0; at < words.length; at += WORDS)
    if (isLiving(words, at, now)) yield toRevocation(words, at);
}

function toRevocation(words: Uint32Array, at: number): Revocation {
  const owner = { high: words[at + OWNER_HIGH] as number, low: words[at + OWNER_LOW] as number };
  const scope = isSession(words, at) ? 'session' : (UNOWNED[owner.low] ?? 'session');
  return {
    scope,
    key: { high: words[at + HIGH] as number, low: words[at + LOW] as number },
    owner: scope === 'session' ? owner : NO_OWNER,
    issuedBefore: words[at + ISSUED_BEFORE] as number,
    until: words[at + UNTIL] as number,
  };
}
