// Execution context → call: its transport, its request and response, its user and parameters, and the origin of its cookies.
import type { ExecutionContext, HttpException } from '@nestjs/common';
import { DescopeAccessError } from '../../core/errors.js';
import type { OriginConfig } from '../../core/http/origin.js';
import { assertFromOwnPage, assertOurs } from '../../core/http/origin.js';
import type { RequestLike } from '../../core/http/request.js';
import { readHeaders } from '../../core/http/request.js';
import { attempt, isThenable, isYes } from '../../core/maybe-promise.js';
import type { Application } from '../applications.js';
import { claimContext, findApplications, preferRunning } from '../applications.js';
import { toNestError } from '../http-error.js';
import type { ResponseWriter } from '../response-headers.js';
import { toResponseLike } from '../response-headers.js';
import { graphqlTransport } from './graphql.js';
import type { DescopeTransport } from './transport.js';
import { httpTransport } from './transport.js';
import { websocketTransport } from './websocket.js';

/** A request as handlers see it: on Express it is Node's own, on Fastify a wrapper of it. */
export interface ContextRequest {
  /** Node's own request, on Fastify. */
  readonly raw?: RequestLike & { user?: unknown };
  /** The path and query of the request, before any change by a router. */
  readonly originalUrl?: string;
  /** The user, for code that expects it here. The guard writes it, and this package never reads it to authenticate. */
  user?: unknown;
}

/** A request and its response. */
export interface HttpCall {
  /** The request as handlers see it. */
  readonly request: ContextRequest;
  /** Node's own request, or an object like it. Credentials and headers are read from it. */
  readonly headers: RequestLike;
  /**
   * The writer of the response's headers; `undefined` if the response has none.
   * @internal
   */
  readonly response: ResponseWriter | undefined;
  /** The key of the request's state: Node's own request, which is the same in Fastify's middleware and in the guard. */
  readonly key: object;
}

/**
 * One call of a handler, opened once in each guard and parameter decorator. Its request is found when a member is first read.
 * @throws {DescopeAccessError} TRANSPORT_UNKNOWN when `request`, `headers` or `key` is read and the transport finds no request
 */
export interface DescopeCall extends HttpCall {
  /** Nest's execution context of the call. */
  readonly context: ExecutionContext;
  /** The transport of the context's type; `undefined` for an unknown type. */
  readonly transport: DescopeTransport | undefined;
  /** The key of this call's own state, if its request has several calls; `undefined` if it has one. */
  readonly ownKey: object | undefined;
}

/** A call, and the applications of this process that it may belong to. */
export interface OpenCall extends DescopeCall {
  readonly applications: readonly Application[];
}

/** Opens a call: for the application of the guard, or without one for the applications that it may belong to. */
export function openCall(context: ExecutionContext, application?: Application): OpenCall {
  const type = context.getType<string>();
  if (application === undefined) {
    const applications = findApplications(context);
    return new OpenedCall(context, applications, findTransport(type, applications));
  }
  claimContext(context, application);
  return new OpenedCall(context, [application], application.transports.get(type) ?? OWN.get(type));
}

/** Opens the request and response of middleware or of a mounted route. */
export function openHttpCall(request: ContextRequest, response: unknown): HttpCall {
  return {
    request,
    headers: toRequestLike(request),
    response: toResponseLike(response),
    key: toKey(request),
  };
}

class OpenedCall implements OpenCall {
  #request: ContextRequest | undefined;
  #key: object | undefined; // Node's own request
  #headers: RequestLike | undefined;
  #response: ResponseWriter | null | undefined; // null if it has none

  constructor(
    readonly context: ExecutionContext,
    readonly applications: readonly Application[],
    readonly transport: DescopeTransport | undefined,
  ) {}

  get request(): ContextRequest {
    return this.#request ?? this.#find();
  }

  get headers(): RequestLike {
    const { request, key } = this;
    return (this.#headers ??= key === request ? (request as RequestLike) : toRequestLike(request));
  }

  get response(): ResponseWriter | undefined {
    if (this.#response === undefined)
      this.#response = toResponseLike(this.transport?.findResponse?.(this.context)) ?? null;
    return this.#response ?? undefined;
  }

  get key(): object {
    if (this.#key === undefined) this.#find();
    return this.#key ?? this.request;
  }

  get ownKey(): object | undefined {
    return this.transport?.findCall?.(this.context);
  }

  #find(): ContextRequest {
    const request = this.transport?.findRequest(this.context);
    this.#key = readNode(request);
    if (this.#key === undefined) throw transportUnknown(this.context.getType());
    this.#request = request as ContextRequest;
    return this.#request;
  }
}

/** Finds the request of a call; `undefined` if there is none. */
export function findRequest({ transport, context }: DescopeCall): ContextRequest | undefined {
  const request = transport?.findRequest(context);
  return isRequest(request) ? request : undefined;
}

function transportUnknown(type: string): DescopeAccessError {
  const message = `AuthGuard cannot find the request in an execution context of the type "${type}", so it rejects every call. Set the option transports: [{ type: '${type}', findRequest }], or mark the handler @Public() if it is public.`;
  return new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type });
}

/**
 * Finds the key of the state of the request that the guard has checked, for a handler's parameters.
 * @throws {HttpException} TRANSPORT_UNKNOWN
 */
export function recallKey(call: DescopeCall): object {
  const { transport, context } = call;
  if (transport?.recallRequest === undefined) return readKeyOfParameters(call);
  const request = transport.recallRequest(context);
  return isRequest(request) ? toKey(request) : {}; // a key without state
}

// Outside the guard, the error must be an exception of Nest.
function readKeyOfParameters(call: DescopeCall): object {
  try {
    return call.key;
  } catch (error) {
    throw toNestError(error);
  }
}

/** Passes the user on to the handler of a call: on the request, and for its parameters. */
export function handOnUser(call: DescopeCall, user: unknown): void {
  call.transport?.keepRequest?.(call.context, call.request);
  writeUser(call, user);
}

/** Writes the user on the framework's request, and on Node's request that it wraps. */
export function writeUser({ request, key }: Pick<HttpCall, 'request' | 'key'>, user: unknown): void {
  request.user = user;
  if (key !== request) (key as ContextRequest).user = user;
}

/** Reads a parameter of a call; `undefined` if it has none of this name. */
export function readParam({ transport, context }: DescopeCall, name: string): unknown {
  return transport?.readParam?.(context, name);
}

/**
 * Asserts that a cookie counts in this call, whatever the method. A page of another site can open a socket with the same
 * cookies, so the handshake must name an origin of the application: browsers always send it (RFC 6455 §10.2).
 * @throws {DescopeAccessError} REQUEST_CROSS_SITE
 */
export function assertCallOrigin(call: DescopeCall, origins: OriginConfig): void {
  const { context, transport } = call;
  const type: string = context.getType();
  if (type === 'ws') {
    assertFromOwnPage(call.headers, origins);
    return;
  }
  // A session that is remembered from a safe call of the same request (a GraphQL batch) must not count for an unsafe call.
  if (transport?.isSafe !== undefined && !isYes(transport.isSafe(context))) assertOurs(call.headers, origins);
}

/** Converts an exception to the form that the call's transport throws. */
export function toTransportException({ transport, context }: DescopeCall, exception: HttpException): unknown {
  const form = transport?.toRejection === undefined ? exception : transport.toRejection(exception, context);
  if (!isThenable(form)) return form;
  // Nest does not await what is thrown, so a thrown promise would not be a rejection.
  attempt<unknown>(
    () => form,
    () => undefined,
  );
  return exception;
}

/**
 * Converts a framework's request to the one that the request pipeline reads: Node's own. Fastify keeps the server-side
 * session on its wrapper, and replaces it there when the session id changes.
 */
export function toRequestLike(request: ContextRequest): RequestLike {
  const node = unwrap(request) as RequestLike | undefined;
  if (node === undefined || node === request) return request as RequestLike;
  if (!('session' in request)) return node;
  const { method, url, originalUrl, headers, rawHeaders, socket } = node;
  return {
    method,
    url,
    originalUrl,
    headers,
    rawHeaders,
    socket,
    get session() {
      return request.session;
    },
  };
}

/** Returns the key of a request's state. */
export function toKey(request: object): object {
  const node = unwrap(request);
  return isObject(node) ? node : request;
}

/** Reads the request of a page with the URL that the browser requested; empty if the call has no HTTP request. */
export function readPageRequest(call: DescopeCall): RequestLike & { readonly url?: string | undefined } {
  const type: string = call.context.getType();
  const request = type === 'http' ? findRequest(call) : undefined;
  if (request === undefined) return { headers: {} };
  const { method, headers } = toRequestLike(request);
  return { method, headers, url: request.originalUrl };
}

// Node's own request, which Fastify's request has as `raw`.
function unwrap(request: object): unknown {
  return hasRaw(request) ? request.raw : request;
}

const rawPrototypes = new WeakMap<object, boolean>();

// Checks `'raw' in request`. Express gives each request its own shape, so that a missing member is looked up again each time,
// through four prototypes. Here each prototype is checked once.
function hasRaw(request: object): request is { readonly raw: unknown } {
  if (Object.hasOwn(request, 'raw')) return true;
  const prototype = Object.getPrototypeOf(request) as object | null;
  if (prototype === null) return false;
  const known = rawPrototypes.get(prototype);
  if (known !== undefined) return known;
  const isInherited = 'raw' in prototype;
  rawPrototypes.set(prototype, isInherited);
  return isInherited;
}

function isRequest(value: unknown): value is ContextRequest {
  return readNode(value) !== undefined;
}

// Node's own request, or one like it, of a framework's; `undefined` for what is none.
function readNode(request: unknown): object | undefined {
  const node = isObject(request) ? unwrap(request) : undefined;
  return isObject(node) && isObject(readHeaders(node as RequestLike)) ? node : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

// The transports: those of the package, and those of the application's option `transports`.

const OWN: ReadonlyMap<string, DescopeTransport> = new Map(
  [httpTransport, graphqlTransport, websocketTransport].map((transport) => [transport.type, transport]),
);

/**
 * Finds the transport of a type; one of the option `transports` replaces the package's own. If the call may belong to several
 * applications that run, with different ones, there is none.
 */
export function findTransport(
  type: string,
  applications: readonly Application[],
): DescopeTransport | undefined {
  const [first, ...others] = preferRunning(applications);
  const taught = first?.transports.get(type);
  if (others.some(({ transports }) => transports.get(type) !== taught)) return undefined;
  return taught ?? OWN.get(type);
}
