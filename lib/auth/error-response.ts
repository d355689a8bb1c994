// How a rejected request is answered: with its challenge, or for a page by the way to the login page.
import type { ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import { DescopeCredentialError } from '../core/errors.js';
import { readRedirectTarget } from '../core/http/origin.js';
import type { RequestLike } from '../core/http/request.js';
import { readHeader } from '../core/http/request.js';
import type { TokenStore } from '../core/http/token-store.js';
import { attempt, isThenable } from '../core/maybe-promise.js';
import { toHttpError } from './http-error.js';
import type { ResponseWriter } from './response-headers.js';
import { keepPrivate } from './response-headers.js';
import {
  findTransport,
  readContextRequest,
  readContextResponse,
  readPageRequest,
  toRequestLike,
} from './transports/execution-context.js';

/** Where a page is led, and where its tokens are. */
export interface ErrorResponseInput {
  readonly loginPath: LoginPath | undefined;
  readonly place: TokenStore;
}

/** Writes the headers of a rejection, and gives what is to be thrown; an error that is not ours as it is. */
export function respondWithError(
  error: unknown,
  context: ExecutionContext,
  { loginPath, place }: ErrorResponseInput,
): unknown {
  const response = readContextResponse(context);
  const rejection = toHttpError(error);
  // Also where a middleware has marked everything as public: who signs in must not meet it again.
  if (rejection !== undefined) response?.set('Cache-Control', 'no-store');
  const location = loginPath && toLoginLocation(error, readPageRequest(context), loginPath);
  if (location !== undefined) {
    if (isSignedOut(error)) clear(place, context, response);
    response?.set('Location', location);
    return new HttpException({ statusCode: 302, message: 'Sign in first.' }, 302, { cause: error });
  }
  if (rejection === undefined) return error;
  for (const [name, value] of rejection.headers) response?.set(name, value);
  return toTransportForm(rejection.exception, context);
}

function toTransportForm(rejection: HttpException, context: ExecutionContext): unknown {
  const transport = findTransport(context);
  const form = transport?.toRejection === undefined ? rejection : transport.toRejection(rejection, context);
  if (!isThenable(form)) return form;
  // Nobody waits for what is thrown, and a promise of it would be no rejection.
  attempt<unknown>(
    () => form as Promise<unknown>,
    () => undefined,
  );
  return rejection;
}

// Only on the way to the login page: an answer that is late must not clear what a sign-in has brought meanwhile.
function clear(place: TokenStore, context: ExecutionContext, response: ResponseWriter | undefined): void {
  if (response === undefined) return;
  keepPrivate(response);
  const exchange = { request: toRequestLike(readContextRequest(context)), response };
  place.clear(exchange).catch(() => undefined); // they go again with the next page
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
