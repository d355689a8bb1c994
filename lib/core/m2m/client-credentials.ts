// The credentials of the application, checked: an access key, or a client id and its secret.
import type { ClientGrant } from '../api/descope-calls.js';
import { DescopeConfigError } from '../errors.js';

/**
 * An access key of the project.
 * @see https://docs.descope.com/manage/accesskeys/
 */
export interface AccessKeyCredentials {
  /** The cleartext of the key. */
  readonly accessKey: string;
}

/**
 * An inbound app of the project, which gets tokens by OAuth's client credentials grant.
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @see https://docs.descope.com/identity-federation/inbound-apps
 */
export interface ClientCredentials {
  /** The client id of the app. */
  readonly clientId: string;
  /** The client secret of the app. */
  readonly clientSecret: string;
  /**
   * The scopes to request: separated by spaces, or as a list.
   * @defaultValue none: Descope decides
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
   */
  readonly scope?: string | readonly string[] | undefined;
  /**
   * The audience to request.
   * @defaultValue none: Descope decides
   */
  readonly audience?: string | undefined;
  /**
   * The URL of the resource to call.
   * @defaultValue none
   * @see https://www.rfc-editor.org/rfc/rfc8707#section-2
   */
  readonly resource?: string | undefined;
}

/** The credentials of the calls of the application: an access key, or the id and secret of an inbound app. */
export type M2mCredentials = AccessKeyCredentials | ClientCredentials;

/** Checked credentials: an access key, or the fields of a grant and whether its token is bound to a key. */
export type CheckedCredentials =
  { readonly key: string } | { readonly grant: ClientGrant; readonly isBound: boolean };

// A key is sent in a header, after a colon: no character of it may start another part of the header.
const KEY = /^[\x21-\x39\x3B-\x7E]{1,2048}$/;

/** Checks credentials for bearer or for bound tokens. Throws `CONFIG_INVALID`, whose message contains no credential. */
export function readCredentials(credentials: M2mCredentials, isBound = false): CheckedCredentials {
  if (typeof credentials !== 'object' || credentials === null) throw invalid('credentials', EITHER);
  if ('accessKey' in credentials) {
    const { accessKey, ...others } = credentials;
    assertNothingElse(others);
    if (typeof accessKey !== 'string' || !KEY.test(accessKey)) throw invalid('accessKey', 'an access key');
    if (isBound) throw invalid('credentials', CLIENT_ONLY);
    return { key: accessKey };
  }
  const { clientId, clientSecret, scope: scopes, audience, resource, ...others } = credentials;
  assertNothingElse(others);
  const scope: unknown = Array.isArray(scopes) ? scopes.join(' ') : scopes;
  assertText('clientId', clientId);
  assertText('clientSecret', clientSecret);
  const optional = Object.entries({ scope, audience, resource }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  for (const [name, value] of optional) assertText(name, value);
  const grant = { client_id: clientId, client_secret: clientSecret, ...Object.fromEntries(optional) };
  return { grant, isBound };
}

/** Returns a string that is equal only for equal credentials. It contains them: use it for a digest only. */
export function toIdentity(credentials: CheckedCredentials): string {
  if ('key' in credentials) return JSON.stringify([credentials.key]);
  return JSON.stringify([credentials.isBound, ...Object.entries(credentials.grant)]);
}

const CLIENT_ONLY = '{ clientId, clientSecret } with dpop: true, as Descope binds no token of an access key';
const EITHER = '{ accessKey } or { clientId, clientSecret, scope, audience, resource }';

// A misspelt name would request everything that the app may have.
function assertNothingElse(others: object): void {
  if (Object.keys(others).length > 0) throw invalid('credentials', EITHER);
}

function assertText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '') throw invalid(name, 'a non-empty string');
}

function invalid(name: string, wants: string): DescopeConfigError {
  const message = `The credentials for a call to another service are not valid: ${name} must be ${wants}.`;
  return new DescopeConfigError('CONFIG_INVALID', message);
}
