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

const IN_A_TEST =
  '(a test needs none: createTestDescope().override(…) of nestjs-descope/testing brings its own)';
const TRUSTED =
  'origins like "https://app.example.com", "https://*.example.com" for those one label below it, and functions of the origin that give true or false';
const WANTED_PATTERN = 'https, one "*" as the whole first label, and below it a domain of your own';

/** Checks the project id. */
export function toProjectId(projectId: string | undefined, options: OptionReader): string {
  if (projectId === undefined) {
    const wants = `the project id, by the option or by DESCOPE_PROJECT_ID ${IN_A_TEST}`;
    options.mistake('projectId', 'nothing', wants);
    return '';
  }
  if (!isProjectId(projectId)) {
    const wants = `"P" and 27 or 31 letters or digits ${IN_A_TEST}`;
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
    else if (!isConfidential(url)) assertInsecureAllowed(url, name, { ...given, options });
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

function assertInsecureAllowed(url: string, name: string, check: InsecureCheck): void {
  const { allowInsecureBaseUrl: allowed, isProduction, options } = check;
  if (allowed === true) return;
  if (allowed === false)
    options.mistake(
      name,
      'plain http outside loopback',
      'https; for an emulator in a container DESCOPE_ALLOW_INSECURE_BASE_URI=true; or allowInsecureBaseUrl: true beside it',
    );
  else if (isProduction)
    options.mistake(name, 'plain http with NODE_ENV=production', `https; ${PRIVATE_ONLY}`);
  else if (!isPrivateUrl(url))
    options.mistake(
      name,
      'plain http to a public host',
      `https, or a host without a dot, of loopback or of a private address; ${PRIVATE_ONLY}`,
    );
}

const PRIVATE_ONLY =
  "DESCOPE_ALLOW_INSECURE_BASE_URI=true (allowInsecureBaseUrl: 'private') is for an emulator in a network of your own, and never for production";

const isList: Check<readonly unknown[]> = (value): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0;

/** The rule of `trustedOrigins`; `toOrigins` checks each of its items. */
export const TRUSTED_ORIGINS = toRule(`a list out of ${TRUSTED}`, isList, []);

/** Checks the options of origins. */
export function toOrigins(
  publicOrigin: string | undefined,
  trustedOrigins: readonly unknown[],
  options: OptionReader,
): OriginConfig {
  if (publicOrigin !== undefined && !isOrigin(publicOrigin))
    options.mistake('publicOrigin', 'a text that is no origin', 'an origin like "https://app.example.com"');
  trustedOrigins.forEach((one, index) => checkTrusted(options, `trustedOrigins[${index}]`, one));
  return { publicOrigin, trustedOrigins: trustedOrigins as readonly TrustedOrigin[] };
}

function checkTrusted(options: OptionReader, name: string, one: unknown): void {
  if (typeof one === 'function') return;
  const flaw = isText(one) && one.includes('*') ? findPatternFlaw(one) : undefined;
  if (!isText(one)) options.mistake(name, describeItem(one), `one of: ${TRUSTED}`);
  else if (!one.includes('*') && !isOrigin(one))
    options.mistake(name, 'a text that is no origin', `one of: ${TRUSTED}`);
  else if (flaw !== undefined) options.mistake(name, flaw, WANTED_PATTERN);
}

// A regular expression is a common mistake, and an object like any other for `typeof`.
function describeItem(one: unknown): string {
  return Object.prototype.toString.call(one) === '[object RegExp]' ? 'a RegExp' : describe(one);
}

function isOrigin(text: string): boolean {
  return toOrigin(text) === text && isPlainHost(new URL(text).hostname);
}
