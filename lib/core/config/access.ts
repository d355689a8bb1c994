// The options of accepted credentials (access keys, sources, names of cookies, audiences), and of the users behind them.
import type { TokenSourceOption } from '../http/token-source.js';
import type { AccessKeyConfig } from '../m2m/access-keys.js';
import type { UserCacheConfig } from '../session/user-cache.js';
import type { StandardSchema } from '../user/custom-claims.js';
import { isStandardSchema } from '../user/custom-claims.js';
import type { UsernameClaim } from '../user/descope-user.js';
import type { Check, OptionReader, OptionTable, ValuesOf } from './option-reader.js';
import {
  describe,
  isText,
  isTexts,
  SWITCH,
  toNumberRule,
  toOptionalRule,
  toRule,
  toWholeNumberRule,
} from './option-reader.js';

const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/; // RFC 6265 §4.1.1, a token of RFC 9110
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/; // RFC 9110 §5.1
// Headers with a standard meaning, or that browsers send automatically.
const TAKEN = /^(?:authorization|cookie|origin|referer|host|content-.*|transfer-encoding|sec-.*|proxy-.*)$/i;
const DAY_SECONDS = 86_400;

/**
 * How access keys that callers send are accepted. Each key is exchanged for a session at Descope, which is then cached.
 * @see https://docs.descope.com/manage/accesskeys/
 */
export interface AccessKeyOptions {
  /**
   * The header of access keys, such as `'x-api-key'`. With it, a bearer credential is never read as a key.
   * @defaultValue none: keys are sent as `Authorization: Bearer …`
   */
  readonly header?: string | undefined;
  /**
   * The longest use of the session of a key, in seconds from 1 to 86 400. A key that was deactivated at Descope is
   * accepted no longer than this.
   * @defaultValue `300`
   */
  readonly maxAgeSeconds?: number | undefined;
  /**
   * How long a key that Descope rejected is rejected without another call, in seconds from 1 to 3600.
   * @defaultValue `60`
   */
  readonly rejectedSeconds?: number | undefined;
  /**
   * The greatest number of keys whose sessions are cached, from 1 to 1 000 000.
   * @defaultValue `10_000`
   */
  readonly maxKeys?: number | undefined;
  /**
   * The greatest rate of exchanges for keys that are not cached, per second, from 1 to 10 000; a burst may have five times
   * as many. Half of this rate is added for senders without a rejected key in the last minute. Further keys get 503.
   * @defaultValue `20`
   */
  readonly unknownPerSecond?: number | undefined;
}

const isHeaderName: Check<string> = (value): value is string =>
  typeof value === 'string' && HEADER_NAME.test(value) && !TAKEN.test(value);

export const ACCESS_KEYS = {
  header: toOptionalRule('the name of a header that nothing else uses, such as "x-api-key"', isHeaderName),
  maxAgeSeconds: toWholeNumberRule({ least: 1, most: DAY_SECONDS, default: 300 }),
  rejectedSeconds: toWholeNumberRule({ least: 1, most: 3600, default: 60 }),
  maxKeys: toWholeNumberRule({ least: 1, most: 1_000_000, default: 10_000 }),
  unknownPerSecond: toWholeNumberRule({ least: 1, most: 10_000, default: 20 }),
} satisfies OptionTable<AccessKeyOptions>;

/** Converts `accessKeys` to lower case and milliseconds; `undefined` where keys are not accepted. */
export function toAccessKeyConfig(
  accessKeys: ValuesOf<typeof ACCESS_KEYS> | undefined,
): AccessKeyConfig | undefined {
  if (accessKeys === undefined) return undefined;
  const { header, maxAgeSeconds, rejectedSeconds, maxKeys, unknownPerSecond } = accessKeys;
  return {
    header: header?.toLowerCase(),
    maxAgeMs: 1000 * maxAgeSeconds,
    rejectedMs: 1000 * rejectedSeconds,
    maxKeys,
    unknownPerSecond,
  };
}

// With the name of the refresh token, refresh tokens would count as sessions.
export const isSessionName: Check<string> = (value): value is string =>
  isCookieName(value) && value !== 'DSR';

export const isRefreshName: Check<string> = (value): value is string => isCookieName(value) && value !== 'DS';

/** Adds a mistake if both cookies have the same name. */
export function reportSameNames(
  names: { readonly session: string; readonly refresh: string },
  options: OptionReader,
): void {
  if (names.session === names.refresh)
    options.mistake(
      'refreshCookieName',
      describe(names.refresh),
      'a cookie name other than sessionCookieName',
    );
}

export const isAudience: Check<string | readonly string[] | null> = (
  value,
): value is string | readonly string[] | null => value === null || isText(value) || isTexts(value);

export const isSources: Check<readonly TokenSourceOption[]> = (
  value,
): value is readonly TokenSourceOption[] => Array.isArray(value) && value.length > 0 && value.every(isSource);

function isCookieName(value: unknown): value is string {
  return isText(value) && COOKIE_NAME.test(value);
}

function isSource(value: unknown): boolean {
  if (value === 'bearer' || value === 'cookie' || typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || !('read' in value) || typeof value.read !== 'function')
    return false;
  return !('sentByBrowser' in value) || ['boolean', 'undefined'].includes(typeof value.sentByBrowser);
}

// The options of users: their names, their claims, who acts as them, and the roles of staff.

/** What the claims of a token mean for its user. */
export interface UserOptions {
  /**
   * The claim that contains the username.
   * @defaultValue `DESCOPE_USERNAME_CLAIM`, otherwise `'sub'`
   */
  readonly usernameClaim?: UsernameClaim | undefined;
  /**
   * A schema for the claims of session tokens (zod, valibot, …); `user.customClaims` is its output. A token whose claims
   * do not match is rejected with `CLAIMS_REFUSED`.
   * @defaultValue none: no check
   * @see https://standardschema.dev
   */
  readonly claimsSchema?: StandardSchema | undefined;
  /**
   * The claim that names who acts as the user, for `user.actor` and `@NoImpersonation`: an object with the id as `sub`, or the
   * id as a string.
   * @defaultValue `'act'`
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
   */
  readonly actorClaim?: string | undefined;
  /**
   * The project role of staff, for `@Staff` and `user.isStaff`.
   * @defaultValue `DESCOPE_IS_STAFF_ROLE`, otherwise `'is_staff'`
   */
  readonly staffRole?: string | undefined;
  /**
   * The project role of superusers, for `@Superuser` and `user.isSuperuser`.
   * @defaultValue `DESCOPE_IS_SUPERUSER_ROLE`, otherwise `'is_superuser'`
   */
  readonly superuserRole?: string | undefined;
  /**
   * Whether superusers have every role and permission in the project, as in Django.
   * @defaultValue `false`
   */
  readonly superuserBypass?: boolean | undefined;
}

const isUsernameClaim: Check<UsernameClaim> = (value): value is UsernameClaim =>
  isText(value) || isTexts(value) || typeof value === 'function';

export const USER = {
  usernameClaim: toRule('the name of a claim, a path of names or a function', isUsernameClaim, 'sub'),
  claimsSchema: toOptionalRule(
    'a schema that implements Standard Schema 1, such as one of zod or valibot',
    isStandardSchema,
  ),
  actorClaim: toRule('the name of a claim', isText, 'act'),
  staffRole: toRule('the name of a role', isText, 'is_staff'),
  superuserRole: toRule('the name of a role', isText, 'is_superuser'),
  superuserBypass: SWITCH,
} satisfies OptionTable<UserOptions>;

// The application's own users.

/**
 * How long what `loadUser` returned is remembered in this process. It is remembered for a session token: a user who signs in
 * again, selects another tenant or refreshes the session is loaded again.
 */
export interface UserCacheOptions {
  /**
   * How long a user is remembered, in milliseconds from 1 to 3 600 000, and never longer than the session token is valid.
   * Required: it is the time for which handlers may see a user who has changed in your table.
   */
  readonly ttlMs: number;
  /**
   * The greatest number of users in memory, from 1 to 1 000 000: one for each session token in use.
   * @defaultValue `10_000`
   */
  readonly maxEntries?: number | undefined;
}

const HOUR_MS = 3_600_000;

export const USER_CACHE = {
  ttlMs: toNumberRule({ least: 1, most: HOUR_MS, default: undefined }),
  maxEntries: toWholeNumberRule({ least: 1, most: 1_000_000, default: 10_000 }),
} satisfies OptionTable<UserCacheOptions>;

/** Reads how users are remembered. Adds a mistake where there is nothing to remember, or it depends on the request. */
export function toUserCacheConfig(
  values: ValuesOf<typeof USER_CACHE> | undefined,
  given: { readonly loadUser?: unknown; readonly userCache?: unknown },
  options: OptionReader,
): UserCacheConfig | undefined {
  if (values === undefined) return undefined;
  const { ttlMs = 1, maxEntries } = values;
  if (
    typeof given.userCache === 'object' &&
    (given.userCache as UserCacheOptions | null)?.ttlMs === undefined
  )
    options.mistake('userCache.ttlMs', 'nothing', `a number from 1 to ${HOUR_MS}`);
  if (given.loadUser === undefined)
    options.mistake('userCache', 'it without loadUser', 'loadUser too, whose users it remembers');
  else if (takesRequest(given.loadUser))
    options.mistake(
      'userCache',
      'it beside a loadUser with a second parameter',
      'loadUser(session): what it returns is given to other requests, so it cannot depend on one',
    );
  return { ttlMs, maxEntries };
}

function takesRequest(loader: unknown): boolean {
  if (typeof loader !== 'function') return false;
  const { loadUser } = (loader.prototype ?? {}) as { readonly loadUser?: unknown };
  return (typeof loadUser === 'function' ? loadUser : loader).length > 1;
}
