// Calls to Descope: a response, a rejection or a reported outage; the tokens in a response; the public keys of the project.
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import { readSetCookies } from '../http/cookies.js';
import type { Notify } from '../logging.js';
import { RequestFailure, toHost, toReason } from '../request-failure.js';
import { isJsonObject, readOwn, readText } from '../token/claims.js';
import type { DescopeTime } from './descope-time.js';
import type { BoundedResponse, Fetch } from './http-client.js';
import { fetchBounded, toStatusFailure } from './http-client.js';

const MAX_BYTES = 256 * 1024;

/** The address of Descope, and the time limit of a call. */
export interface DescopeApi {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  readonly notify: Notify;
  /** Estimates Descope's clock from its responses, if that is needed. */
  readonly time?: DescopeTime;
}

/** One call. */
export interface DescopeCall {
  readonly path: string;
  /** The credential after the project id in the Authorization header; without it there is no such header. */
  readonly bearer?: string;
  /** A JSON body or a form; with either the method is POST, else GET. */
  readonly body?: object;
  readonly form?: URLSearchParams;
  /** A DPoP proof (RFC 9449). */
  readonly proof?: string;
}

/**
 * Calls Descope. Rejects with `DescopeApiError` if Descope rejects, and with `DESCOPE_UNAVAILABLE` for any other status
 * but 200.
 */
export async function callDescope(api: DescopeApi, call: DescopeCall): Promise<BoundedResponse> {
  const answer = await askDescope(api, call);
  if (answer.status === 200) return answer;
  const code = isJsonObject(answer.json) ? readText(answer.json, 'errorCode') : undefined;
  // Only a status with an error code of Descope is a rejection: without one, it may be from a proxy.
  if (isRejectionStatus(answer.status) && code?.startsWith('E') === true)
    throw new DescopeApiError(answer.status, code);
  throw toStatusOutage(api, call, answer);
}

/**
 * Calls Descope, and returns the response with any status. Rejects with `DESCOPE_UNAVAILABLE` if there is no response.
 */
export async function askDescope(api: DescopeApi, call: DescopeCall): Promise<BoundedResponse> {
  const { baseUrl, projectId, timeoutMs, fetch } = api;
  const { path, bearer, proof, ...body } = call;
  const authorization = bearer === undefined ? {} : { authorization: `Bearer ${projectId}:${bearer}` };
  const dpop = proof === undefined ? {} : { dpop: proof };
  const headers = { ...authorization, ...dpop, 'x-descope-project-id': projectId };
  try {
    const url = baseUrl + path;
    const answer = await fetchBounded({ url, headers, ...body, timeoutMs, maxBytes: MAX_BYTES, fetch });
    api.time?.observe(answer.headers);
    return answer;
  } catch (cause) {
    throw toOutage(api, cause, null);
  }
}

/** Checks whether a status may be a rejection by Descope. */
export function isRejectionStatus(status: number): boolean {
  return [400, 401, 403].includes(status);
}

/** Creates the outage of a response that is neither a success nor a rejection, and reports it. */
export function toStatusOutage(
  api: DescopeApi,
  { path }: DescopeCall,
  answer: BoundedResponse,
): DescopeUnavailableError {
  const cause = toStatusFailure(api.baseUrl + path, answer);
  return toOutage(api, cause, answer.headers.get('retry-after'));
}

/** Creates the outage of a response without usable tokens, and reports it. The session may be valid or not. */
export function toUnusableOutage(api: DescopeApi, cause: unknown): DescopeUnavailableError {
  const why = `${toHost(api.baseUrl)}: ${toReason(cause)}`;
  const message = `The tokens that Descope issued cannot be used (${why}).`;
  const error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds: 1, cause });
  return report(api, error, `${UNUSABLE} (${why})`);
}

// The error of one call, reported here once: all waiters of the response share it.
function toOutage(api: DescopeApi, cause: unknown, retryAfter: string | null): DescopeUnavailableError {
  const seconds = retryAfter !== null && /^\d{1,4}$/.test(retryAfter) ? Number(retryAfter) : 1;
  const retryAfterSeconds = Math.max(1, seconds);
  const why = toReason(cause);
  const message = `Descope is unavailable at present (${why}).`;
  const error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds, cause });
  return report(api, error, `${DOWN} (${why})`);
}

function report(api: DescopeApi, error: DescopeUnavailableError, message: string): DescopeUnavailableError {
  publishOutage(error.code, error.retryAfterSeconds, api.projectId);
  api.notify({ code: 'DESCOPE_UNAVAILABLE', level: 'warn', message });
  return error;
}

const DOWN =
  'Descope is unavailable: sessions cannot be refreshed or changed, and credentials cannot be exchanged. No user is signed out. Requests with an expired session get 503 until Descope is available again. If this continues, check the network connection to baseUrl and the rate limits of the project.';
const UNUSABLE =
  "Descope issued tokens that cannot be used. No user is signed out. Requests that need these tokens get 503. If this continues, check the clocks, and compare the project's JWT templates and cookie names with the options.";

// Descope's rejection of a call of the request pipeline.

/** Descope processed the call and rejected it, for example because the refresh token had ended or was superseded. */
export class DescopeApiError extends Error {
  constructor(
    readonly status: number,
    /** The error code of Descope (`E…`) or of OAuth (RFC 6749 §5.2). */
    readonly errorCode: string | undefined,
    /** Whether this is a remembered rejection, without a new call. */
    readonly isRecalled = false,
  ) {
    super(`Descope rejected with ${errorCode ?? status}.`);
    this.name = 'DescopeApiError';
  }
}

// The tokens in a response of Descope: in its body or, in cookie mode, as cookies.

/** The possible names of Descope's cookies. */
export interface IssuedTokenNames {
  readonly session: readonly string[];
  readonly refresh: readonly string[];
}

/** Tokens from Descope, not yet verified. */
export interface IssuedTokens {
  readonly sessionToken: string;
  /** Present only if refresh tokens rotate, or at sign-in. */
  readonly refreshToken: string | undefined;
}

/** Reads the tokens. A response without a session token is an outage: the session may be valid or not. */
export function readIssuedTokens(
  answer: BoundedResponse,
  names: IssuedTokenNames,
  api: DescopeApi,
): IssuedTokens {
  const body = isJsonObject(answer.json) ? answer.json : {};
  const cookies = readSetCookies(answer.headers.getSetCookie());
  const find = (known: readonly string[]) =>
    known.map((name) => cookies.get(name)).find((value) => value !== undefined);
  const sessionToken = readText(body, 'sessionJwt') ?? find(names.session);
  if (sessionToken === undefined)
    throw toUnusableOutage(api, new Error('Descope answered without a session token.'));
  return { sessionToken, refreshToken: readText(body, 'refreshJwt') ?? find(names.refresh) };
}

// The project's public keys.

const MAX_KEY_SET_BYTES = 256 * 1024; // about 600 keys: enough for a project with daily keys that were never withdrawn

/** The address of the keys, and the time limit of a fetch. */
export interface KeysRequest {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly timeoutMs: number;
  readonly fetch: Fetch;
  /** Estimates Descope's clock from the responses, if that is needed. */
  readonly time?: DescopeTime;
}

/** Fetches the members of the project's JWK set (`GET /v2/keys/:projectId`). Rejects with a `RequestFailure`. */
export async function fetchKeys(request: KeysRequest, signal: AbortSignal): Promise<readonly unknown[]> {
  return readKeys(request, await requestKeys(request, signal));
}

/** Requests the project's JWK set, and returns the response whatever its status. Rejects with a `RequestFailure`. */
export async function requestKeys(request: KeysRequest, signal?: AbortSignal): Promise<BoundedResponse> {
  const { projectId, timeoutMs, fetch } = request;
  const headers = { authorization: `Bearer ${projectId}`, 'x-descope-project-id': projectId };
  const bounds = { timeoutMs, maxBytes: MAX_KEY_SET_BYTES };
  const url = toKeysUrl(request);
  const answer = await fetchBounded({ url, headers, ...bounds, fetch, ...(signal && { signal }) });
  request.time?.observe(answer.headers);
  return answer;
}

/** Reads the members of a JWK set. Throws a `RequestFailure` for another status than 200, and for another body. */
export function readKeys(request: KeysRequest, answer: BoundedResponse): readonly unknown[] {
  const url = toKeysUrl(request);
  if (answer.status !== 200) throw toStatusFailure(url, answer);
  const keys: unknown = isJsonObject(answer.json) ? readOwn(answer.json, 'keys') : undefined;
  if (Array.isArray(keys)) return keys as readonly unknown[];
  const cause = new Error('Descope answered without a list of keys.');
  throw new RequestFailure({ url, status: 200, cause });
}

function toKeysUrl({ baseUrl, projectId }: KeysRequest): string {
  return `${baseUrl}/v2/keys/${projectId}`;
}
