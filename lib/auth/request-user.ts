// The session of a request, and of an execution context: one call among several that a request may make.
import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../core/config/config.js';
import type { DescopeUserLoader, UserLoaderClass } from '../core/config/options.js';
import { DescopeAccessError } from '../core/errors.js';
import type { RequestLike } from '../core/http/request.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { SignedInSession } from '../core/session/session.js';
import { DescopeSession, isSignedIn } from '../core/session/session.js';
import { readAccessPolicy } from './access/access-policy.js';
import { findProvider, isProviderClass } from './access/find-provider.js';
import { areSeveral } from './applications.js';
import type { Owner } from './request-state.js';
import {
  isAccepted,
  isForeignUser,
  recallAccepted,
  recallSession,
  recallUser,
  rememberFailure,
  rememberSession,
  rememberUser,
} from './request-state.js';
import type { DescopeCall, HttpCall, OpenCall } from './transports/execution-context.js';
import { findRequest, recallKey, toKey, writeUser } from './transports/execution-context.js';

/** Finds out who sent a request, once. Throws or rejects with what is wrong with its credential. */
export function findSession(call: HttpCall, authenticator: Authenticator): MaybePromise<DescopeSession> {
  const { key } = call;
  const remembered = recallSession(key, authenticator);
  if (remembered !== undefined) return remembered;
  try {
    const session = authenticator.authenticate(call.headers);
    rememberSession(key, { session, authenticator });
    return session;
  } catch (error) {
    rememberFailure(key, error, authenticator);
    throw error;
  }
}

/** Who sent a request, and as whom one of its calls may count them. */
export interface Acceptance {
  readonly session: DescopeSession;
  readonly accepted: DescopeSession;
}

/**
 * Remembers the session at hand, so that the request's next guard need not wait for it. Where a call accepts less than
 * that, it is for this call alone: another field of the same GraphQL request may ask for less, or for another audience.
 */
export function rememberAcceptance(
  call: DescopeCall,
  { session, accepted }: Acceptance,
  authenticator: Authenticator,
): void {
  const { key } = call;
  if (!isAccepted(key, session, authenticator)) {
    const isWhole = accepted === session;
    if (isWhole || recallSession(key, authenticator) !== session)
      rememberSession(key, { session, authenticator, isAccepted: isWhole });
  }
  if (accepted === session) return;
  rememberSession(call.ownKey ?? key, { session: accepted, authenticator, isAccepted: true });
}

/**
 * Reads the session that a guard has waited for, and let in, before a handler's parameters are read. On a public route
 * it is nobody's, also where the middleware refreshed one, or another field of the same GraphQL request asked for it.
 */
export function readSession(call: OpenCall): DescopeSession {
  const { ownKey, applications } = call;
  const ofCall = ownKey && recallAccepted(ownKey, applications);
  if (ofCall !== undefined) return ofCall;
  const isPublic = ownKey !== undefined && isPublicCall(call);
  const ofRequest = isPublic ? undefined : recallAccepted(recallKey(call), applications);
  return ofRequest ?? DescopeSession.anonymous();
}

/**
 * Takes the user off a request that another application of this process wrote there, where a public route asks nobody.
 * With one application in the process there is nothing to look at.
 */
export function clearForeignUser(call: DescopeCall, authenticator: object): void {
  if (!areSeveral()) return;
  const request = findRequest(call);
  const user = request?.user ?? request?.raw?.user;
  if (request === undefined || user === undefined) return;
  const key = toKey(request);
  if (isForeignUser(key, user, authenticator)) writeUser({ request, key }, undefined);
}

function isPublicCall({ context }: DescopeCall): boolean {
  return readAccessPolicy(context.getClass(), context.getHandler()).mode === 'public';
}

// The application's own user of a session, loaded once per request.

/** How users are loaded, and where a class that loads them is found. */
export interface UserLoading {
  readonly config: DescopeConfig;
  readonly modules: ModuleRef;
}

/**
 * Loads the user of a request, or joins who is loading it. Descope's where the application has no users of its own,
 * `undefined` for nobody. Rejects with `USER_NOT_ACCEPTED` where `loadUser` gives none.
 */
export function getOwnUser(call: HttpCall, session: DescopeSession, loading: UserLoading & Owner): unknown {
  const { config, authenticator } = loading;
  if (config.loadUser === undefined || !isSignedIn(session)) return session.user;
  const { key } = call;
  const remembered = recallUser(key, authenticator);
  if (remembered !== undefined) return remembered.user;
  const user = load(call.request, session, loading);
  rememberUser(key, { user, authenticator });
  // Once it is there, nobody waits: the next field of a GraphQL request is decided in the same turn.
  const settle = (own: unknown): void => {
    if (recallUser(key, authenticator)?.user === user) rememberUser(key, { user: own, authenticator });
  };
  user.then(settle, () => undefined); // a rejection is for anyone who asked
  return user;
}

/** Asserts that the application has a user for a session, where it has users of its own. Rejects with `USER_NOT_ACCEPTED`. */
export async function assertOwnUser(
  request: object,
  session: DescopeSession,
  loading: UserLoading,
): Promise<void> {
  if (loading.config.loadUser !== undefined && isSignedIn(session)) await load(request, session, loading);
}

async function load(request: object, session: SignedInSession, loading: UserLoading): Promise<unknown> {
  const user = await ask(request, session, loading);
  if (user !== null && user !== undefined) return user;
  throw new DescopeAccessError(
    'USER_NOT_ACCEPTED',
    'The application has no user for this session (loadUser).',
  );
}

async function ask(request: object, session: SignedInSession, loading: UserLoading): Promise<unknown> {
  const { config, modules } = loading;
  const { loadUser } = config;
  const asked = request as RequestLike;
  if (!isUserLoaderClass(loadUser)) return loadUser?.(session, asked);
  const loader = await findProvider(loadUser as Type<DescopeUserLoader>, request, modules);
  return loader.loadUser(session, asked);
}

/** Tells whether users are loaded by a class; then Nest must know it. */
export function isUserLoaderClass(loadUser: DescopeConfig['loadUser']): loadUser is UserLoaderClass {
  return loadUser !== undefined && isProviderClass(loadUser, 'loadUser');
}
