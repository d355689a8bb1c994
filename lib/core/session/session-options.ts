// What people may write about browsers' sessions: `session: { … }`.
import type { GivenStore } from './given-store.js';

/** How cookies are written. */
export interface SessionCookieOptions {
  /** `false` writes cookies without `Secure`. Default: `Secure`, except where the whole connection stays on this machine. */
  readonly secure?: boolean | undefined;
  /** Default: `'lax'`. */
  readonly sameSite?: 'lax' | 'strict' | undefined;
  /** Shares the cookies with a domain and its subdomains. Default: host-only. */
  readonly domain?: string | undefined;
  /** Names the cookies `__Host-…`: browsers then keep any other host from planting one. Default: `false`. */
  readonly hostPrefix?: boolean | undefined;
}

/** Sessions that this application keeps for browsers. */
export interface SessionOptions {
  /** Where tokens live: in cookies, or in the application's own `express-session` or `@fastify/session`. Default: `'cookies'`. */
  readonly store?: 'cookies' | 'request-session' | undefined;
  /** Lets the middleware renew a session that lapsed, when there is a refresh token. Default: `false`. */
  readonly refresh?: boolean | undefined;
  /** How cookies are written. */
  readonly cookie?: SessionCookieOptions | undefined;
  /** Shares renewals between instances, so that none signs out what another has just renewed. Entries are encrypted. */
  readonly renewalStore?: GivenStore | undefined;
  /** Shares sign-outs between instances. Without it a signed-out session is refused by this process only, until its end. */
  readonly signOutStore?: GivenStore | undefined;
}

/** The name of every option of `session`; the compiler keeps the list complete. */
export const SESSION_OPTIONS: readonly string[] = Object.keys({
  store: 0,
  refresh: 0,
  cookie: 0,
  renewalStore: 0,
  signOutStore: 0,
} satisfies Record<keyof SessionOptions, 0>);

/** The name of every option of `session.cookie`. */
export const COOKIE_OPTIONS: readonly string[] = Object.keys({
  secure: 0,
  sameSite: 0,
  domain: 0,
  hostPrefix: 0,
} satisfies Record<keyof SessionCookieOptions, 0>);
