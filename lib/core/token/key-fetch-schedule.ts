// The schedule of key fetches: the age of the keys, and when they may be fetched. Without keys or network.
import type { Clock } from '../clock.js';

/** How long keys are used, and how often they may be fetched. All in milliseconds. */
export interface KeyFetchConfig {
  /** Age at which a key set must be fetched again. */
  readonly maxAgeMs: number;
  /** Age up to which a key set is used while it cannot be fetched. */
  readonly maxStaleMs: number;
  /** The least time between two fetches for unknown key ids. */
  readonly cooldownMs: number;
}

/**
 * How keys may be used: `fresh`; `ageing` (refreshed in the background); `old` (refreshed before use); `none` (not at
 * all).
 */
export type KeyState = 'fresh' | 'ageing' | 'old' | 'none';

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 4_000;
const CLOCK_TOLERANCE_MS = 5_000;

export class KeyFetchSchedule {
  readonly #config: KeyFetchConfig;
  readonly #clock: Clock;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #startedAt = Number.NEGATIVE_INFINITY;
  #endedAt = Number.NEGATIVE_INFINITY;
  #refreshAfterMs = 0;
  #failures = 0;

  constructor(config: KeyFetchConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Whether the last fetch failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Returns how the keys in memory may be used now. */
  keyState(): KeyState {
    const age = this.keyAgeMs();
    if (age < this.#refreshAfterMs) return 'fresh';
    if (age < this.#config.maxAgeMs) return 'ageing';
    return age <= Math.max(this.#config.maxStaleMs, this.#config.maxAgeMs) ? 'old' : 'none';
  }

  /** Milliseconds since the keys in memory were fetched; infinite without any, and when the clock was set back. */
  keyAgeMs(): number {
    return this.#since(this.#fetchedAt);
  }

  /** Whether a failed fetch may be tried again: after 0.5 s, then 1, 2 and 4 s. */
  mayRetry(): boolean {
    return this.#since(this.#endedAt) >= this.#retryDelayMs();
  }

  /** Whether an unknown key id may cause a fetch, independent of the result of the last fetch. */
  mayAskForUnknown(): boolean {
    return this.#since(this.#startedAt) >= this.#config.cooldownMs;
  }

  /** Seconds until the next try; at least 1. */
  retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.#retryDelayMs() - this.#since(this.#endedAt)) / 1000));
  }

  /** Records the start of a fetch. */
  started(): void {
    this.#startedAt = this.#clock();
  }

  /** Records a failure. */
  failed(): void {
    this.#failures += 1;
    this.#endedAt = this.#clock();
  }

  /** Records a success. The next refresh is due at 75 to 90 % of the max age, so that instances do not fetch in step. */
  succeeded(): void {
    this.#failures = 0;
    this.#endedAt = this.#clock();
    this.#fetchedAt = this.#startedAt;
    this.#refreshAfterMs = this.#config.maxAgeMs * (0.75 + Math.random() * 0.15);
  }

  #retryDelayMs(): number {
    if (this.#failures === 0) return 0;
    return Math.min(FIRST_RETRY_MS * 2 ** (this.#failures - 1), LAST_RETRY_MS);
  }

  // With a clock that was set back, the age is unknown.
  #since(time: number): number {
    const elapsed = this.#clock() - time;
    return elapsed < -CLOCK_TOLERANCE_MS ? Number.POSITIVE_INFINITY : Math.max(0, elapsed);
  }
}
