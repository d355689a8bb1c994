// The options that decide who is let in, as the policies of the pipeline's stations.
import type { TokenSourceOption } from '../http/token-source.js';
import type { AccessKeyConfig } from '../m2m/access-keys.js';
import type { AuthenticationConfig } from '../session/authenticator.js';
import type { TokenKind } from '../token/claims.js';
import { SIGNATURE_ALGORITHMS } from '../token/signature.js';
import type { VerificationConfig } from '../token/token-verifier.js';
import type { StandardSchema } from '../user/custom-claims.js';
import { isStandardSchema } from '../user/custom-claims.js';
import type { UsernameClaim } from '../user/descope-user.js';
import type { AcceptanceConfig } from '../user/token-acceptance.js';
import type { Bounds, Check } from './option-reader.js';
import {
  isBoolean,
  isListOf,
  isText,
  isTexts,
  OptionReader,
  toNumberRule,
  toWholeNumberRule,
} from './option-reader.js';
import type { AccessKeyOptions, DescopeOptions } from './options.js';
import { ACCESS_KEY_OPTIONS } from './options.js';
import type { CookieNames } from './session.js';

const KINDS = ['user', 'access-key', 'app', 'agent'];
const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/; // RFC 6265 §4.1.1, a token of RFC 9110
const REFRESH_TOKEN_NAME = 'DSR'; // under this name, refresh tokens would count as sessions

/** Reads what a token must meet. */
export function readVerification(
  options: OptionReader,
  projectId: string,
  names: CookieNames,
): VerificationConfig {
  const wants = `a list out of ${SIGNATURE_ALGORITHMS.join(', ')}`;
  const is = isListOf<string>(SIGNATURE_ALGORITHMS);
  return {
    projectId,
    algorithms: options.read('algorithms', { wants, is, default: ['RS256'] }),
    leewaySeconds: options.read('leewaySeconds', toNumberRule({ least: 0, most: 60, default: 5 })),
    sessionTokenNames: ['DS', names.session],
    refreshTokenNames: ['DSR', names.refresh],
    allowMissingDrn: options.read('allowMissingDrn', { wants: 'a boolean', is: isBoolean, default: false }),
  };
}

/** Reads how requests become sessions. */
export function readAuthentication(
  options: OptionReader,
  origins: AuthenticationConfig['origins'],
): AuthenticationConfig {
  return { ...readUserRules(options), ...readSourceRules(options), origins };
}

/** Reads which tokens may come in. */
export function readAcceptance(options: OptionReader): AcceptanceConfig {
  const wants = `a list out of ${KINDS.join(', ')}`;
  const is = isListOf<TokenKind>(KINDS);
  return {
    accepts: options.read('accepts', { wants, is, default: ['user', 'access-key'] }),
    audience: readAudience(options),
  };
}

/** Reads what the two cookies are called; the same names stand in a token's `drn`. */
export function readCookieNames(options: OptionReader): CookieNames {
  const session = options.read('sessionCookieName', {
    wants: 'a cookie name other than the refresh token\'s "DSR"',
    is: isSessionName,
    default: 'DS',
  });
  const refresh = options.read('refreshCookieName', {
    wants: 'a cookie name that no session has',
    is: (value): value is string => isCookieName(value) && value !== 'DS' && value !== session,
    default: 'DSR',
  });
  return { session, refresh };
}

function readUserRules(
  options: OptionReader,
): Pick<AuthenticationConfig, 'usernameClaim' | 'claimsSchema' | 'staffRole' | 'superuserRole'> {
  return {
    usernameClaim: options.read('usernameClaim', {
      wants: "a claim's name, a path of names or a function",
      is: isUsernameClaim,
      default: 'sub',
    }),
    claimsSchema: options.read<StandardSchema | undefined>('claimsSchema', {
      wants: 'a schema by Standard Schema 1, as of zod or valibot',
      is: isStandardSchema,
      default: undefined,
    }),
    staffRole: options.read('staffRole', { wants: "a role's name", is: isText, default: 'is_staff' }),
    superuserRole: options.read('superuserRole', {
      wants: "a role's name",
      is: isText,
      default: 'is_superuser',
    }),
  };
}

function readSourceRules(options: OptionReader): Pick<AuthenticationConfig, 'sources'> {
  const wants = "a list of 'bearer', 'cookie', functions and { read, sentByBrowser }";
  return { sources: options.read('sources', { wants, is: isSources, default: ['bearer', 'cookie'] }) };
}

function readAudience(options: OptionReader): readonly string[] | undefined {
  const audience = options.read('audience', {
    wants: 'a text, a list of texts or null',
    is: isAudience,
    default: null,
  });
  if (audience === null) return undefined;
  return typeof audience === 'string' ? [audience] : audience;
}

const isAudience: Check<string | readonly string[] | null> = (
  value,
): value is string | readonly string[] | null => value === null || isText(value) || isTexts(value);

const isUsernameClaim: Check<UsernameClaim> = (value): value is UsernameClaim =>
  isText(value) || isTexts(value) || typeof value === 'function';

const isCookieName: Check<string> = (value): value is string => isText(value) && COOKIE_NAME.test(value);

const isSessionName: Check<string> = (value): value is string =>
  isCookieName(value) && value !== REFRESH_TOKEN_NAME;

const isSources: Check<readonly TokenSourceOption[]> = (value): value is readonly TokenSourceOption[] =>
  Array.isArray(value) && value.length > 0 && value.every(isSource);

function isSource(value: unknown): boolean {
  if (value === 'bearer' || value === 'cookie' || typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || !('read' in value) || typeof value.read !== 'function')
    return false;
  return !('sentByBrowser' in value) || ['boolean', 'undefined'].includes(typeof value.sentByBrowser);
}

// The options about access keys, as the policy of those who take them.

const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/; // RFC 9110 §5.1
// What has a meaning of its own, or is sent by browsers themselves.
const TAKEN = /^(?:authorization|cookie|origin|referer|host|content-.*|transfer-encoding|sec-.*|proxy-.*)$/i;
const DAY_SECONDS = 86_400;

/** Reads `accessKeys`; `undefined` where keys are not taken. */
export function readAccessKeys(options: OptionReader, given: DescopeOptions): AccessKeyConfig | undefined {
  const { accessKeys } = given;
  if (accessKeys === undefined || accessKeys === false) return undefined;
  const group =
    accessKeys === true
      ? new OptionReader<AccessKeyOptions>({}, ACCESS_KEY_OPTIONS)
      : options.group<AccessKeyOptions>('accessKeys', ACCESS_KEY_OPTIONS);
  return {
    header: readHeaderName(group),
    maxAgeMs: 1000 * readNumber(group, 'maxAgeSeconds', { most: DAY_SECONDS, default: 300 }),
    rejectedMs: 1000 * readNumber(group, 'rejectedSeconds', { most: 3600, default: 60 }),
    maxKeys: readNumber(group, 'maxKeys', { most: 1_000_000, default: 10_000 }),
    unknownPerSecond: readNumber(group, 'unknownPerSecond', { most: 10_000, default: 20 }),
  };
}

function readHeaderName(group: OptionReader<AccessKeyOptions>): string | undefined {
  const wants = 'the name of a header of your own, such as "x-api-key"';
  return group.read('header', { wants, is: isHeaderName, default: undefined })?.toLowerCase();
}

function readNumber(
  group: OptionReader<AccessKeyOptions>,
  name: Exclude<keyof AccessKeyOptions, 'header'>,
  bounds: Omit<Bounds, 'least'>,
): number {
  return group.read(name, toWholeNumberRule({ least: 1, ...bounds }));
}

const isHeaderName: Check<string | undefined> = (value): value is string =>
  typeof value === 'string' && HEADER_NAME.test(value) && !TAKEN.test(value);
