// The options of addresses: the project, its API, and the trusted origins.
import {
  isConfidential,
  isPlainHost,
  isPrivateUrl,
  isProjectId,
  readBaseUrl,
  toRegionalBaseUrl,
} from '../http/base-url.js';
import type { OriginConfig, TrustedOrigin } from '../http/origin.js';
import { findPatternFlaw, toOrigin } from '../http/origin.js';
import type { Check, OptionReader } from './option-reader.js';
import { describe, isText, toRule } from './option-reader.js';

/** The part of a message that concerns only tests. */
export const IN_A_TEST = '(in a test, createTestDescope().override(…) of nestjs-descope/testing sets it)';
/** The part of the message about a missing project id that concerns only the boot, without its last full stop. */
export const PROJECT_ID_SOURCES = [
  'If the variable is in .env, import ConfigModule.forRoot() of @nestjs/config',
  'With the emulator, first run eval "$(npx nestjs-descope emulator --env)"',
  'In a test, use createTestDescope().override(…) of nestjs-descope/testing',
].join('. ');
const TRUSTED =
  'an origin such as "https://app.example.com"; a pattern such as "https://*.example.com", which matches one more label; a function that takes the origin and returns true or false';
const WANTED_PATTERN = 'https, with "*" as the whole first label, followed by a domain of your own';

/** Checks the project id. */
export function toProjectId(projectId: string | undefined, options: OptionReader): string {
  if (projectId === undefined) {
    const wants = `the project id, in the option or in DESCOPE_PROJECT_ID. ${PROJECT_ID_SOURCES}`;
    options.mistake('projectId', 'nothing', wants);
    return '';
  }
  if (!isProjectId(projectId)) {
    const wants = `"P" followed by 27 or 31 letters or digits ${IN_A_TEST}`;
    options.mistake('projectId', `${projectId.length} characters`, wants);
  }
  return projectId;
}

/** The addresses of Descope as they were given. */
export interface GivenAddresses {
  readonly baseUrl: string | undefined;
  readonly fgaCacheUrl: string | undefined;
  readonly allowInsecureBaseUrl: boolean | 'private';
  readonly isProduction: boolean;
}

/** Converts the addresses of Descope's API and of the relation cache to the form without a trailing slash. */
export function toAddresses(
  given: GivenAddresses,
  projectId: string,
  options: OptionReader,
): { readonly baseUrl: string; readonly fgaCacheUrl: string | undefined } {
  const { baseUrl, fgaCacheUrl } = given;
  const toUrl = (name: 'baseUrl' | 'fgaCacheUrl', text: string | undefined): string | undefined => {
    if (text === undefined) return undefined;
    const url = readBaseUrl(text);
    if (url === undefined)
      options.mistake(name, describe(text), 'an https URL without credentials, query or fragment');
    else if (!isConfidential(url)) reportInsecure(url, name, { ...given, options });
    return url;
  };
  return {
    baseUrl: toUrl('baseUrl', baseUrl) ?? toRegionalBaseUrl(projectId),
    fgaCacheUrl: toUrl('fgaCacheUrl', fgaCacheUrl),
  };
}

interface InsecureCheck extends GivenAddresses {
  readonly options: OptionReader;
}

function reportInsecure(url: string, name: string, check: InsecureCheck): void {
  const { allowInsecureBaseUrl: allowed, isProduction, options } = check;
  if (allowed === true && !isProduction) return;
  if (allowed === false)
    options.mistake(
      name,
      'plain http outside loopback',
      'https; for an emulator in a container, set DESCOPE_ALLOW_INSECURE_BASE_URI=true or the option allowInsecureBaseUrl: true',
    );
  else if (isProduction)
    options.mistake(name, 'plain http with NODE_ENV=production', `https; ${NOT_PRODUCTION}`);
  else if (!isPrivateUrl(url))
    options.mistake(
      name,
      'plain http to a public host',
      `https, or a host without a dot, a loopback address or a private address; ${PRIVATE_ONLY}`,
    );
}

const PRIVATE_ONLY =
  "DESCOPE_ALLOW_INSECURE_BASE_URI=true (allowInsecureBaseUrl: 'private') is for an emulator in a private network, never for production";
const NOT_PRODUCTION =
  'allowInsecureBaseUrl (DESCOPE_ALLOW_INSECURE_BASE_URI) is never for production, as anyone on the network path could replace the keys and sign in as any user';

const isList: Check<readonly unknown[]> = (value): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0;

const isInsecurePermission = (value: unknown): value is boolean | 'private' =>
  typeof value === 'boolean' || value === 'private';

/** How the option `allowInsecureBaseUrl` is read. */
export const ALLOW_INSECURE_BASE_URL = toRule<boolean | 'private'>(
  "a boolean or 'private' (in DESCOPE_ALLOW_INSECURE_BASE_URI: true or false)",
  isInsecurePermission,
  false,
);

/** The rule of `trustedOrigins`; `toOrigins` checks each of its items. */
export const TRUSTED_ORIGINS = toRule(`a list with any of: ${TRUSTED}`, isList, []);

/** Checks the options of origins. */
export function toOrigins(
  publicOrigin: string | undefined,
  trustedOrigins: readonly unknown[],
  options: OptionReader,
): OriginConfig {
  if (publicOrigin !== undefined && !isOrigin(publicOrigin))
    options.mistake(
      'publicOrigin',
      'a string that is not an origin',
      'an origin like "https://app.example.com"',
    );
  trustedOrigins.forEach((one, index) => checkTrusted(options, `trustedOrigins[${index}]`, one));
  return { publicOrigin, trustedOrigins: trustedOrigins as readonly TrustedOrigin[] };
}

function checkTrusted(options: OptionReader, name: string, one: unknown): void {
  if (typeof one === 'function') return;
  const flaw = isText(one) && one.includes('*') ? findPatternFlaw(one) : undefined;
  if (!isText(one)) options.mistake(name, describeItem(one), `one of: ${TRUSTED}`);
  else if (!one.includes('*') && !isOrigin(one))
    options.mistake(name, 'a string that is not an origin', `one of: ${TRUSTED}`);
  else if (flaw !== undefined) options.mistake(name, flaw, WANTED_PATTERN);
}

// A regular expression is a common mistake, and an object like any other for `typeof`.
function describeItem(one: unknown): string {
  return Object.prototype.toString.call(one) === '[object RegExp]' ? 'a RegExp' : describe(one);
}

function isOrigin(text: string): boolean {
  return toOrigin(text) === text && isPlainHost(new URL(text).hostname);
}
