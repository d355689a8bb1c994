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
  const fallback = toRegionalBaseUrl(projectId);
  const text = readOptionalText(options, 'baseUrl');
  const isInsecureAllowed = options.read('allowInsecureBaseUrl', {
    wants: 'a boolean',
    is: isBoolean,
    default: false,
  });
  if (text === undefined) return fallback;
  const baseUrl = readBaseUrl(text);
  if (baseUrl === undefined) {
    options.mistake('baseUrl', describe(text), 'an https URL without credentials, query or fragment');
    return fallback;
  }
  if (isInsecureAllowed || isConfidential(baseUrl)) return baseUrl;
  options.mistake('baseUrl', 'plain http outside loopback', 'https, or allowInsecureBaseUrl: true beside it');
  return fallback;
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
