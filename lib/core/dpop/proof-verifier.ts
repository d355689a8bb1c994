// A token that is bound to a key, with the proof that its sender has the key → verified claims (RFC 9449 §7.1).
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import type { RequestLike } from '../http/request.js';
import { countHeader, readHeader, readPath } from '../http/request.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import { isJsonObject, readOwn, readSubjectId, readText } from '../token/claims.js';
import { isSignedBy } from '../token/signature.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { Nonces } from './nonces.js';
import type { DecodedProof, ProofFacts, ProofTimes } from './proof.js';
import { assertProofClaims, decodeProof, invalidProof, readProofId, toHash } from './proof.js';
import type { ProofKey } from './proof-keys.js';
import { ProofKeys } from './proof-keys.js';
import type { Replays } from './replays.js';

/** The config of proofs. */
export interface ProofConfig extends ProofTimes {
  /** Whether every credential must be bound to a key. */
  readonly isRequired: boolean;
  readonly algorithms: readonly string[];
  /** The origin of the application, and the path that a proxy in front of it removes. */
  readonly baseUrl: string;
}

/** The input of `ProofVerifier`. */
export interface ProofVerifierInput {
  readonly config: ProofConfig;
  /** A verifier that accepts tokens that are bound to a key, and no others. */
  readonly verifier: TokenVerifier;
  readonly replays: Replays;
  /** Present if proofs must have a nonce. */
  readonly nonces: Nonces | undefined;
  readonly clock: Clock;
}

export class ProofVerifier {
  readonly #input: ProofVerifierInput;
  readonly #keys: ProofKeys;

  constructor(input: ProofVerifierInput) {
    this.#input = input;
    this.#keys = new ProofKeys(input.config.algorithms);
  }

  /** Whether every credential must be bound to a key. */
  get isRequired(): boolean {
    return this.#input.config.isRequired;
  }

  /**
   * Verifies a token and its proof; synchronously if the token's key is in memory and no store is asked. The proof is used up
   * last, after all else holds. Throws or rejects with a `DPOP_…`, `TOKEN_…` or `KEYS_…` code.
   */
  verify(token: string, request: RequestLike): MaybePromise<VerifiedToken> {
    const url = this.#readUrl(request);
    const text = readProofHeader(request);
    return whenReady(this.#input.verifier.verify(token), (verified) => {
      const proof = decodeProof(text); // after the token: a bad one costs what it costs without a proof
      const tokenHash = readTokenHash(verified, token);
      const facts = { method: request.method, url, tokenHash, nowMs: this.#input.clock() };
      const key = this.#assertProof(proof, verified, facts);
      const owner = readSubjectId(verified.claims);
      const used = { thumbprint: key.keyId, id: readProofId(proof.claims), owner };
      return whenReady(this.#input.replays.use(used), () => verified);
    });
  }

  /** Returns the nonce for the next proof, if proofs must have one. */
  readNonce(): string | undefined {
    return this.#input.nonces?.current(this.#input.clock());
  }

  // A socket or a message has no URL, so no proof can be for it.
  #readUrl(request: RequestLike): string {
    const path = readPath(request);
    if (path !== undefined && request.method !== undefined) return this.#input.config.baseUrl + path;
    const message = 'A token that is bound to a key is accepted with an HTTP request only, not here.';
    throw new DescopeCredentialError('TOKEN_SENDER_CONSTRAINED', message);
  }

  // Comparisons before the signature: a request without a valid token, or with another key, costs what a bad token does.
  #assertProof(proof: DecodedProof, verified: VerifiedToken, facts: ProofFacts): ProofKey {
    const key = this.#keys.read(proof.header, readBoundKey(verified));
    assertProofClaims(proof.claims, facts, this.#input.config);
    const { signingInput, signature } = proof;
    if (!isSignedBy({ algorithm: key.algorithm, signingInput, signature }, key))
      throw invalidProof('is not signed by the key in its "jwk"');
    this.#keys.remember(proof.header, key);
    this.#assertNonce(proof, facts.nowMs);
    return key;
  }

  #assertNonce({ claims }: DecodedProof, nowMs: number): void {
    const { nonces } = this.#input;
    if (nonces === undefined || nonces.isRecent(readOwn(claims, 'nonce'), nowMs)) return;
    const message = 'The DPoP proof has no nonce, or not one that was given out in the last minutes.';
    throw new DescopeCredentialError('DPOP_NONCE_REQUIRED', message, { nonce: nonces.current(nowMs) });
  }
}

// Kept with the token, which is one object as long as it is cached.
function readTokenHash(verified: VerifiedToken, token: string): string {
  verified.tokenHash ??= toHash(token);
  return verified.tokenHash;
}

function readProofHeader(request: RequestLike): string {
  const proof = readHeader(request, 'dpop');
  if (proof === undefined || proof === '')
    throw new DescopeCredentialError('DPOP_PROOF_MISSING', 'The request has no header DPoP with a proof.');
  if (countHeader(request, 'dpop') !== 1) throw invalidProof('was sent more than once');
  return proof;
}

/** Reads the thumbprint of the key that a token is bound to (RFC 9449 §6.1). */
export function readBoundKey({ claims }: Pick<VerifiedToken, 'claims'>): string | undefined {
  const confirmation = readOwn(claims, 'cnf');
  return isJsonObject(confirmation) ? readText(confirmation, 'jkt') : undefined;
}
