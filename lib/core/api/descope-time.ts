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

  /** Reads a response's `Date` (RFC 9110 §6.6.1), whatever its status. */
  observe(headers: Headers): void {
    const [dateMs, atMs] = [Date.parse(headers.get('date') ?? ''), this.#clock()];
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
}

function toSecond(nowMs: number, leastMs: number): DescopeSecond {
  const seconds = Math.floor(nowMs / 1000);
  return { seconds, lastsMs: Math.min(2_000, Math.max(0, (seconds + 1) * 1000 - leastMs)) };
}
