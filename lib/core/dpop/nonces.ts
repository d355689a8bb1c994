// Nonces for DPoP proofs: a proof with one was made after it was given out (RFC 9449 §9).
import { createHmac } from 'node:crypto';

const PERIOD_MS = 60_000;
const NONCE_BYTES = 16;

/** Gives out nonces and recognises them. It keeps none: a nonce is computed from the secret and the time. */
export class Nonces {
  readonly #secret: string;
  readonly #known = new Map<number, string>(); // by period; the few that count now

  /** @param secret the same on every instance that must recognise the nonces */
  constructor(secret: string) {
    this.#secret = secret;
  }

  /** Returns the nonce that clients shall use now. */
  current(nowMs: number): string {
    return this.#ofPeriod(Math.floor(nowMs / PERIOD_MS));
  }

  /**
   * Checks whether a nonce was given out in this minute or in the one before. The next one counts, too: the clock of the
   * instance that gave it out may be ahead.
   */
  isRecent(nonce: unknown, nowMs: number): boolean {
    const period = Math.floor(nowMs / PERIOD_MS);
    return [period, period - 1, period + 1].some((one) => this.#ofPeriod(one) === nonce);
  }

  #ofPeriod(period: number): string {
    const known = this.#known.get(period);
    if (known !== undefined) return known;
    if (this.#known.size >= 3) this.#known.clear();
    const bytes = createHmac('sha256', this.#secret).update(`nestjs-descope:dpop-nonce:${period}`).digest();
    const nonce = bytes.subarray(0, NONCE_BYTES).toString('base64url');
    this.#known.set(period, nonce);
    return nonce;
  }
}
