// How a rejected request is answered: with its challenge, or for a page by the way to the login page.
import { HttpException } from '@nestjs/common';
import { DescopeCredentialError } from '../core/errors.js';
import { readRedirectTarget } from '../core/http/origin.js';
import type { RequestLike } from '../core/http/request.js';
import { readHeader } from '../core/http/request.js';
import type { TokenStore } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import { reportRejection } from '../core/logging.js';
import { toHttpError } from './http-error.js';
import { keepPrivate } from './response-headers.js';
import type { DescopeCall, HttpCall } from './transports/execution-context.js';
import { readPageRequest, toTransportException } from './transports/execution-context.js';

/** What an error is answered to: a call of Nest's, a request that we answer ourselves, or a socket, which has no headers. */
export type ErrorCall = DescopeCall | Pick<HttpCall, 'response'>;

/** Who hears of a rejection, and where a browser without a session is led. */
export interface ErrorResponseInput {
  readonly notify: Notify;
  /** The login page's path, and the store whose tokens go with a session that was signed out; without it nobody is led. */
  readonly login?: { readonly path: LoginPath | undefined; readonly tokenStore: TokenStore } | undefined;
}

/**
 * Reports a rejection, writes its headers, and gives what is to be thrown: an exception in the form of the call's
 * transport. An error that is not ours is given as it is.
 */
export function respondWithError(
  call: ErrorCall,
  error: unknown,
  { notify, login }: ErrorResponseInput,
): unknown {
  reportRejection(error, notify);
  const { response } = call;
  const rejection = toHttpError(error);
  // Also where a middleware has marked everything as public: who signs in must not meet it again.
  if (rejection !== undefined) response?.set('Cache-Control', 'no-store');
  if (login?.path !== undefined && 'context' in call) {
    const location = toLoginLocation(error, readPageRequest(call), login.path);
    if (location !== undefined) return leadToLogin(call, error, { location, tokenStore: login.tokenStore });
  }
  if (rejection === undefined) return error;
  for (const [name, value] of rejection.headers) response?.set(name, value);
  return 'context' in call ? toTransportException(call, rejection.exception) : rejection.exception;
}

function leadToLogin(
  call: DescopeCall,
  error: unknown,
  { location, tokenStore }: { readonly location: string; readonly tokenStore: TokenStore },
): HttpException {
  if (isSignedOut(error)) clear(tokenStore, call);
  call.response?.set('Location', location);
  return new HttpException({ statusCode: 302, message: 'Sign in first.' }, 302, { cause: error });
}

// Only on the way to the login page: an answer that is late must not clear what a sign-in has brought meanwhile.
function clear(tokenStore: TokenStore, { headers, response }: DescopeCall): void {
  if (response === undefined) return;
  keepPrivate(response);
  tokenStore.clear({ request: headers, response }).catch(() => undefined); // they go again with the next page
}

// Where a browser that has no session goes: to the login page, and back.

/** Gives the login page's path, global prefix included. */
export type LoginPath = () => string;

// Only a session that is not there, or no longer: one that is rejected would come back and be rejected again. A page that
// still sends a superseded token never got the newer one, or it is on its way: then asking once more finds it, and
// nothing is cleared for that.
const CODES = [
  'SESSION_MISSING',
  'TOKEN_EXPIRED',
  'SESSION_ENDED',
  'SESSION_SIGNED_OUT',
  'SESSION_SUPERSEDED',
  'COOKIE_AMBIGUOUS', // the rejection expires both
];

/** Makes the login page's address for a page that a browser asked for; `undefined` for any other request or rejection. */
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

/** Tells whether a sign-out is the reason: then the cookies that are left of it only stand in the way. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof DescopeCredentialError && error.code === 'SESSION_SIGNED_OUT';
}
