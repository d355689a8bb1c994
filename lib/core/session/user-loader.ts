// The types of what loads the application's own users.
import type { RequestLike } from '../http/request.js';
import type { SignedInSession } from './session.js';

/**
 * A provider (`@Injectable()`) that loads the application's own user. Set the option `loadUser` to its class.
 * @example
 * class Accounts implements DescopeUserLoader {
 *   loadUser({ user }: SignedInSession) {
 *     return this.accounts.findOne({ descopeId: user.id });
 *   }
 * }
 * // DescopeModule.forRoot({ loadUser: Accounts })
 */
export interface DescopeUserLoader {
  /**
   * Finds or creates the application's own user, once for each request, or less often with the option `userCache`. An exception
   * that it throws reaches the caller unchanged.
   * @param request the request of Express or Fastify, the handshake of a socket, or the headers of a message; with the option
   *   `userCache` it is `undefined`
   * @returns the user, or a promise of it; `null` rejects the caller with `USER_NOT_ACCEPTED`
   */
  loadUser(session: SignedInSession, request: RequestLike): unknown;
}

/** A function that loads the application's own user: see `DescopeUserLoader.loadUser`. */
export type UserLoader = DescopeUserLoader['loadUser'];

/** The class of a provider that loads the application's users. */
export type UserLoaderClass = new (...dependencies: never[]) => DescopeUserLoader;
