// The options of browsers' sessions, and the config of the middleware and the routes.
import type { CookieTokenStoreConfig } from '../http/token-store.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { isBoolean, isOneOf, readDefaults, SWITCH, toOptionalRule, toRule } from './option-reader.js';

const HOST_PREFIX = '__Host-';
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** The attributes of the session cookies. They are always `HttpOnly` with `Path=/`. */
export interface SessionCookieOptions {
  /**
   * Whether cookies have the attribute `Secure`.
   * @defaultValue `true`, except for a direct connection over loopback outside production
   */
  readonly secure?: boolean | undefined;
  /**
   * The attribute `SameSite`. With `'lax'`, a browser sends the cookies when a user follows a link from another site;
   * with `'strict'`, it does not.
   * @defaultValue `'lax'`
   */
  readonly sameSite?: 'lax' | 'strict' | undefined;
  /**
   * The domain of the cookies, such as `'example.com'`, which shares them with its subdomains.
   * @defaultValue none: the browser sends the cookies to this host only
   * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.2.3
   */
  readonly domain?: string | undefined;
  /**
   * Adds the prefix `__Host-` to the cookie names, so that no other host can set these cookies. It excludes `domain`
   * and `secure: false`.
   * @defaultValue `false`
   */
  readonly hostPrefix?: boolean | undefined;
}

/** How the application keeps sessions for browsers. */
export interface SessionOptions {
  /**
   * Where tokens are kept: in cookies, or in the server-side session of `express-session` or `@fastify/session`, which
   * the application sets up.
   * @defaultValue `'cookies'`
   */
  readonly store?: 'cookies' | 'request-session' | undefined;
  /**
   * Whether the middleware refreshes an expired session if the request has a refresh token.
   * @defaultValue `false`
   */
  readonly refresh?: boolean | undefined;
  /**
   * The attributes of the cookies.
   * @defaultValue `{}`: the defaults of `SessionCookieOptions`
   */
  readonly cookie?: SessionCookieOptions | undefined;
}

const isDomain: Check<string> = (value): value is string => typeof value === 'string' && DOMAIN.test(value);

const COOKIE = {
  secure: toOptionalRule('a boolean', isBoolean),
  sameSite: toRule("'lax' or 'strict'", isOneOf('lax', 'strict'), 'lax'),
  domain: toOptionalRule('a domain such as "example.com"', isDomain),
  hostPrefix: SWITCH,
} satisfies OptionTable<SessionCookieOptions>;

export const SESSION = {
  store: toRule("'cookies' or 'request-session'", isOneOf('cookies', 'request-session'), 'cookies'),
  refresh: SWITCH,
  cookie: { rows: COOKIE },
} satisfies OptionTable<SessionOptions>;

/** The config of browsers' sessions. */
export interface SessionConfig {
  /** Whether the application has set the option `session`: then the middleware is applied. */
  readonly isOn: boolean;
  readonly store: 'cookies' | 'request-session';
  readonly isRefreshed: boolean;
  readonly cookies: CookieTokenStoreConfig;
}

/** The other input of the config of sessions, beside the option `session`. */
export interface SessionSurroundings {
  /** The names of the two cookies, without a prefix. */
  readonly names: { readonly session: string; readonly refresh: string };
  readonly isProduction: boolean;
}

/**
 * Creates the config of sessions. Without the option `session` there is no middleware, and the routes use the defaults.
 */
export function toSessionConfig(
  given: ValuesOf<typeof SESSION> | undefined,
  surroundings: SessionSurroundings,
  options: OptionReader,
): SessionConfig {
  const { store, refresh, cookie } = given ?? readDefaults(SESSION);
  return {
    isOn: given !== undefined,
    store,
    isRefreshed: refresh,
    cookies: toCookieConfig(cookie, surroundings, options),
  };
}

function toCookieConfig(
  { secure, sameSite, domain, hostPrefix }: ValuesOf<typeof COOKIE>,
  { names, isProduction }: SessionSurroundings,
  options: OptionReader,
): CookieTokenStoreConfig {
  if (hostPrefix && domain !== undefined)
    options.mistake('session.cookie.domain', 'a domain together with hostPrefix', 'only one of them');
  if (hostPrefix && secure === false)
    options.mistake(
      'session.cookie.secure',
      'false together with hostPrefix: true',
      'true, or hostPrefix: false',
    );
  const prefix = hostPrefix ? HOST_PREFIX : '';
  return {
    sessionName: prefix + names.session,
    refreshName: prefix + names.refresh,
    sameSite: sameSite === 'lax' ? 'Lax' : 'Strict',
    domain,
    secure: secure ?? (hostPrefix ? true : 'auto'),
    isProduction,
  };
}
