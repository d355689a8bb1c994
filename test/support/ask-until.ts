// Waits for what comes by itself.
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 8_000;

/** Asks again until the answer will do, for eight seconds at most; gives the last answer. */
export async function askUntil<T>(ask: () => Promise<T>, willDo: (answer: T) => boolean): Promise<T> {
  const endAt = performance.now() + PATIENCE_MS;
  let answer = await ask();
  while (!willDo(answer) && performance.now() < endAt) {
    await sleep(50);
    answer = await ask();
  }
  return answer;
}
