// Tokens → Set-Cookie lines (RFC 6265 §4.1), with the attributes that keep them ours.
import { DescopeRequestError } from '../errors.js';

const MAX_COOKIE_BYTES = 4096; // what browsers keep at least, name and attributes included (RFC 6265 §6.1)

/** How cookies are written. */
export interface CookiePolicy {
  /** `Lax` lets links from other sites arrive signed in; `Strict` does not. */
  readonly sameSite: 'Lax' | 'Strict';
  /** The domain that shares the cookie; host-only when left out. */
  readonly domain: string | undefined;
  /** `true`: always `Secure`. `false`: never. `'auto'`: unless the whole connection stays on this machine. */
  readonly secure: boolean | 'auto';
}

/** One cookie to write. */
export interface CookieToWrite {
  readonly name: string;
  readonly value: string;
  readonly maxAgeSeconds: number;
  readonly isSecure: boolean;
}

/** Makes a Set-Cookie line: `HttpOnly`, `Path=/`, no `Domain` unless configured. Throws `SESSION_TOO_LARGE` for what browsers would drop silently. */
export function toSetCookie(cookie: CookieToWrite, policy: CookiePolicy): string {
  const { name, value, maxAgeSeconds, isSecure } = cookie;
  const line = [
    `${name}=${value}`,
    `Max-Age=${Math.max(0, Math.floor(maxAgeSeconds))}`,
    'Path=/',
    ...(policy.domain === undefined ? [] : [`Domain=${policy.domain}`]),
    'HttpOnly',
    ...(isSecure ? ['Secure'] : []),
    `SameSite=${policy.sameSite}`,
  ].join('; ');
  const bytes = Buffer.byteLength(line);
  if (bytes > MAX_COOKIE_BYTES) throw tooLarge(name, bytes);
  return line;
}

/** Makes the lines that expire a cookie, host-only and on the configured domain: a planted twin must go too. */
export function toExpiredCookies(name: string, isSecure: boolean, policy: CookiePolicy): string[] {
  const cookie = { name, value: '', maxAgeSeconds: 0, isSecure };
  const hostOnly = toSetCookie(cookie, { ...policy, domain: undefined });
  return policy.domain === undefined ? [hostOnly] : [hostOnly, toSetCookie(cookie, policy)];
}

function tooLarge(cookie: string, bytes: number): DescopeRequestError {
  const message = `The cookie "${cookie}" needs ${bytes} bytes, and browsers drop more than ${MAX_COOKIE_BYTES}.`;
  return new DescopeRequestError('SESSION_TOO_LARGE', message, { cookie, bytes, limit: MAX_COOKIE_BYTES });
}
