// The response to a rejected request: the log line, the challenge and other headers, or the redirect of a page to the login page.
import { HttpException } from '@nestjs/common';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeCredentialError } from '../core/errors.js';
import { readRedirectTarget } from '../core/http/redirect-target.js';
import type { RequestLike } from '../core/http/request.js';
import { readHeader } from '../core/http/request.js';
import type { TokenStore } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import { reportRejection } from '../core/logging.js';
import type { ChallengeFacts, HttpError } from './http-error.js';
import { toHttpError } from './http-error.js';
import { keepPrivate } from './response-headers.js';
import type { DescopeCall, HttpCall } from './transports/call.js';
import { findRequest, readPageRequest, toTransportException } from './transports/call.js';
import { hideMistake } from './transports/mistakes.js';

/** The call that failed: a call of a handler, a request to a mounted route, or a socket, which has no headers. */
export type ErrorCall = DescopeCall | Pick<HttpCall, 'response'>;

/** Where a rejection is logged, and where a browser without a session is redirected. */
export interface ErrorResponseInput extends ChallengeFacts {
  readonly notify: Notify;
  /** The login page's path, and the store from which a signed-out session is removed; `undefined` for no redirect. */
  readonly login?: { readonly path: LoginPath | undefined; readonly tokenStore: TokenStore } | undefined;
}

/** Logs for developers why a call is rejected; must not throw. */
export type ExplainRejection = (call: DescopeCall, error: unknown) => void;

/**
 * Logs a rejection and writes its headers.
 * @returns the exception to throw, in the form of the call's transport; an error that is no rejection unchanged, but for a
 *   mistake whose message the transport would send
 */
export function respondWithError(
  call: ErrorCall,
  error: unknown,
  { notify, login, ...facts }: ErrorResponseInput,
): unknown {
  reportRejection(error, notify);
  const rejection = toHttpError(error, facts);
  if (login?.path !== undefined && 'context' in call) {
    const location = toLoginLocation(error, readPageRequest(call), login.path);
    if (location !== undefined) return leadToLogin(call, error, { location, tokenStore: login.tokenStore });
  }
  if (rejection === undefined) return 'context' in call ? hideMistake(call, error) : error;
  writeErrorHeaders(call.response, rejection);
  return 'context' in call ? toTransportException(call, rejection.exception) : rejection.exception;
}

// Also where a middleware has set `public`: after signing in, the user must not get the cached rejection.
const UNCACHED = ['Cache-Control', 'no-store'] as const;

/** Writes the headers of a rejection: the challenge of a 401 or 403, `Retry-After`, and that no cache may keep it. */
export function writeErrorHeaders(response: ErrorCall['response'], { headers }: HttpError): void {
  for (const [name, value] of [UNCACHED, ...headers]) response?.set(name, value);
}

const DPOP_SCHEME = /^dpop(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i;

/** Returns what the challenges of a call name of bound tokens; `undefined` if the application does not accept them. */
export function toChallengeProofs(call: DescopeCall, dpop: DescopeConfig['dpop']): ChallengeFacts['proofs'] {
  if (dpop === undefined) return undefined;
  const { algorithms, isRequired } = dpop;
  const header = findRequest(call) === undefined ? undefined : readHeader(call.headers, 'authorization');
  return { algorithms, isRequired, isSent: DPOP_SCHEME.test(header ?? '') };
}

function leadToLogin(
  call: DescopeCall,
  error: unknown,
  { location, tokenStore }: { readonly location: string; readonly tokenStore: TokenStore },
): HttpException {
  call.response?.set(...UNCACHED);
  if (isSignedOut(error)) clear(tokenStore, call);
  call.response?.set('Location', location);
  return new HttpException({ statusCode: 302, message: 'Sign in first.' }, 302, { cause: error });
}

// Only with a redirect to the login page: a late response must not clear the tokens of a new sign-in.
function clear(tokenStore: TokenStore, { headers, response }: DescopeCall): void {
  if (response === undefined) return;
  keepPrivate(response);
  tokenStore.clear({ request: headers, response }).catch(() => undefined); // the next page request clears them again
}

// The redirect of a browser without a session: to the login page, and back.

/** Returns the login page's path, global prefix included. */
export type LoginPath = () => string;

// Only for a session that is missing or has ended: with any other rejection the browser would come back and be rejected
// again. A page that still sends a superseded token did not receive the newer one, or it is still on its way: then the next
// request has it, so nothing is cleared.
const CODES = [
  'SESSION_MISSING',
  'TOKEN_EXPIRED',
  'SESSION_ENDED',
  'SESSION_SIGNED_OUT',
  'SESSION_SUPERSEDED',
  'COOKIE_AMBIGUOUS', // the rejection expires both
];

/** Builds the login page's URL for a page that a browser requested; `undefined` for any other request or rejection. */
export function toLoginLocation(
  error: unknown,
  request: RequestLike & { readonly url?: string | undefined },
  loginPath: LoginPath,
): string | undefined {
  if (!(error instanceof DescopeCredentialError) || !CODES.includes(error.code)) return undefined;
  if (request.method !== 'GET' || readHeader(request, 'authorization') !== undefined) return undefined;
  if (readHeader(request, 'accept')?.includes('text/html') !== true) return undefined;
  if ((readHeader(request, 'sec-fetch-dest') ?? 'document') !== 'document') return undefined;
  const next = readRedirectTarget(request.url);
  return next === undefined ? loginPath() : `${loginPath()}?next=${encodeURIComponent(next)}`;
}

/** Checks whether a sign-out is the reason: then the cookies that are left can be cleared. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof DescopeCredentialError && error.code === 'SESSION_SIGNED_OUT';
}
