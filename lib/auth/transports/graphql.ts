// GraphQL: the contexts of Apollo and Mercurius, over HTTP and over the socket of subscriptions.
import type { ExecutionContext } from '@nestjs/common';
import { HttpException } from '@nestjs/common';
import type { RequestLike } from '../../core/http/request.js';
import type { DescopeTransport } from './transport.js';
import { readOwnMember } from './transport.js';

/** A resolver's arguments; `own` is the GraphQL context of the application. */
interface ResolverCall {
  readonly args: unknown;
  readonly own: Members;
  readonly info: Members;
}

type Members = Readonly<Record<string, unknown>>;

/** The transport of GraphQL operations. */
export const graphqlTransport: DescopeTransport = {
  type: 'graphql',
  findRequest,
  findResponse,
  findCall: (context) => toObject(readCall(context).info),
  readParam: (context, name) => readOwnMember(readCall(context).args, name),
  isSafe: (context) => toMembers(readCall(context).info['operation'])['operation'] === 'query',
  toRejection,
};

// A reference resolver of a federation (`@ResolveReference`) is called without an object of arguments.
function readCall(context: ExecutionContext): ResolverCall {
  const given = context.getArgs<unknown[]>();
  const [args, own, info] = given.length === 3 ? [undefined, given[1], given[2]] : given.slice(1);
  return { args, own: toMembers(own), info: toMembers(info) };
}

function findRequest(context: ExecutionContext): unknown {
  const { own, info } = readCall(context);
  const request = findCarrier(own);
  if (!isUpgrade(request) && !('extra' in toMembers(request))) return request;
  const operation = toObject(info['variableValues']) ?? own; // a new object for each execution, which the context is not always
  return toOperationRequest({ ...toSocket(request, own), socket: toObject(request) ?? own, operation });
}

// Mercurius adds its reply to the application's own context. If that is one object for all requests, it may have the request
// of another caller: then no request is used.
function findCarrier(own: Members): unknown {
  const { req, request } = own;
  const replied = toMembers(own['reply'])['request'];
  if (replied !== undefined && req !== undefined && toNode(replied) !== toNode(req)) return undefined;
  if ('extra' in own && 'connectionParams' in own) return own; // graphql-ws's context, passed on unchanged
  return req ?? replied ?? request;
}

// graphql-ws keeps the upgrade under `extra` and the client's first message as `connectionParams`, Mercurius keeps that
// message as `_connectionInit`.
function toSocket(carrier: unknown, own: Members): { upgrade: unknown; params: unknown } {
  const { extra, connectionParams } = toMembers(carrier);
  if (extra !== undefined) return { upgrade: toMembers(extra)['request'], params: connectionParams };
  const first = own['_connectionInit'] ?? own['connectionParams'];
  return { upgrade: carrier, params: toMembers(first)['headers'] ?? first };
}

// Apollo's own context has no response, but Express's request has.
function findResponse(context: ExecutionContext): unknown {
  const { own } = readCall(context);
  const response = own['res'] ?? own['reply'] ?? toMembers(own['req'])['res'];
  const { headersSent, sent } = toMembers(response);
  return headersSent === true || sent === true ? undefined : response;
}

const CODES: ReadonlyMap<number, string> = new Map([
  [400, 'BAD_REQUEST'],
  [401, 'UNAUTHENTICATED'],
  [403, 'FORBIDDEN'],
]);

// As Nest's Apollo driver formats it (`autoTransformHttpErrors`), so that Mercurius and subscriptions respond the same way.
function toRejection(rejection: unknown): unknown {
  if (!(rejection instanceof HttpException)) return rejection;
  const status = rejection.getStatus();
  const code = CODES.get(status);
  const known = code === undefined ? { code: 'INTERNAL_SERVER_ERROR', status } : { code };
  return Object.assign(rejection, { extensions: { ...known, originalError: rejection.getResponse() } });
}

// Fastify's request wraps Node's.
function toNode(request: unknown): unknown {
  return toMembers(request)['raw'] ?? request;
}

function toObject(value: unknown): object | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}

function toMembers(value: unknown): Members {
  return (toObject(value) ?? {}) as Members;
}

// One operation over the socket of subscriptions, as a separate request: it is authenticated when it is sent, and not once
// when the socket was opened.

/** The request that opened a socket, the parameters of the client's first message, and the current operation. */
export interface SocketOperation {
  /** An object that is the same for all operations of this socket, and of no other. */
  readonly socket: object;
  readonly upgrade: unknown;
  readonly params: unknown;
  /** An object that is new for each operation. */
  readonly operation: object;
}

type Requests = WeakMap<object, WeakMap<object, RequestLike>>;
type Headers = RequestLike['headers'];
type Node = Partial<RequestLike>;

// One map for all copies of the package in a process: a decorator of one must find the request that a guard of another used.
const OPERATIONS = Symbol.for('nestjs-descope:graphql-operations');
const shared = globalThis as { [OPERATIONS]?: Requests };
const memory: Requests = (shared[OPERATIONS] ??= new WeakMap());

const AUTHORIZATION = 'authorization';
const MALFORMED = 'Bearer';

/** Checks whether a request opens a WebSocket (RFC 6455 §4.1). */
export function isUpgrade(request: unknown): boolean {
  const { headers } = toSocketNode(request);
  return headers !== undefined && Object.hasOwn(headers, 'sec-websocket-key');
}

/** Creates the request of an operation, and returns the same one each time. */
export function toOperationRequest(given: SocketOperation): RequestLike {
  const ofSocket = memory.get(given.socket) ?? new WeakMap<object, RequestLike>();
  const known = ofSocket.get(given.operation);
  if (known !== undefined) return known;
  const request = toRequest(given, toSocketNode(given.upgrade));
  memory.set(given.socket, ofSocket.set(given.operation, request));
  return request;
}

// Without a method, a cookie counts only if a page of the application's own origins sent it.
function toRequest({ upgrade, params }: SocketOperation, node: Node): RequestLike {
  const { cookie, ...headers } = readSentHeaders(node);
  const credentials = readCredentials(node, params);
  const request: RequestLike = {
    headers: { ...headers, authorization: credentials[0] },
    // Two credentials are malformed, and so are two access keys in their own header.
    rawHeaders: [...listOthers(node), ...credentials.flatMap((value) => [AUTHORIZATION, value])],
    socket: node.socket,
  };
  // Browsers always send `Origin` with a WebSocket (RFC 6455 §4.1). If it is missing, it may have been removed.
  if (!Object.hasOwn(headers, 'origin')) return request;
  return { ...request, headers: { ...request.headers, cookie }, session: readServerSession(upgrade) };
}

// Mercurius adds the parameters of the client's first message to the headers: a page of another site could add headers there
// that its browser did not send, such as Sec-Fetch-Site.
function readSentHeaders({ headers = {}, rawHeaders }: Node): Record<string, Headers[string]> {
  const sent = rawHeaders && new Set(rawHeaders.map(toLowerName));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => sent?.has(name) ?? true));
}

// A browser may attach Basic credentials to the upgrade. If the first message has a token, only bearer tokens of the upgrade
// count beside it.
function readCredentials(node: Node, params: unknown): readonly string[] {
  const said = Object.entries(isObject(params) ? params : {})
    .filter(([name, value]) => name.toLowerCase() === AUTHORIZATION && value !== null && value !== undefined)
    .map(([, value]: [string, unknown]) => (typeof value === 'string' ? value : MALFORMED));
  const sent = readSentCredentials(node);
  return said.length === 0 ? sent : [...sent.filter((value) => /^bearer\b/i.test(value)), ...said];
}

function readSentCredentials({ headers = {}, rawHeaders }: Node): readonly string[] {
  const { authorization } = headers;
  if (rawHeaders === undefined) return authorization === undefined ? [] : [authorization].flat();
  return rawHeaders.filter(
    (_value, index) => toLowerName(rawHeaders[index - 1] ?? '', index - 1) === AUTHORIZATION,
  );
}

// The headers that are not credentials, as often as they were sent.
function listOthers({ headers = {}, rawHeaders }: Node): readonly string[] {
  const listed = Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().flatMap((text) => [name, text]),
  );
  const sent = rawHeaders ?? listed;
  return sent.filter((_text, index) => sent[index - (index % 2)]?.toLowerCase() !== AUTHORIZATION);
}

// Names and values alternate; a value is not a name.
function toLowerName(text: string, index: number): string {
  return index % 2 === 0 ? text.toLowerCase() : '';
}

function readServerSession(upgrade: unknown): unknown {
  return isObject(upgrade) && 'session' in upgrade ? upgrade.session : undefined;
}

// Fastify's request wraps Node's.
function toSocketNode(request: unknown): Node {
  if (!isObject(request)) return {};
  return 'raw' in request && isObject(request.raw) ? request.raw : request;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
