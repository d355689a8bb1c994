// What a client says of itself, in a registration (RFC 7591) or in a client-id metadata document.
import { isObject } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { OAuthError } from '../http/oauth-error.js';
import { findRedirectMistake } from '../http/redirect-uris.js';

/** The metadata of a client that the emulator uses. */
export interface ClientMetadata {
  readonly name: string;
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  /** Whether it wants no token that is not bound to a key (RFC 9449 section 5.2). */
  readonly isBound: boolean;
}

const MAX_REDIRECT_URIS = 50;

/** The grants of an interactive client. */
export const INTERACTIVE_GRANTS = ['authorization_code', 'refresh_token'];

/** Reads a client's metadata; throws `invalid_redirect_uri` or `invalid_client_metadata` (RFC 7591 section 3.2.2). */
export function readClientMetadata(body: unknown): ClientMetadata {
  if (!isObject(body)) throw wrong('The metadata must be a JSON object');
  const grantTypes = readList(body, 'grant_types') ?? ['authorization_code'];
  if (!grantTypes.includes('authorization_code')) {
    throw wrong('Only clients of the authorization code grant describe themselves');
  }
  const responseTypes = readList(body, 'response_types') ?? ['code'];
  if (!responseTypes.includes('code')) throw wrong('The only response type is code');
  return {
    name: (readText(body, 'client_name') ?? '').slice(0, 100),
    redirectUris: readRedirectUris(body),
    grantTypes: INTERACTIVE_GRANTS.filter((grant) => grantTypes.includes(grant)),
    isBound: readFlag(body, 'dpop_bound_access_tokens'),
  };
}

/** Reads a string of the metadata. */
export function readText(body: JsonObject, name: string): string | undefined {
  const value = readOwn(body, name);
  if (value === undefined || typeof value === 'string') return value;
  throw wrong(`The ${name} must be a string`);
}

function readFlag(body: JsonObject, name: string): boolean {
  const value = readOwn(body, name) ?? false;
  if (typeof value === 'boolean') return value;
  throw wrong(`The ${name} must be true or false`);
}

function readRedirectUris(body: JsonObject): readonly string[] {
  const uris = readList(body, 'redirect_uris') ?? [];
  if (uris.length === 0 || uris.length > MAX_REDIRECT_URIS) {
    const message = `The redirect_uris must have from 1 to ${MAX_REDIRECT_URIS} members`;
    throw new OAuthError('invalid_redirect_uri', message);
  }
  for (const uri of uris) {
    const mistake = findRedirectMistake(uri);
    if (mistake === undefined) continue;
    throw new OAuthError('invalid_redirect_uri', `The redirect URI ${uri.slice(0, 200)} ${mistake}`);
  }
  return uris;
}

function readList(body: JsonObject, name: string): readonly string[] | undefined {
  const value = readOwn(body, name);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string')) return value;
  throw wrong(`The ${name} must be an array of strings`);
}

function readOwn(body: JsonObject, name: string): unknown {
  return Object.hasOwn(body, name) ? (body[name] ?? undefined) : undefined;
}

function wrong(message: string): OAuthError {
  return new OAuthError('invalid_client_metadata', message);
}
