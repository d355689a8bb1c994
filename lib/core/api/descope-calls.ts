// The calls to Descope about sessions and for machines, and the memory of refresh tokens that Descope rejected.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { DpopProver } from '../dpop/prover.js';
import { ExpiringCache } from '../expiring-cache.js';
import { isJsonObject, readText } from '../token/claims.js';
import { readEndMs, readOwner } from '../token/decode.js';
import type { DescopeApi, DescopeCall, IssuedTokenNames, IssuedTokens } from './descope-api.js';
import {
  askDescope,
  callDescope,
  DescopeApiError,
  isRejectionStatus,
  readIssuedTokens,
  toStatusOutage,
  toUnusableOutage,
} from './descope-api.js';
import type { DescopeTime } from './descope-time.js';
import type { BoundedResponse } from './http-client.js';

/** The address of Descope, and the names of its cookies for responses with tokens as cookies. */
export interface SessionApi extends DescopeApi {
  readonly names: IssuedTokenNames;
}

/** The same for calls with a refresh token: a token that Descope rejected is not sent again for a while. */
export interface RefreshApi extends SessionApi {
  readonly rejectedTokens: RejectedTokens;
  readonly time: DescopeTime;
}

/** Exchanges a refresh token for a new session. Rejects with `DescopeApiError` or `DESCOPE_UNAVAILABLE`. */
export async function refreshSession(api: RefreshApi, refreshToken: string): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/refresh', bearer: refreshToken, body: {} };
  return readIssuedTokens(await ask(api, call, REJECTIONS_OF_REFRESH), api.names, api);
}

/** Selects the current tenant of a session; the new tokens carry it as `dct`. */
export async function selectTenant(
  api: RefreshApi,
  refreshToken: string,
  tenant: string,
): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/tenant/select', bearer: refreshToken, body: { tenant } };
  return readIssuedTokens(await ask(api, call), api.names, api);
}

/** Ends one session at Descope; without a call if the session is known to have ended. */
export async function endSession(api: RefreshApi, refreshToken: string): Promise<void> {
  await ask(api, { path: '/v1/auth/logout', bearer: refreshToken, body: {} });
  api.rejectedTokens.remember(refreshToken, new DescopeApiError(401, undefined));
}

/** Ends every session of the user at Descope. */
export async function endAllSessions(api: RefreshApi, refreshToken: string): Promise<void> {
  await ask(api, { path: '/v1/auth/logoutall', bearer: refreshToken, body: {} });
  api.rejectedTokens.remember(refreshToken, new DescopeApiError(401, undefined));
}

/** Ends every session of a user at Descope, by a management key. */
export async function endSessionsOf(api: DescopeApi, managementKey: string, userId: string): Promise<void> {
  await callDescope(api, { path: '/v1/mgmt/user/logout', bearer: managementKey, body: { userId } });
}

/** Deactivates an access key at Descope, by a management key. */
export async function deactivateAccessKey(api: DescopeApi, managementKey: string, id: string): Promise<void> {
  await callDescope(api, { path: '/v1/mgmt/accesskey/deactivate', bearer: managementKey, body: { id } });
}

/** Reads the user's profile. */
export async function readProfile(api: RefreshApi, refreshToken: string): Promise<unknown> {
  return (await ask(api, { path: '/v1/auth/me', bearer: refreshToken })).json;
}

// 401 rejects the token. Other rejections may be about the rest of the call; a refresh has nothing but the token.
const REJECTIONS_OF_TOKEN: readonly number[] = [401];
const REJECTIONS_OF_REFRESH: readonly number[] = [400, 401, 403];

async function ask(
  api: RefreshApi,
  call: DescopeCall & { readonly bearer: string },
  statuses = REJECTIONS_OF_TOKEN,
): Promise<BoundedResponse> {
  const known = api.rejectedTokens.recall(call.bearer);
  if (known !== undefined && statuses.includes(known.status)) throw known;
  try {
    return await callDescope(api, call);
  } catch (error) {
    // An outage does not show whether the token is valid.
    if (error instanceof DescopeApiError && statuses.includes(error.status))
      api.rejectedTokens.remember(call.bearer, error);
    throw error;
  }
}

// Calls for machines: a session for an access key, a token for a client and its secret.

/** The tokens of an access key, and its id: the token of a key that is bound to a user names the user alone. */
export interface KeyTokens extends IssuedTokens {
  readonly keyId?: string | undefined;
}

/** The client credentials grant (RFC 6749 §4.4), as fields of its form. */
export type ClientGrant = Readonly<Record<string, string>>;

/** A client's token as Descope issued it, not verified. */
export interface ClientToken {
  readonly token: string;
  /** The lifetime of the token; `undefined` if the response has none. */
  readonly lifetimeSeconds: number | undefined;
  /** `token_type` in lower case, such as `bearer` or `dpop`. */
  readonly type: string;
}

// RFC 6749 §5.2 and RFC 8707 §2: rejections of this client. Others, such as `temporarily_unavailable`, are outages.
const OAUTH_REJECTIONS = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'access_denied',
  'invalid_dpop_proof', // RFC 9449 §5
];

/** Exchanges an access key for a session. Rejects with `DescopeApiError` or `DESCOPE_UNAVAILABLE`. */
export async function exchangeAccessKey(api: SessionApi, key: string): Promise<KeyTokens> {
  const call = { path: '/v1/auth/accesskey/exchange', bearer: key, body: {} };
  const answer = await callDescope(api, call);
  const keyId = isJsonObject(answer.json) ? readText(answer.json, 'keyId') : undefined;
  return { ...readIssuedTokens(answer, api.names, api), keyId };
}

/**
 * Requests a token for a client, with a `prover` one that is bound to its key. Rejects with `DescopeApiError`, which has
 * OAuth's error code, or `DESCOPE_UNAVAILABLE`.
 */
export async function grantClientToken(
  api: DescopeApi,
  grant: ClientGrant,
  prover?: DpopProver,
): Promise<ClientToken> {
  const form = new URLSearchParams({ ...grant, grant_type: 'client_credentials' });
  const call = { path: '/oauth2/v1/apps/token', form };
  const answer = await (prover ? askWithProof(api, call, prover) : askDescope(api, call));
  if (answer.status === 200) return readClientToken(api, answer);
  const code = isJsonObject(answer.json) ? readText(answer.json, 'error') : undefined;
  if (isRejectionStatus(answer.status) && code !== undefined && OAUTH_REJECTIONS.includes(code))
    throw new DescopeApiError(answer.status, code);
  throw toStatusOutage(api, call, answer);
}

function askWithProof(api: DescopeApi, call: DescopeCall, prover: DpopProver): Promise<BoundedResponse> {
  return prover.exchange(
    { method: 'POST', url: api.baseUrl + call.path },
    {
      send: (proof) => askDescope(api, { ...call, proof }),
      demandsNonce: ({ json }) => isJsonObject(json) && readText(json, 'error') === 'use_dpop_nonce',
    },
  );
}

function readClientToken(api: DescopeApi, { json }: BoundedResponse): ClientToken {
  const body = isJsonObject(json) ? json : {};
  const token = readText(body, 'access_token');
  if (token === undefined)
    throw toUnusableOutage(api, new Error('Descope answered without an access token.'));
  const seconds = body['expires_in'];
  const isNumber = typeof seconds === 'number' && Number.isFinite(seconds);
  const type = readText(body, 'token_type')?.toLowerCase() ?? '';
  return { token, lifetimeSeconds: isNumber ? seconds : undefined, type };
}

// Refresh tokens that Descope rejected: they are not sent again for a while.

const MAX_TOKENS = 10_000;
const MAX_OF_ONE_SUBJECT = 100;
// An ended token stays invalid; another rejection may be temporary, as when a user is enabled again.
const ENDED_MS = 600_000;
const DOUBTFUL_MS = 60_000;

export class RejectedTokens {
  readonly #clock: Clock;
  readonly #rejections: ExpiringCache<DescopeApiError>; // by digest, owned by the subject of the token

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#rejections = new ExpiringCache({
      clock,
      maxEntries: MAX_TOKENS,
      maxPerOwner: MAX_OF_ONE_SUBJECT,
    });
  }

  /** Returns Descope's rejection of a token, as long as it is remembered. */
  recall(token: string): DescopeApiError | undefined {
    return this.#rejections.size === 0 ? undefined : this.#rejections.get(toDigest(token));
  }

  /** Remembers Descope's rejection of a verified token; 401 is remembered for longer. */
  remember(token: string, { status, errorCode }: DescopeApiError): void {
    const { subject, endMs } = readToken(token);
    const untilMs = Math.min(this.#clock() + (status === 401 ? ENDED_MS : DOUBTFUL_MS), endMs);
    const rejection = new DescopeApiError(status, errorCode, true);
    this.#rejections.set(toDigest(token), rejection, { untilMs, owner: subject });
  }
}

function toDigest(token: string): string {
  return hash('sha256', token, 'base64url');
}

// The token was verified before the call; here its claims only limit what is kept.
function readToken(token: string): { readonly subject: string; readonly endMs: number } {
  return { subject: readOwner(token), endMs: readEndMs(token) ?? Number.POSITIVE_INFINITY };
}
