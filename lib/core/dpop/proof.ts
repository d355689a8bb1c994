// A DPoP proof: its parts, and what must hold for the request that it came with (RFC 9449 §4.2 and §4.3).
import { hash } from 'node:crypto';
import type { DescopeErrorDetails } from '../errors.js';
import { DescopeCredentialError } from '../errors.js';
import type { JsonObject } from '../token/claims.js';
import { readOwn } from '../token/claims.js';
import { decodeBase64Url, decodeText, parseJsonObject } from '../token/decode.js';

/** Proofs above this many characters are rejected without decoding; one of an RSA key of 4096 bits has about 2200. */
export const MAX_PROOF_LENGTH = 4_096;
const MAX_JTI_LENGTH = 256;
const MAX_VALUES = 64; // in a header with its key, or in the claims; ordinary ones have about eight

/** A decoded proof, not verified yet. */
export interface DecodedProof {
  /** The header, still encoded. It names the key. */
  readonly header: string;
  readonly claims: JsonObject;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** What a proof must be for, and when. */
export interface ProofFacts {
  readonly method: string | undefined;
  /** The URL of the request without query, at the public origin of the application. */
  readonly url: string;
  /** The hash of the token that came with it, as `toHash` computes it. */
  readonly tokenHash: string;
  readonly nowMs: number;
}

/** How old a proof may be. */
export interface ProofTimes {
  readonly maxAgeSeconds: number;
  /** The allowed difference between clocks in seconds, in both directions. */
  readonly leewaySeconds: number;
}

/** Decodes a proof: a JWS in the compact form. Throws `DPOP_PROOF_INVALID`. */
export function decodeProof(text: string): DecodedProof {
  if (text.length > MAX_PROOF_LENGTH) throw invalidProof(`is longer than ${MAX_PROOF_LENGTH} characters`);
  const headerEnd = text.indexOf('.');
  const payloadEnd = text.indexOf('.', headerEnd + 1);
  const isWhole = headerEnd > 0 && payloadEnd > headerEnd + 1 && payloadEnd < text.length - 1;
  if (!isWhole || text.includes('.', payloadEnd + 1)) throw invalidProof('does not have three parts');
  return {
    header: text.slice(0, headerEnd),
    claims: readProofPart(text.slice(headerEnd + 1, payloadEnd)),
    signingInput: text.slice(0, payloadEnd),
    signature: asProof(() => decodeBase64Url(text.slice(payloadEnd + 1))),
  };
}

/** Decodes a part of a proof. Throws `DPOP_PROOF_INVALID`. */
export function readProofPart(part: string): JsonObject {
  const text = asProof(() => decodeText(decodeBase64Url(part)));
  if (countValues(text) > MAX_VALUES) throw invalidProof(`has more than ${MAX_VALUES} values in a part`);
  return asProof(() => parseJsonObject(text));
}

// Before it is parsed: many members, or deep ones, take longer than a signature. Each opening bracket and comma outside a
// string stands for one value.
function countValues(json: string): number {
  let count = 0;
  let isString = false;
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index];
    if (character === '"') isString = !isString;
    else if (isString && character === '\\') index += 1;
    else if (!isString && (character === ',' || character === '{' || character === '[')) count += 1;
  }
  return count;
}

function asProof<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof DescopeCredentialError)) throw error;
    throw invalidProof('has a part that is not base64url of a JSON object in UTF-8');
  }
}

/** Asserts that a proof is for this request and token, and that it is fresh. Throws `DPOP_PROOF_INVALID`. */
export function assertProofClaims(claims: JsonObject, facts: ProofFacts, times: ProofTimes): void {
  readProofId(claims);
  if (readOwn(claims, 'htm') !== facts.method) throw invalidProof('is for another method ("htm")');
  const htu = readOwn(claims, 'htu');
  if (!isForUrl(htu, facts.url))
    throw invalidProof('is for another URL ("htu")', {
      expected: toOrigins(facts.url),
      actual: toOrigins(htu),
    });
  if (readOwn(claims, 'ath') !== facts.tokenHash) throw invalidProof('is for another access token ("ath")');
  assertFresh(claims, facts.nowMs / 1000, times);
  assertOtherClaims(claims, facts.nowMs / 1000, times.leewaySeconds);
}

/** Reads the id of a proof. Throws `DPOP_PROOF_INVALID`. */
export function readProofId(claims: JsonObject): string {
  const id = readOwn(claims, 'jti');
  if (typeof id === 'string' && id !== '' && id.length <= MAX_JTI_LENGTH) return id;
  throw invalidProof(`needs a "jti" of 1 to ${MAX_JTI_LENGTH} characters`);
}

// Only the client's URL is normalised (RFC 9449 §4.3): the path of the request is what the router saw, and a proof for `/b`
// must not count for `/a/../b`.
function isForUrl(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string') return false;
  if (htu === url) return true;
  if (!URL.canParse(htu)) return false;
  const parsed = new URL(htu);
  parsed.search = '';
  parsed.hash = '';
  return parsed.href === url;
}

// A path or query may hold what no log should have.
function toOrigins(url: unknown): readonly string[] {
  return typeof url === 'string' && URL.canParse(url) ? [new URL(url).origin] : [];
}

function assertFresh(
  claims: JsonObject,
  nowSeconds: number,
  { maxAgeSeconds, leewaySeconds }: ProofTimes,
): void {
  const issuedAt = readOwn(claims, 'iat');
  if (typeof issuedAt !== 'number') throw invalidProof('needs an "iat" in epoch seconds');
  // In this form, a clock that returns NaN rejects every proof.
  if (!(issuedAt <= nowSeconds + leewaySeconds)) throw invalidProof('was made in the future ("iat")');
  if (!(issuedAt >= nowSeconds - maxAgeSeconds - leewaySeconds)) throw invalidProof('is too old ("iat")');
}

// Claims that are not part of a proof; a client that writes them means them (RFC 7519 §4.1).
function assertOtherClaims(claims: JsonObject, nowSeconds: number, leewaySeconds: number): void {
  const read = (name: string, absent: unknown): unknown =>
    Object.hasOwn(claims, name) ? claims[name] : absent;
  const [expiresAt, startsAt, audience] = [read('exp', Infinity), read('nbf', -Infinity), read('aud', '')];
  if (typeof expiresAt !== 'number' || !(expiresAt > nowSeconds - leewaySeconds))
    throw invalidProof('has expired ("exp")');
  if (typeof startsAt !== 'number' || !(startsAt <= nowSeconds + leewaySeconds))
    throw invalidProof('is not valid yet ("nbf")');
  if (typeof read('iss', '') !== 'string' || !(typeof audience === 'string' || Array.isArray(audience)))
    throw invalidProof('has an "iss" or "aud" of another type');
}

/** Computes the hash of an ASCII string in base64url, as `ath` and thumbprints have it. */
export function toHash(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Creates the error for an invalid proof; `what` completes the sentence "The DPoP proof …". */
export function invalidProof(what: string, details?: DescopeErrorDetails): DescopeCredentialError {
  return new DescopeCredentialError('DPOP_PROOF_INVALID', `The DPoP proof ${what}.`, details);
}
