// The session, its acceptance and the application's own user, for a request and for each of its calls.
import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeAccessError } from '../core/errors.js';
import type { RequestLike } from '../core/http/request.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { isThenable } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { SignedInSession } from '../core/session/session.js';
import { DescopeSession, isSignedIn } from '../core/session/session.js';
import type { UserCache } from '../core/session/user-cache.js';
import type { DescopeUserLoader, UserLoaderClass } from '../core/session/user-loader.js';
import { readAccessPolicy } from './access/access-policy.js';
import { findProvider, isProviderClass } from './access/find-provider.js';
import { areSeveral } from './applications.js';
import type { Owner } from './request-state.js';
import {
  findOnce,
  isForeignUser,
  recallAccepted,
  recallUser,
  rememberAccepted,
  rememberSession,
  rememberUser,
} from './request-state.js';
import type { DescopeCall, HttpCall, OpenCall } from './transports/call.js';
import { findRequest, recallKey, toKey, writeUser } from './transports/call.js';

/**
 * Authenticates a request, once.
 * @throws {DescopeError} what is wrong with its credential, or that it cannot be checked at present
 */
export function findSession(call: HttpCall, authenticator: Authenticator): MaybePromise<DescopeSession> {
  return findOnce(call.key, authenticator, () => authenticator.authenticate(call.headers));
}

/** The session of a request, and the session that one of its calls accepts. */
export interface Acceptance {
  readonly session: DescopeSession;
  readonly accepted: DescopeSession;
}

/**
 * Remembers the resolved session, so that the request's next guard need not wait for it. If a call accepts less than the
 * session, that holds for this call alone: another field of the same GraphQL request may accept another audience.
 */
export function rememberAcceptance(
  call: DescopeCall,
  { session, accepted }: Acceptance,
  authenticator: Authenticator,
): void {
  const { key } = call;
  rememberAccepted(key, { session, isWhole: accepted === session, authenticator });
  if (accepted === session) return;
  rememberSession(call.ownKey ?? key, { session: accepted, authenticator, isAccepted: true });
}

/**
 * Reads the session that a guard has accepted, for a handler's parameters. On a public route it is anonymous, also if the
 * middleware refreshed a session, or if another field of the same GraphQL request requires one.
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
 * Removes the user that another application of this process wrote on the request, for a public route. With one application
 * in the process it does nothing.
 */
export function clearForeignUser(call: DescopeCall, authenticator: object): void {
  if (!areSeveral()) return;
  const request = findAnyRequest(call);
  const user = request?.user ?? request?.raw?.user;
  if (request === undefined || user === undefined) return;
  const key = toKey(request);
  if (isForeignUser(key, user, authenticator)) writeUser({ request, key }, undefined);
}

// A message may have none that is known, and then no application has written a user on it.
function findAnyRequest(call: DescopeCall): ReturnType<typeof findRequest> {
  try {
    return findRequest(call);
  } catch {
    return undefined;
  }
}

function isPublicCall({ context }: DescopeCall): boolean {
  return readAccessPolicy(context.getClass(), context.getHandler()).mode === 'public';
}

// The application's own user of a session, loaded once per request.

/** The configuration with `loadUser`, the container that has the class of a loader, and the users that are remembered. */
export interface UserLoading {
  readonly config: DescopeConfig;
  readonly modules: ModuleRef;
  readonly userCache: UserCache | undefined;
}

/**
 * Loads the user of a request, or joins a load that is under way. Without `loadUser` it is the `DescopeUser`; for an
 * anonymous caller it is `undefined`.
 * @throws {DescopeAccessError} USER_NOT_ACCEPTED when `loadUser` returns no user
 */
export function getOwnUser(call: HttpCall, session: DescopeSession, loading: UserLoading & Owner): unknown {
  const { config, authenticator } = loading;
  if (config.loadUser === undefined || !isSignedIn(session)) return session.user;
  const { key } = call;
  const remembered = recallUser(key, authenticator);
  if (remembered !== undefined) return remembered.user;
  const user = loadOrRecall(call.request, session, loading);
  rememberUser(key, { user, authenticator });
  if (!isThenable(user)) return user;
  // Once it is loaded, the value replaces the promise: the next field of a GraphQL request is decided synchronously.
  const settle = (own: unknown): void => {
    if (recallUser(key, authenticator)?.user === user) rememberUser(key, { user: own, authenticator });
  };
  user.then(settle, () => undefined); // the callers that await it handle a rejection
  return user;
}

/**
 * Asserts that `loadUser`, if it is set, returns a user for a session.
 * @throws {DescopeAccessError} USER_NOT_ACCEPTED
 */
export async function assertOwnUser(
  request: object,
  session: DescopeSession,
  loading: UserLoading,
): Promise<void> {
  if (loading.config.loadUser !== undefined && isSignedIn(session))
    await loadOrRecall(request, session, loading);
}

function loadOrRecall(
  request: object,
  session: SignedInSession,
  loading: UserLoading,
): MaybePromise<unknown> {
  const { userCache } = loading;
  if (userCache === undefined) return load(request, session, loading);
  return userCache.getOrLoad(session, () => load(request, session, loading));
}

async function load(request: object, session: SignedInSession, loading: UserLoading): Promise<unknown> {
  const user = await callLoader(request, session, loading);
  if (user !== null && user !== undefined) return user;
  throw new DescopeAccessError(
    'USER_NOT_ACCEPTED',
    'The application has no user for this session (loadUser).',
  );
}

async function callLoader(request: object, session: SignedInSession, loading: UserLoading): Promise<unknown> {
  const { config, modules, userCache } = loading;
  const { loadUser } = config;
  // Other requests get this user, too: what it depended on must not be of this one.
  const shown = (userCache === undefined ? request : undefined) as RequestLike;
  if (!isUserLoaderClass(loadUser)) return loadUser?.(session, shown);
  const loader = await findProvider(loadUser as Type<DescopeUserLoader>, request, modules);
  return loader.loadUser(session, shown);
}

/** Checks whether `loadUser` is a class, which a module must then provide. */
export function isUserLoaderClass(loadUser: DescopeConfig['loadUser']): loadUser is UserLoaderClass {
  return loadUser !== undefined && isProviderClass(loadUser, 'loadUser');
}
