// Execution context → request. A transport that is not known has none, and then the guard rejects.
import type { ExecutionContext } from '@nestjs/common';
import { DescopeAccessError } from '../../core/errors.js';
import type { OriginConfig } from '../../core/http/origin.js';
import { assertFromOwnPage, assertOurs } from '../../core/http/origin.js';
import type { RequestLike } from '../../core/http/request.js';
import { isYes } from '../../core/maybe-promise.js';
import { findApplications } from '../applications.js';
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

/** Finds the request that a context is about; `undefined` where there is none to be found. */
export function findContextRequest(context: ExecutionContext): ContextRequest | undefined {
  const request = findTransport(context)?.findRequest(context);
  return isRequest(request) ? request : undefined;
}

/** Finds the request that a context is about. Throws `TRANSPORT_UNKNOWN` where there is none to be found. */
export function readContextRequest(context: ExecutionContext): ContextRequest {
  const request = findContextRequest(context);
  if (request !== undefined) return request;
  const type: string = context.getType();
  const message = `The guard knows no request in a context of the type "${type}", so it lets nobody through. Teach it by the option transports: [{ type: '${type}', findRequest }], or mark the handler @Public() if that is what it is.`;
  throw new DescopeAccessError('TRANSPORT_UNKNOWN', message, { type });
}

/** Finds the request for a handler's parameters: the one that the guard has judged. Throws `TRANSPORT_UNKNOWN`. */
export function recallContextRequest(context: ExecutionContext): ContextRequest {
  const transport = findTransport(context);
  if (transport?.recallRequest === undefined) return readRequestOfParameters(context);
  const request = transport.recallRequest(context);
  return isRequest(request) ? request : { raw: { headers: {} } };
}

// No guard of ours is there to answer it.
function readRequestOfParameters(context: ExecutionContext): ContextRequest {
  try {
    return readContextRequest(context);
  } catch (error) {
    throw toNestError(error);
  }
}

/** Keeps the request of a call that may reach its handler, where its parameters could not find it otherwise. */
export function keepContextRequest(context: ExecutionContext, request: ContextRequest): void {
  findTransport(context)?.keepRequest?.(context, request);
}

/** Writes the user where code of others looks for it: on the framework's request, and on the one of Node that it wraps. */
export function writeUser(request: ContextRequest, user: unknown): void {
  request.user = user;
  if (request.raw !== undefined) request.raw.user = user;
}

/** Reads a parameter of the call that a context is about; `undefined` where it has none of that name. */
export function readContextParam(context: ExecutionContext, name: string): unknown {
  return findTransport(context)?.readParam?.(context, name);
}

/** Finds the response that a context will answer with, where it has headers. */
export function readContextResponse(context: ExecutionContext): ResponseWriter | undefined {
  return toResponseLike(findTransport(context)?.findResponse?.(context));
}

/**
 * Asserts that what a browser sends by itself counts in this context, whatever the method. One page's socket carries
 * all that another's would, so it must say that it is ours: browsers always tell (RFC 6455 §10.2). Throws `REQUEST_CROSS_SITE`.
 */
export function assertContextOrigin(
  context: ExecutionContext,
  request: ContextRequest,
  origins: OriginConfig,
): void {
  const type: string = context.getType();
  if (type === 'ws') return assertFromOwnPage(toRequestLike(request), origins);
  const transport = findTransport(context);
  // Remembered from a safe call of the same request (a GraphQL batch), it must not count for one that is not.
  if (transport?.isSafe !== undefined && !isYes(transport.isSafe(context)))
    assertOurs(toRequestLike(request), origins);
}

/** Finds what is made anew for each call, where a request makes several; `undefined` where it makes one. */
export function readContextCall(context: ExecutionContext): object | undefined {
  return findTransport(context)?.findCall?.(context);
}

/**
 * Brings a framework's request to what the request pipeline reads: Node's own request. Fastify keeps the server-side session on
 * its wrapper, and replaces it there when the id is refreshed.
 */
export function toRequestLike(request: ContextRequest): RequestLike {
  const { raw } = request;
  if (raw === undefined) return request as RequestLike;
  if (!('session' in request)) return raw;
  const { method, headers, rawHeaders, socket } = raw;
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

/** The request of a page with the address that the browser asked for; nothing where a context has no HTTP request. */
export function readPageRequest(
  context: ExecutionContext,
): RequestLike & { readonly url?: string | undefined } {
  const type: string = context.getType();
  const request = type === 'http' ? findTransport(context)?.findRequest(context) : undefined;
  if (!isRequest(request)) return { headers: {} };
  const { method, headers } = toRequestLike(request);
  return { method, headers, url: request.originalUrl };
}

function isRequest(value: unknown): value is ContextRequest {
  if (!isObject(value)) return false;
  const node: unknown = 'raw' in value ? value.raw : value;
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
 * Finds the transport of a context; one that the application taught goes before the package's own of that type. Where a
 * call may belong to several applications that were taught different ones, there is none to be believed.
 */
export function findTransport(context: ExecutionContext): DescopeTransport | undefined {
  const type = context.getType<string>();
  const applications = findApplications(context);
  const taught = applications[0]?.transports.get(type);
  if (applications.some(({ transports }) => transports.get(type) !== taught)) return undefined;
  return taught ?? OWN.get(type);
}
