// Tokens that were proven a moment ago: the same text again needs no second proof of its signature.
import { detach } from './decode.js';

/** How much may be remembered. */
export interface TokenCachePolicy {
  readonly maxTokens: number;
  readonly maxBytes: number;
}

interface Entry<Proof> {
  readonly token: string;
  readonly proof: Proof;
  readonly bytes: number;
  /** Asked for since it was last looked at for eviction. */
  isInUse: boolean;
}

// Part of a random-looking signature, so that tokens do not share one. Short, because a longer slice of a header line
// would keep the whole line in memory (V8 copies up to 12 characters, and points into the parent above).
const TAIL_LENGTH = 12;
const ENTRY_BYTES = 400; // the entry, its place in the map, the user and the proof around the claims
const MAX_SECOND_CHANCES = 100; // for each newcomer, so that no request pays for the whole cache

/**
 * Remembers proofs by the token's text: found by its tail, compared whole, no digest. Bounded in entries and bytes.
 * What was used since its last turn gets a second chance, so a crowd of new tokens pushes out itself and not the
 * sessions in use. Its private fields show in no log, JSON or inspection.
 */
export class TokenCache<Proof extends object> {
  readonly #policy: TokenCachePolicy;
  readonly #entries = new Map<string, Entry<Proof>>(); // from old to new
  #bytes = 0;

  constructor(policy: TokenCachePolicy) {
    this.#policy = policy;
  }

  /** Recalls what was proven of exactly this token. */
  recall(token: string): Proof | undefined {
    const entry = this.#entries.get(toTail(token));
    if (entry === undefined || entry.token !== token) return undefined;
    entry.isInUse = true;
    return entry.proof;
  }

  /** Remembers a proof; `claimBytes` is what its claims take. Proofs above the byte limit are not kept. */
  remember(token: string, proof: Proof, claimBytes: number): void {
    const bytes = token.length + claimBytes + ENTRY_BYTES;
    if (bytes > this.#policy.maxBytes) return;
    this.forget(token);
    this.#makeRoom(bytes);
    const copy = detach(token);
    this.#entries.set(toTail(copy), { token: copy, proof, bytes, isInUse: false });
    this.#bytes += bytes;
  }

  /** Forgets a token, or whichever has the same tail. */
  forget(token: string): void {
    const entry = this.#entries.get(toTail(token));
    if (entry !== undefined) this.#drop(entry);
  }

  #makeRoom(bytes: number): void {
    let chances = MAX_SECOND_CHANCES;
    for (const [tail, entry] of this.#entries) {
      if (this.#entries.size < this.#policy.maxTokens && this.#bytes + bytes <= this.#policy.maxBytes) return;
      if (entry.isInUse && chances > 0) {
        chances -= 1;
        entry.isInUse = false;
        this.#entries.delete(tail);
        this.#entries.set(tail, entry);
      } else {
        this.#drop(entry);
      }
    }
  }

  #drop(entry: Entry<Proof>): void {
    this.#entries.delete(toTail(entry.token));
    this.#bytes -= entry.bytes;
  }
}

function toTail(token: string): string {
  return token.slice(-TAIL_LENGTH);
}
