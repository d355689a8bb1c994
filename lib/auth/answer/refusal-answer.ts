// How a refused request is answered: with its challenge, or for a page by the way to the login page.
import { HttpException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { attempt, isThenable } from '../../core/maybe-promise.js';
import type { TokenPlace } from '../../core/place/token-place.js';
import {
  readContextRequest,
  readContextResponse,
  readPageRequest,
  toRequestLike,
} from '../context-request.js';
import type { ResponseWriter } from '../response-writer.js';
import { toHttpRefusal } from '../http-error.js';
import { findTransport } from '../transport/known-transports.js';
import { isSignedOut, toLoginLocation } from './login-redirect.js';
import type { LoginPath } from './login-redirect.js';
import { keepPrivate } from './private-answer.js';

/** Where a page is led, and where its tokens are. */
export interface RefusalWays {
  readonly loginPath: LoginPath | undefined;
  readonly place: TokenPlace;
}

/** Writes the headers of a refusal, and gives what is to be thrown; an error that is not ours as it is. */
export function answerRefusal(
  error: unknown,
  context: ExecutionContext,
  { loginPath, place }: RefusalWays,
): unknown {
  const response = readContextResponse(context);
  const refusal = toHttpRefusal(error);
  // Also where a middleware has marked everything as public: who signs in must not meet it again.
  if (refusal !== undefined) response?.set('Cache-Control', 'no-store');
  const location = loginPath && toLoginLocation(error, readPageRequest(context), loginPath);
  if (location !== undefined) {
    if (isSignedOut(error)) clear(place, context, response);
    response?.set('Location', location);
    return new HttpException({ statusCode: 302, message: 'Sign in first.' }, 302, { cause: error });
  }
  if (refusal === undefined) return error;
  for (const [name, value] of refusal.headers) response?.set(name, value);
  return toTransportForm(refusal.exception, context);
}

function toTransportForm(refusal: HttpException, context: ExecutionContext): unknown {
  const transport = findTransport(context);
  const form = transport?.toRefusal === undefined ? refusal : transport.toRefusal(refusal, context);
  if (!isThenable(form)) return form;
  // Nobody waits for what is thrown, and a promise of it would be no refusal.
  attempt<unknown>(
    () => form as Promise<unknown>,
    () => undefined,
  );
  return refusal;
}

// Only on the way to the login page: an answer that is late must not clear what a sign-in has brought meanwhile.
function clear(place: TokenPlace, context: ExecutionContext, response: ResponseWriter | undefined): void {
  if (response === undefined) return;
  keepPrivate(response);
  const exchange = { request: toRequestLike(readContextRequest(context)), response };
  place.clear(exchange).catch(() => undefined); // they go again with the next page
}
