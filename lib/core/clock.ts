// The one place that asks what time it is.

/** The time as epoch milliseconds. */
export type Clock = () => number;

/** The machine's own clock. */
export const systemClock: Clock = () => Date.now();
