// Execution context → call: what our own functions know of it. A transport that is not known has no request, and then the
// guard rejects.
import type { ExecutionContext, HttpException } from '@nestjs/common';
import { DescopeAccessError } from '../../core/errors.js';
import type { OriginConfig } from '../../core/http/origin.js';
import { assertFromOwnPage, assertOurs } from '../../core/http/origin.js';
import type { RequestLike } from '../../core/http/request.js';
import { attempt, isThenable, isYes } from '../../core/maybe-promise.js';
import type { Application } from '../applications.js';
import { claimContext, findApplications } from '../applications.js';
import { toNestError } from '../http-error.js';
import type { ResponseWriter } from '../response-headers.js';
import { toResponseLike } from '../response-headers.js';
import { graphqlTransport } from './graphql.js';
import type { DescopeTransport } from './transport.js';
import { httpTransport } from './transport.js';
import { websocketTransport } from './websocket.js';

/** A request as handlers see it: Express's is Node's own, Fastify's wraps it as `raw`. */
export interface ContextRequest {
  readonly raw?: RequestLike & { user?: unknown };
  /** The address as it was asked for; Express and Fastify both keep it. */
  readonly originalUrl?: string;
  /** Set by the guard for code that expects it there. Written only, never read. */
  user?: unknown;
}

/** A request and its response, as our own functions are handed them. */
export interface HttpCall {
  /** The request as handlers see it. */
  readonly request: ContextRequest;
  /** Node's own request, or one like it: what credentials and headers are read from. */
  readonly headers: RequestLike;
  /**
   * What the headers of the response are written to; `undefined` where it has none.
   * @internal
   */
  readonly response: ResponseWriter | undefined;
  /** By what state is kept: Node's own request, the same for Fastify's middleware and for its guard. */
  readonly key: object;
}

/**
 * One call that Nest makes of a handler, opened once in each callback (guard, parameter decorator). Its request is looked
 * for when it is first asked for. Throws `TRANSPORT_UNKNOWN` then, where there is none to be found.
 */
export interface DescopeCall extends HttpCall {
  /** Nest's own view of the call, for rules and transports of the application. */
  readonly context: ExecutionContext;
  /** How the call came; `undefined` for a kind of context that nobody has taught. */
  readonly transport: DescopeTransport | undefined;
  /** By what the state of this call alone is kept, where a request makes several; `undefined` where it makes one. */
  readonly ownKey: object | undefined;
}

/** A call, and the applications of this process that it may belong to. */
export interface OpenCall extends DescopeCall {
  readonly applications: readonly Application[];
}

/** Opens a call; for the application whose guard is asked, else for those that it may belong to. */
export function openCall(context: ExecutionContext, application?: Application): OpenCall {
  const type = context.getType<string>();
  if (application === undefined) {
    const applications = findApplications(context);
    return new OpenedCall(context, applications, findTransport(type, applications));
  }
  claimContext(context, application);
  return new OpenedCall(context, [application], application.transports.get(type) ?? OWN.get(type));
}

/** Opens what middleware and mounted routes are handed. */
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
  #key: object | undefined;
  #headers: RequestLike | undefined;
  #response: ResponseWriter | null | undefined; // null where it has none

  constructor(
    readonly context: ExecutionContext,
    readonly applications: readonly Application[],
    readonly transport: DescopeTransport | undefined,
  ) {}

  get request(): ContextRequest {
    return (this.#request ??= readRequest(this));
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
    return (this.#key ??= toKey(this.request));
  }

  get ownKey(): object | undefined {
    return this.transport?.findCall?.(this.context);
  }
}

/** Finds the request of a call; `undefined` where there is none to be found. */
export function findRequest({ transport, context }: DescopeCall): ContextRequest | undefined {
  const request = transport?.findRequest(context);
  return isRequest(request) ? request : undefined;
}

function readRequest(call: DescopeCall): ContextRequest {
  const request = findRequest(call);
  if (request !== undefined) return request;
  const type: string = call.context.getType();
  const message = `The guard knows no request in a context of the type "${type}", so it lets nobody through. Teach it by the option transports: [{ type: '${type}', findRequest }], or mark the handler @Public() if that is what it is.`;
  throw new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type });
}

/**
 * Finds by what the state of the request is kept that the guard has judged, for a handler's parameters. Throws
 * `TRANSPORT_UNKNOWN`.
 */
export function recallKey(call: DescopeCall): object {
  const { transport, context } = call;
  if (transport?.recallRequest === undefined) return readKeyOfParameters(call);
  const request = transport.recallRequest(context);
  return isRequest(request) ? toKey(request) : {}; // of which nothing is known
}

// No guard of ours is there to answer it.
function readKeyOfParameters(call: DescopeCall): object {
  try {
    return call.key;
  } catch (error) {
    throw toNestError(error);
  }
}

/** Hands the user on to the handler of a call: where code of others looks for it, and where its parameters find it. */
export function handOnUser(call: DescopeCall, user: unknown): void {
  call.transport?.keepRequest?.(call.context, call.request);
  writeUser(call, user);
}

/** Writes the user on the framework's request, and on the one of Node that it wraps. */
export function writeUser({ request, key }: Pick<HttpCall, 'request' | 'key'>, user: unknown): void {
  request.user = user;
  if (key !== request) (key as ContextRequest).user = user;
}

/** Reads a parameter of a call; `undefined` where it has none of that name. */
export function readParam({ transport, context }: DescopeCall, name: string): unknown {
  return transport?.readParam?.(context, name);
}

/**
 * Asserts that what a browser sends by itself counts in this call, whatever the method. One page's socket carries
 * all that another's would, so it must say that it is ours: browsers always tell (RFC 6455 §10.2). Throws `REQUEST_CROSS_SITE`.
 */
export function assertCallOrigin(call: DescopeCall, origins: OriginConfig): void {
  const { context, transport } = call;
  const type: string = context.getType();
  if (type === 'ws') {
    assertFromOwnPage(call.headers, origins);
    return;
  }
  // Remembered from a safe call of the same request (a GraphQL batch), it must not count for one that is not.
  if (transport?.isSafe !== undefined && !isYes(transport.isSafe(context))) assertOurs(call.headers, origins);
}

/** Brings an exception to the form that the transport of a call throws. */
export function toTransportException({ transport, context }: DescopeCall, exception: HttpException): unknown {
  const form = transport?.toRejection === undefined ? exception : transport.toRejection(exception, context);
  if (!isThenable(form)) return form;
  // Nobody waits for what is thrown, and a promise of it would be no rejection.
  attempt<unknown>(
    () => form,
    () => undefined,
  );
  return exception;
}

/**
 * Brings a framework's request to what the request pipeline reads: Node's own request. Fastify keeps the server-side session on
 * its wrapper, and replaces it there when the id is refreshed.
 */
export function toRequestLike(request: ContextRequest): RequestLike {
  const node = unwrap(request) as RequestLike | undefined;
  if (node === undefined || node === request) return request as RequestLike;
  if (!('session' in request)) return node;
  const { method, headers, rawHeaders, socket } = node;
  return {
    method,
    headers,
    rawHeaders,
    socket,
    get session() {
      return request.session;
    },
  };
}

/** Finds by what the state of a request is kept. */
export function toKey(request: object): object {
  const node = unwrap(request);
  return isObject(node) ? node : request;
}

/** The request of a page with the address that the browser asked for; nothing where a call has no HTTP request. */
export function readPageRequest(call: DescopeCall): RequestLike & { readonly url?: string | undefined } {
  const type: string = call.context.getType();
  const request = type === 'http' ? findRequest(call) : undefined;
  if (request === undefined) return { headers: {} };
  const { method, headers } = toRequestLike(request);
  return { method, headers, url: request.originalUrl };
}

// Node's own request in a framework's, which keeps it as `raw`.
function unwrap(request: object): unknown {
  return hasRaw(request) ? request.raw : request;
}

const rawPrototypes = new WeakMap<object, boolean>();

// `'raw' in request`. Express gives each request a shape of its own, so that what it has not is looked for anew, four
// prototypes up; of a prototype that is asked once.
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
  if (!isObject(value)) return false;
  const node = unwrap(value);
  return isObject(node) && 'headers' in node && isObject(node.headers);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

// The transports that a call's application knows: those of the package, and those that it was taught.

const OWN: ReadonlyMap<string, DescopeTransport> = new Map(
  [httpTransport, graphqlTransport, websocketTransport].map((transport) => [transport.type, transport]),
);

/**
 * Finds the transport of a type; one that the application taught goes before the package's own of that type. Where a
 * call may belong to several applications that were taught different ones, there is none to be believed.
 */
export function findTransport(
  type: string,
  applications: readonly Application[],
): DescopeTransport | undefined {
  const taught = applications[0]?.transports.get(type);
  if (applications.some(({ transports }) => transports.get(type) !== taught)) return undefined;
  return taught ?? OWN.get(type);
}
