// What the road itself asks of Descope about sessions: refresh, logout, me, tenant.
import { callDescope } from './descope-call.js';
import type { DescopeApi, DescopeCall } from './descope-call.js';
import type { BoundedAnswer } from './bounded-fetch.js';
import { DescopeRefusal } from './descope-refusal.js';
import type { DescopeTime } from './descope-time.js';
import type { EndedTokens } from './ended-tokens.js';
import { readIssuedTokens } from './issued-tokens.js';
import type { IssuedTokenNames, IssuedTokens } from './issued-tokens.js';

/** Where Descope is, and what it calls its cookies, where it answers with cookies in place of a body. */
export interface SessionApi extends DescopeApi {
  readonly names: IssuedTokenNames;
}

/** The same, for calls with a refresh token: what Descope has refused is not asked again for a while. */
export interface RefreshApi extends SessionApi {
  readonly ended: EndedTokens;
  readonly time: DescopeTime;
}

/** Exchanges a refresh token for a new session. Throws `DescopeRefusal` when Descope says no, `DESCOPE_UNAVAILABLE` when it says nothing. */
export async function refreshSession(api: RefreshApi, refreshToken: string): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/refresh', bearer: refreshToken, body: {} };
  return readIssuedTokens(await ask(api, call, REFUSALS_OF_REFRESH), api.names, api);
}

/** Selects the current tenant of a session; the answer's tokens carry it as `dct`. */
export async function selectTenant(
  api: RefreshApi,
  refreshToken: string,
  tenant: string,
): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/tenant/select', bearer: refreshToken, body: { tenant } };
  return readIssuedTokens(await ask(api, call), api.names, api);
}

/** Ends one session at Descope; one that is known to have ended without a call. */
export async function endSession(api: RefreshApi, refreshToken: string): Promise<void> {
  await ask(api, { path: '/v1/auth/logout', bearer: refreshToken, body: {} });
  api.ended.remember(refreshToken, new DescopeRefusal(401, undefined));
}

/** Ends every session of the user at Descope. */
export async function endAllSessions(api: RefreshApi, refreshToken: string): Promise<void> {
  await ask(api, { path: '/v1/auth/logoutall', bearer: refreshToken, body: {} });
  api.ended.remember(refreshToken, new DescopeRefusal(401, undefined));
}

/** Reads the user's profile. */
export async function readProfile(api: RefreshApi, refreshToken: string): Promise<unknown> {
  return (await ask(api, { path: '/v1/auth/me', bearer: refreshToken })).json;
}

// 401 is about the token. What else is refused may be about what was asked, except where nothing else was asked.
const REFUSALS_OF_TOKEN: readonly number[] = [401];
const REFUSALS_OF_REFRESH: readonly number[] = [400, 401, 403];

async function ask(
  api: RefreshApi,
  call: DescopeCall & { readonly bearer: string },
  statuses = REFUSALS_OF_TOKEN,
): Promise<BoundedAnswer> {
  const known = api.ended.recall(call.bearer);
  if (known !== undefined && statuses.includes(known.status)) throw known;
  try {
    return await callDescope(api, call);
  } catch (error) {
    // An outage says nothing of the token.
    if (error instanceof DescopeRefusal && statuses.includes(error.status))
      api.ended.remember(call.bearer, error);
    throw error;
  }
}
