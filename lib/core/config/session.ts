// The options about browsers' sessions, as the policy of the middleware and the routes.
import type { CookieTokenStoreConfig } from '../http/token-store.js';
import type { GivenStore, KeyValueStore } from '../session/key-value-store.js';
import { findStoreMistake, toKeyValueStore } from '../session/key-value-store.js';
import type { Check } from './option-reader.js';
import { isBoolean, OptionReader } from './option-reader.js';
import type { SessionCookieOptions, SessionOptions } from './options.js';
import { COOKIE_OPTIONS, SESSION_OPTIONS } from './options.js';

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

/** The names of the two cookies, without a prefix. */
export interface CookieNames {
  readonly session: string;
  readonly refresh: string;
}

const HOST_PREFIX = '__Host-';
const DOMAIN = /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/i;

/** Reads `session`; without it there is no middleware, and the defaults serve the routes. */
export function readSession(options: OptionReader, names: CookieNames, isProduction: boolean): SessionConfig {
  const isOn = options.has('session');
  const group = isOn
    ? options.group<SessionOptions>('session', SESSION_OPTIONS)
    : new OptionReader<SessionOptions>({}, SESSION_OPTIONS);
  return {
    isOn,
    store: group.read('store', {
      wants: "'cookies' or 'request-session'",
      is: isStoreName,
      default: 'cookies',
    }),
    isRefreshed: group.read('refresh', { wants: 'a boolean', is: isBoolean, default: false }),
    cookies: { ...readCookies(group, names), isProduction },
    renewalStore: readStore(group, 'renewalStore'),
    signOutStore: readStore(group, 'signOutStore'),
  };
}

function readCookies(
  session: OptionReader<SessionOptions>,
  names: CookieNames,
): Omit<CookieTokenStoreConfig, 'isProduction'> {
  const group = session.group<SessionCookieOptions>('cookie', COOKIE_OPTIONS);
  const sameSite = group.read('sameSite', { wants: "'lax' or 'strict'", is: isSameSite, default: 'lax' });
  const domain = group.read('domain', {
    wants: 'a domain like "example.com"',
    is: isDomain,
    default: undefined,
  });
  const isPrefixed = group.read('hostPrefix', { wants: 'a boolean', is: isBoolean, default: false });
  const secure = group.read<boolean | undefined>('secure', {
    wants: 'a boolean',
    is: isBoolean,
    default: undefined,
  });
  if (isPrefixed && domain !== undefined)
    group.mistake('domain', 'a domain beside hostPrefix', 'one of the two');
  if (isPrefixed && secure === false) group.mistake('secure', 'false beside hostPrefix', 'one of the two');
  const prefix = isPrefixed ? HOST_PREFIX : '';
  return {
    sessionName: prefix + names.session,
    refreshName: prefix + names.refresh,
    sameSite: sameSite === 'lax' ? 'Lax' : 'Strict',
    domain,
    secure: secure ?? (isPrefixed ? true : 'auto'),
  };
}

function readStore(
  group: OptionReader<SessionOptions>,
  name: 'renewalStore' | 'signOutStore',
): KeyValueStore | undefined {
  const given = group.read<GivenStore | undefined>(name, {
    wants: 'an object',
    is: isObject,
    default: undefined,
  });
  if (given === undefined) return undefined;
  const mistake = findStoreMistake(given);
  if (mistake !== undefined) group.mistake(name, mistake.got, mistake.wants);
  return mistake === undefined ? toKeyValueStore(given) : undefined;
}

const isStoreName: Check<'cookies' | 'request-session'> = (value): value is 'cookies' | 'request-session' =>
  value === 'cookies' || value === 'request-session';

const isSameSite: Check<'lax' | 'strict'> = (value): value is 'lax' | 'strict' =>
  value === 'lax' || value === 'strict';

const isDomain: Check<string | undefined> = (value): value is string =>
  typeof value === 'string' && DOMAIN.test(value);

const isObject: Check<GivenStore | undefined> = (value): value is GivenStore =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
