// The application's own user of a session, loaded once per request.
import type { UserLoader } from '../../core/config/options.js';
import { DescopeAccessError } from '../../core/errors.js';
import type { DescopeSession } from '../../core/session/session.js';
import { recallUser, rememberUser } from './request-session.js';

/** Loads the user of a request, or joins who is loading it. Rejects with `USER_NOT_ADMITTED` where there is none. */
export function getOwnUser(request: object, session: DescopeSession, loadUser: UserLoader): unknown {
  const remembered = recallUser(request, loadUser);
  if (remembered !== undefined) return remembered.user;
  const user = loadOwnUser(session, loadUser);
  rememberUser(request, { user, loader: loadUser });
  // Once it is there, nobody waits: the next field of a GraphQL request is decided in the same turn.
  const settle = (own: unknown): void => {
    if (recallUser(request)?.user === user) rememberUser(request, { user: own, loader: loadUser });
  };
  user.then(settle, () => undefined); // a rejection is for whoever asked
  return user;
}

/** Loads the user. Rejects with `USER_NOT_ADMITTED` where there is none. */
export async function loadOwnUser(session: DescopeSession, loadUser: UserLoader): Promise<unknown> {
  const user = await loadUser(session);
  if (user !== null && user !== undefined) return user;
  throw new DescopeAccessError(
    'USER_NOT_ADMITTED',
    'The application has no user for this session (loadUser).',
  );
}
