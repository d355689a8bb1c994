// The part of a request that is read, whatever framework it came through.
import { DescopeCredentialError } from '../errors.js';

/** The part of Node's `IncomingMessage` that is read. Express's request is one; Fastify's and others are brought to it. */
export interface RequestLike {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values as they came, alternating: they show what `headers` has merged or dropped. */
  readonly rawHeaders?: readonly string[] | undefined;
  readonly socket?: { readonly remoteAddress?: string | undefined } | undefined;
  /** The client's address, behind the proxies that the framework is configured to trust. */
  readonly ip?: string | undefined;
  /** The application's own server-side session, where a plugin put one. */
  readonly session?: unknown;
}

/** Reads a header; several values that a framework kept as a list are joined as RFC 9110 §5.3 says. */
export function readHeader(request: RequestLike, name: string, separator = ', '): string | undefined {
  const value = Object.hasOwn(request.headers, name) ? request.headers[name] : undefined;
  return typeof value === 'string' || value === undefined ? value : value.join(separator);
}

/**
 * Reads the host that a request is for. HTTP/2 says it as `:authority`, which goes before a `Host` beside it; where the
 * two differ, the request is for neither (RFC 9113 §8.3.1).
 */
export function readHost(request: RequestLike): string | undefined {
  const host = readHeader(request, 'host');
  const authority = readHeader(request, ':authority');
  if (authority === undefined || host === undefined) return authority ?? host;
  return authority.toLowerCase() === host.toLowerCase() ? authority : undefined;
}

/** Counts how often a header came, also where `headers` keeps one of them only. */
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

const IPV4 = /^(?:::ffff:)?\d{1,3}(?:\.\d{1,3}){3}$/i;

/** Reads the client's address; of IPv6 its network, because one sender has all of its addresses. */
export function readSender({ ip, socket }: RequestLike): string | undefined {
  const address = ip ?? socket?.remoteAddress;
  if (address === undefined || IPV4.test(address)) return address;
  const groups = (address.split('::')[0] ?? '').split(':');
  return Array.from({ length: 4 }, (_, index) => groups[index] || '0').join(':');
}

// The Authorization header: one Bearer credential, or none (RFC 6750 §2.1).

// RFC 9110 §11.1 and §11.2: scheme, spaces, token68. What only begins like it is malformed, not absent.
const BEARER = /^bearer +/i;
const BEARER_SCHEME = /^bearer(?![A-Za-z0-9!#$%&'*+.^_`|~-])/i;
const BEARER_IN_LIST = /,\s*bearer(?:\s|$)/i;
const SEPARATORS = [' ', ',', '\t', '"'];

/**
 * Reads the bearer token. Another scheme counts as no header; what is meant as a bearer credential and is not
 * exactly one throws `CREDENTIAL_MALFORMED`. The token's own characters are checked where it is decoded.
 */
export function readBearer(request: RequestLike): string | undefined {
  const header = readHeader(request, 'authorization');
  if (header === undefined) return undefined;
  if (countHeader(request, 'authorization') > 1)
    throw malformed('There is more than one Authorization header.');
  if (header === '') return undefined;
  const scheme = BEARER.exec(header);
  if (scheme !== null) return readOne(header.slice(scheme[0].length));
  if (BEARER_SCHEME.test(header) || BEARER_IN_LIST.test(header)) throw notOne();
  return undefined;
}

// Checked one by one: a pattern over a whole token costs more than all the rest of the request pipeline for a remembered one.
function readOne(token: string): string {
  if (token === '' || SEPARATORS.some((separator) => token.includes(separator))) throw notOne();
  return token;
}

function notOne(): DescopeCredentialError {
  return malformed('The Authorization header is not of the form "Bearer <token>".');
}

function malformed(message: string): DescopeCredentialError {
  return new DescopeCredentialError('CREDENTIAL_MALFORMED', message);
}
