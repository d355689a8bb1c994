// The options that say where things are: the project, its API, and the origins that are ours.
import type { AuthenticationPolicy } from '../session/authenticator.js';
import { toOrigin } from '../transport/same-origin.js';
import { isConfidential, isProjectId, readBaseUrl, toRegionalBaseUrl } from './base-url.js';
import { describe, isBoolean, isTexts, readOptionalText } from './option-reader.js';
import type { OptionReader } from './option-reader.js';

export function readProjectId(options: OptionReader): string {
  const projectId = readOptionalText(options, 'projectId');
  if (projectId === undefined) {
    options.mistake('projectId', 'nothing', 'the project id, by the option or by DESCOPE_PROJECT_ID');
    return '';
  }
  if (!isProjectId(projectId)) {
    options.mistake('projectId', `${projectId.length} characters`, '"P" and 27 or 31 letters or digits');
  }
  return projectId;
}

/** Reads Descope's API, without a trailing slash. */
export function readApiUrl(options: OptionReader, projectId: string): string {
  return readUrl(options, 'baseUrl') ?? toRegionalBaseUrl(projectId);
}

/** Reads where a cache of relations is, without a trailing slash; the management key travels there. */
export function readFgaCacheUrl(options: OptionReader): string | undefined {
  return readUrl(options, 'fgaCacheUrl');
}

export function readOrigins(options: OptionReader): AuthenticationPolicy['origins'] {
  const publicOrigin = readOptionalText(options, 'publicOrigin');
  const trustedOrigins = options.read('trustedOrigins', {
    wants: 'a list of origins',
    is: isTexts,
    default: [],
  });
  if (publicOrigin !== undefined) noteNoOrigin(options, 'publicOrigin', publicOrigin);
  for (const origin of trustedOrigins) noteNoOrigin(options, 'trustedOrigins', origin);
  return { publicOrigin, trustedOrigins };
}

function noteNoOrigin(options: OptionReader, name: string, text: string): void {
  if (toOrigin(text) === text && !text.includes('*')) return; // a URL may hold a wildcard, no browser sends one
  options.mistake(name, 'a text that is no origin', 'an origin like "https://app.example.com"');
}

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
