// The options that say where things are: the project, its API, and the origins that are ours.
import {
  isConfidential,
  isPlainHost,
  isProjectId,
  readBaseUrl,
  toRegionalBaseUrl,
} from '../http/base-url.js';
import type { TrustedOrigin } from '../http/origin.js';
import { findPatternFlaw, toOrigin } from '../http/origin.js';
import type { AuthenticationConfig } from '../session/authenticator.js';
import type { Check, OptionReader } from './option-reader.js';
import { describe, isBoolean, isText, readOptionalText } from './option-reader.js';

export function readProjectId(options: OptionReader): string {
  const projectId = readOptionalText(options, 'projectId');
  if (projectId === undefined) {
    options.mistake(
      'projectId',
      'nothing',
      `the project id, by the option or by DESCOPE_PROJECT_ID ${IN_A_TEST}`,
    );
    return '';
  }
  if (!isProjectId(projectId)) {
    const wants = `"P" and 27 or 31 letters or digits ${IN_A_TEST}`;
    options.mistake('projectId', `${projectId.length} characters`, wants);
  }
  return projectId;
}

const IN_A_TEST =
  '(a test needs none: createTestDescope().override(…) of nestjs-descope/testing brings its own)';

/** Reads Descope's API, without a trailing slash. */
export function readApiUrl(options: OptionReader, projectId: string): string {
  return readUrl(options, 'baseUrl') ?? toRegionalBaseUrl(projectId);
}

/** Reads where a cache of relations is, without a trailing slash; the management key travels there. */
export function readFgaCacheUrl(options: OptionReader): string | undefined {
  return readUrl(options, 'fgaCacheUrl');
}

export function readOrigins(options: OptionReader): AuthenticationConfig['origins'] {
  const publicOrigin = readOptionalText(options, 'publicOrigin');
  if (publicOrigin !== undefined && !isOrigin(publicOrigin))
    options.mistake('publicOrigin', 'a text that is no origin', 'an origin like "https://app.example.com"');
  const trustedOrigins = options.read('trustedOrigins', {
    wants: `a list out of ${TRUSTED}`,
    is: isFullList,
    default: [],
  });
  trustedOrigins.forEach((one, index) => noteUntrustable(options, `trustedOrigins[${index}]`, one));
  return { publicOrigin, trustedOrigins: trustedOrigins as readonly TrustedOrigin[] };
}

const TRUSTED =
  'origins like "https://app.example.com", "https://*.example.com" for those one label below it, and functions of the origin that give true or false';

function noteUntrustable(options: OptionReader, name: string, one: unknown): void {
  if (typeof one === 'function') return;
  if (!isText(one)) return options.mistake(name, describeItem(one), `one of: ${TRUSTED}`);
  if (!one.includes('*')) {
    if (!isOrigin(one)) options.mistake(name, 'a text that is no origin', `one of: ${TRUSTED}`);
    return;
  }
  const flaw = findPatternFlaw(one);
  if (flaw !== undefined)
    options.mistake(name, flaw, 'https, one "*" as the whole first label, and below it a domain of your own');
}

// The first thing that people try, and an object like any other for `typeof`.
function describeItem(one: unknown): string {
  return Object.prototype.toString.call(one) === '[object RegExp]' ? 'a RegExp' : describe(one);
}

function isOrigin(text: string): boolean {
  return toOrigin(text) === text && isPlainHost(new URL(text).hostname);
}

const isFullList: Check<readonly unknown[]> = (value): value is readonly unknown[] =>
  Array.isArray(value) && value.length > 0;

function readUrl(options: OptionReader, name: 'baseUrl' | 'fgaCacheUrl'): string | undefined {
  const text = readOptionalText(options, name);
  const isInsecureAllowed = options.read('allowInsecureBaseUrl', {
    wants: 'a boolean',
    is: isBoolean,
    default: false,
  });
  if (text === undefined) return undefined;
  const url = readBaseUrl(text);
  if (url === undefined)
    options.mistake(name, describe(text), 'an https URL without credentials, query or fragment');
  else if (!isInsecureAllowed && !isConfidential(url))
    options.mistake(name, 'plain http outside loopback', 'https, or allowInsecureBaseUrl: true beside it');
  return url;
}
