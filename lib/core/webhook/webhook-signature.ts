// The signature of a webhook: HMAC-SHA256 over the body as it was sent, or over the JSON that is made of its content again.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DescopeCredentialError, DescopeRequestError } from '../errors.js';
import type { RequestLike } from '../http/request.js';
import { readHeader } from '../http/request.js';

/** The header of the signature: base64 of HMAC-SHA256. */
export const SIGNATURE_HEADER = 'x-descope-webhook-s256';

/** The greatest size of a body, in bytes. */
export const MAX_BODY_BYTES = 4_194_304;

// The JSON of a larger body is not made again: the caller is unknown, and that is the expensive part.
const MAX_REMADE_BYTES = 1_048_576;

const SIGNATURE = /^[A-Za-z0-9+/]{43}=$/;

/** The body of a webhook. */
export interface ReceivedBody {
  /** The body as it was sent; `undefined` where another parser has read it before. */
  readonly bytes: Uint8Array | undefined;
  /** What that parser made of it. */
  readonly value?: unknown;
}

/** A body whose signature is valid. */
export interface VerifiedBody {
  /** The text that was signed. Everything that is used of a webhook must be read from this text. */
  readonly text: string;
  /** The signature that matched, in base64url: the same for each delivery of the same text. */
  readonly signature: string;
}

/**
 * Reads the signature of a request.
 * @throws {DescopeCredentialError} WEBHOOK_SIGNATURE_MISSING, WEBHOOK_SIGNATURE_INVALID
 */
export function requireSignature(request: RequestLike): Uint8Array {
  const header = readHeader(request, SIGNATURE_HEADER);
  if (header === undefined || header === '') {
    const message = `The request has no header ${SIGNATURE_HEADER}.`;
    throw new DescopeCredentialError('WEBHOOK_SIGNATURE_MISSING', message);
  }
  // A header that was sent twice is joined with a comma, which is not base64.
  if (!SIGNATURE.test(header)) throw invalid();
  return Buffer.from(header, 'base64');
}

/** Checks whether a request has a signature, without checking it. */
export function hasSignature(request: RequestLike): boolean {
  return SIGNATURE.test(readHeader(request, SIGNATURE_HEADER) ?? '');
}

/**
 * Verifies the signature of a body with several secrets, of which one must match.
 *
 * Descope documents both that it signs the body and that it signs the JSON string. They differ where a client of HTTP adds a
 * line break or escapes characters, so that each text is tried: the secret decides.
 * @see https://docs.descope.com/connectors/connector-hmac-usage
 * @throws {DescopeCredentialError} WEBHOOK_SIGNATURE_INVALID
 * @throws {DescopeRequestError} REQUEST_BODY_INVALID for a signed body that is not UTF-8
 */
export function verifyBody(
  body: ReceivedBody,
  signature: Uint8Array,
  secrets: readonly string[],
): VerifiedBody {
  const { bytes } = body;
  const isSigned = (text: Uint8Array | string): boolean => matches(text, signature, secrets);
  const found = bytes !== undefined && isSigned(bytes) ? decode(bytes) : toRemade(body).find(isSigned);
  if (found === undefined) throw invalid();
  return { text: found, signature: Buffer.from(signature).toString('base64url') };
}

// All secrets are tried, so that the time does not tell which one matched.
function matches(text: Uint8Array | string, signature: Uint8Array, secrets: readonly string[]): boolean {
  const results = secrets.map((secret) => {
    const expected = createHmac('sha256', secret).update(text).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  });
  return results.includes(true);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DescopeRequestError('REQUEST_BODY_INVALID', 'The body must be UTF-8.');
  }
}

// Nothing is known of the caller yet: what cannot be parsed, or nests deeper than the stack, is not signed.
function toRemade({ bytes, value }: ReceivedBody): readonly string[] {
  if (bytes !== undefined && bytes.length > MAX_REMADE_BYTES) return [];
  try {
    const content = bytes === undefined ? value : (JSON.parse(decode(bytes)) as unknown);
    const text: string | undefined = JSON.stringify(content);
    return text === undefined ? [] : [text, toGoText(text)];
  } catch {
    return [];
  }
}

// Go's encoder escapes these characters in JSON, and JavaScript's does not (https://pkg.go.dev/encoding/json#Marshal).
function toGoText(json: string): string {
  const toEscape = (character: string): string =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return json.replace(/[<>&\u2028\u2029]/g, toEscape);
}

function invalid(): DescopeCredentialError {
  const message = `The header ${SIGNATURE_HEADER} is not the signature of this body.`;
  return new DescopeCredentialError('WEBHOOK_SIGNATURE_INVALID', message);
}
