// The session of a request: token, claims and user together, or an anonymous caller and why.
import { inspect } from 'node:util';
import type { DescopeError, DescopeErrorCode } from '../errors.js';
import { DescopeCredentialError, toThrownError } from '../errors.js';
import type { DescopeClaims } from '../token/claims.js';
import type { DescopeUser } from '../user/descope-user.js';
import type { Demand } from '../user/requirements.js';
import type { AcceptanceConfig } from '../user/token-acceptance.js';
import { assertTokenAccepted } from '../user/token-acceptance.js';

interface SessionInput {
  readonly user?: DescopeUser;
  readonly token?: string;
  readonly sentByBrowser?: boolean;
  readonly rejection?: DescopeError | undefined;
}

/** The session of a signed-in caller: `user`, `token`, `claims` and `expiresAt` are present. */
export interface SignedInSession extends DescopeSession {
  readonly user: DescopeUser;
  readonly token: string;
  readonly claims: DescopeClaims;
  readonly expiresAt: Date;
}

/** Checks whether a caller is signed in; narrows the type. */
export function isSignedIn(session: DescopeSession): session is SignedInSession {
  return session.user !== undefined;
}

/** The session of a request. `user` is `undefined` for an anonymous caller. A plain object of this shape is one, too. */
export interface DescopeSession {
  /** The caller; `undefined` for an anonymous one. */
  readonly user: DescopeUser | undefined;
  /** Why a credential that was sent does not count; `undefined` where there was none, or it counts. */
  readonly rejectedWith: DescopeErrorCode | undefined;
  /** Whether the browser sent the credential by itself, as it does cookies. */
  readonly sentByBrowser: boolean;
  /** The session token, for a call on the user's behalf. It appears in no log and no JSON. */
  readonly token: string | undefined;
  /** The token's claims. */
  readonly claims: DescopeClaims | undefined;
  /** When the session token ends. */
  readonly expiresAt: Date | undefined;
  /**
   * Returns the user of a signed-in caller.
   * @throws {DescopeCredentialError} `SESSION_MISSING`, or the rejection of the credential that was sent
   */
  requireUser(): DescopeUser;
}

/** The class of sessions. Its private names are no part of the type, so that plain objects fit it. */
export interface DescopeSessionClass {
  /** The package alone makes sessions; for tests, `createTestDescope().session()` does. */
  new (input: never): DescopeSession;
  /** Makes the session of a verified token; `sentByBrowser` where a browser attached it by itself. */
  of(user: DescopeUser, token: string, sentByBrowser?: boolean): SignedInSession;
  /** Makes the session of an anonymous caller; `rejection` is why a credential that was sent does not count. */
  anonymous(rejection?: DescopeError): DescopeSession;
  /**
   * Returns why a session is anonymous.
   * @internal
   */
  toRejection(session: DescopeSession): DescopeError;
}

export const DescopeSession: DescopeSessionClass = class DescopeSession {
  readonly user: DescopeUser | undefined;
  readonly rejectedWith: DescopeErrorCode | undefined;
  readonly sentByBrowser: boolean;
  readonly #token: string | undefined;
  readonly #rejection: DescopeError | undefined;

  constructor(input: SessionInput) {
    this.user = input.user;
    this.sentByBrowser = input.sentByBrowser ?? false;
    this.rejectedWith = input.rejection?.code;
    this.#token = input.token;
    this.#rejection = input.rejection;
    Object.freeze(this);
  }

  static of(user: DescopeUser, token: string, sentByBrowser = false): SignedInSession {
    return new DescopeSession({ user, token, sentByBrowser }) as SignedInSession;
  }

  static anonymous(rejection?: DescopeError): DescopeSession {
    return new DescopeSession({ rejection });
  }

  get token(): string | undefined {
    return this.#token;
  }

  get claims(): DescopeClaims | undefined {
    return this.user?.claims;
  }

  get expiresAt(): Date | undefined {
    return this.user === undefined ? undefined : new Date(this.user.claims.exp * 1000);
  }

  /** What logs show: everything but the token, which `inspect` would read where its option `getters` is set. */
  [inspect.custom](): object {
    return { ...this };
  }

  requireUser(): DescopeUser {
    if (this.user !== undefined) return this.user;
    throw toThrownError(DescopeSession.toRejection(this));
  }

  static toRejection(session: object): DescopeError {
    const rejection = #rejection in session ? session.#rejection : undefined;
    return (
      rejection ?? new DescopeCredentialError('SESSION_MISSING', 'The request carries no session token.')
    );
  }
};

/** Returns the user of a session. Throws why there is none, as the error of this package itself: for our own routes. */
export function readSignedIn(session: DescopeSession): DescopeUser {
  if (session.user !== undefined) return session.user;
  throw DescopeSession.toRejection(session);
}

// Whether the session's token is accepted here: strictly, or leniently where authentication is optional.

/** Asserts that a session's token is accepted; an anonymous session passes. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`. */
export function acceptSession(
  session: DescopeSession,
  policy: AcceptanceConfig,
  demands: readonly Demand[] = [],
): DescopeSession {
  if (session.user !== undefined) assertTokenAccepted(session.user, policy, demands);
  return session;
}

/** Like `acceptSession`, but a cookie that is not accepted makes the session anonymous, with the reason kept. A bearer token throws. */
export function acceptOptionalSession(
  session: DescopeSession,
  policy: AcceptanceConfig,
  demands: readonly Demand[] = [],
): DescopeSession {
  try {
    return acceptSession(session, policy, demands);
  } catch (error) {
    if (session.sentByBrowser && error instanceof DescopeCredentialError)
      return DescopeSession.anonymous(error);
    throw error;
  }
}
