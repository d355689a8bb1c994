// A request to a mounted route with its body and refresh token, and its response, the same for Express and Fastify.
import type { ModuleRef } from '@nestjs/core';
import { respondWithError } from '../auth/error-response.js';
import { keepPrivate } from '../auth/response-headers.js';
import type { ContextRequest } from '../auth/transports/call.js';
import { openHttpCall } from '../auth/transports/call.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeCredentialError, DescopeRequestError } from '../core/errors.js';
import { ambiguousCookie } from '../core/http/cookies.js';
import { readHeader } from '../core/http/request.js';
import type { HttpExchange, TokenStore } from '../core/http/token-store.js';
import type { Notify } from '../core/logging.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions, SignInServices } from '../core/session/auto-refresh.js';
import type { JsonObject } from '../core/token/claims.js';
import { isJsonObject, readOwn } from '../core/token/claims.js';
import type { DescopeRoutesOptions } from './routes.options.js';

/** A request to a route. */
export interface RouteCall {
  readonly exchange: HttpExchange;
  /** The framework's request, for `loadUser`. */
  readonly request: ContextRequest;
  /** The key of the request's state. */
  readonly key: object;
  /** The path as the browser sent it, without the query. */
  readonly path: string;
  readonly body: unknown;
  readonly query: Readonly<Record<string, unknown>>;
}

/** What the routes of an application are created from. */
export interface RouteParts {
  readonly options: DescopeRoutesOptions;
  readonly config: DescopeConfig;
  readonly sessions: Sessions & SignInServices;
  readonly authenticator: Authenticator;
  readonly modules: ModuleRef;
}

/** The response of a route. A body that is an object is sent as JSON. */
export interface RouteResponse {
  readonly status: number;
  readonly body?: object | string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The part of Express's response and of Fastify's reply that both have. */
export interface FrameworkResponse {
  status(code: number): FrameworkResponse;
  send(body?: unknown): unknown;
}

/** The part of a framework's request that routes read. */
export interface FrameworkRequest extends ContextRequest {
  readonly originalUrl?: string;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, unknown>>;
}

/** How a route runs, and where its rejections are logged. */
export interface RouteExecution {
  readonly run: (call: RouteCall) => RouteResponse | Promise<RouteResponse>;
  readonly notify: Notify;
}

/**
 * Sends the response that `run` returns, which no cache may keep unless it says so.
 * @throws the error of `run` as an HTTP exception
 */
export async function respond(
  request: FrameworkRequest,
  response: FrameworkResponse,
  { run, notify }: RouteExecution,
): Promise<void> {
  const call = openHttpCall(request, response);
  const writer = call.response;
  if (writer === undefined) throw new TypeError('The routes of DescopeModule need an HTTP response.');
  const exchange = { request: call.headers, response: writer };
  try {
    const result = await run({ exchange, request, key: call.key, ...readInput(request) });
    if (result.headers?.['Cache-Control'] === undefined) keepPrivate(writer);
    for (const [name, value] of Object.entries(result.headers ?? {})) writer.set(name, value);
    response.status(result.status).send(result.body);
  } catch (error) {
    keepPrivate(writer);
    throw respondWithError(call, error, { notify });
  }
}

function readInput(request: FrameworkRequest): Pick<RouteCall, 'path' | 'body' | 'query'> {
  // RFC 9112 §3.2.2: the request target may be a whole URL, whose host is not to be trusted.
  const path = /^(?:https?:\/\/[^/?#]*)?([^?#]*)/i.exec(request.originalUrl ?? '')?.[1] ?? '';
  return { path, body: request.body, query: { ...request.query } };
}

// The body of a request: JSON or a form, of the expected shape.

const TYPES = ['application/json', 'application/x-www-form-urlencoded'];

/** The tokens that a sign-in posts; one that is missing may be in Descope's own cookies. */
export interface PostedTokens {
  readonly sessionToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/**
 * Reads a body as an object.
 * @throws {DescopeRequestError} REQUEST_BODY_UNSUPPORTED, REQUEST_BODY_INVALID
 */
export function readBody(call: RouteCall): JsonObject {
  if (!TYPES.includes(readType(call))) throw unsupported('');
  if (!isJsonObject(call.body))
    throw invalid('an object (if it does, check that the body parser of the application is on)');
  return call.body;
}

/**
 * Rejects a body that the framework has no parser for.
 * @throws {DescopeRequestError} REQUEST_BODY_UNSUPPORTED
 */
export function rejectBody(call: RouteCall): never {
  throw unsupported(TYPES.includes(readType(call)) ? UNREAD : '');
}

/**
 * Reads `{ sessionJwt, refreshJwt }`, or the form `DS` and `DSR` that `django-descope` posts.
 * @throws {DescopeRequestError} REQUEST_BODY_INVALID
 */
export function readPostedTokens(body: JsonObject): PostedTokens {
  return {
    sessionToken: readPosted(body, ['sessionJwt', 'DS']),
    refreshToken: readPosted(body, ['refreshJwt', 'DSR']),
  };
}

/**
 * Reads a string that must be present.
 * @throws {DescopeRequestError} REQUEST_BODY_INVALID
 */
export function requireString(body: JsonObject, name: string): string {
  const value = readOwn(body, name);
  if (typeof value !== 'string' || value.trim() === '' || value.length > 512)
    throw invalid(`a string "${name}"`);
  return value;
}

// Where Descope manages cookies itself, an empty string means that the token is in its cookie. A page without a token
// posts "undefined", which is reported and not stored.
function readPosted(body: JsonObject, names: readonly string[]): string | undefined {
  const name = names.find((candidate) => Object.hasOwn(body, candidate));
  if (name === undefined) return undefined;
  const value = body[name];
  if (value === '') return undefined;
  const isAbsent = typeof value !== 'string' || ['', 'undefined', 'null'].includes(value.trim());
  if (isAbsent) throw invalid(`a token as "${name}". Leave "${name}" out if there is no token`);
  return value;
}

function readType({ exchange }: RouteCall): string {
  const header = readHeader(exchange.request, 'content-type') ?? '';
  return (/^[^;]*/.exec(header)?.[0] ?? '').trim().toLowerCase();
}

const UNREAD =
  ' The request has one of these types, but the application has no parser for it. Leave bodyParser on, add a parser (addContentTypeParser, or @fastify/formbody), or send application/json.';

function unsupported(why: string): DescopeRequestError {
  const message = `The body must be ${TYPES.join(' or ')}.${why}`;
  return new DescopeRequestError('REQUEST_BODY_UNSUPPORTED', message);
}

function invalid(wants: string): DescopeRequestError {
  return new DescopeRequestError('REQUEST_BODY_INVALID', `The body must contain ${wants}.`);
}

/**
 * Reads the refresh token, and expires contradictory cookies.
 * @throws {DescopeCredentialError} SESSION_MISSING, or REFRESH_TOKEN_MISSING where the client has sent a session token itself
 * @throws {DescopeCredentialError} COOKIE_AMBIGUOUS
 */
export function requireRefreshToken(exchange: HttpExchange, tokenStore: TokenStore, isSent: boolean): string {
  const reading = tokenStore.readRefreshToken(exchange.request);
  if (reading.kind === 'value') return reading.value;
  if (reading.kind === 'absent') {
    const code = isSent ? 'REFRESH_TOKEN_MISSING' : 'SESSION_MISSING';
    throw new DescopeCredentialError(code, 'The request has no refresh token.');
  }
  tokenStore.clearAmbiguous(exchange);
  throw ambiguousCookie();
}
