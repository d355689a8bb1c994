// The tokens that a request holds, verified whether they have expired or not: what a sign-out ends.
import { DescopeError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';

/** A genuine token, expired or not. */
export interface HeldToken extends VerifiedToken {
  readonly token: string;
  readonly isRefresh: boolean;
}

/** The tokens whose sessions a sign-out ends. */
export interface HeldTokens {
  /** The token that the client sent itself; it alone decides whose sessions are ended. */
  readonly sent?: HeldToken | undefined;
  /** The browser's session token. */
  readonly session?: HeldToken | undefined;
  readonly refresh?: HeldToken | undefined;
  /** A token from one of the application's own token sources. */
  readonly other?: HeldToken | undefined;
}

/** Lists the tokens of a request. */
export function listHeld({ sent, session, refresh, other }: HeldTokens): readonly HeldToken[] {
  return [session, refresh, other, sent].filter((token) => token !== undefined);
}

/** Verifies a session token, expired or not; `undefined` for one that is not genuine, or cannot be verified now. */
export function proveSession(
  verifier: TokenVerifier,
  token: string | undefined,
): Promise<HeldToken | undefined> {
  return prove(token, false, (held) => verifier.verifyLapsed(held));
}

/** Verifies a refresh token; `undefined` as for `proveSession`. */
export function proveRefresh(
  verifier: TokenVerifier,
  token: string | undefined,
): Promise<HeldToken | undefined> {
  return prove(token, true, (held) => verifier.verifyRefresh(held));
}

async function prove(
  token: string | undefined,
  isRefresh: boolean,
  verify: (token: string) => MaybePromise<VerifiedToken>,
): Promise<HeldToken | undefined> {
  if (token === undefined) return undefined;
  try {
    return { ...(await verify(token)), token, isRefresh };
  } catch (error) {
    if (error instanceof DescopeError) return undefined; // nothing to end
    throw error;
  }
}
