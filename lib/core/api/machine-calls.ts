// What machines ask of Descope: a session for an access key, a token for a client and its secret.
import { isJsonObject, readText } from '../token/claims.js';
import type { BoundedAnswer } from './bounded-fetch.js';
import {
  askDescope,
  callDescope,
  isRefusalStatus,
  toStatusOutage,
  toUnusableOutage,
} from './descope-call.js';
import type { DescopeApi } from './descope-call.js';
import { DescopeRefusal } from './descope-refusal.js';
import { readIssuedTokens } from './issued-tokens.js';
import type { IssuedTokens } from './issued-tokens.js';
import type { SessionApi } from './session-calls.js';

/** The client credentials grant (RFC 6749 §4.4), as fields of its form. */
export type ClientGrant = Readonly<Record<string, string>>;

/** A client's token as Descope issued it, not verified. */
export interface ClientToken {
  readonly token: string;
  /** How long it says that the token lasts; `undefined` where it does not. */
  readonly lifetimeSeconds: number | undefined;
}

// RFC 6749 §5.2 and RFC 8707 §2: a no to this client. Others, such as `temporarily_unavailable`, are none.
const OAUTH_REFUSALS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
];

/** Exchanges an access key for a session. Throws `DescopeRefusal` or `DESCOPE_UNAVAILABLE`. */
export async function exchangeAccessKey(api: SessionApi, key: string): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/accesskey/exchange', bearer: key, body: {} };
  return readIssuedTokens(await callDescope(api, call), api.names, api);
}

/** Gets a token for a client. Throws `DescopeRefusal` with OAuth's own word, or `DESCOPE_UNAVAILABLE`. */
export async function grantClientToken(api: DescopeApi, grant: ClientGrant): Promise<ClientToken> {
  const form = new URLSearchParams({ ...grant, grant_type: 'client_credentials' });
  const call = { path: '/oauth2/v1/apps/token', form };
  const answer = await askDescope(api, call);
  if (answer.status === 200) return readClientToken(api, answer);
  const word = isJsonObject(answer.json) ? readText(answer.json, 'error') : undefined;
  if (isRefusalStatus(answer.status) && word !== undefined && OAUTH_REFUSALS.includes(word))
    throw new DescopeRefusal(answer.status, word);
  throw toStatusOutage(api, call, answer);
}

function readClientToken(api: DescopeApi, { json }: BoundedAnswer): ClientToken {
  const body = isJsonObject(json) ? json : {};
  const token = readText(body, 'access_token');
  if (token === undefined)
    throw toUnusableOutage(api, new Error('Descope answered without an access token.'));
  const seconds = body['expires_in'];
  const isNumber = typeof seconds === 'number' && Number.isFinite(seconds);
  return { token, lifetimeSeconds: isNumber ? seconds : undefined };
}
