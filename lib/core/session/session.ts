// The session of a request: its user and token, or why the caller is anonymous, and whether its token is accepted.
import { inspect } from 'node:util';
import type { DescopeError, DescopeErrorCode } from '../errors.js';
import { DescopeCredentialError, toThrownError } from '../errors.js';
import type { DescopeClaims } from '../token/claims.js';
import type { Demand } from '../user/demands.js';
import type { DescopeUser } from '../user/descope-user.js';
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
  /** The caller. */
  readonly user: DescopeUser;
  /** The session token, for calls on behalf of the user. It is not in logs or JSON. */
  readonly token: string;
  /** The claims of the token. */
  readonly claims: DescopeClaims;
  /** The expiry of the session token: its claim `exp`. */
  readonly expiresAt: Date;
}

/** Checks whether a caller is signed in; narrows the type. */
export function isSignedIn(session: DescopeSession): session is SignedInSession {
  return session.user !== undefined;
}

/**
 * The session of a request, which `@CurrentSession()` injects. A plain object of this shape is also one, for tests.
 * @example `me(@CurrentSession() session: DescopeSession) { return session.requireUser().id; }`
 */
export interface DescopeSession {
  /** The caller; `undefined` if anonymous. */
  readonly user: DescopeUser | undefined;
  /** The reason why a credential was rejected; `undefined` if it was accepted, or if there was none. */
  readonly rejectedWith: DescopeErrorCode | undefined;
  /** Whether a browser sent the credential automatically, as it does cookies. */
  readonly sentByBrowser: boolean;
  /** The session token, for calls on behalf of the user. It is not in logs or JSON. */
  readonly token: string | undefined;
  /** The claims of the token. */
  readonly claims: DescopeClaims | undefined;
  /** The expiry of the session token: its claim `exp`. */
  readonly expiresAt: Date | undefined;
  /**
   * Asserts that the caller is signed in. In a Nest application the error is an `HttpException` with the same `code`.
   * @returns the user
   * @throws {DescopeError} `SESSION_MISSING` if there was no credential; otherwise the error that rejected it
   */
  requireUser(): DescopeUser;
}

/**
 * The type of the class `DescopeSession`. Private members are not part of it, so that plain objects fit the interface.
 */
export interface DescopeSessionClass {
  /** Not for applications: the guard creates sessions, and in tests `createTestDescope().session()` does. */
  new (input: never): DescopeSession;
  /**
   * Creates the session of a user and a token, without a check of either.
   * @param sentByBrowser whether a browser sent the token automatically; `false` if left out
   * @returns the session
   */
  of(user: DescopeUser, token: string, sentByBrowser?: boolean): SignedInSession;
  /**
   * Creates the session of an anonymous caller.
   * @param rejection the error that rejected a credential, if there was one
   * @returns the session
   */
  anonymous(rejection?: DescopeError): DescopeSession;
  /**
   * Reads why a session is anonymous.
   * @returns the error that `requireUser` throws
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

  /** The form in logs: everything but the token, which `inspect` would read with its option `getters`. */
  [inspect.custom](): object {
    return { ...this };
  }

  requireUser(): DescopeUser {
    if (this.user !== undefined) return this.user;
    throw toThrownError(DescopeSession.toRejection(this));
  }

  static toRejection(session: object): DescopeError {
    const rejection = #rejection in session ? session.#rejection : undefined;
    return rejection ?? new DescopeCredentialError('SESSION_MISSING', 'The request has no session token.');
  }
};

/**
 * Returns the user of a session. Throws the error that explains why there is none, in this package's own form: for
 * mounted routes.
 */
export function requireSignedIn(session: DescopeSession): DescopeUser {
  if (session.user !== undefined) return session.user;
  throw DescopeSession.toRejection(session);
}

// Whether the token of a session is accepted: strictly, or leniently if authentication is optional.

/**
 * Asserts that a session's token is accepted; an anonymous session passes. Throws `TOKEN_KIND_NOT_ACCEPTED` or
 * `TOKEN_AUDIENCE_MISMATCH`.
 */
export function acceptSession(
  session: DescopeSession,
  config: AcceptanceConfig,
  demands: readonly Demand[] = [],
): DescopeSession {
  if (session.user !== undefined) assertTokenAccepted(session.user, config, demands);
  return session;
}

/**
 * Like `acceptSession`, but a cookie that is not accepted makes the session anonymous, with the reason kept. A bearer
 * token throws.
 */
export function acceptOptionalSession(
  session: DescopeSession,
  config: AcceptanceConfig,
  demands: readonly Demand[] = [],
): DescopeSession {
  try {
    return acceptSession(session, config, demands);
  } catch (error) {
    if (session.sentByBrowser && error instanceof DescopeCredentialError)
      return DescopeSession.anonymous(error);
    throw error;
  }
}

/** Checks whether a session has ended for good, so that its cookies can be cleared; not if its key is not known yet. */
export function isSessionOver(error: DescopeCredentialError): boolean {
  return error.code !== 'SESSION_SUPERSEDED' && error.code !== 'TOKEN_KEY_UNKNOWN';
}
