// How a refused request is answered: with its challenge, or for a page by the way to the login page.
import { HttpException } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { readContextResponse, readPageRequest } from '../context-request.js';
import { toHttpRefusal } from '../http-error.js';
import { findTransport } from '../transport/known-transports.js';
import { toLoginLocation } from './login-redirect.js';
import type { LoginPath } from './login-redirect.js';

/** Writes the headers of a refusal, and gives what is to be thrown; an error that is not ours as it is. */
export function answerRefusal(
  error: unknown,
  context: ExecutionContext,
  loginPath: LoginPath | undefined,
): unknown {
  const response = readContextResponse(context);
  const refusal = toHttpRefusal(error);
  // Also where a middleware has marked everything as public: who signs in must not meet it again.
  if (refusal !== undefined) response?.set('Cache-Control', 'no-store');
  const location = loginPath && toLoginLocation(error, readPageRequest(context), loginPath);
  if (location !== undefined) {
    response?.set('Location', location);
    return new HttpException({ statusCode: 302, message: 'Sign in first.' }, 302, { cause: error });
  }
  if (refusal === undefined) return error;
  for (const [name, value] of refusal.headers) response?.set(name, value);
  const transport = findTransport(context.getType());
  return transport?.toRefusal === undefined ? refusal.exception : transport.toRefusal(refusal.exception);
}
