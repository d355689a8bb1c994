// Tokens → Set-Cookie lines (RFC 6265 §4.1), with the attributes that keep them ours.

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

/** A cookie that browsers would drop silently. */
export class CookieTooLargeError extends Error {
  constructor(name: string, bytes: number) {
    super(
      `The cookie "${name}" needs ${bytes} bytes, and browsers drop more than ${MAX_COOKIE_BYTES}. ` +
        `Take claims out of the project's JWT template, or keep tokens on the server: session.store: 'request-session'.`,
    );
    this.name = 'CookieTooLargeError';
  }
}

/** Makes a Set-Cookie line: `HttpOnly`, `Path=/`, no `Domain` unless configured. Throws `CookieTooLargeError`. */
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
  if (bytes > MAX_COOKIE_BYTES) throw new CookieTooLargeError(name, bytes);
  return line;
}

/** Makes the lines that expire a cookie, host-only and on the configured domain: a planted twin must go too. */
export function toExpiredCookies(name: string, isSecure: boolean, policy: CookiePolicy): string[] {
  const cookie = { name, value: '', maxAgeSeconds: 0, isSecure };
  const hostOnly = toSetCookie(cookie, { ...policy, domain: undefined });
  return policy.domain === undefined ? [hostOnly] : [hostOnly, toSetCookie(cookie, policy)];
}
