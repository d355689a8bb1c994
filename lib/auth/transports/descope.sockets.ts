// Authenticates WebSocket clients when they connect, in handleConnection, and closes those whose session ends.
import { HttpException, Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../../core/config/config.js';
import type { DescopeError } from '../../core/errors.js';
import { DescopeAccessError, readConsequence } from '../../core/errors.js';
import { assertFromOwnPage } from '../../core/http/origin.js';
import type { RequestLike } from '../../core/http/request.js';
import type { Notify } from '../../core/logging.js';
import type { Authenticator } from '../../core/session/authenticator.js';
import type { Sessions } from '../../core/session/auto-refresh.js';
import type { DescopeSession } from '../../core/session/session.js';
import { acceptSession, requireSignedIn } from '../../core/session/session.js';
import type { Application } from '../applications.js';
import { respondWithError } from '../error-response.js';
import { toHttpError } from '../http-error.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
} from '../injection-tokens.js';
import { assertOwnUser } from '../request-user.js';
import { expired, onSessionEnd } from '../session-end.js';
import { logUnknown } from './mistakes.js';
import { findHandshake, rememberHandshake } from './websocket.js';

/** Authenticates WebSocket clients of Socket.IO and of `ws` when they connect. */
@Injectable()
export class DescopeSockets {
  @Inject(ModuleRef) private readonly modules!: ModuleRef;
  @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator!: Authenticator;
  @Inject(DESCOPE_CONFIG) private readonly config!: DescopeConfig;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;
  @Inject(DESCOPE_SESSIONS) private readonly sessions!: Sessions;
  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;

  /**
   * Keeps a client connected until its session token expires or is revoked. Then, and without a valid session, a client
   * receives the reason and is closed: on Socket.IO by the event `exception`, on `ws` by the close code 1008 (1013 during an
   * outage, 1011 for another error) with the error code as the reason. The promise never rejects.
   * @param request the second argument of `handleConnection`; needed for `ws`, whose clients do not keep their request
   * @returns the session, or `undefined` for a client that was closed
   * @see https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
   * @example `handleConnection(client: WebSocket, request: IncomingMessage) { return this.sockets.accept(client, request); }`
   */
  async accept(client: object, request?: RequestLike): Promise<DescopeSession | undefined> {
    this.remember(client, request);
    const gone = new AbortController();
    onClose(client, () => gone.abort()); // it may close before the keys are fetched
    try {
      const session = await this.#authenticate(client);
      if (gone.signal.aborted) return session;
      return this.#closeAtEnd(client, session, gone.signal) ? undefined : session;
    } catch (error) {
      this.#reject(client, error); // Nest does not catch errors of handleConnection
      return undefined;
    }
  }

  /**
   * Remembers the request of a `ws` client, so that the guard can authenticate its messages, and closes no client. For
   * gateways that also accept anonymous clients.
   */
  remember(client: object, request: RequestLike | undefined): void {
    if (request !== undefined) rememberHandshake(client, request);
  }

  // Returns whether the session ended while it was authenticated.
  #closeAtEnd(client: object, session: DescopeSession, gone: AbortSignal): boolean {
    const ended = new AbortController();
    const end = (reason: DescopeError): void => {
      ended.abort();
      closeClient(client, reason);
    };
    const [clock, watch] = [this.config.clock, this.application.watchRevocations];
    gone.addEventListener('abort', onSessionEnd(session, end, { clock, watch }));
    return ended.signal.aborted;
  }

  async #authenticate(client: object): Promise<DescopeSession> {
    const handshake = findHandshake(client);
    if (handshake === undefined) throw unknown();
    const session = await this.authenticator.authenticate(handshake);
    if (session.sentByBrowser) assertFromOwnPage(handshake, this.config.authentication.origins);
    requireSignedIn(session);
    const { modules, config, sessions } = this;
    const { acceptance, clock } = config;
    const accepted = acceptSession(session, acceptance);
    await assertOwnUser(handshake, accepted, { config, modules, userCache: sessions.userCache });
    if ((accepted.expiresAt?.getTime() ?? 0) <= clock()) throw expired(accepted); // within the leeway, which is enough for a request only
    return accepted;
  }

  #reject(client: object, error: unknown): void {
    if (!isRejection(error) && readConsequence(error) === undefined) logUnknown(error);
    const thrown = respondWithError({ response: undefined }, error, { notify: this.notify });
    closeClient(client, error, thrown);
  }
}

// HttpException and WsException, which Nest's filters do not log either.
function isRejection(error: unknown): boolean {
  return (
    error instanceof HttpException || typeof (error as { getError?: unknown } | null)?.getError === 'function'
  );
}

function unknown(): DescopeAccessError {
  const message = 'Pass to accept() the request that handleConnection(client, request) receives.';
  return new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type: 'ws' });
}

// Closes clients of Socket.IO and of `ws`, and observes their end.

// RFC 6455 §7.4.1, and the registry's 1011 (internal error) and 1013 (try again later).
const POLICY_VIOLATION = 1008;
const INTERNAL_ERROR = 1011;
const TRY_AGAIN_LATER = 1013;

interface SocketIoClient {
  emit(event: string, data: object): unknown;
  disconnect(close: boolean): unknown;
  once(event: string, listener: () => void): unknown;
}

interface WsClient {
  close(code: number, reason: string): unknown;
  once(event: string, listener: () => void): unknown;
}

/** Closes a client, and sends it the reason if that is a rejection of this package; `thrown` is the rejection's exception. */
export function closeClient(
  client: object,
  error: unknown,
  thrown: unknown = toHttpError(error)?.exception,
): void {
  const body = thrown !== error && thrown instanceof HttpException ? readBody(thrown) : undefined;
  if (isSocketIo(client)) {
    if (body !== undefined) client.emit('exception', { status: 'error', ...body });
    client.disconnect(true);
  } else if (isWs(client)) {
    client.close(toCloseCode(error), body?.code ?? '');
  }
}

function readBody(exception: HttpException): { readonly code: string } {
  return exception.getResponse() as { readonly code: string };
}

/** Calls back when a client has disconnected. */
export function onClose(client: object, run: () => void): void {
  if (isSocketIo(client)) client.once('disconnect', run);
  else if (isWs(client)) client.once('close', run);
}

function toCloseCode(error: unknown): number {
  const consequence = readConsequence(error);
  if (consequence === undefined) return INTERNAL_ERROR;
  return consequence === 'unavailable' ? TRY_AGAIN_LATER : POLICY_VIOLATION;
}

function isSocketIo(client: object): client is SocketIoClient {
  return 'disconnect' in client && typeof client.disconnect === 'function';
}

function isWs(client: object): client is WsClient {
  return 'close' in client && typeof client.close === 'function';
}
