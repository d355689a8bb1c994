// Remembers a session per request, where nobody but the road can write it.
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { DescopeSession } from '../../core/session/session.js';

type Memory = WeakMap<object, MaybePromise<DescopeSession>>;

// One memory for all copies of the package in a process: a guard of one and a decorator of another must meet.
const SESSIONS = Symbol.for('nestjs-descope:request-sessions');
const USERS = Symbol.for('nestjs-descope:request-users');
const shared = globalThis as { [SESSIONS]?: Memory; [USERS]?: WeakMap<object, unknown> };
const memory: Memory = (shared[SESSIONS] ??= new WeakMap());
const users = (shared[USERS] ??= new WeakMap<object, unknown>());

/** Remembers the session, or the promise of it, for the rest of the request. */
export function rememberSession(request: object, session: MaybePromise<DescopeSession>): void {
  memory.set(toKey(request), session);
}

/** Recalls what was remembered. */
export function recallSession(request: object): MaybePromise<DescopeSession> | undefined {
  return memory.get(toKey(request));
}

/** Remembers the user that the application loaded for the request. */
export function rememberUser(request: object, user: unknown): void {
  users.set(toKey(request), user);
}

/** Recalls the loaded user; `has` tells it from one that is not there. */
export function recallUser(request: object): { readonly has: boolean; readonly user: unknown } {
  const key = toKey(request);
  return { has: users.has(key), user: users.get(key) };
}

// Fastify's middleware sees the raw request and its guard the wrapper: the raw one is the same for both.
function toKey(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
