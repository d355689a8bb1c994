// Token text → its parts, or a refusal: RFC 7515 compact form, nothing looser.
import { isUtf8 } from 'node:buffer';
import { DescopeCredentialError } from '../errors.js';
import { isJsonObject, readOwn } from './claims.js';
import type { JsonObject } from './claims.js';

/** Tokens above this many characters are refused unread (Descope's are 1 to 8 KB). */
export const MAX_TOKEN_LENGTH = 16_384;
const MAX_KEY_ID_LENGTH = 256;
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

/** A token taken apart, with nothing proven yet. */
export interface DecodedToken {
  readonly algorithm: string;
  readonly keyId: string;
  readonly payload: JsonObject;
  readonly signingInput: Buffer;
  readonly signature: Buffer;
}

/** Takes a token apart. Throws `TOKEN_TOO_LARGE`, `TOKEN_MALFORMED` or `TOKEN_HEADER_UNSUPPORTED`. */
export function decodeToken(token: string): DecodedToken {
  if (typeof token !== 'string') throw malformed('is not text');
  if (token.length > MAX_TOKEN_LENGTH) throw tooLarge();
  const headerEnd = token.indexOf('.');
  const payloadEnd = token.indexOf('.', headerEnd + 1);
  if (headerEnd < 1 || payloadEnd < 0 || token.includes('.', payloadEnd + 1)) {
    throw malformed('does not have three parts');
  }
  const header = parseJsonPart(token.slice(0, headerEnd));
  assertHeaderSupported(header);
  return {
    algorithm: readHeaderText(header, 'alg'),
    keyId: readHeaderText(header, 'kid'),
    payload: parseJsonPart(token.slice(headerEnd + 1, payloadEnd)),
    signingInput: Buffer.from(token.slice(0, payloadEnd), 'latin1'),
    signature: decodeBase64Url(token.slice(payloadEnd + 1)),
  };
}

function parseJsonPart(part: string): JsonObject {
  const bytes = decodeBase64Url(part);
  if (!isUtf8(bytes)) throw malformed('has a part that is not UTF-8');
  const value = parseJson(bytes.toString('utf8'));
  if (!isJsonObject(value)) throw malformed('has a part that is not a JSON object');
  return value;
}

// Encoding the bytes again finds everything that a lenient decoder forgives:
// padding, white space, foreign characters and loose trailing bits (RFC 4648 §3.5).
function decodeBase64Url(part: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.toString('base64url') !== part) throw malformed('has a part that is not base64url');
  return bytes;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('has a part that is not JSON'); // the parser's own message quotes the token
  }
}

function assertHeaderSupported(header: JsonObject): void {
  // RFC 7515 §4.1.11: an extension that is critical and not understood refuses the token. None is understood.
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
