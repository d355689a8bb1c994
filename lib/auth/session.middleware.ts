// What is done with a session before the route is known: it may be refreshed, and nothing is rejected.
import type { NestMiddleware } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DescopeCredentialError, DescopeRequestError, DescopeUnavailableError } from '../core/errors.js';
import type { HttpExchange } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import { toReason } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { DueSession, Sessions } from '../core/session/auto-refresh.js';
import { DescopeSession } from '../core/session/session.js';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
  DESCOPE_UNREFRESHED,
} from './injection-tokens.js';
import { recallSession, rememberFailure, rememberSession } from './request-state.js';
import type { ResponseWriter } from './response-headers.js';
import { keepPrivate } from './response-headers.js';
import type { ContextRequest, HttpCall } from './transports/execution-context.js';
import { openHttpCall } from './transports/execution-context.js';

/** A call whose response has headers. */
type WritableCall = HttpCall & { readonly response: ResponseWriter };

/** A mounted route before which the session must not be refreshed. */
export interface UnrefreshedRoute {
  readonly method: string;
  /** As the router serves it. */
  readonly path: string;
}

@Injectable()
export class SessionAttachment {
  @Optional() @Inject(DESCOPE_UNREFRESHED) private readonly unrefreshed?: () => readonly UnrefreshedRoute[];

  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  /** Finds at once what is to be done, if anything. Never throws: what an application's source throws is the guard's to pass on. */
  findDue(call: HttpCall): DueSession | undefined {
    // Not if it was applied already.
    if (recallSession(call.key, this.authenticator) !== undefined || this.#isUnrefreshed(call))
      return undefined;
    try {
      return this.sessions.autoRefresh.findDue(call.headers);
    } catch {
      return undefined; // the guard reads the same source, where the route asks for it
    }
  }

  /** Refreshes a session that lapsed, writes its tokens and remembers it for the guard. Never rejects. */
  async run(call: WritableCall, due: DueSession): Promise<void> {
    const exchange = { request: call.headers, response: call.response };
    try {
      const tokens = await this.sessions.autoRefresh.refreshIfLapsed(exchange.request, due);
      if (tokens === undefined) return;
      await this.sessions.tokenStore.write(exchange, tokens, false).catch(passTooLarge);
      keepPrivate(call.response);
      this.#remember(call, await this.authenticator.openLeniently(tokens.sessionToken));
    } catch (error) {
      // What cannot be written any more, such as cookies to an answer that a time-out sent meanwhile, is only told.
      await this.#settle(call, exchange, error).catch((failure: unknown) => this.#noteFailure(failure));
    }
  }

  #isUnrefreshed({ request, headers }: HttpCall): boolean {
    if (this.unrefreshed === undefined) return false;
    const [path = ''] = /^[^?#]*/.exec(request.originalUrl ?? '') ?? [];
    const method = headers.method === 'HEAD' ? 'GET' : headers.method;
    return this.unrefreshed().some((route) => method === route.method && isServedBy(route.path, path));
  }

  // The guard is told what was found: a session that ended is nobody's (401), an outage is an outage (503).
  async #settle(call: WritableCall, exchange: HttpExchange, error: unknown): Promise<void> {
    if (error instanceof DescopeUnavailableError) {
      rememberFailure(call.key, error, this.authenticator);
      return;
    }
    if (!(error instanceof DescopeCredentialError)) {
      this.#noteFailure(error);
      return;
    }
    this.#remember(call, DescopeSession.anonymous(error));
    if (!isOver(error)) return;
    await this.sessions.tokenStore.clear(exchange);
    keepPrivate(call.response);
  }

  #remember({ key }: HttpCall, session: MaybePromise<DescopeSession>): void {
    rememberSession(key, { session, authenticator: this.authenticator });
  }

  #noteFailure(error: unknown): void {
    this.notify({
      code: 'SESSION_NOT_KEPT',
      level: 'error',
      message: `A refreshed session cannot be kept, or an ended one not be cleared: ${toReason(error)}`,
    });
  }
}

// An application may be mounted within another, whose path comes first. A path of one segment is taken by itself only:
// its name may be the end of any other.
function isServedBy(route: string, path: string): boolean {
  return path === route || (route.lastIndexOf('/') > 0 && path.endsWith(route));
}

// Told by the place. The session itself is good: its request goes on, and the next one refreshes again.
function passTooLarge(error: unknown): void {
  if (!(error instanceof DescopeRequestError) || error.code !== 'SESSION_TOO_LARGE') throw error;
}

/** Tells whether a session is over for good, so that its cookies can go; a key that is not known yet says nothing. */
export function isOver(error: DescopeCredentialError): boolean {
  return error.code !== 'SESSION_SUPERSEDED' && error.code !== 'TOKEN_KEY_UNKNOWN';
}

// Applies the session step to requests: as Nest middleware on Express, as a hook on Fastify.

/**
 * Refreshes browsers' sessions before the route is known; rejects nothing. `DescopeModule` applies it when `session` is
 * configured. On Express it may also be applied by hand: `consumer.apply(DescopeSessionMiddleware).forRoutes('*path')`.
 */
@Injectable()
export class DescopeSessionMiddleware implements NestMiddleware<ContextRequest, object> {
  @Inject(SessionAttachment) private readonly step!: SessionAttachment;

  use(request: ContextRequest, response: object, next: () => void): void {
    const call = openHttpCall(request, response);
    const due = isWritable(call) ? this.step.findDue(call) : undefined;
    if (!isWritable(call) || due === undefined) {
      next();
      return;
    }
    void this.step.run(call, due).then(next);
  }
}

interface FastifyInstance {
  addHook(name: 'onRequest', hook: (request: ContextRequest, reply: object) => Promise<void>): unknown;
}

/** Adds the step as a hook, behind the session plugin that the application registered. */
export function addSessionHook(fastify: FastifyInstance, step: SessionAttachment): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const call = openHttpCall(request, reply);
    const due = isWritable(call) ? step.findDue(call) : undefined;
    if (isWritable(call) && due !== undefined) await step.run(call, due);
  });
}

function isWritable(call: HttpCall): call is WritableCall {
  return call.response !== undefined;
}
