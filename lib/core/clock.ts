// The clock: the only file that reads the time.

/** The time as epoch milliseconds. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();

/** Returns the milliseconds since a moment; 0 where the clock was set back meanwhile. */
export function readElapsedMs(clock: Clock, sinceMs: number): number {
  return Math.max(0, clock() - sinceMs);
}
