// Descope's clock, estimated from the dates of its responses: tokens have the time of Descope's clock.
import type { Clock } from '../clock.js';

const MOST_MS = 60_000; // a greater difference than any leeway is an error of a clock

interface Observation {
  /** The second that the response names, in epoch milliseconds. */
  readonly dateMs: number;
  /** When it arrived, by the clock of this process. */
  readonly atMs: number;
}

/** A second of Descope's clock, and how long it may last from now. */
export interface DescopeSecond {
  readonly seconds: number;
  readonly lastsMs: number;
}

export class DescopeTime {
  readonly #clock: Clock;
  #latest: Observation | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Reads a response's `Date` (RFC 9110 §6.6.1), and the `Age` of one from a cache (RFC 9111 §5.1), whatever its status. */
  observe(headers: Headers): void {
    const ageMs = Number(headers.get('age') ?? 0) * 1000;
    const [dateMs, atMs] = [Date.parse(headers.get('date') ?? '') + ageMs, this.#clock()];
    if (Math.abs(dateMs - atMs) <= MOST_MS) this.#latest = { dateMs, atMs };
  }

  /**
   * Returns the current second of Descope's clock, in doubt the later one: the date of a response since `sinceMs`;
   * otherwise an estimate from the last response; without any response, the time of this process.
   */
  read(sinceMs: number): DescopeSecond {
    const nowMs = this.#clock();
    const latest = this.#latest;
    if (latest === undefined) return toSecond(nowMs, nowMs);
    if (latest.atMs >= sinceMs) return toSecond(latest.dateMs, latest.dateMs);
    const leastMs = nowMs + latest.dateMs - latest.atMs;
    return toSecond(leastMs + 999, leastMs); // the date has no milliseconds
  }

  /**
   * Returns a second of Descope's clock that has certainly begun: an estimate from the last response, in doubt the earlier
   * one; without any response, a minute ago.
   */
  readEarliest(): number {
    const { dateMs, atMs } = this.#latest ?? { dateMs: 0, atMs: MOST_MS };
    return Math.floor((this.#clock() + dateMs - atMs) / 1000);
  }
}

function toSecond(nowMs: number, leastMs: number): DescopeSecond {
  const seconds = Math.floor(nowMs / 1000);
  return { seconds, lastsMs: Math.min(2_000, Math.max(0, (seconds + 1) * 1000 - leastMs)) };
}
