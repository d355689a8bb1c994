// The part of a request that is read, independent of the framework, and its Authorization header.
import { DescopeCredentialError } from '../errors.js';

/**
 * The part of a request that this package reads. Express's request and Node's `IncomingMessage` have this shape; Fastify's
 * requests, handshakes and messages are converted to it.
 */
export interface RequestLike {
  /** The HTTP method, in upper case. */
  readonly method?: string | undefined;
  /** The headers by name in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values of the headers in turn, as received: they show headers that `headers` merged or dropped. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** The connection, with the address of the direct peer. */
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** The address of the client, by the proxy settings of the framework. */
  readonly ip?: string | undefined;
  /** The path and query of the request; where a router has changed it, that of the router. */
  readonly url?: string | undefined;
  /** The path and query as the client sent them, where a framework keeps them. */
  readonly originalUrl?: string | undefined;
  /** The server-side session of `express-session` or `@fastify/session`, if there is one. */
  readonly session?: unknown;
}

/** Reads a header; several values in a list are joined (RFC 9110 §5.3). */
export function readHeader(request: RequestLike, name: string, separator = ', '): string | undefined {
  const headers = readHeaders(request);
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return typeof value === 'string' || value === undefined ? value : value.join(separator);
}

/** Reads the headers of a request, by the look-up that costs least where each request has its own hidden class, as on Express. */
export function readHeaders(request: RequestLike): RequestLike['headers'] {
  return Reflect.get<RequestLike, 'headers'>(request, 'headers');
}

/**
 * Reads the host of a request. HTTP/2 sends it as `:authority`, which has priority over `Host`; if the two differ,
 * neither counts (RFC 9113 §8.3.1).
 */
export function readHost(request: RequestLike): string | undefined {
  const host = readHeader(request, 'host');
  const authority = readHeader(request, ':authority');
  if (authority === undefined || host === undefined) return authority ?? host;
  return authority.toLowerCase() === host.toLowerCase() ? authority : undefined;
}

/** Reads the path as the client sent it, without the query; `undefined` where there is none, as for a socket or a message. */
export function readPath({ url, originalUrl = url }: RequestLike): string | undefined {
  const path = /^\/[^?#]*/.exec(originalUrl ?? '');
  return path?.[0];
}

/** Counts how often a header was sent, even if `headers` keeps only one value. */
export function countHeader(request: RequestLike, name: string): number {
  const raw = request.rawHeaders;
  if (raw === undefined) return readHeader(request, name) === undefined ? 0 : 1;
  let count = 0;
  for (let index = 0; index < raw.length; index += 2) {
    const candidate = raw[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) count += 1;
  }
  return count;
}

// The Authorization header: one credential, or none (RFC 6750 §2.1, RFC 9449 §7.1).

/** The name of an authentication scheme whose credential is a token. */
export type TokenScheme = 'Bearer' | 'DPoP';

/** The patterns of a scheme. */
interface SchemePatterns {
  /** RFC 9110 §11.1 and §11.2: scheme, spaces, token68. */
  readonly whole: RegExp;
  /** A header that only starts like that is malformed, not absent. */
  readonly start: RegExp;
  readonly inList: RegExp;
}

const PATTERNS: Readonly<Record<TokenScheme, SchemePatterns>> = {
  Bearer: {
    whole: /^bearer +/i,
    start: /^bearer(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i,
    inList: /,\s*bearer(?:\s|$)/i,
  },
  DPoP: {
    whole: /^dpop +/i,
    start: /^dpop(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i,
    inList: /,\s*dpop(?:\s|$)/i,
  },
};
const SEPARATORS = [' ', ',', '\t', '"'];

/**
 * Reads the bearer token; a header with another scheme is ignored. The characters of the token are checked when it is
 * decoded. Throws `CREDENTIAL_MALFORMED` for a bearer header that has not exactly one credential.
 */
export function readBearer(request: RequestLike): string | undefined {
  return readToken(request, 'Bearer');
}

/** Reads the token of the scheme `DPoP`, as `readBearer` does that of `Bearer`. Throws `CREDENTIAL_MALFORMED`. */
export function readDpopToken(request: RequestLike): string | undefined {
  return readToken(request, 'DPoP');
}

function readToken(request: RequestLike, name: TokenScheme): string | undefined {
  const header = readHeader(request, 'authorization');
  if (header === undefined) return undefined;
  if (countHeader(request, 'authorization') > 1)
    throw malformed('The request has more than one Authorization header.');
  if (header === '') return undefined;
  const { whole, start, inList } = PATTERNS[name];
  const scheme = whole.exec(header);
  if (scheme !== null) return readOne(header.slice(scheme[0].length), name);
  if (start.test(header) || inList.test(header)) throw notOne(name);
  return undefined;
}

// One separator at a time: a pattern over a whole token takes longer than the rest of the request pipeline for a cached
// token.
function readOne(token: string, name: TokenScheme): string {
  if (token === '' || SEPARATORS.some((separator) => token.includes(separator))) throw notOne(name);
  return token;
}

function notOne(name: TokenScheme): DescopeCredentialError {
  return malformed(`The Authorization header is not of the form "${name} <token>".`);
}

function malformed(message: string): DescopeCredentialError {
  return new DescopeCredentialError('CREDENTIAL_MALFORMED', message);
}
