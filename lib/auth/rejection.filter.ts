// Responds to a rejection that is thrown outside AuthGuard: in the application's own guards, handlers and middleware.
import type { ArgumentsHost, ExceptionFilter, ExecutionContext } from '@nestjs/common';
import { Catch, Inject, Injectable, Optional } from '@nestjs/common';
import { ApplicationConfig, BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { throwError } from 'rxjs';
import type { DescopeConfig } from '../core/config/config.js';
import {
  DescopeAccessError,
  DescopeCredentialError,
  DescopeRequestError,
  DescopeUnavailableError,
  isMistake,
} from '../core/errors.js';
import type { RequestResources } from './access/protected-resource.js';
import { toChallengeProofs, writeErrorHeaders } from './error-response.js';
import { toHttpError } from './http-error.js';
import { DESCOPE_CONFIG, DESCOPE_RESOURCES } from './injection-tokens.js';
import { findRequest, openCall } from './transports/call.js';
import { microserviceTransport } from './transports/microservice.js';
import { hideMistake } from './transports/mistakes.js';
import { readThrown, respondToSocket } from './transports/transport.js';

const OURS = [DescopeCredentialError, DescopeAccessError, DescopeRequestError, DescopeUnavailableError];

/** What `isMistake` knows, as a class for `@Catch()`. */
abstract class Mistake extends Error {
  static override [Symbol.hasInstance](error: unknown): boolean {
    return isMistake(error);
  }
}

/**
 * Responds to rejections of this package, and hides mistakes where Nest would send their messages. It is registered first, so
 * Nest tries it last: a global filter of the application that catches `HttpException`, which the rejections are, comes before
 * it.
 */
@Catch(...OURS, Mistake)
@Injectable()
export class RejectionFilter extends BaseExceptionFilter {
  @Optional() @Inject(DESCOPE_CONFIG) private readonly config?: DescopeConfig;

  constructor(
    @Inject(ApplicationConfig) application: ApplicationConfig,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Optional() @Inject(DESCOPE_RESOURCES) private readonly resources?: RequestResources,
  ) {
    super();
    application.addGlobalFilter(this);
  }

  /** Whether the application has HTTP. Then messages have a separate application, which has no global filters. */
  get hasHttp(): boolean {
    return Boolean(this.host.httpAdapter); // null or undefined where there are only messages
  }

  override catch(error: unknown, host: ArgumentsHost): unknown {
    const type: string = host.getType();
    // A call that a library makes itself may say that it is HTTP, and has no response.
    const hasResponse = type === 'http' && openCall(host as ExecutionContext).response !== undefined;
    const isLeftToNest = type === 'rpc' || (type === 'http' && !hasResponse);
    if (isMistake(error) && isLeftToNest) return undefined; // "not handled": Nest's own filter logs it
    if (type === 'ws' || type === 'rpc') return respondToMessage(error, host);
    const { resources, config } = this;
    const rejection = respondOverHttp(error, host, { resources, config });
    if (!hasResponse) throw rejection;
    super.catch(rejection, host);
    return undefined;
  }
}

/** The same for messages, as a filter of their class: Nest runs no global filter for messages of sockets. */
@Catch(...OURS)
class MessageRejectionFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): unknown {
    return respondToMessage(error, host);
  }
}

/** The filter for messages. It has no state, so one instance serves all applications of a process. */
export const messageRejectionFilter: ExceptionFilter = new MessageRejectionFilter();

/** What the challenges of an application name. */
interface ChallengeParts {
  readonly resources: RequestResources | undefined;
  readonly config: DescopeConfig | undefined;
}

function respondOverHttp(
  error: unknown,
  host: ArgumentsHost,
  { resources, config }: ChallengeParts,
): unknown {
  const call = openCall(host as ExecutionContext);
  const isFor = resources !== undefined && findRequest(call) !== undefined;
  const resource = isFor ? resources.recall(call.key) : undefined;
  const rejection = toHttpError(error, { resource, proofs: toChallengeProofs(call, config?.dpop) });
  if (rejection === undefined) return hideMistake(call, error);
  const { response } = call;
  if (response?.node?.isSent !== true) writeErrorHeaders(response, rejection);
  return toForm(rejection.exception, host);
}

function respondToMessage(error: unknown, host: ArgumentsHost): Observable<never> | undefined {
  const rejection = toForm(toHttpError(error)?.exception ?? error, host);
  if (host.getType() !== 'ws') return throwError(() => readThrown(rejection));
  respondToSocket(rejection, host);
  return undefined;
}

// A microservice may reject messages without `microserviceTransport` in the option `transports`.
function toForm(rejection: unknown, host: ArgumentsHost): unknown {
  const isRpc = host.getType() === 'rpc';
  const transport =
    openCall(host as ExecutionContext).transport ?? (isRpc ? microserviceTransport : undefined);
  return transport?.toRejection?.(rejection, host as ExecutionContext) ?? rejection;
}
