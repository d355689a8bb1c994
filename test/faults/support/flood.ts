// Very many requests over few connections, each with a token of its own.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { toPart } from '../../support/tokens.js';

/** What came back: how often which status, and the longest wait. */
export interface FloodReport {
  readonly counts: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

const CONNECTIONS = 16;

/** Sends `count` requests with the tokens that `mint` makes, and waits for all answers. */
export async function flood(
  url: string,
  mint: (index: number) => string,
  count: number,
): Promise<FloodReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const counts: Record<string, number> = {};
  let [next, slowestMs] = [0, 0];
  const lane = async () => {
    while (next < count) {
      const startedAt = performance.now();
      const status = await send(`${url}/me`, mint(next++), agent);
      counts[status] = (counts[status] ?? 0) + 1;
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, lane));
  agent.destroy();
  return { counts, slowestMs };
}

function send(url: string, token: string, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const asked = request(url, { agent, headers: { authorization: `Bearer ${token}` } }, (answer) => {
      answer.resume().once('end', () => resolve(String(answer.statusCode)));
    });
    asked.once('error', () => resolve('no answer'));
    asked.end();
  });
}

/** A token of nobody's, under a key id that was never heard of. */
export function mintUnknown(): string {
  return mintForged(`SK${randomBytes(60).toString('hex')}`);
}

/** A token under this key id whose signature is noise. */
export function mintForged(kid: string): string {
  const claims = { sub: randomBytes(300).toString('hex'), exp: 9_999_999_999 };
  const signature = randomBytes(256).toString('base64url');
  return `${toPart({ alg: 'RS256', kid })}.${toPart(claims)}.${signature}`;
}

/** Text that is no token at all. */
export function mintNoise(): string {
  return randomBytes(700).toString('base64url');
}
