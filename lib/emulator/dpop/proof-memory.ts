// What the emulator remembers of DPoP proofs: the nonces that it has issued, and the proofs that were used.
import { createSecret } from '../store/records.js';

// Twice as long at most, as the one before is accepted too.
const NONCE_MS = 60_000;
const MAX_USED = 10_000;

/** Issues nonces, and accepts each proof once. */
export class ProofMemory {
  readonly #used = new Set<string>();
  #nonces: readonly string[] = [];
  #sinceMs = 0;

  /** The nonce that the next proof must have. */
  nonceAt(nowMs: number): string {
    const [current] = this.#noncesAt(nowMs);
    if (current !== undefined) return current;
    const nonce = createSecret();
    [this.#nonces, this.#sinceMs] = [[nonce, ...this.#previousAt(nowMs)], nowMs];
    return nonce;
  }

  /** Whether a nonce was issued by the emulator, and not too long ago. */
  isNonce(nonce: unknown, nowMs: number): boolean {
    const known = [...this.#noncesAt(nowMs), ...this.#previousAt(nowMs)];
    return typeof nonce === 'string' && known.includes(nonce);
  }

  /** Marks a proof as used; false if it was used before. */
  use(proofId: string): boolean {
    if (this.#used.has(proofId)) return false;
    for (const oldest of this.#used) {
      if (this.#used.size < MAX_USED) break;
      this.#used.delete(oldest);
    }
    this.#used.add(proofId);
    return true;
  }

  /** Forgets everything. */
  clear(): void {
    this.#used.clear();
    this.#nonces = [];
  }

  // A clock that was set back ends nonces, as one that was set forward does.
  #noncesAt(nowMs: number): readonly string[] {
    const ageMs = nowMs - this.#sinceMs;
    return ageMs >= 0 && ageMs < NONCE_MS ? this.#nonces : [];
  }

  #previousAt(nowMs: number): readonly string[] {
    const ageMs = nowMs - this.#sinceMs;
    return ageMs >= NONCE_MS && ageMs < 2 * NONCE_MS ? this.#nonces.slice(0, 1) : [];
  }
}
