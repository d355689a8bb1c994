// Waiting, for work in the background: no timer here keeps the process running.
import type { Clock } from '../clock.js';

/** Waits for a time, or until the signal aborts. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms).unref();
    signal.addEventListener('abort', end);
  });
}

/** Returns the milliseconds until a delay is over. With a clock that was set back, it is over. */
export function readRestMs(clock: Clock, sinceMs: number, delayMs: number): number {
  const elapsedMs = clock() - sinceMs;
  return elapsedMs < 0 ? 0 : Math.max(0, delayMs - elapsedMs);
}

/** Returns the pause after a number of failures: 100 ms, doubled up to 1 s, less up to a quarter. */
export function toRetryMs(failures: number): number {
  return Math.min(1_000, 100 * 2 ** Math.min(failures - 1, 10)) * (1 - Math.random() / 4);
}
