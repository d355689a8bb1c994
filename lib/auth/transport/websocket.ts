// WebSockets: each message is judged anew, by what its client showed when it connected.
import type { ExecutionContext } from '@nestjs/common';
import { DescopeAccessError } from '../../core/errors.js';
import type { RequestLike } from '../../core/transport/request-like.js';
import { findHandshake } from '../sockets/handshake.js';
import { readOwnMember } from './http.js';
import { toThrown } from './thrown-form.js';
import type { DescopeTransport } from './transport.js';

// A message has no object of its own. The guards and interceptors of one share its list of arguments; its parameters
// are read from a copy, so they are given the request of the last message that the guard let through to the handler.
const judged = new WeakMap<object, RequestLike>();
const admitted = new WeakMap<object, WeakMap<object, unknown>>();

export const websocketTransport: DescopeTransport = {
  type: 'ws',
  findRequest: (context) => judged.get(context.getArgs()) ?? open(context),
  keepRequest: (context, request) => {
    const client = findClient(context);
    const ofClient = admitted.get(client) ?? new WeakMap<object, unknown>();
    admitted.set(client, ofClient.set(context.getHandler(), request));
  },
  recallRequest: (context) => admitted.get(findClient(context))?.get(context.getHandler()),
  readParam: (context, name) => readOwnMember(context.switchToWs().getData(), name),
  isSafe: () => false,
  toRefusal: (refusal) => toThrown('ws', refusal),
};

function open(context: ExecutionContext): RequestLike {
  const handshake = findHandshake(context.switchToWs().getClient());
  if (handshake === undefined) throw unknown();
  judged.set(context.getArgs(), handshake);
  return handshake;
}

function findClient(context: ExecutionContext): object {
  return context.switchToWs().getClient<object>();
}

function unknown(): DescopeAccessError {
  const message =
    'Nothing is known of the request that opened this connection, so its messages are refused. Call admit(client, request) of DescopeSockets in the gateway\'s handleConnection(client, request): the adapter for "ws" hands the request to nobody else.';
  return new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type: 'ws' });
}
