// How often Descope may be asked on behalf of strangers: anybody can send texts that look like a key.
import { readElapsedMs } from '../clock.js';
import type { Clock } from '../clock.js';

const BURST_SECONDS = 5; // when an application starts, all of its machines are strangers

/** A bucket of tries that fills up steadily. */
export class ExchangeBudget {
  readonly #clock: Clock;
  readonly #perSecond: number;
  #left: number;
  #countedAtMs: number;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#left = perSecond * BURST_SECONDS;
    this.#countedAtMs = clock();
  }

  /** Takes one try; `false` when there is none left. */
  take(): boolean {
    const earned = (readElapsedMs(this.#clock, this.#countedAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond * BURST_SECONDS, this.#left + earned);
    this.#countedAtMs = this.#clock();
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
