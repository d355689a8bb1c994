// The one place that asks what time it is.

/** The time as epoch milliseconds. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();

/** Milliseconds since then; none when the clock was set back meanwhile. */
export function readElapsedMs(clock: Clock, sinceMs: number): number {
  return Math.max(0, clock() - sinceMs);
}
