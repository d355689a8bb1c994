// Request → session. A missing credential is a value, an invalid one is an error.
import type { ProofVerifier } from '../dpop/proof-verifier.js';
import { DescopeAccessError, DescopeCredentialError } from '../errors.js';
import type { OriginConfig } from '../http/origin.js';
import { assertSameOrigin } from '../http/origin.js';
import type { RequestLike } from '../http/request.js';
import { readDpopToken } from '../http/request.js';
import type { Credential, TokenSourceOption } from '../http/token-source.js';
import { readCredential } from '../http/token-source.js';
import type { TokenStore } from '../http/token-store.js';
import type { Notify } from '../logging.js';
import type { AccessKeys } from '../m2m/access-keys.js';
import type { MaybePromise } from '../maybe-promise.js';
import { attempt, isThenable, whenReady } from '../maybe-promise.js';
import type { Revocations } from '../revocation/revocations.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { CustomClaims, StandardSchema } from '../user/custom-claims.js';
import { readCustomClaims } from '../user/custom-claims.js';
import type { UserConfig, UsernameClaim } from '../user/descope-user.js';
import { DescopeUser, readUsername } from '../user/descope-user.js';
import { DescopeSession } from './session.js';

/** The config of authentication. */
export interface AuthenticationConfig extends UserConfig {
  readonly sources: readonly TokenSourceOption[];
  readonly origins: OriginConfig;
  readonly usernameClaim: UsernameClaim;
  /** The schema of the custom claims, if the application has one. */
  readonly claimsSchema?: StandardSchema | undefined;
}

/** Adds `Authorization: DPoP` as the first source of a token that the client sends itself. */
export function withDpopSource<C extends Pick<AuthenticationConfig, 'sources'>>(config: C): C {
  return { ...config, sources: [{ read: readDpopToken, sentByBrowser: false }, ...config.sources] };
}

/** The input of `Authenticator`. */
export interface AuthenticatorInput {
  readonly config: AuthenticationConfig;
  readonly verifier: TokenVerifier;
  readonly tokenStore: TokenStore;
  readonly revocations: Revocations;
  /** Present if access keys are accepted as credentials, not only their sessions. */
  readonly accessKeys?: AccessKeys | undefined;
  /** Present if tokens that are bound to a key of the sender are accepted. */
  readonly proofs?: ProofVerifier | undefined;
  readonly notify: Notify;
}

export class Authenticator {
  readonly #input: AuthenticatorInput;

  constructor(input: AuthenticatorInput) {
    this.#input = input;
  }

  /**
   * Authenticates a request. Without a credential the caller is anonymous. An invalid bearer token throws. An invalid cookie
   * makes the caller anonymous, with the reason, so that a stale cookie does not block an optional route. An outage always
   * throws. An access key counts as its session; a key in its configured header has priority over every other credential but
   * one of the scheme `DPoP`, which decides alone.
   */
  authenticate(request: RequestLike): MaybePromise<DescopeSession> {
    const { proofs } = this.#input;
    if (proofs === undefined) return this.#authenticateUnbound(request);
    const token = readDpopToken(request);
    if (token !== undefined) return this.#openBound(token, proofs, request);
    return proofs.isRequired ? this.#rejectUnbound(request) : this.#authenticateUnbound(request);
  }

  #authenticateUnbound(request: RequestLike): MaybePromise<DescopeSession> {
    const { config, tokenStore, accessKeys } = this.#input;
    const key = accessKeys?.readHeader(request);
    if (accessKeys !== undefined && key !== undefined) return this.#openKey(accessKeys, key, request);
    const credential = readCredential(request, config.sources, (from) => tokenStore.readSessionToken(from));
    if (credential === undefined) return DescopeSession.anonymous();
    if (!credential.sentByBrowser) return this.#openSent(credential.token, request);
    assertSameOrigin(request, config.origins);
    return this.#openLeniently(credential);
  }

  /**
   * Reads the session token of a request, as `authenticate` does, unverified. Throws `CREDENTIAL_MALFORMED`,
   * `TOKEN_KIND_NOT_ACCEPTED` for an access key and `TOKEN_SENDER_CONSTRAINED` for a token that is bound to a key, which have no
   * session to refresh or end.
   */
  readToken(request: RequestLike): Credential | undefined {
    const { config, tokenStore, accessKeys, proofs } = this.#input;
    if (proofs !== undefined && readDpopToken(request) !== undefined) throw boundElsewhere();
    if (accessKeys?.readHeader(request) !== undefined) throw noSession();
    const credential = readCredential(request, config.sources, (from) => tokenStore.readSessionToken(from));
    if (credential?.sentByBrowser === false && accessKeys?.isKey(credential.token) === true)
      throw noSession();
    return credential;
  }

  /** Returns the nonce for the next proof of a client, if proofs must have one. */
  readNonce(): string | undefined {
    return this.#input.proofs?.readNonce();
  }

  /** Verifies a session token and builds its session. Throws a `TOKEN_…`, `SESSION_…`, `USERNAME_…` or `KEYS_…` code. */
  open(token: string, sentByBrowser: boolean): MaybePromise<DescopeSession> {
    const verified = this.#input.verifier.verify(token);
    if (isThenable(verified)) return this.#openLater(verified, token, sentByBrowser);
    return this.#openVerified(verified, token, sentByBrowser);
  }

  #openBound(token: string, proofs: ProofVerifier, request: RequestLike): MaybePromise<DescopeSession> {
    return whenReady(proofs.verify(token, request), (verified) => this.#openVerified(verified, token, false));
  }

  // Where every credential must be bound to a key. As everywhere, a cookie leaves the caller anonymous, with the reason.
  #rejectUnbound(request: RequestLike): DescopeSession {
    const { config, tokenStore, accessKeys } = this.#input;
    if (accessKeys?.readHeader(request) !== undefined) throw unbound();
    const credential = readCredential(request, config.sources, (from) => tokenStore.readSessionToken(from));
    if (credential === undefined) return DescopeSession.anonymous();
    if (!credential.sentByBrowser) throw unbound();
    return DescopeSession.anonymous(credential.rejection ?? unbound());
  }

  // A token that was issued for an access key is revoked with the key.
  #openExchanged(token: string, keyId: string | undefined): MaybePromise<DescopeSession> {
    const { verifier, revocations } = this.#input;
    return whenReady(verifier.verify(token), (verified) => {
      if (keyId !== undefined) revocations.bindKey(verified, keyId);
      return this.#openVerified(verified, token, false);
    });
  }

  /** Like `open` for the token of a browser: an invalid token makes the session anonymous. */
  openLeniently(token: string): MaybePromise<DescopeSession> {
    return this.#openLeniently({ token, sentByBrowser: true });
  }

  async #openLater(
    verified: Promise<VerifiedToken>,
    token: string,
    sentByBrowser: boolean,
  ): Promise<DescopeSession> {
    return this.#openVerified(await verified, token, sentByBrowser);
  }

  #openVerified(
    verified: VerifiedToken,
    token: string,
    sentByBrowser: boolean,
  ): MaybePromise<DescopeSession> {
    const active = this.#input.revocations.assertActive(token, verified);
    const user = active === undefined ? this.#toUser(verified) : this.#toActiveUser(active, verified);
    if (isThenable(user)) return toSessionLater(user, token, sentByBrowser);
    return DescopeSession.of(user, token, sentByBrowser);
  }

  async #toActiveUser(active: Promise<void>, verified: VerifiedToken): Promise<DescopeUser> {
    await active;
    return this.#toUser(verified);
  }

  #openSent(token: string, request: RequestLike): MaybePromise<DescopeSession> {
    const { accessKeys } = this.#input;
    return accessKeys?.isKey(token) === true
      ? this.#openKey(accessKeys, token, request)
      : this.open(token, false);
  }

  #openKey(accessKeys: AccessKeys, key: string, request: RequestLike): MaybePromise<DescopeSession> {
    const open = (token: string, keyId?: string) => this.#openExchanged(token, keyId);
    return accessKeys.open(key, open, request);
  }

  // A cached token keeps its user: created once, frozen, and removed with the token. It is a member of the token, because a
  // weak map of ten thousand entries makes each garbage collection slower.
  #toUser(verified: VerifiedToken): MaybePromise<DescopeUser> {
    if (verified.cachedUser instanceof DescopeUser) return verified.cachedUser;
    const username = this.#readUsername(verified);
    const { claimsSchema } = this.#input.config;
    if (claimsSchema === undefined) return this.#keepUser(verified, username);
    return whenReady(readCustomClaims(verified.claims, claimsSchema), (customClaims) =>
      this.#keepUser(verified, username, customClaims),
    );
  }

  #keepUser(verified: VerifiedToken, username: string, customClaims?: CustomClaims): DescopeUser {
    const { claims, kind } = verified;
    const user = new DescopeUser({ claims, kind, customClaims }, username, this.#input.config);
    verified.cachedUser = user;
    return user;
  }

  #readUsername(verified: VerifiedToken): string {
    try {
      return readUsername(verified, this.#input.config.usernameClaim);
    } catch (error) {
      if (error instanceof DescopeAccessError) {
        this.#input.notify({ code: 'USERNAME_CLAIM_MISSING', level: 'warn', message: error.message });
      }
      throw error;
    }
  }

  #openLeniently(credential: Credential): MaybePromise<DescopeSession> {
    if (credential.rejection !== undefined) return DescopeSession.anonymous(credential.rejection);
    return attempt(() => this.open(credential.token, true), toAnonymous);
  }
}

async function toSessionLater(
  user: Promise<DescopeUser>,
  token: string,
  sentByBrowser: boolean,
): Promise<DescopeSession> {
  return DescopeSession.of(await user, token, sentByBrowser);
}

function noSession(): DescopeCredentialError {
  const message = 'An access key has no session to refresh or end; deactivate or delete the key at Descope.';
  return new DescopeCredentialError('TOKEN_KIND_NOT_ACCEPTED', message, { kind: 'access-key' });
}

function unbound(): DescopeCredentialError {
  const message = 'Only tokens that are bound to a key are accepted: "Authorization: DPoP" with a proof.';
  return new DescopeCredentialError('DPOP_REQUIRED', message);
}

function boundElsewhere(): DescopeCredentialError {
  const message =
    'A token that is bound to a key has no session to refresh or end here; revoke it at Descope.';
  return new DescopeCredentialError('TOKEN_SENDER_CONSTRAINED', message);
}

function toAnonymous(error: unknown): DescopeSession {
  if (error instanceof DescopeCredentialError || error instanceof DescopeAccessError)
    return DescopeSession.anonymous(error);
  throw error;
}
