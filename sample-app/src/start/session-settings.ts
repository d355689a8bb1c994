// The environment → where sessions are kept, and how long they last.
import type { Read } from './settings.js';

export type SessionStoreName = 'cookies' | 'request-session';

export interface SessionSettings {
  /** Where browsers' tokens are kept: in cookies, or in a session on the server. */
  readonly sessionStore: SessionStoreName;
  /** How long a session of the embedded Descope lasts before it is refreshed. */
  readonly sessionSeconds: number;
  /** What several instances share; without it, each remembers for itself. */
  readonly redisUrl: string | undefined;
  /** What signs the cookie of a session on the server; without one, a fresh secret at each start. */
  readonly sessionSecret: string | undefined;
}

const LEAST_SECRET = 32; // characters, as @fastify/session wants

/** Reads them, and adds what is wrong to `mistakes`. */
export function readSessionSettings(read: Read, mistakes: string[]): SessionSettings {
  const store = read('SESSION_STORE') ?? 'cookies';
  const seconds = read('SESSION_SECONDS') ?? '3600';
  const redisUrl = read('REDIS_URL');
  const sessionSecret = read('SESSION_SECRET');
  if (!isStore(store)) mistakes.push(`SESSION_STORE is "${store}"; it must be cookies or request-session.`);
  if (!/^[1-9]\d{0,6}$/.test(seconds))
    mistakes.push(`SESSION_SECONDS is "${seconds}"; it must be a whole number from 1 to 9999999.`);
  if (redisUrl !== undefined && !/^rediss?:\/\/./.test(redisUrl))
    mistakes.push('REDIS_URL must look like redis://127.0.0.1:6379.');
  if (sessionSecret !== undefined && sessionSecret.length < LEAST_SECRET)
    mistakes.push(`SESSION_SECRET must have ${LEAST_SECRET} characters or more.`);
  if (store === 'request-session' && redisUrl !== undefined && sessionSecret === undefined)
    mistakes.push('SESSION_SECRET is missing: instances that share sessions in Redis need the same one.');
  const sessionStore = isStore(store) ? store : 'cookies';
  return { sessionStore, sessionSeconds: Number(seconds), redisUrl, sessionSecret };
}

function isStore(text: string): text is SessionStoreName {
  return text === 'cookies' || text === 'request-session';
}
