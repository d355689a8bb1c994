// Clients that keep asking, and what they saw.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../../support/application.js';
import type { Application } from './application.js';

/** Somebody who asks again and again. */
export interface Client {
  readonly name: string;
  readonly path: string;
  readonly headers?: () => Record<string, string>;
}

/** What clients saw: how often which answer, and the longest wait. */
export class Tally {
  readonly #counts = new Map<string, number>();
  slowestMs = 0;
  /** Answers that were no 503 with `Retry-After` although they were a 503. */
  silent503 = 0;
  /** Answers that cleared or set a cookie. */
  cookies = 0;

  add(name: string, answer: Answer, ms: number): void {
    const code = typeof answer.body['code'] === 'string' ? ` ${answer.body['code']}` : '';
    this.count(`${name} ${answer.status}${code}`);
    this.slowestMs = Math.max(this.slowestMs, ms);
    if (answer.status === 503 && !(Number(answer.headers.get('retry-after')) >= 1)) this.silent503 += 1;
    this.cookies += answer.headers.getSetCookie().length;
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Adds what others saw. */
  join(other: Tally): void {
    for (const [what, count] of other.#counts) this.#counts.set(what, this.of(what) + count);
    this.slowestMs = Math.max(this.slowestMs, other.slowestMs);
    this.silent503 += other.silent503;
    this.cookies += other.cookies;
  }

  /** The different answers, sorted. */
  get kinds(): readonly string[] {
    return [...this.#counts.keys()].sort();
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  toString(): string {
    const parts = [...this.#counts].sort().map(([what, count]) => `${what} ×${count}`);
    return `${parts.join(', ')} (≤ ${Math.round(this.slowestMs)} ms)`;
  }
}

/** Asks once and notes what came. A connection that breaks is noted, too. */
export async function askOnce(app: Application, client: Client, tally: Tally): Promise<Answer | undefined> {
  const startedAt = performance.now();
  try {
    const answer = await app.request(client.path, client.headers?.());
    tally.add(client.name, answer, performance.now() - startedAt);
    return answer;
  } catch {
    tally.count(`${client.name} no answer`);
    return undefined;
  }
}

/** Lets each client ask every so often, without waiting for answers, until told; then waits for all of them. */
export async function drive(
  app: Application,
  clients: readonly Client[],
  { everyMs = 200, until }: { readonly everyMs?: number; readonly until: () => boolean },
): Promise<Tally> {
  const tally = new Tally();
  const running: Promise<unknown>[] = [];
  while (!until()) {
    for (const client of clients) running.push(askOnce(app, client, tally));
    await sleep(everyMs);
  }
  await Promise.all(running);
  return tally;
}

/** Stops a drive after so many milliseconds. */
export function after(ms: number): () => boolean {
  const endAt = performance.now() + ms;
  return () => performance.now() >= endAt;
}

/** Asks until the answer is 200, and says how many milliseconds that took; more than `limitMs` is not waited. */
export async function timeToRecover(app: Application, client: Client, limitMs = 20_000): Promise<number> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < limitMs) {
    const answer = await askOnce(app, client, new Tally());
    if (answer?.status === 200) return performance.now() - startedAt;
    await sleep(50);
  }
  return Infinity;
}
