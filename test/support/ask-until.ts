// Waits for what comes by itself.
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 20_000; // for a busy machine; most answers come at once

/** Asks again until the answer will do, for twenty seconds at most; gives the last answer. */
export async function askUntil<T>(ask: () => Promise<T>, willDo: (answer: T) => boolean): Promise<T> {
  const endAt = performance.now() + PATIENCE_MS;
  let answer = await ask();
  while (!willDo(answer) && performance.now() < endAt) {
    await sleep(50);
    answer = await ask();
  }
  return answer;
}
