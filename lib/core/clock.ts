// The clock: the only file that reads the time.

/**
 * A function that returns the current time.
 * @returns epoch milliseconds
 */
export type Clock = () => number;

/** The system clock. */
export const systemClock: Clock = () => Date.now();

/** Returns the milliseconds since a moment; 0 if the clock was set back meanwhile. */
export function readElapsedMs(clock: Clock, sinceMs: number): number {
  return Math.max(0, clock() - sinceMs);
}
