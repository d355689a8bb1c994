// Remembers a session per request, where nobody but the road can write it.
import { isThenable } from '../../core/maybe-promise.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import type { DescopeSession } from '../../core/session/session.js';
import { createObjectMemory } from './object-memory.js';
import type { ObjectMemory } from './object-memory.js';

interface Remembered {
  readonly session: MaybePromise<DescopeSession>;
  /** Whether a guard has found that its kind and audience may come in; what was only found out is for guards alone. */
  readonly isAdmitted?: boolean;
  /** Who found it out: another application in this process may serve another project. */
  readonly authenticator: object;
}

interface LoadedUser {
  readonly user: unknown;
  /** Who loaded it. */
  readonly loader: object;
}

// One memory for all copies of the package in a process: a guard of one and a decorator of another must meet.
const SESSIONS = Symbol.for('nestjs-descope:request-sessions');
const USERS = Symbol.for('nestjs-descope:request-users');
const shared = globalThis as { [SESSIONS]?: ObjectMemory<Remembered>; [USERS]?: ObjectMemory<LoadedUser> };
const memory = (shared[SESSIONS] ??= createObjectMemory());
const users = (shared[USERS] ??= createObjectMemory());

/** Remembers the session, or the promise of it, for the rest of the request. */
export function rememberSession(request: object, remembered: Remembered): void {
  memory.set(toKey(request), remembered);
}

/**
 * Remembers that the request's credential was refused, or could not be judged, so that its next guard, or the next
 * field of its GraphQL operation, needs no second look.
 */
export function rememberFailure(request: object, error: unknown, authenticator: object): void {
  const session = reject(error);
  session.catch(() => undefined); // a public route never asks for it
  rememberSession(request, { session, authenticator });
}

async function reject(error: unknown): Promise<DescopeSession> {
  throw error;
}

/** Recalls what was remembered; a guard names its authenticator, and believes no other. */
export function recallSession(
  request: object,
  authenticator?: object,
): MaybePromise<DescopeSession> | undefined {
  const remembered = memory.get(toKey(request));
  if (authenticator !== undefined && remembered?.authenticator !== authenticator) return undefined;
  return remembered?.session;
}

/** Recalls the session that a guard has let in. */
export function recallAdmitted(request: object): DescopeSession | undefined {
  const remembered = memory.get(toKey(request));
  if (remembered?.isAdmitted !== true || isThenable(remembered.session)) return undefined;
  return remembered.session;
}

/** Remembers the user that the application loaded for the request. */
export function rememberUser(request: object, loaded: LoadedUser): void {
  users.set(toKey(request), loaded);
}

/** Recalls the loaded user; a guard names its loader, and takes no other's. */
export function recallUser(request: object, loader?: object): LoadedUser | undefined {
  const loaded = users.get(toKey(request));
  return loader === undefined || loaded?.loader === loader ? loaded : undefined;
}

/** Forgets a user that was loaded before. */
export function forgetUser(request: object): void {
  users.set(toKey(request), undefined);
}

// Fastify's middleware sees the raw request and its guard the wrapper: the raw one is the same for both.
function toKey(request: object): object {
  return 'raw' in request && typeof request.raw === 'object' && request.raw !== null ? request.raw : request;
}
