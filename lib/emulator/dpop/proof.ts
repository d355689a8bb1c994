// Checks DPoP proofs (RFC 9449 section 4.3): who holds the key, and for which request the proof was made.
import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { calculateJwkThumbprint, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose';
import type { Call } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import type { ProjectState } from '../project-state.js';
import { toDigest } from '../store/records.js';

/** The endpoints that read proofs. */
export type ProofEndpoint = 'token' | 'userinfo';

/** What a proof must be for. */
export interface ProofTarget {
  readonly endpoint: ProofEndpoint;
  /** The access token that is sent with the proof. */
  readonly token?: string;
}

/** The algorithms of proofs, as Descope documents them. */
export const PROOF_ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA'],
];

const MAX_AGE_SECONDS = 60;
const MAX_LENGTH = 8192;

/** Checks the proof of a request, uses it up, and returns the thumbprint of its key; undefined if it has none. */
export async function readProof(
  call: Call,
  state: ProjectState,
  target: ProofTarget,
): Promise<string | undefined> {
  const { dpop: proof } = call.headers;
  if (proof === undefined) return undefined;
  // Two headers arrive joined by a comma, which no JWT contains.
  if (typeof proof !== 'string' || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(proof) || proof.length > MAX_LENGTH) {
    throw invalid('there must be one DPoP header, which is a signed JWT');
  }
  const payload = await verify(proof, state);
  assertRequest(payload, call, state);
  assertToken(payload, target);
  assertFresh(payload, state, needsNonce(state, target.endpoint));
  const thumbprint = await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk ?? {});
  if (state.proofs.use(toDigest(`${thumbprint} ${payload.jti ?? ''}`))) return thumbprint;
  throw invalid('the proof was used before');
}

/** The header with the nonce of the next proof, for a response to a request with a proof. */
export function toNonceHeader(
  { headers }: Call,
  state: ProjectState,
  endpoint: ProofEndpoint,
): Readonly<Record<string, string>> {
  if (headers.dpop === undefined || !needsNonce(state, endpoint)) return {};
  return { 'dpop-nonce': state.proofs.nonceAt(state.clock.now()) };
}

// Neither a private key nor a short RSA key is accepted by jose.
async function verify(proof: string, state: ProjectState): Promise<JWTPayload> {
  try {
    const options = {
      typ: 'dpop+jwt',
      algorithms: PROOF_ALGORITHMS,
      currentDate: new Date(state.clock.now()),
    };
    return (await jwtVerify(proof, EmbeddedJWK, options)).payload;
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : 'unknown');
  }
}

function assertRequest({ jti, ...payload }: JWTPayload, call: Call, state: ProjectState): void {
  if (typeof jti !== 'string' || jti === '') throw invalid('jti is missing');
  if (payload['htm'] !== call.method) throw invalid(`htm is not ${call.method}`);
  const url = state.url + call.path;
  if (toTarget(payload['htu']) !== toTarget(url)) throw invalid(`htu is not ${url}`);
}

// RFC 9449 section 4.3: query and fragment do not count, and URLs are compared in their normal form.
function toTarget(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

// With a nonce, the clock of the client does not matter (RFC 9449 section 4.3, check 11).
function assertFresh({ iat, ...payload }: JWTPayload, state: ProjectState, needsOne: boolean): void {
  if (typeof iat !== 'number') throw invalid('iat is missing');
  const isNonce = state.proofs.isNonce(payload['nonce'], state.clock.now());
  if (needsOne && !isNonce)
    throw new OAuthError('use_dpop_nonce', 'The proof needs the nonce of this response');
  if (isNonce || Math.abs(state.clock.now() / 1000 - iat) <= MAX_AGE_SECONDS) return;
  throw invalid(`iat is more than ${MAX_AGE_SECONDS} seconds from the time of the emulator`);
}

function assertToken({ ath }: JWTPayload, { token }: ProofTarget): void {
  if (token === undefined || ath === createHash('sha256').update(token).digest('base64url')) return;
  throw invalid('ath is not the hash of the access token');
}

function needsNonce({ settings }: ProjectState, endpoint: ProofEndpoint): boolean {
  return settings.dpopNonces === 'always' || settings.dpopNonces === endpoint;
}

function invalid(reason: string): OAuthError {
  return new OAuthError('invalid_dpop_proof', `The DPoP proof is not valid: ${reason}`);
}
