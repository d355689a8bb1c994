// Refreshes a browser's lapsed session before the route is known, as middleware on Express and as a hook on Fastify.
import type { NestMiddleware } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { DescopeCredentialError, DescopeRequestError, DescopeUnavailableError } from '../core/errors.js';
import type { HttpExchange } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { toReason } from '../core/request-failure.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { DueSession, Sessions } from '../core/session/auto-refresh.js';
import { DescopeSession, isSessionOver } from '../core/session/session.js';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
  DESCOPE_UNREFRESHED,
} from './injection-tokens.js';
import { recallSession, rememberFailure, rememberSession } from './request-state.js';
import type { ResponseWriter } from './response-headers.js';
import { keepPrivate } from './response-headers.js';
import type { ContextRequest, HttpCall } from './transports/call.js';
import { openHttpCall } from './transports/call.js';

/** A call whose response has headers. */
type WritableCall = HttpCall & { readonly response: ResponseWriter };

/** A mounted route before which the session must not be refreshed. */
export interface UnrefreshedRoute {
  readonly method: string;
  /** As the router serves it. */
  readonly path: string;
}

/** Finds lapsed sessions, refreshes them, and stores the result for the guard. */
@Injectable()
export class SessionAttachment {
  @Optional() @Inject(DESCOPE_UNREFRESHED) private readonly unrefreshed?: () => readonly UnrefreshedRoute[];

  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  /**
   * Finds the session that must be refreshed, if any. Never throws: an error of a token source of the application is thrown
   * by the guard.
   */
  findDue(call: HttpCall): DueSession | undefined {
    // Not if it ran for this request already.
    if (recallSession(call.key, this.authenticator) !== undefined || this.#isUnrefreshed(call))
      return undefined;
    try {
      return this.sessions.autoRefresh?.findDue(call.headers);
    } catch {
      return undefined; // the guard reads the same source if the route requires a session
    }
  }

  /** Refreshes a lapsed session, writes its tokens and remembers it for the guard. Never throws. */
  async run(call: WritableCall, due: DueSession): Promise<void> {
    const exchange = { request: call.headers, response: call.response };
    try {
      const tokens = await this.sessions.autoRefresh?.refreshIfLapsed(exchange.request, due);
      if (tokens === undefined) return;
      await this.sessions.tokenStore.write(exchange, tokens, false).catch(passTooLarge);
      keepPrivate(call.response);
      this.#remember(call, await this.authenticator.openLeniently(tokens.sessionToken));
    } catch (error) {
      // If the response was sent meanwhile, by a time-out for example, cookies cannot be written: that is only logged.
      await this.#settle(call, exchange, error).catch((failure: unknown) => this.#noteFailure(failure));
    }
  }

  #isUnrefreshed({ request, headers }: HttpCall): boolean {
    if (this.unrefreshed === undefined) return false;
    const [path = ''] = /^[^?#]*/.exec(request.originalUrl ?? '') ?? [];
    const method = headers.method === 'HEAD' ? 'GET' : headers.method;
    return this.unrefreshed().some((route) => method === route.method && isServedBy(route.path, path));
  }

  // Stores the result for the guard: an ended session makes the caller anonymous (401), an outage stays one (503).
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
    if (!isSessionOver(error)) return;
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
      message: `The session store failed, so a refreshed session was not stored or an ended session was not cleared: ${toReason(error)}`,
    });
  }
}

// An application may be mounted within another, whose path comes first. A path of one segment must be equal, because any
// other path may end with it.
function isServedBy(route: string, path: string): boolean {
  return path === route || (route.lastIndexOf('/') > 0 && path.endsWith(route));
}

// The token store has logged it. The session itself is valid: the request proceeds, and the next one refreshes again.
function passTooLarge(error: unknown): void {
  if (!(error instanceof DescopeRequestError) || error.code !== 'SESSION_TOO_LARGE') throw error;
}

// The refresh as Nest middleware on Express, and as a hook on Fastify.

/**
 * Refreshes a browser's lapsed session before the route is known. It rejects nothing. `DescopeModule` applies it if the
 * option `session` is set. On Express an application may also apply it itself.
 * @example `consumer.apply(DescopeSessionMiddleware).forRoutes('*path')`
 */
@Injectable()
export class DescopeSessionMiddleware implements NestMiddleware<ContextRequest, object> {
  @Inject(SessionAttachment) private readonly attachment!: SessionAttachment;

  /** Refreshes the session of a request if it has lapsed, then calls `next`. */
  use(request: ContextRequest, response: object, next: () => void): void {
    const call = openHttpCall(request, response);
    const due = isWritable(call) ? this.attachment.findDue(call) : undefined;
    if (!isWritable(call) || due === undefined) {
      next();
      return;
    }
    void this.attachment.run(call, due).then(next);
  }
}

interface FastifyInstance {
  addHook(name: 'onRequest', hook: (request: ContextRequest, reply: object) => Promise<void>): unknown;
}

/** Adds the refresh as a hook, after the session plugin that the application registered. */
export function addSessionHook(fastify: FastifyInstance, attachment: SessionAttachment): void {
  fastify.addHook('onRequest', async (request, reply) => {
    const call = openHttpCall(request, reply);
    const due = isWritable(call) ? attachment.findDue(call) : undefined;
    if (isWritable(call) && due !== undefined) await attachment.run(call, due);
  });
}

function isWritable(call: HttpCall): call is WritableCall {
  return call.response !== undefined;
}
