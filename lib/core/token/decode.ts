// Token → its parts, strictly in the compact form of RFC 7515; its payload; and the unverified end and owner of a token.
import { isAscii, isUtf8 } from 'node:buffer';
import { DescopeCredentialError } from '../errors.js';
import type { JsonObject } from './claims.js';
import { isJsonObject, readOwn } from './claims.js';

/** Tokens above this many characters are rejected without decoding (Descope's are 1 to 8 KB). */
export const MAX_TOKEN_LENGTH = 16_384;
const MAX_KEY_ID_LENGTH = 256;
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

/** The parts of a token, not verified yet. Its payload is read by `readPayload`, which belongs after the signature. */
export interface TokenParts {
  readonly algorithm: string;
  readonly keyId: string;
  readonly payloadBytes: Buffer;
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** A decoded token, not verified. */
export interface DecodedToken extends TokenParts {
  readonly payload: JsonObject;
}

/** The part of a token's header that is used; all of it is checked. */
export interface TokenHeader {
  readonly algorithm: string;
  readonly keyId: string;
}

/** Decodes a token with its payload. Throws what `splitToken` and `readPayload` throw. */
export function decodeToken(token: string): DecodedToken {
  const parts = splitToken(token);
  return { ...parts, payload: readPayload(parts) };
}

/**
 * Takes a token apart without parsing its payload: JSON that nests deep takes ten times as long as a signature, and anybody
 * can send it. Throws `TOKEN_TOO_LARGE`, `TOKEN_MALFORMED` or `TOKEN_HEADER_UNSUPPORTED`.
 */
export function splitToken(token: string, headers = new HeaderMemory()): TokenParts {
  if (typeof token !== 'string') throw malformed('is not a string');
  if (token.length > MAX_TOKEN_LENGTH) throw tooLarge();
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (headerEnd < 1 || payloadEnd < headerEnd + 2 || token.includes('.', payloadEnd + 1)) {
    throw malformed('does not have three parts');
  }
  const { algorithm, keyId } = headers.read(token.slice(0, headerEnd));
  return {
    algorithm,
    keyId,
    payloadBytes: decodeBase64Url(token.slice(headerEnd + 1, payloadEnd)),
    signingInput: token.slice(0, payloadEnd),
    signature: decodeBase64Url(token.slice(payloadEnd + 1)),
  };
}

/** Reads the payload of a token. Throws `TOKEN_MALFORMED` if it is not a JSON object. */
export function readPayload({ payloadBytes }: Pick<TokenParts, 'payloadBytes'>): JsonObject {
  return parseJsonObject(decodeText(payloadBytes));
}

// A header of Descope has about 100 characters. It is parsed before the signature, so it must be short.
const MAX_HEADER_LENGTH = 1_024;
const MAX_HEADERS = 16;
const MAX_REMEMBERED_LENGTH = 512;

/**
 * Caches headers by their encoded form: the tokens of a project have one header for each key. Bounded; it contains no
 * claims.
 */
export class HeaderMemory {
  readonly #known = new Map<string, TokenHeader>();

  /** Reads a header. Throws `TOKEN_MALFORMED` or `TOKEN_HEADER_UNSUPPORTED`. */
  read(part: string): TokenHeader {
    const known = this.#known.get(part);
    if (known !== undefined) return known;
    if (part.length > MAX_HEADER_LENGTH)
      throw malformed(`has a header of more than ${MAX_HEADER_LENGTH} characters`);
    const header = readHeader(parseJsonPart(part));
    if (part.length > MAX_REMEMBERED_LENGTH) return header;
    if (this.#known.size >= MAX_HEADERS) this.#known.clear(); // an attacker can invent headers, and decoding is cheap
    this.#known.set(detach(part), header);
    return header;
  }
}

/** Copies an ASCII string: a slice would keep the whole header line of the request in memory. */
export function detach(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function readHeader(header: JsonObject): TokenHeader {
  assertHeaderSupported(header);
  return { algorithm: readHeaderText(header, 'alg'), keyId: readHeaderText(header, 'kid') };
}

function parseJsonPart(part: string): JsonObject {
  return parseJsonObject(decodeText(decodeBase64Url(part)));
}

/** Parses a JSON object. Throws `TOKEN_MALFORMED`. */
export function parseJsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (!isJsonObject(value)) throw malformed('has a part that is not a JSON object');
  return value;
}

/** Decodes UTF-8, strictly. Throws `TOKEN_MALFORMED`. */
export function decodeText(bytes: Buffer): string {
  if (isAscii(bytes)) return bytes.toString('latin1'); // the same, in a quarter of the time
  if (!isUtf8(bytes)) throw malformed('has a part that is not UTF-8');
  return bytes.toString('utf8');
}

// Node's decoder is lenient (RFC 4648 §3.5): it skips padding, white space and foreign characters, which gives too few
// bytes; it accepts the other alphabet; it drops unused bits at the end; and of wider characters it reads the low byte only.
// A token with several spellings could avoid the revocation list.
/** Decodes unpadded base64url, strictly. Throws `TOKEN_MALFORMED`. */
export function decodeBase64Url(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  const isWhole = part.length % 4 !== 1 && bytes.length === Math.floor((part.length * 3) / 4);
  const isNarrow = Buffer.byteLength(part) === part.length;
  if (!isWhole || !isNarrow || part.includes('+') || part.includes('/') || hasLooseBits(part)) {
    throw malformed('has a part that is not base64url');
  }
  return bytes;
}

function hasLooseBits(part: string): boolean {
  const last = part.at(-1) ?? '';
  if (part.length % 4 === 2) return !'AQgw'.includes(last); // the last 4 of 6 bits must be zero
  return part.length % 4 === 3 && !'AEIMQUYcgkosw048'.includes(last); // the last 2
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('has a part that is not JSON'); // the parser's own message quotes the token
  }
}

function assertHeaderSupported(header: JsonObject): void {
  // RFC 7515 §4.1.11: a critical extension that is not supported rejects the token. None is supported.
  for (const name of ['crit', 'b64', 'zip', 'enc']) {
    if (Object.hasOwn(header, name)) throw unsupported(`carries "${name}"`);
  }
  const type = readOwn(header, 'typ');
  if (type === undefined) return;
  if (typeof type !== 'string' || !TYPES.has(type.toLowerCase())) throw unsupported('has an unknown "typ"');
}

function readHeaderText(header: JsonObject, name: 'alg' | 'kid'): string {
  const value = readOwn(header, name);
  if (typeof value !== 'string' || value === '' || value.length > MAX_KEY_ID_LENGTH) {
    throw malformed(`needs a header "${name}" of 1 to ${MAX_KEY_ID_LENGTH} characters`);
  }
  return value;
}

function malformed(what: string): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_MALFORMED', `The token ${what}.`);
}

function unsupported(what: string): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_HEADER_UNSUPPORTED', `The token's header ${what}.`);
}

function tooLarge(): DescopeCredentialError {
  const message = `The token is longer than ${MAX_TOKEN_LENGTH} characters.`;
  return new DescopeCredentialError('TOKEN_TOO_LARGE', message, { limit: MAX_TOKEN_LENGTH });
}

// The end and the owner of a token, unverified: only for uses where a wrong value affects no other user.

/** Reads the claims of a token, unverified; `undefined` if it is not a JWT of a form that is supported. */
export function readUnverified(token: string): JsonObject | undefined {
  try {
    return decodeToken(token).payload;
  } catch (error) {
    if (error instanceof DescopeCredentialError) return undefined;
    throw error;
  }
}

/** Reads the end of a token, unverified, in epoch milliseconds; `undefined` if there is none. */
export function readEndMs(token: string): number | undefined {
  const expires = readUnverified(token)?.['exp'];
  return typeof expires === 'number' ? expires * 1000 : undefined;
}

/** Reads the subject of a token, unverified; returns the token if there is none. */
export function readOwner(token: string): string {
  const { dsub, sub } = readUnverified(token) ?? {};
  const owner = dsub ?? sub;
  return typeof owner === 'string' ? owner : token;
}
