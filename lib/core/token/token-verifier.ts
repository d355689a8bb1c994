// Token → verified claims, in four steps: split, key, signature, claims; or from the cache.
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import { isThenable, whenReady } from '../maybe-promise.js';
import type { ClaimConfig } from './claim-checks.js';
import {
  assertClaimTypes,
  assertIssuer,
  assertNoIdToken,
  assertRefresh,
  assertSession,
  assertTime,
  findTimeFlaw,
} from './claim-checks.js';
import type { DescopeClaims, IssuerKind, TokenKind } from './claims.js';
import { estimateBytes, freezeDeep, readTokenKind } from './claims.js';
import type { TokenParts } from './decode.js';
import { HeaderMemory, readPayload, splitToken } from './decode.js';
import type { KeySet } from './key-set.js';
import type { VerificationKey } from './signature.js';
import { assertSignature } from './signature.js';
import type { ProofRules, TokenCacheConfig } from './token-cache.js';
import { TokenCache } from './token-cache.js';

/** The config of the verifier. */
export interface VerificationConfig extends ClaimConfig {
  readonly algorithms: readonly string[];
}

/** A verified session token: signed by the project, and valid now. Whether a route accepts it is decided later. */
export interface VerifiedToken {
  readonly claims: DescopeClaims;
  readonly kind: TokenKind;
  /**
   * The user of the token, cached with it: a cached token has one user for all requests. The type is `unknown`, because
   * users belong to a higher layer.
   */
  cachedUser?: unknown;
  /** The version of the revocations at which the token was not revoked. */
  activeAtVersion?: number;
  /** The SHA-256 of the token in base64url, if it is bound to a key: each proof names it. */
  tokenHash?: string;
  /** What the revocations have computed for the token. */
  revocationKeys?: readonly number[] | undefined;
}

/** The input of `TokenVerifier`. */
export interface TokenVerifierInput {
  readonly config: VerificationConfig;
  readonly keys: KeySet;
  readonly clock: Clock;
  /** The limits of the cache of verified session tokens; left out: no cache. */
  readonly cache?: TokenCacheConfig | undefined;
}

// One object for each token, as small as possible; a member that is added later takes more memory.
interface Proof extends VerifiedToken {
  readonly key: VerificationKey;
}

export class TokenVerifier {
  readonly #input: TokenVerifierInput;
  readonly #cache: TokenCache<Proof> | undefined;
  readonly #headers = new HeaderMemory();
  #lastIssuer: { readonly text: string; readonly kind: IssuerKind } | undefined; // most tokens of a project have one

  constructor(input: TokenVerifierInput) {
    this.#input = input;
    this.#cache = input.cache && new TokenCache(input.cache, this.#toRules());
  }

  /**
   * Verifies a session token; synchronously if its key is in memory, and without a signature check if this token is cached
   * and its key is still valid. Throws or rejects with a `TOKEN_…` or `KEYS_…` code.
   */
  verify(token: string): MaybePromise<VerifiedToken> {
    const known = typeof token === 'string' ? this.#cache?.recall(token) : undefined;
    if (known === undefined) return this.#proveSession(token);
    const key = this.#input.keys.find(known.key.keyId);
    return isThenable(key) ? this.#recheckLater(token, known, key) : this.#recheck(token, known, key);
  }

  /** Creates a verifier of session tokens that are bound to a key, and of no others, with a cache of its own. */
  forBoundTokens(): TokenVerifier {
    const { config, ...input } = this.#input;
    return new TokenVerifier({ ...input, config: { ...config, isBound: true } });
  }

  /** Verifies a refresh token. Throws or rejects with a `TOKEN_…` or `KEYS_…` code. */
  verifyRefresh(token: string): MaybePromise<VerifiedToken> {
    const { config, clock } = this.#input;
    return this.#prove(token, (claims) => {
      assertRefresh(claims, config);
      assertTime(claims, config, clock());
    });
  }

  /** Verifies a session token without `exp`: it is valid, or was valid until it expired. */
  verifyLapsed(token: string): MaybePromise<VerifiedToken> {
    const { config, clock } = this.#input;
    return this.#prove(token, (claims) => {
      assertSession(claims, config);
      assertTime({ ...claims, exp: Number.POSITIVE_INFINITY }, config, clock());
    });
  }

  // A remembered token counts while its key does, and while it has not expired.
  #recheck(token: string, known: Proof, key: VerificationKey): MaybePromise<VerifiedToken> {
    const { config, clock } = this.#input;
    if (key === known.key && findTimeFlaw(known.claims, config, clock()) === undefined) return known;
    this.#cache?.forget(token);
    return this.#proveSession(token);
  }

  async #recheckLater(token: string, known: Proof, key: Promise<VerificationKey>): Promise<VerifiedToken> {
    return this.#recheck(token, known, await key);
  }

  #proveSession(token: string): MaybePromise<VerifiedToken> {
    const { config, clock } = this.#input;
    const proof = this.#prove(token, (claims) => {
      assertSession(claims, config);
      assertTime(claims, config, clock());
    });
    return whenReady(proof, (proven) => {
      this.#cache?.remember(token, proven);
      return proven;
    });
  }

  #prove(token: string, assertKind: (claims: DescopeClaims) => void): MaybePromise<Proof> {
    const parts = splitToken(token, this.#headers);
    this.#assertAlgorithm(parts);
    return whenReady(this.#input.keys.find(parts.keyId), (key) => {
      assertSignature(parts, key);
      const claims = readPayload(parts);
      assertClaimTypes(claims);
      const issuer = this.#shareIssuer(claims);
      assertNoIdToken(claims);
      assertKind(claims);
      freezeDeep(claims);
      const kind = readTokenKind(claims, issuer);
      return { claims, kind, key, cachedUser: undefined, activeAtVersion: 0, revocationKeys: undefined };
    });
  }

  // One string for all tokens of an issuer, instead of one for each cached token.
  #shareIssuer(claims: { iss: string } & DescopeClaims): IssuerKind {
    if (this.#lastIssuer?.text !== claims.iss) {
      this.#lastIssuer = { text: claims.iss, kind: assertIssuer(claims, this.#input.config) };
    }
    claims.iss = this.#lastIssuer.text;
    return this.#lastIssuer.kind;
  }

  #toRules(): ProofRules<Proof> {
    const { config, clock } = this.#input;
    return {
      toBytes: ({ claims }) => estimateBytes(claims),
      isExpired: ({ claims }) => claims.exp + config.leewaySeconds <= clock() / 1000,
    };
  }

  // Before the key is looked up: a token that can never be valid must not cause a fetch.
  #assertAlgorithm(token: TokenParts): void {
    if (this.#input.config.algorithms.includes(token.algorithm)) return;
    throw new DescopeCredentialError(
      'TOKEN_ALGORITHM_NOT_ALLOWED',
      "The token's algorithm is not one of the allowed algorithms.",
    );
  }
}
