// What the road itself asks of Descope about sessions: refresh, logout, me, tenant.
import { callDescope } from './descope-call.js';
import type { DescopeApi } from './descope-call.js';
import { readIssuedTokens } from './issued-tokens.js';
import type { IssuedTokenNames, IssuedTokens } from './issued-tokens.js';

/** Where Descope is, and what it calls its cookies, where it answers with cookies in place of a body. */
export interface SessionApi extends DescopeApi {
  readonly names: IssuedTokenNames;
}

/** Exchanges a refresh token for a new session. Throws `DescopeRefusal` when Descope says no, `DESCOPE_UNAVAILABLE` when it says nothing. */
export async function refreshSession(api: SessionApi, refreshToken: string): Promise<IssuedTokens> {
  const answer = await callDescope(api, { path: '/v1/auth/refresh', bearer: refreshToken, body: {} });
  return readIssuedTokens(answer, api.names, api);
}

/** Selects the current tenant of a session; the answer's tokens carry it as `dct`. */
export async function selectTenant(
  api: SessionApi,
  refreshToken: string,
  tenant: string,
): Promise<IssuedTokens> {
  const call = { path: '/v1/auth/tenant/select', bearer: refreshToken, body: { tenant } };
  return readIssuedTokens(await callDescope(api, call), api.names, api);
}

/** Ends one session at Descope. */
export async function endSession(api: SessionApi, refreshToken: string): Promise<void> {
  await callDescope(api, { path: '/v1/auth/logout', bearer: refreshToken, body: {} });
}

/** Ends every session of the user at Descope. */
export async function endAllSessions(api: SessionApi, refreshToken: string): Promise<void> {
  await callDescope(api, { path: '/v1/auth/logoutall', bearer: refreshToken, body: {} });
}

/** Reads the user's profile. */
export async function readProfile(api: SessionApi, refreshToken: string): Promise<unknown> {
  return (await callDescope(api, { path: '/v1/auth/me', bearer: refreshToken })).json;
}
