// Token text → proven claims, in four steps: decode, key, signature, claims.
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import { whenReady } from '../maybe-promise.js';
import type { MaybePromise } from '../maybe-promise.js';
import { assertClaimTypes, assertIssuer, assertSession, assertTime } from './claim-checks.js';
import type { ClaimPolicy } from './claim-checks.js';
import { freezeDeep } from './claims.js';
import type { DescopeClaims } from './claims.js';
import { decodeToken } from './decode.js';
import type { DecodedToken } from './decode.js';
import type { KeySet } from './key-set.js';
import { assertSignature } from './signature.js';
import { readTokenKind } from './token-kind.js';
import type { TokenKind } from './token-kind.js';
import type { VerificationKey } from './verification-key.js';

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
    const decoded = decodeToken(token);
    this.#assertAlgorithm(decoded);
    const key = this.#keys.find(decoded.keyId);
    return whenReady(key, (found) => this.#prove(decoded, found));
  }

  #prove(token: DecodedToken, key: VerificationKey): VerifiedToken {
    assertSignature(token, key);
    const claims = token.payload;
    assertClaimTypes(claims);
    const issuer = assertIssuer(claims, this.#policy);
    assertSession(claims, this.#policy);
    assertTime(claims, this.#policy, this.#clock());
    return { claims: freezeDeep(claims), kind: readTokenKind(claims, issuer) };
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
