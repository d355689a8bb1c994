// The options about browsers' sessions, and the config that the middleware and the routes work by.
import type { CookieTokenStoreConfig } from '../http/token-store.js';
import type { GivenStore, KeyValueStore } from '../session/key-value-store.js';
import { findStoreMistake, toKeyValueStore } from '../session/key-value-store.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import { isBoolean, isOneOf, readDefaults, SWITCH, toOptionalRule, toRule } from './option-reader.js';

const HOST_PREFIX = '__Host-';
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** How cookies are written. */
export interface SessionCookieOptions {
  /**
   * Whether cookies have the attribute `Secure`.
   * @defaultValue `true`, except where the whole connection stays on this machine
   */
  readonly secure?: boolean | undefined;
  /**
   * Whether links from other sites arrive signed in (`'lax'`) or not (`'strict'`).
   * @defaultValue `'lax'`
   * @see https://www.rfc-editor.org/rfc/rfc6265
   */
  readonly sameSite?: 'lax' | 'strict' | undefined;
  /**
   * Shares the cookies with a domain and its subdomains.
   * @defaultValue none: the cookies are host-only
   */
  readonly domain?: string | undefined;
  /**
   * Names the cookies `__Host-…`: browsers then keep any other host from planting one.
   * @defaultValue `false`
   */
  readonly hostPrefix?: boolean | undefined;
}

/** Sessions that this application keeps for browsers. */
export interface SessionOptions {
  /**
   * Where tokens are kept: in cookies, or in the application's own `express-session` or `@fastify/session`.
   * @defaultValue `'cookies'`
   */
  readonly store?: 'cookies' | 'request-session' | undefined;
  /**
   * Lets the middleware refresh a session that lapsed, when there is a refresh token.
   * @defaultValue `false`
   */
  readonly refresh?: boolean | undefined;
  /** How cookies are written. */
  readonly cookie?: SessionCookieOptions | undefined;
  /**
   * Shares refreshes between instances, so that none signs out what another has just refreshed. Entries are encrypted.
   * @defaultValue none: each instance refreshes on its own
   */
  readonly renewalStore?: GivenStore | undefined;
  /**
   * Shares sign-outs between instances.
   * @defaultValue none: a signed-out session is rejected by this process only, until its end
   */
  readonly signOutStore?: GivenStore | undefined;
}

const isDomain: Check<string> = (value): value is string => typeof value === 'string' && DOMAIN.test(value);

const isObject: Check<GivenStore> = (value): value is GivenStore =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const COOKIE = {
  secure: toOptionalRule('a boolean', isBoolean),
  sameSite: toRule("'lax' or 'strict'", isOneOf('lax', 'strict'), 'lax'),
  domain: toOptionalRule('a domain like "example.com"', isDomain),
  hostPrefix: SWITCH,
} satisfies OptionTable<SessionCookieOptions>;

export const SESSION = {
  store: toRule("'cookies' or 'request-session'", isOneOf('cookies', 'request-session'), 'cookies'),
  refresh: SWITCH,
  cookie: { rows: COOKIE },
  renewalStore: toOptionalRule('an object', isObject),
  signOutStore: toOptionalRule('an object', isObject),
} satisfies OptionTable<SessionOptions>;

/** How browsers' sessions are kept. */
export interface SessionConfig {
  /** Whether the application asked for sessions at all: then the middleware is applied. */
  readonly isOn: boolean;
  readonly store: 'cookies' | 'request-session';
  readonly isRefreshed: boolean;
  readonly cookies: CookieTokenStoreConfig;
  readonly renewalStore: KeyValueStore | undefined;
  readonly signOutStore: KeyValueStore | undefined;
}

/** What the config of sessions depends on beside `session` itself. */
export interface SessionSurroundings {
  /** The names of the two cookies, without a prefix. */
  readonly names: { readonly session: string; readonly refresh: string };
  readonly isProduction: boolean;
}

/** Makes the config of sessions. Without `session` there is no middleware, and the defaults serve the routes. */
export function toSessionConfig(
  given: ValuesOf<typeof SESSION> | undefined,
  surroundings: SessionSurroundings,
  options: OptionReader,
): SessionConfig {
  const { store, refresh, cookie, renewalStore, signOutStore } = given ?? readDefaults(SESSION);
  return {
    isOn: given !== undefined,
    store,
    isRefreshed: refresh,
    cookies: toCookieConfig(cookie, surroundings, options),
    renewalStore: toStore(renewalStore, 'session.renewalStore', options),
    signOutStore: toStore(signOutStore, 'session.signOutStore', options),
  };
}

function toCookieConfig(
  { secure, sameSite, domain, hostPrefix }: ValuesOf<typeof COOKIE>,
  { names, isProduction }: SessionSurroundings,
  options: OptionReader,
): CookieTokenStoreConfig {
  if (hostPrefix && domain !== undefined)
    options.mistake('session.cookie.domain', 'a domain beside hostPrefix', 'one of the two');
  if (hostPrefix && secure === false)
    options.mistake('session.cookie.secure', 'false beside hostPrefix', 'one of the two');
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

function toStore(
  given: GivenStore | undefined,
  name: string,
  options: OptionReader,
): KeyValueStore | undefined {
  if (given === undefined) return undefined;
  const mistake = findStoreMistake(given);
  if (mistake === undefined) return toKeyValueStore(given);
  options.mistake(name, mistake.got, mistake.wants);
  return undefined;
}
