// A cache of verified tokens, which need no second check of their signature.
import { detach } from './decode.js';

/** The bounds of the cache. */
export interface TokenCacheConfig {
  readonly maxTokens: number;
  readonly maxBytes: number;
}

/** The functions of the cache for its proofs. */
export interface ProofRules<Proof> {
  /** Estimates its size without the token, in bytes. */
  readonly toBytes: (proof: Proof) => number;
  /** Checks whether it has ended. */
  readonly isExpired: (proof: Proof) => boolean;
}

interface Entry<Proof> {
  readonly token: string;
  readonly proof: Proof;
  readonly bytes: number;
  /** Its index in the ring. */
  readonly index: number;
  /** Whether it was read since it was last considered for eviction. */
  isInUse: boolean;
}

const TAIL_LENGTH = 12; // the end of the signature, which differs between tokens
const ENTRY_BYTES = 400; // the entry, its slot in the map, the user and the proof around the claims
const MAX_SECOND_CHANCES = 100; // for each new entry, so that no request must search the whole cache

// Not an `ExpiringCache`: it is read once for each request, without a clock, a digest or sorting.
/**
 * Caches proofs by token: found by a hash of the token's end, then compared with the whole token. Bounded in entries and
 * bytes. A token is kept when it is verified for the second time, so that tokens which are used once take no memory. An entry
 * that was used recently gets a second chance, so that many new tokens evict each other and not the sessions in use.
 * Its private fields are in no log, JSON or inspection.
 */
export class TokenCache<Proof extends object> {
  readonly #config: TokenCacheConfig;
  readonly #rules: ProofRules<Proof>;
  readonly #entries = new Map<number, Entry<Proof>>(); // by hash
  // Searched in a circle when space is needed. A map that loses its first entry with each new one would have to skip all
  // deleted entries.
  readonly #ring: (Entry<Proof> | undefined)[] = [];
  readonly #gaps: number[] = [];
  readonly #seenHashes: Int32Array;
  #evictionIndex = 0;
  #sweepIndex = 0;
  #bytes = 0;

  constructor(config: TokenCacheConfig, rules: ProofRules<Proof>) {
    this.#config = config;
    this.#rules = rules;
    this.#seenHashes = new Int32Array(toSeenLength(config.maxTokens));
  }

  /** Returns the proof of this token. */
  recall(token: string): Proof | undefined {
    const entry = this.#entries.get(toHash(token));
    if (entry === undefined || entry.token !== token) return undefined;
    entry.isInUse = true;
    return entry.proof;
  }

  /** Keeps a proof that is not the first of its token. Proofs above the byte limit are not kept. */
  remember(token: string, proof: Proof): void {
    if (!this.#isSeenAgain(token)) return;
    const bytes = token.length + this.#rules.toBytes(proof) + ENTRY_BYTES;
    if (bytes > this.#config.maxBytes) return;
    this.forget(token);
    this.#sweep();
    this.#makeRoom(bytes);
    const copy = detach(token);
    const index = this.#gaps.pop() ?? this.#ring.length;
    const entry = { token: copy, proof, bytes, index, isInUse: false };
    this.#ring[index] = entry;
    this.#entries.set(toHash(copy), entry);
    this.#bytes += bytes;
  }

  /** Deletes a token, or one with the same hash. */
  forget(token: string): void {
    const entry = this.#entries.get(toHash(token));
    if (entry !== undefined) this.#drop(entry);
  }

  // The hashes of verified tokens, in a table of fixed size, where a later one may overwrite an earlier one. Then a token is
  // cached one proof later; a token with the hash of another is cached one proof earlier.
  #isSeenAgain(token: string): boolean {
    const hash = toHash(token);
    const index = hash & (this.#seenHashes.length - 1);
    const isSeen = this.#seenHashes[index] === hash;
    this.#seenHashes[index] = hash;
    return isSeen;
  }

  // Checks two entries for each new one: expired entries are removed without a timer.
  #sweep(): void {
    for (const end = this.#sweepIndex + 2; this.#sweepIndex < end; this.#sweepIndex += 1) {
      const entry = this.#ring[this.#sweepIndex % this.#ring.length];
      if (entry !== undefined && this.#rules.isExpired(entry.proof)) this.#drop(entry);
    }
  }

  #makeRoom(bytes: number): void {
    const { maxTokens, maxBytes } = this.#config;
    let chances = MAX_SECOND_CHANCES;
    while (this.#entries.size >= maxTokens || this.#bytes + bytes > maxBytes) {
      const entry = this.#ring[this.#evictionIndex];
      this.#evictionIndex = (this.#evictionIndex + 1) % this.#ring.length;
      if (entry === undefined) continue;
      if (!entry.isInUse || chances === 0) this.#drop(entry);
      else chances -= 1;
      entry.isInUse = false;
    }
  }

  #drop(entry: Entry<Proof>): void {
    this.#entries.delete(toHash(entry.token));
    this.#ring[entry.index] = undefined;
    this.#gaps.push(entry.index);
    this.#bytes -= entry.bytes;
  }
}

// A power of two, so that the last bits of a hash are its index; at least four slots for each token that may be kept.
function toSeenLength(maxTokens: number): number {
  return 2 ** Math.ceil(Math.log2(4 * maxTokens));
}

// FNV-1a: two tails have the same hash once in four billion cases. A number, because a string would take more memory.
function toHash(token: string): number {
  let hash = 0x811c9dc5;
  for (let at = Math.max(0, token.length - TAIL_LENGTH); at < token.length; at += 1) {
    hash = Math.imul(hash ^ token.charCodeAt(at), 0x01000193);
  }
  return hash;
}
