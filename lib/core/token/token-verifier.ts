// Token text → proven claims, in four steps: decode, key, signature, claims.
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import { whenReady } from '../maybe-promise.js';
import type { MaybePromise } from '../maybe-promise.js';
import { assertClaimTypes, assertIssuer, assertRefresh, assertSession, assertTime } from './claim-checks.js';
import type { ClaimPolicy } from './claim-checks.js';
import { freezeDeep } from './claims.js';
import type { DescopeClaims } from './claims.js';
import { decodeToken } from './decode.js';
import type { DecodedToken } from './decode.js';
import type { KeySet } from '../keys/key-set.js';
import { assertSignature } from './signature.js';
import { readTokenKind } from './token-kind.js';
import type { TokenKind } from './token-kind.js';

/** What a token must meet. */
export interface VerificationPolicy extends ClaimPolicy {
  readonly algorithms: readonly string[];
}

/** A session token that is proven: signed by the project, valid now. Who may come in is not judged here. */
export interface VerifiedToken {
  readonly claims: DescopeClaims;
  readonly kind: TokenKind;
}

export class TokenVerifier {
  readonly #policy: VerificationPolicy;
  readonly #keys: KeySet;
  readonly #clock: Clock;

  constructor(policy: VerificationPolicy, keys: KeySet, clock: Clock) {
    this.#policy = policy;
    this.#keys = keys;
    this.#clock = clock;
  }

  /** Proves a session token; at once if its key is at hand. Throws or rejects with a `TOKEN_…` or `KEYS_…` code. */
  verify(token: string): MaybePromise<VerifiedToken> {
    return this.#prove(token, (claims) => {
      assertSession(claims, this.#policy);
      assertTime(claims, this.#policy, this.#clock());
    });
  }

  /** Proves a refresh token. Throws or rejects with a `TOKEN_…` or `KEYS_…` code. */
  verifyRefresh(token: string): MaybePromise<VerifiedToken> {
    return this.#prove(token, (claims) => {
      assertRefresh(claims, this.#policy);
      assertTime(claims, this.#policy, this.#clock());
    });
  }

  /** Proves that a session token was good until it expired, or still is: everything but `exp`. */
  verifyLapsed(token: string): MaybePromise<VerifiedToken> {
    return this.#prove(token, (claims) => {
      assertSession(claims, this.#policy);
      assertTime({ ...claims, exp: Number.POSITIVE_INFINITY }, this.#policy, this.#clock());
    });
  }

  #prove(token: string, assertKind: (claims: DescopeClaims) => void): MaybePromise<VerifiedToken> {
    const decoded = decodeToken(token);
    this.#assertAlgorithm(decoded);
    return whenReady(this.#keys.find(decoded.keyId), (key) => {
      assertSignature(decoded, key);
      const claims = decoded.payload;
      assertClaimTypes(claims);
      const issuer = assertIssuer(claims, this.#policy);
      assertKind(claims);
      return { claims: freezeDeep(claims), kind: readTokenKind(claims, issuer) };
    });
  }

  // Before the key is asked for: a token that can never be good must not cost a fetch.
  #assertAlgorithm(token: DecodedToken): void {
    if (this.#policy.algorithms.includes(token.algorithm)) return;
    throw new DescopeCredentialError(
      'TOKEN_ALGORITHM_NOT_ALLOWED',
      "The token's algorithm is not among those allowed.",
    );
  }
}
