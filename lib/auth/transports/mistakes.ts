// A mistake of the application's developers, as a response: "Internal server error", as over HTTP, and its message in the log.
import type { ExecutionContext } from '@nestjs/common';
import { InternalServerErrorException, Logger } from '@nestjs/common';
import { isMistake } from '../../core/errors.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { attempt } from '../../core/maybe-promise.js';
import type { DescopeCall } from './call.js';
import { openCall, toTransportException } from './call.js';

/** The message of Nest's own response to an error that it does not know. */
export const UNKNOWN_ERROR = 'Internal server error';

// Here Nest's filters log such an error, and hide it. In GraphQL they log it, and pass it on, and Apollo and Mercurius send its
// message to the client. Before fields there are no filters by default.
const HIDDEN_BY_NEST: readonly string[] = ['http', 'ws', 'rpc'];

/**
 * Logs a mistake where Nest would send its message to the caller.
 * @returns the exception to throw, in the form of the call's transport; what Nest hides, and any other error, unchanged
 */
export function hideMistake(call: DescopeCall, error: unknown): unknown {
  if (!isMistake(error) || HIDDEN_BY_NEST.includes(call.context.getType())) return error;
  logUnknown(error);
  const body = { statusCode: 500, message: UNKNOWN_ERROR };
  return toTransportException(call, new InternalServerErrorException(body, { cause: error }));
}

/** Reads a parameter of a handler, and throws a mistake as `hideMistake` returns it. */
export function readParameter<T>(context: ExecutionContext, read: () => MaybePromise<T>): MaybePromise<T> {
  return attempt(read, (error) => {
    throw hideMistake(openCall(context), error);
  });
}

/** Logs an error as Nest's own filters do. */
export function logUnknown(error: unknown): void {
  logger.error(error);
}

const logger = new Logger('ExceptionsHandler');
