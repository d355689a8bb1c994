// Tokens that were proven a moment ago: the same text again needs no second proof of its signature.
import { detach } from './decode.js';

/** How much may be remembered. */
export interface TokenCacheConfig {
  readonly maxTokens: number;
  readonly maxBytes: number;
}

/** What the cache asks of a proof. */
export interface ProofRules<Proof> {
  /** What it takes in memory beside its token, in bytes. */
  readonly toBytes: (proof: Proof) => number;
  /** Whether it is good for nothing any more. */
  readonly isOver: (proof: Proof) => boolean;
}

interface Entry<Proof> {
  readonly token: string;
  readonly proof: Proof;
  readonly bytes: number;
  /** Where it stands in the ring. */
  readonly place: number;
  /** Asked for since it was last looked at for eviction. */
  isInUse: boolean;
}

const TAIL_LENGTH = 12; // of a random-looking signature, so that tokens do not share one
const ENTRY_BYTES = 400; // the entry, its place in the map, the user and the proof around the claims
const MAX_SECOND_CHANCES = 100; // for each newcomer, so that no request pays for the whole cache

// Not an `ExpiringCache`: it is asked once for each request, and must need no clock, no digest and no sorting for that.
/**
 * Remembers proofs by the token's text: found by a mark of its tail, compared whole. Bounded in entries and bytes.
 * A token is kept when it is proven for the second time, so that those which come once cost no memory; and what was used
 * since its last turn gets a second chance, so that a crowd of new tokens pushes out itself and not the sessions in use.
 * Its private fields show in no log, JSON or inspection.
 */
export class TokenCache<Proof extends object> {
  readonly #policy: TokenCacheConfig;
  readonly #rules: ProofRules<Proof>;
  readonly #entries = new Map<number, Entry<Proof>>(); // by mark
  // Looked through in a circle when room is needed. A map that loses its first entry with each new one would have to
  // skip all that were lost before.
  readonly #ring: (Entry<Proof> | undefined)[] = [];
  readonly #gaps: number[] = [];
  readonly #sights: Int32Array;
  #hand = 0;
  #broom = 0;
  #bytes = 0;

  constructor(policy: TokenCacheConfig, rules: ProofRules<Proof>) {
    this.#policy = policy;
    this.#rules = rules;
    this.#sights = new Int32Array(toSights(policy.maxTokens));
  }

  /** Recalls what was proven of exactly this token. */
  recall(token: string): Proof | undefined {
    const entry = this.#entries.get(toMark(token));
    if (entry === undefined || entry.token !== token) return undefined;
    entry.isInUse = true;
    return entry.proof;
  }

  /** Remembers a proof that is not the first of its token. Proofs above the byte limit are not kept. */
  remember(token: string, proof: Proof): void {
    if (!this.#isSeenAgain(token)) return;
    const bytes = token.length + this.#rules.toBytes(proof) + ENTRY_BYTES;
    if (bytes > this.#policy.maxBytes) return;
    this.forget(token);
    this.#sweep();
    this.#makeRoom(bytes);
    const copy = detach(token);
    const place = this.#gaps.pop() ?? this.#ring.length;
    const entry = { token: copy, proof, bytes, place, isInUse: false };
    this.#ring[place] = entry;
    this.#entries.set(toMark(copy), entry);
    this.#bytes += bytes;
  }

  /** Forgets a token, or whichever has the same mark. */
  forget(token: string): void {
    const entry = this.#entries.get(toMark(token));
    if (entry !== undefined) this.#drop(entry);
  }

  // The mark of each token that was proven, in a table of fixed size, where a later one may take the place of an earlier.
  // Then a token is remembered a proof later; one that is taken for another is remembered a proof sooner.
  #isSeenAgain(token: string): boolean {
    const mark = toMark(token);
    const place = mark & (this.#sights.length - 1);
    const isSeen = this.#sights[place] === mark;
    this.#sights[place] = mark;
    return isSeen;
  }

  // Two places for each newcomer: what is over leaves without a timer, and memory goes with the sessions that live.
  #sweep(): void {
    for (const end = this.#broom + 2; this.#broom < end; this.#broom += 1) {
      const entry = this.#ring[this.#broom % this.#ring.length];
      if (entry !== undefined && this.#rules.isOver(entry.proof)) this.#drop(entry);
    }
  }

  #makeRoom(bytes: number): void {
    const { maxTokens, maxBytes } = this.#policy;
    let chances = MAX_SECOND_CHANCES;
    while (this.#entries.size >= maxTokens || this.#bytes + bytes > maxBytes) {
      const entry = this.#ring[this.#hand];
      this.#hand = (this.#hand + 1) % this.#ring.length;
      if (entry === undefined) continue;
      if (!entry.isInUse || chances === 0) this.#drop(entry);
      else chances -= 1;
      entry.isInUse = false;
    }
  }

  #drop(entry: Entry<Proof>): void {
    this.#entries.delete(toMark(entry.token));
    this.#ring[entry.place] = undefined;
    this.#gaps.push(entry.place);
    this.#bytes -= entry.bytes;
  }
}

// A power of two, so that a mark's last bits are its place; four or more for each token that may be kept.
function toSights(maxTokens: number): number {
  return 2 ** Math.ceil(Math.log2(4 * maxTokens));
}

// FNV-1a: any two tails have the same hash once in four billion cases. A number, because a string would be one more to keep.
function toMark(token: string): number {
  let mark = 0x811c9dc5;
  for (let at = Math.max(0, token.length - TAIL_LENGTH); at < token.length; at += 1) {
    mark = Math.imul(mark ^ token.charCodeAt(at), 0x01000193);
  }
  return mark;
}
