// Request → raw token: the first source that has one decides, alone.
import type { DescopeCredentialError } from '../errors.js';
import type { TokenReading } from './cookies.js';
import { ambiguousCookie } from './cookies.js';
import type { RequestLike } from './request.js';
import { readBearer } from './request.js';

/** Reads a token where an application keeps it. Answers nothing where there is none. */
export type TokenReader = (request: RequestLike) => string | null | undefined;

/** A place of the application's own where tokens may stand. */
export interface TokenSource {
  readonly read: TokenReader;
  /**
   * Whether browsers attach it by themselves, as they do cookies; then it counts on same-origin requests only.
   * Default: `true`, because that is the safe answer.
   */
  readonly sentByBrowser?: boolean;
}

/** Where a token may stand: `'bearer'`, `'cookie'`, or the application's own source. */
export type TokenSourceOption = 'bearer' | 'cookie' | TokenReader | TokenSource;

/** A raw token and where it was found; or, from a cookie, the reason why none can be read. */
export interface Credential {
  readonly token: string;
  /** Sent by the browser without being asked: subject to the cross-site rule, and lenient on optional routes. */
  readonly sentByBrowser: boolean;
  readonly rejection?: DescopeCredentialError;
}

/** Finds the token that a browser's session keeps, wherever that is. */
export type BrowserTokenReader = (request: RequestLike) => TokenReading;

/** Reads the request's credential, in the order of the sources; `undefined` means nobody. Throws `CREDENTIAL_MALFORMED`. */
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
