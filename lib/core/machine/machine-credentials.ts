// What an application shows Descope to get a token of its own: an access key, or a client id and its secret.
import { DescopeConfigError } from '../errors.js';
import type { ClientGrant } from '../api/machine-calls.js';

/** An access key of the project. */
export interface AccessKeyCredentials {
  readonly accessKey: string;
}

/** An inbound app of the project, by OAuth's client credentials grant (RFC 6749 §4.4). */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The scopes to ask for. Default: what the app is given. */
  readonly scope?: string | readonly string[] | undefined;
  /** For whom the token shall be meant. Default: what the app is made for. */
  readonly audience?: string | undefined;
  /** The resource that shall be called, a URL (RFC 8707). Default: none. */
  readonly resource?: string | undefined;
}

/** Either of the two. */
export type M2mCredentials = AccessKeyCredentials | ClientCredentials;

/** Credentials that have been looked at: an access key's text, or the fields of a grant. */
export type CheckedCredentials = { readonly key: string } | { readonly grant: ClientGrant };

// A key stands in a header, behind a colon: nothing there may begin another part of it.
const KEY = /^[\x21-\x39\x3B-\x7E]{1,2048}$/;

/** Reads credentials. Throws `CONFIG_INVALID`, without a word of them. */
export function readCredentials(credentials: M2mCredentials): CheckedCredentials {
  if (typeof credentials !== 'object' || credentials === null) throw invalid('credentials', EITHER);
  if ('accessKey' in credentials) {
    const { accessKey, ...others } = credentials;
    assertNothingElse(others);
    if (typeof accessKey !== 'string' || !KEY.test(accessKey)) throw invalid('accessKey', 'an access key');
    return { key: accessKey };
  }
  const { clientId, clientSecret, scope: scopes, audience, resource, ...others } = credentials;
  assertNothingElse(others);
  const scope: unknown = Array.isArray(scopes) ? scopes.join(' ') : scopes;
  assertText('clientId', clientId);
  assertText('clientSecret', clientSecret);
  const asked = Object.entries({ scope, audience, resource }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  for (const [name, value] of asked) assertText(name, value);
  return { grant: { client_id: clientId, client_secret: clientSecret, ...Object.fromEntries(asked) } };
}

/** The text that tells credentials apart; it holds them, and is for a digest alone. */
export function toIdentity(credentials: CheckedCredentials): string {
  return JSON.stringify('key' in credentials ? [credentials.key] : Object.entries(credentials.grant));
}

const EITHER = '{ accessKey } or { clientId, clientSecret, scope, audience, resource }';

// A slip in a name would ask for all that the app is given.
function assertNothingElse(others: object): void {
  if (Object.keys(others).length > 0) throw invalid('credentials', EITHER);
}

function assertText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(name, 'a non-empty text');
}

function invalid(name: string, wants: string): DescopeConfigError {
  const message = `The credentials for a call to another service cannot be used: ${name} wants ${wants}.`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}
