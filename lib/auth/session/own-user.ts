// The application's own user of a session, loaded once per request.
import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../../core/config/config.js';
import type { DescopeUserLoader, UserLoaderClass } from '../../core/config/options.js';
import { DescopeAccessError } from '../../core/errors.js';
import { isSignedIn } from '../../core/session/session.js';
import type { DescopeSession, SignedInSession } from '../../core/session/session.js';
import type { RequestLike } from '../../core/transport/request-like.js';
import { findProvider, isProviderClass } from '../rules/find-provider.js';
import { recallUser, rememberUser } from './request-session.js';
import type { Owner } from './request-session.js';

/** How users are loaded, and where a class that loads them is found. */
export interface UserLoading {
  readonly config: DescopeConfig;
  readonly modules: ModuleRef;
}

/**
 * Loads the user of a request, or joins who is loading it. Descope's where the application has no users of its own,
 * `undefined` for nobody. Rejects with `USER_NOT_ADMITTED` where `loadUser` gives none.
 */
export function getOwnUser(request: object, session: DescopeSession, loading: UserLoading & Owner): unknown {
  const { config, authenticator } = loading;
  if (config.loadUser === undefined || !isSignedIn(session)) return session.user;
  const remembered = recallUser(request, authenticator);
  if (remembered !== undefined) return remembered.user;
  const user = load(request, session, loading);
  rememberUser(request, { user, authenticator });
  // Once it is there, nobody waits: the next field of a GraphQL request is decided in the same turn.
  const settle = (own: unknown): void => {
    if (recallUser(request, authenticator)?.user === user)
      rememberUser(request, { user: own, authenticator });
  };
  user.then(settle, () => undefined); // a rejection is for whoever asked
  return user;
}

/** Asserts that the application has a user for a session, where it has users of its own. Rejects with `USER_NOT_ADMITTED`. */
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
    'USER_NOT_ADMITTED',
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
