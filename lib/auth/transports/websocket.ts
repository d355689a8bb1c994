// WebSockets: the request with which a client connected, by which each of its messages is authenticated again.
import type { ExecutionContext } from '@nestjs/common';
import { DescopeAccessError } from '../../core/errors.js';
import type { RequestLike } from '../../core/http/request.js';
import { readBearer } from '../../core/http/request.js';
import type { DescopeTransport } from './transport.js';
import { readOwnMember, toThrown } from './transport.js';

// Nest has no object for a message. Its guards and interceptors share the list of arguments. Its parameters are read from a
// copy of it, so they use the request of the last message that the guard accepted for this handler.
const judged = new WeakMap<object, RequestLike>();
const accepted = new WeakMap<object, WeakMap<object, unknown>>();

/** The transport of messages over WebSockets. */
export const websocketTransport: DescopeTransport = {
  type: 'ws',
  findRequest: (context) => judged.get(context.getArgs()) ?? open(context),
  keepRequest: (context, request) => {
    const client = findClient(context);
    const ofClient = accepted.get(client) ?? new WeakMap<object, unknown>();
    accepted.set(client, ofClient.set(context.getHandler(), request));
  },
  recallRequest: (context) => accepted.get(findClient(context))?.get(context.getHandler()),
  readParam: (context, name) => readOwnMember(context.switchToWs().getData(), name),
  isSafe: () => false,
  toRejection: (rejection) => toThrown('ws', rejection),
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
    'The request that opened this connection is not known, so its messages are rejected. Call accept(client, request) of DescopeSockets in handleConnection(client, request) of the gateway: the adapter for "ws" passes the request only there.';
  return new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type: 'ws' });
}

// The request with which a WebSocket client connected. Only this request has the client's credentials.

// One map for all copies of the package in a process: the guard of one must find the request that another remembered.
const REQUESTS = Symbol.for('nestjs-descope:upgrade-requests');
const shared = globalThis as { [REQUESTS]?: WeakMap<object, RequestLike> };
const requests = (shared[REQUESTS] ??= new WeakMap());

/** Remembers the request that opened a connection; Nest's adapter for `ws` passes it to `handleConnection` only. */
export function rememberHandshake(client: object, request: RequestLike): void {
  requests.set(client, request);
}

/** Finds the request of a client; `undefined` if it was not remembered and the client does not have it. */
export function findHandshake(client: unknown): RequestLike | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  const request = requests.get(client) ?? ('request' in client ? client.request : undefined);
  if (!isRequest(request)) return undefined;
  const { headers, rawHeaders, socket } = request;
  const handshake = { method: 'GET', headers, rawHeaders, socket, session: readServerSession(request) };
  return 'handshake' in client ? addToken(handshake, readOwnMember(client.handshake, 'auth')) : handshake;
}

// Socket.IO's `auth`, because browsers cannot set headers there. It counts as a bearer token: a browser never adds it itself.
function addToken(handshake: RequestLike, auth: unknown): RequestLike {
  const token = readOwnMember(auth, 'token');
  if (token === undefined || token === null || token === '') return handshake;
  const bearer = readBearer(handshake);
  if (bearer === token) return handshake;
  // Two different tokens, or a token that is not a string: rejected as malformed.
  const isOne = bearer === undefined && typeof token === 'string';
  const authorization = isOne ? `Bearer ${token}` : 'Bearer';
  return { ...handshake, headers: { ...handshake.headers, authorization } };
}

// The application's server-side session, if its middleware runs for the upgrade, too.
function readServerSession(request: object): unknown {
  return 'session' in request ? request.session : undefined;
}

function isRequest(value: unknown): value is RequestLike {
  if (typeof value !== 'object' || value === null || !('headers' in value)) return false;
  return typeof value.headers === 'object' && value.headers !== null;
}
