// Cookies: reads one exact name, formats Set-Cookie lines, and decides where a cookie may lack `Secure`.
import { DescopeCredentialError, DescopeRequestError } from '../errors.js';
import type { RequestLike } from './request.js';
import { readHeader, readHost } from './request.js';

const MAX_COOKIE_HEADER_LENGTH = 65_536;

/** The token of a browser: its value, none, or several different values. */
export type TokenReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'ambiguous' };

const ABSENT: TokenReading = { kind: 'absent' };
const AMBIGUOUS: TokenReading = { kind: 'ambiguous' };

/**
 * Reads a cookie by its exact name (RFC 6265 §4.2). The same name twice with different values is ambiguous: a sibling
 * domain may have set one of them. An empty value counts as absent.
 */
export function readCookie(header: string | undefined, name: string): TokenReading {
  if (header === undefined || header.length > MAX_COOKIE_HEADER_LENGTH) return ABSENT;
  let found: string | undefined;
  for (let start = 0; start < header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const value = readPair(header.slice(start, end), name);
    if (value !== undefined && found !== undefined && value !== found) return AMBIGUOUS;
    found ??= value;
    start = end + 1;
  }
  return found === undefined || found === '' ? ABSENT : { kind: 'value', value: found };
}

/** Reads the distinct values of an ambiguous cookie; none if it is not ambiguous. */
export function readAmbiguousCookie(header: string | undefined, name: string): readonly string[] {
  if (header === undefined || readCookie(header, name).kind !== 'ambiguous') return [];
  const values = header.split(';').map((pair) => readPair(pair, name));
  return [...new Set(values)].filter((value) => value !== undefined && value !== '') as string[];
}

/** Creates the rejection of an ambiguous cookie. */
export function ambiguousCookie(): DescopeCredentialError {
  const message = 'The request has several session cookies with different values.';
  return new DescopeCredentialError('COOKIE_AMBIGUOUS', message);
}

/** Reads names and values of Set-Cookie lines, without their attributes. */
export function readSetCookies(lines: readonly string[]): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const line of lines) {
    const pair = line.split(';', 1)[0] ?? '';
    const equals = pair.indexOf('=');
    const value = pair.slice(equals + 1).trim();
    if (equals > 0 && value !== '') cookies.set(pair.slice(0, equals).trim(), value);
  }
  return cookies;
}

function readPair(pair: string, name: string): string | undefined {
  const equals = pair.indexOf('=');
  if (equals === -1 || trimBlanks(pair.slice(0, equals)) !== name) return undefined;
  const value = trimBlanks(pair.slice(equals + 1));
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return isQuoted ? value.slice(1, -1) : value;
}

// Space and tab only, as browsers do (RFC 6265 §5.2), not all white space of `trim`: a cookie whose name is U+00A0 and then
// the session cookie's name is another cookie, which a sibling domain can set even if the session cookie has a prefix like
// `__Host-`.
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t';
}

// Tokens → Set-Cookie lines (RFC 6265 §4.1), with protective attributes.

const MAX_COOKIE_BYTES = 4096; // the least limit of browsers, with name and attributes (RFC 6265 §6.1)

/** The attributes of cookies. */
export interface CookieConfig {
  /** With `Lax`, browsers send the cookie when a user follows a link from another site; with `Strict`, they do not. */
  readonly sameSite: 'Lax' | 'Strict';
  /** The domain of the cookie; `undefined` for a host-only cookie. */
  readonly domain: string | undefined;
  /** `true`: always `Secure`. `false`: never. `'auto'`: except for direct connections over loopback. */
  readonly secure: boolean | 'auto';
}

/** One cookie to write. */
export interface CookieToWrite {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

/**
 * Creates a Set-Cookie line: `HttpOnly`, `Path=/`, and `Domain` only if configured. Throws `SESSION_TOO_LARGE` for a cookie
 * that browsers would silently drop.
 */
export function formatSetCookie(cookie: CookieToWrite, config: CookieConfig): string {
  const { name, value, maxAgeSeconds, isSecure } = cookie;
  const line = [
    `${name}=${value}`,
    `Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`,
    'Path=/',
    ...(config.domain === undefined ? [] : [`Domain=${config.domain}`]),
    'HttpOnly',
    ...(isSecure ? ['Secure'] : []),
    `SameSite=${config.sameSite}`,
  ].join('; ');
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_COOKIE_BYTES) throw tooLarge(name, bytes);
  return line;
}

/** Creates the lines that expire a cookie, host-only and on the configured domain: both kinds may exist. */
export function formatExpiredCookies(name: string, isSecure: boolean, config: CookieConfig): string[] {
  const cookie = { name, value: '', maxAgeSeconds: 0, isSecure };
  const hostOnly = formatSetCookie(cookie, { ...config, domain: undefined });
  return config.domain === undefined ? [hostOnly] : [hostOnly, formatSetCookie(cookie, config)];
}

function tooLarge(cookie: string, bytes: number): DescopeRequestError {
  const message = `The cookie "${cookie}" needs ${bytes} bytes, but browsers drop cookies of more than ${MAX_COOKIE_BYTES} bytes.`;
  return new DescopeRequestError('SESSION_TOO_LARGE', message, { cookie, bytes, limit: MAX_COOKIE_BYTES });
}

// Direct connections over loopback: only there may a cookie lack `Secure`.

const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const LOOPBACK_PEER = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i;

/** Checks whether host and peer are loopback and nothing was forwarded. */
export function isLoopbackConnection(request: RequestLike): boolean {
  if (!LOOPBACK_HOST.test(readHost(request) ?? '')) return false;
  if (!LOOPBACK_PEER.test(request.socket?.remoteAddress ?? '')) return false;
  return FORWARDING_HEADERS.every((name) => readHeader(request, name) === undefined);
}
