// All three of a caller in one: token, claims and user; or nobody, and why.
import { inspect } from 'node:util';
import { DescopeCredentialError, toThrownError } from '../errors.js';
import type { DescopeError, DescopeErrorCode } from '../errors.js';
import type { DescopeClaims } from '../token/claims.js';
import type { DescopeUser } from '../user/descope-user.js';
import type { Demand } from '../user/requirements.js';
import { assertAdmitted } from '../user/token-acceptance.js';
import type { AdmissionPolicy } from '../user/token-acceptance.js';

interface SessionInput {
  readonly user?: DescopeUser;
  readonly token?: string;
  readonly isAmbient?: boolean;
  readonly refusal?: DescopeError | undefined;
}

/** A session of somebody: `user`, `token`, `claims` and `expiresAt` are there. */
export interface SignedInSession extends DescopeSession {
  readonly user: DescopeUser;
  readonly token: string;
  readonly claims: DescopeClaims;
  readonly expiresAt: Date;
}

/** Tells whether it is somebody's. */
export function isSignedIn(session: DescopeSession): session is SignedInSession {
  return session.user !== undefined;
}

/** The session of a request. `user` is `undefined` when nobody is signed in. A plain object of this shape is one, too. */
export interface DescopeSession {
  readonly user: DescopeUser | undefined;
  /** Why a credential that was sent does not count; `undefined` when there was none, or it counts. */
  readonly refusedWith: DescopeErrorCode | undefined;
  /** Whether the browser sent the credential by itself, as it does cookies. */
  readonly isAmbient: boolean;
  /** The session token, for a call on the user's behalf. It shows in no log and no JSON. */
  readonly token: string | undefined;
  /** The token's claims. */
  readonly claims: DescopeClaims | undefined;
  /** When the session token ends. */
  readonly expiresAt: Date | undefined;
  /** Gives the user, or throws why there is none: the credential's refusal, else `SESSION_MISSING`. */
  requireUser(): DescopeUser;
}

/** The class of sessions; its private names are no part of the type, which others can make then. */
export interface DescopeSessionClass {
  new (input: SessionInput): DescopeSession;
  /** The session of a proven token; `isAmbient` when a browser sent it by itself. */
  of(user: DescopeUser, token: string, isAmbient?: boolean): SignedInSession;
  /** The session of nobody; `refusal` says why what was sent does not count. */
  nobody(refusal?: DescopeError): DescopeSession;
  /** Says why a session is nobody's. */
  toRefusal(session: DescopeSession): DescopeError;
}

export const DescopeSession: DescopeSessionClass = class DescopeSession {
  readonly user: DescopeUser | undefined;
  readonly refusedWith: DescopeErrorCode | undefined;
  readonly isAmbient: boolean;
  readonly #token: string | undefined;
  readonly #refusal: DescopeError | undefined;

  constructor(input: SessionInput) {
    this.user = input.user;
    this.isAmbient = input.isAmbient ?? false;
    this.refusedWith = input.refusal?.code;
    this.#token = input.token;
    this.#refusal = input.refusal;
    Object.freeze(this);
  }

  static of(user: DescopeUser, token: string, isAmbient = false): SignedInSession {
    return new DescopeSession({ user, token, isAmbient }) as SignedInSession;
  }

  static nobody(refusal?: DescopeError): DescopeSession {
    return new DescopeSession({ refusal });
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

  /** What logs show: everything but the token, which `inspect` would ask the getter for when told to. */
  [inspect.custom](): object {
    return { ...this };
  }

  requireUser(): DescopeUser {
    if (this.user !== undefined) return this.user;
    throw toThrownError(DescopeSession.toRefusal(this));
  }

  static toRefusal(session: object): DescopeError {
    const refusal = #refusal in session ? session.#refusal : undefined;
    return refusal ?? new DescopeCredentialError('SESSION_MISSING', 'The request carries no session token.');
  }
};

/** Gives the user of a session. Throws why there is none, for what answers the request by itself. */
export function readSignedIn(session: DescopeSession): DescopeUser {
  if (session.user !== undefined) return session.user;
  throw DescopeSession.toRefusal(session);
}

// May the session's token come in at all? Strictly, or leniently where being signed in is optional.

/** Asserts that a session's token may come in; nobody's passes. Throws `TOKEN_KIND_NOT_ACCEPTED` or `TOKEN_AUDIENCE_MISMATCH`. */
export function admit(
  session: DescopeSession,
  policy: AdmissionPolicy,
  demands: readonly Demand[] = [],
): DescopeSession {
  if (session.user !== undefined) assertAdmitted(session.user, policy, demands);
  return session;
}

/** Like `admit`, but a cookie that may not come in is nobody's, with the reason kept. A bearer token throws. */
export function admitLeniently(
  session: DescopeSession,
  policy: AdmissionPolicy,
  demands: readonly Demand[] = [],
): DescopeSession {
  try {
    return admit(session, policy, demands);
  } catch (error) {
    if (session.isAmbient && error instanceof DescopeCredentialError) return DescopeSession.nobody(error);
    throw error;
  }
}
