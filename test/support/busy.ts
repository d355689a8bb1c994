// A process that is too busy to look at the clock or at its sockets.

/** Starts something, and lets nothing of it go on for so long; by then its answer is there, and its time may be over. */
export async function whileBusy<T>(ms: number, start: () => Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve)); // from here, timers come before anything is read
  const answer = start();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return answer;
}
