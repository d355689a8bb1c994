// What the road itself asks of Descope about sessions: refresh, logout, me, tenant.
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Notify } from '../notice.js';
import { isJsonObject, readText } from '../token/claims.js';
import { fetchAnswer } from './bounded-fetch.js';
import type { BoundedAnswer, Fetch } from './bounded-fetch.js';
import { DescopeRefusal } from './descope-refusal.js';
import { readIssuedTokens } from './issued-tokens.js';
import type { IssuedTokenNames, IssuedTokens } from './issued-tokens.js';

const MAX_BYTES = 256 * 1024;

/** Where Descope is, and how long asking may take. */
export interface SessionApi {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  /** What Descope calls its cookies, where it answers with cookies in place of a body. */
  readonly names: IssuedTokenNames;
  readonly notify: Notify;
}

/** Exchanges a refresh token for a new session. Throws `DescopeRefusal` when Descope says no, `DESCOPE_UNAVAILABLE` when it says nothing. */
export async function refreshSession(api: SessionApi, refreshToken: string): Promise<IssuedTokens> {
  return readIssuedTokens(await post(api, '/v1/auth/refresh', { bearer: refreshToken, body: {} }), api.names);
}

/** Selects the current tenant of a session; the answer's tokens carry it as `dct`. */
export async function selectTenant(
  api: SessionApi,
  refreshToken: string,
  tenant: string,
): Promise<IssuedTokens> {
  const answer = await post(api, '/v1/auth/tenant/select', { bearer: refreshToken, body: { tenant } });
  return readIssuedTokens(answer, api.names);
}

/** Ends one session at Descope. */
export async function endSession(api: SessionApi, refreshToken: string): Promise<void> {
  await post(api, '/v1/auth/logout', { bearer: refreshToken, body: {} });
}

/** Ends every session of the user at Descope. */
export async function endAllSessions(api: SessionApi, refreshToken: string): Promise<void> {
  await post(api, '/v1/auth/logoutall', { bearer: refreshToken, body: {} });
}

/** Reads the user's profile. */
export async function readProfile(api: SessionApi, refreshToken: string): Promise<unknown> {
  return (await post(api, '/v1/auth/me', { bearer: refreshToken })).json;
}

interface Call {
  readonly bearer: string;
  readonly body?: object;
}

async function post(api: SessionApi, path: string, call: Call): Promise<BoundedAnswer> {
  const answer = await ask(api, path, call);
  if (answer.status === 200) return answer;
  const code = isJsonObject(answer.json) ? readText(answer.json, 'errorCode') : undefined;
  // Only Descope's own "no" is a refusal: a status without its error code may be any box on the way.
  const isDefinite = [400, 401, 403].includes(answer.status) && code?.startsWith('E') === true;
  if (isDefinite) throw new DescopeRefusal(answer.status, code);
  const cause = new Error(`Descope answered with status ${answer.status}.`);
  throw toldUnavailable(api, cause, answer.headers.get('retry-after'));
}

async function ask(api: SessionApi, path: string, call: Call): Promise<BoundedAnswer> {
  const { baseUrl, projectId, timeoutMs, fetch } = api;
  const headers = { authorization: `Bearer ${projectId}:${call.bearer}`, 'x-descope-project-id': projectId };
  try {
    const body = call.body === undefined ? {} : { body: call.body };
    return await fetchAnswer({
      url: baseUrl + path,
      headers,
      ...body,
      timeoutMs,
      maxBytes: MAX_BYTES,
      fetch,
    });
  } catch (cause) {
    throw toldUnavailable(api, cause, null);
  }
}

// The error of one try, of which the operator hears here: those who wait for the same answer share it.
function toldUnavailable(
  api: SessionApi,
  cause: unknown,
  retryAfter: string | null,
): DescopeUnavailableError {
  const seconds = retryAfter !== null && /^\d{1,4}$/.test(retryAfter) ? Number(retryAfter) : 1;
  const retryAfterSeconds = Math.max(1, seconds);
  const message = 'Descope cannot be asked at present.';
  const error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds, cause });
  const why = cause instanceof Error ? cause.message : 'unknown reason';
  publishOutage(error.code, retryAfterSeconds);
  api.notify({ code: 'DESCOPE_UNAVAILABLE', level: 'warn', message: `${DOWN} (${why})` });
  return error;
}

const DOWN =
  'Descope cannot be asked to renew or change sessions; nobody is signed out, and sessions that lapsed are answered with 503 until it can. If this lasts, check the way to baseUrl and the rate limits of the project.';
