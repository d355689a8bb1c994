// Request → raw token: the first source that has one is used, and no other.
import type { DescopeCredentialError } from '../errors.js';
import type { TokenReading } from './cookies.js';
import { ambiguousCookie } from './cookies.js';
import type { RequestLike } from './request.js';
import { readBearer } from './request.js';

/**
 * Reads a token from a request. A browser is assumed to send it, as it does cookies: see `TokenSource`.
 * @returns the token; `null`, `undefined` or `''` if there is none
 * @example `const fromSession: TokenReader = ({ headers }) => headers['x-session'] as string | undefined`
 */
export type TokenReader = (request: RequestLike) => string | null | undefined;

/**
 * A source of tokens that the application defines.
 * @example `sources: ['bearer', { read: (request) => readMyHeader(request), sentByBrowser: false }]`
 */
export interface TokenSource {
  /** Reads the token. */
  readonly read: TokenReader;
  /**
   * Whether browsers send the token automatically, as they do cookies. If so, an unsafe method needs a same-origin
   * request, and an invalid token leaves the caller of an `@OptionalAuth()` route anonymous.
   * @defaultValue `true`, which is the safe value
   */
  readonly sentByBrowser?: boolean;
}

/**
 * Where a token is read: `'bearer'` (the `Authorization` header), `'cookie'` (the session cookie), or the application's
 * own source.
 */
export type TokenSourceOption = 'bearer' | 'cookie' | TokenReader | TokenSource;

/** A raw token, and whether a browser sent it automatically; or the reason why a cookie cannot be read. */
export interface Credential {
  readonly token: string;
  /** Whether the browser sent it automatically: then the cross-site check applies, and optional routes are lenient. */
  readonly sentByBrowser: boolean;
  readonly rejection?: DescopeCredentialError;
}

/** Reads the session token from the store of browsers' tokens. */
export type BrowserTokenReader = (request: RequestLike) => TokenReading;

/**
 * Reads the credential of a request, in the order of the sources; `undefined` if there is none. Throws
 * `CREDENTIAL_MALFORMED`.
 */
export function readCredential(
  request: RequestLike,
  sources: readonly TokenSourceOption[],
  readBrowserToken: BrowserTokenReader,
): Credential | undefined {
  for (const source of sources) {
    const credential = readSource(request, source, readBrowserToken);
    if (credential !== undefined) return credential;
  }
  return undefined;
}

function readSource(
  request: RequestLike,
  source: TokenSourceOption,
  readBrowserToken: BrowserTokenReader,
): Credential | undefined {
  if (source === 'bearer') return toCredential(readBearer(request), false);
  if (source === 'cookie') return toBrowserCredential(readBrowserToken(request));
  if (typeof source === 'function') return toCredential(source(request), true);
  return toCredential(source.read(request), source.sentByBrowser ?? true);
}

function toBrowserCredential(reading: TokenReading): Credential | undefined {
  if (reading.kind === 'value') return { token: reading.value, sentByBrowser: true };
  if (reading.kind === 'absent') return undefined;
  return { token: '', sentByBrowser: true, rejection: ambiguousCookie() };
}

function toCredential(token: string | null | undefined, sentByBrowser: boolean): Credential | undefined {
  return typeof token === 'string' && token !== '' ? { token, sentByBrowser } : undefined;
}
