// Request → raw token: the first source that has one decides, alone.
import type { DescopeCredentialError } from '../errors.js';
import type { TokenReading } from './cookies.js';
import { ambiguousCookie } from './cookies.js';
import type { RequestLike } from './request.js';
import { readBearer } from './request.js';

/** Reads a token where an application sends it; `null` or `undefined` where there is none. */
export type TokenReader = (request: RequestLike) => string | null | undefined;

/** A source of tokens of the application's own. */
export interface TokenSource {
  readonly read: TokenReader;
  /**
   * Whether browsers attach it by themselves, as they do cookies; then it counts on same-origin requests only.
   * @defaultValue `true`, which is the safe choice
   */
  readonly sentByBrowser?: boolean;
}

/** Where a token is read: `'bearer'`, `'cookie'`, or the application's own source. */
export type TokenSourceOption = 'bearer' | 'cookie' | TokenReader | TokenSource;

/** A raw token and whether a browser sent it by itself; or, from a cookie, why none can be read. */
export interface Credential {
  readonly token: string;
  /** Attached by the browser itself: subject to the cross-site check, and lenient on optional routes. */
  readonly sentByBrowser: boolean;
  readonly rejection?: DescopeCredentialError;
}

/** Reads the session token from the store of browsers' tokens. */
export type BrowserTokenReader = (request: RequestLike) => TokenReading;

/** Reads the request's credential, in the order of the sources; `undefined` for an anonymous one. Throws `CREDENTIAL_MALFORMED`. */
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
