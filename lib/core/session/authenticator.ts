// Request → session: who is it? Absence is a value, badness is an error.
import { DescopeAccessError, DescopeCredentialError } from '../errors.js';
import { whenReady } from '../maybe-promise.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Notify } from '../notice.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import { readCredential } from '../transport/read-tokens.js';
import type { Credential, TokenSourceOption } from '../transport/read-tokens.js';
import type { RequestLike } from '../transport/request-like.js';
import { assertSameOrigin } from '../transport/same-origin.js';
import type { OriginPolicy } from '../transport/same-origin.js';
import { DescopeUser } from '../user/descope-user.js';
import type { UserPolicy } from '../user/descope-user.js';
import { readUsername } from '../user/username.js';
import type { UsernameClaim } from '../user/username.js';
import { DescopeSession } from './session.js';

/** How requests become sessions. */
export interface AuthenticationPolicy extends UserPolicy {
  readonly sources: readonly TokenSourceOption[];
  readonly sessionCookieName: string;
  readonly origins: OriginPolicy;
  readonly usernameClaim: UsernameClaim;
}

export class Authenticator {
  readonly #policy: AuthenticationPolicy;
  readonly #verifier: TokenVerifier;
  readonly #notify: Notify;

  constructor(policy: AuthenticationPolicy, verifier: TokenVerifier, notify: Notify) {
    this.#policy = policy;
    this.#verifier = verifier;
    this.#notify = notify;
  }

  /**
   * Finds out who sent the request. No credential is nobody; a bad bearer token throws; a bad cookie is nobody with
   * the reason kept, so that a stale one locks nobody out of an optional route. An outage always throws.
   */
  authenticate(request: RequestLike): MaybePromise<DescopeSession> {
    const credential = readCredential(request, this.#policy.sources, this.#policy.sessionCookieName);
    if (credential === undefined) return DescopeSession.nobody();
    if (!credential.isAmbient) return this.open(credential.token, false);
    assertSameOrigin(request, this.#policy.origins);
    return this.#openLeniently(credential);
  }

  /** Proves a session token and builds its session. Throws a `TOKEN_…`, `USERNAME_…` or `KEYS_…` code. */
  open(token: string, isAmbient: boolean): MaybePromise<DescopeSession> {
    return whenReady(this.#verifier.verify(token), (verified) => {
      const user = new DescopeUser(verified, this.#readUsername(verified), this.#policy);
      return DescopeSession.of(user, token, isAmbient);
    });
  }

  #readUsername(verified: VerifiedToken): string {
    try {
      return readUsername(verified, this.#policy.usernameClaim);
    } catch (error) {
      if (error instanceof DescopeAccessError) {
        this.#notify({ code: 'USERNAME_CLAIM_MISSING', level: 'warn', message: error.message });
      }
      throw error;
    }
  }

  #openLeniently(credential: Credential): MaybePromise<DescopeSession> {
    if (credential.refusal !== undefined) return DescopeSession.nobody(credential.refusal);
    try {
      const session = this.open(credential.token, true);
      return session instanceof Promise ? session.catch(toNobody) : session;
    } catch (error) {
      return toNobody(error);
    }
  }
}

function toNobody(error: unknown): DescopeSession {
  if (error instanceof DescopeCredentialError || error instanceof DescopeAccessError)
    return DescopeSession.nobody(error);
  throw error;
}
