// Remembers a session per request, where nobody but the road can write it.
import type { MaybePromise } from '../core/maybe-promise.js';
import type { DescopeSession } from '../core/session/session.js';

type Memory = WeakMap<object, MaybePromise<DescopeSession>>;

// One memory for all copies of the package in a process: a guard of one and a decorator of another must meet.
const MEMORY = Symbol.for('nestjs-descope:request-sessions');
const shared = globalThis as { [MEMORY]?: Memory };
const memory: Memory = (shared[MEMORY] ??= new WeakMap());

/** Remembers the session, or the promise of it, for the rest of the request. */
export function rememberSession(request: object, session: MaybePromise<DescopeSession>): void {
  memory.set(toKey(request), session);
}

/** Recalls what was remembered. */
export function recallSession(request: object): MaybePromise<DescopeSession> | undefined {
  return memory.get(toKey(request));
}

// Fastify's middleware sees the raw request and its guard the wrapper: the raw one is the same for both.
function toKey(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
