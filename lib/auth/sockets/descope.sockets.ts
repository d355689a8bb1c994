// Who may stay connected: asked where Nest asks no guard, in a gateway's handleConnection.
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeAccessError, DescopeCredentialError } from '../../core/errors.js';
import { tellRefusal } from '../../core/refusal.js';
import type { Notify } from '../../core/notice.js';
import { admit } from '../../core/session/admission.js';
import type { Authenticator } from '../../core/session/authenticator.js';
import { readSignedIn } from '../../core/session/session.js';
import type { DescopeSession } from '../../core/session/session.js';
import type { RequestLike } from '../../core/transport/request-like.js';
import { assertFromOwnPage } from '../../core/transport/same-origin.js';
import { DESCOPE_AUTHENTICATOR, DESCOPE_CONFIG, DESCOPE_NOTIFY } from '../injection-tokens.js';
import { assertOwnUser } from '../session/own-user.js';
import { onSessionEnd } from '../session/session-end.js';
import { closeClient, onClose } from './client.js';
import { findHandshake, rememberHandshake } from './handshake.js';

/** Admits WebSocket clients of Socket.IO and of `ws` when they connect. */
@Injectable()
export class DescopeSockets {
  @Inject(ModuleRef) private readonly modules!: ModuleRef;

  constructor(
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
    @Inject(DESCOPE_NOTIFY) private readonly notify: Notify,
  ) {}

  /**
   * Lets a client stay as long as its session, and gives the session; any other client is told why and closed, and
   * there is none. For `ws` the request is needed too, without which its messages cannot be judged. Never rejects.
   * @example `handleConnection(client: WebSocket, request: IncomingMessage) { return this.sockets.admit(client, request); }`
   */
  async admit(client: object, request?: RequestLike): Promise<DescopeSession | undefined> {
    this.remember(client, request);
    const gone = new AbortController();
    onClose(client, () => gone.abort()); // maybe before keys are fetched
    try {
      const session = await this.#authenticate(client);
      if (gone.signal.aborted) return session;
      const callOff = onSessionEnd(session, () => closeClient(client, toEnded(session)), this.config.clock);
      gone.signal.addEventListener('abort', callOff);
      return session;
    } catch (error) {
      this.#refuse(client, error); // handleConnection has nobody who would catch it
      return undefined;
    }
  }

  /** Only remembers the request of a client, so that its messages can be judged; anybody may stay connected. */
  remember(client: object, request: RequestLike | undefined): void {
    if (request !== undefined) rememberHandshake(client, request);
  }

  async #authenticate(client: object): Promise<DescopeSession> {
    const handshake = findHandshake(client);
    if (handshake === undefined) throw unknown();
    const session = await this.authenticator.authenticate(handshake);
    if (session.isAmbient) assertFromOwnPage(handshake, this.config.authentication.origins);
    readSignedIn(session);
    const { modules, config } = this;
    const { admission, clock } = config;
    const admitted = admit(session, admission);
    await assertOwnUser(handshake, admitted, { config, modules });
    if ((admitted.expiresAt?.getTime() ?? 0) <= clock()) throw toEnded(admitted); // good for a request, not to stay
    return admitted;
  }

  #refuse(client: object, error: unknown): void {
    tellRefusal(error, this.notify);
    closeClient(client, error);
  }
}

function toEnded(session: DescopeSession): DescopeCredentialError {
  const message = 'The session that this connection was opened with has ended.';
  return new DescopeCredentialError('TOKEN_EXPIRED', message, { exp: session.claims?.exp });
}

function unknown(): DescopeAccessError {
  const message = 'Hand admit() the request that handleConnection(client, request) is given.';
  return new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type: 'ws' });
}
