// The body of a route's request: JSON or a form, small, and of the shape that is asked for.
import { DescopeRequestError } from '../../core/errors.js';
import { readHeader } from '../../core/transport/request-like.js';
import { isJsonObject, readOwn } from '../../core/token/claims.js';
import type { JsonObject } from '../../core/token/claims.js';
import type { RouteCall } from '../route-call.js';

const TYPES = ['application/json', 'application/x-www-form-urlencoded'];

/** The tokens that a sign-in brings; one that is missing may be in Descope's own cookies. */
export interface PostedTokens {
  readonly sessionToken: string | undefined;
  readonly refreshToken: string | undefined;
}

/** Reads a body as an object. Throws `REQUEST_BODY_UNSUPPORTED` or `REQUEST_BODY_INVALID`. */
export function readBody(call: RouteCall): JsonObject {
  if (!TYPES.includes(readType(call))) throw unsupported('');
  if (!isJsonObject(call.body))
    throw invalid('an object (if it does, the body parser of the application may be switched off)');
  return call.body;
}

/** Refuses a body that the framework has no parser for. Throws `REQUEST_BODY_UNSUPPORTED`. */
export function refuseBody(call: RouteCall): never {
  throw unsupported(TYPES.includes(readType(call)) ? UNREAD : '');
}

/** Reads `{ sessionJwt, refreshJwt }`, or the form `DS` and `DSR` that Django posts. Throws `REQUEST_BODY_INVALID`. */
export function readPostedTokens(body: JsonObject): PostedTokens {
  return {
    sessionToken: readPosted(body, ['sessionJwt', 'DS']),
    refreshToken: readPosted(body, ['refreshJwt', 'DSR']),
  };
}

/** Reads a text that must be there. Throws `REQUEST_BODY_INVALID`. */
export function requireText(body: JsonObject, name: string): string {
  const value = readOwn(body, name);
  if (typeof value !== 'string' || value.trim() === '' || value.length > 512)
    throw invalid(`a text "${name}"`);
  return value;
}

// An empty text is how Descope says, where it manages cookies itself, that a token is in its cookie. A page that posts
// what it does not have sends "undefined": told, not stored.
function readPosted(body: JsonObject, names: readonly string[]): string | undefined {
  const name = names.find((candidate) => Object.hasOwn(body, candidate));
  if (name === undefined) return undefined;
  const value = body[name];
  if (value === '') return undefined;
  const isNothing = typeof value !== 'string' || ['', 'undefined', 'null'].includes(value.trim());
  if (isNothing) throw invalid(`a token as "${name}"; leave it out where there is none`);
  return value;
}

function readType({ exchange }: RouteCall): string {
  const header = readHeader(exchange.request, 'content-type') ?? '';
  return (/^[^;]*/.exec(header)?.[0] ?? '').trim().toLowerCase();
}

const UNREAD =
  ' It is of such a type, and the application has no parser for it: leave bodyParser on, add one (addContentTypeParser, or @fastify/formbody), or send application/json.';

function unsupported(why: string): DescopeRequestError {
  const message = `The body must be ${TYPES.join(' or ')}.${why}`;
  return new DescopeRequestError('REQUEST_BODY_UNSUPPORTED', message);
}

function invalid(wants: string): DescopeRequestError {
  return new DescopeRequestError('REQUEST_BODY_INVALID', `The body must hold ${wants}.`);
}
