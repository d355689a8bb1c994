// Who may call: the hosts by which the emulator is reached, and the origins of the pages that may use it.
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { DescopeError } from '../errors.js';
import { IGNORED_HEADER } from './known-fields.js';

/**
 * Who may call a route: anyone, holders of the project id, or of the management key too. A `page` is what a person looks
 * at or decides on: like `open`, but no page of another origin may read or send it.
 */
export type Access = 'open' | 'page' | 'project' | 'management';

/** Where the emulator is reached, and by whom, as its options say. */
export interface CallerRules {
  /** The address it listens on. */
  readonly host: string;
  readonly allowRemote: boolean;
  /** The URL by which others reach it; without it, the one that it listens on. */
  readonly publicUrl: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/** The part of a request that says who calls. */
export interface CallerRequest {
  readonly method?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Whether a request names a host that is surely the emulator's: loopback, the options `host` and `allowedHosts`, the host
 * of `publicUrl`, or with `allowRemote` an address. A page that points its own name at this machine (DNS rebinding) names another one.
 */
export function isOwnHost({ headers }: CallerRequest, rules: CallerRules): boolean {
  const name = readHostName(headers.host);
  if (name === undefined) return false;
  // No page can have an address for its name.
  return isLoopbackName(name) || toOwnNames(rules).includes(name) || (rules.allowRemote && isAddress(name));
}

/** Rejects a host that is not the emulator's (DNS rebinding); with `allowRemote`, private networks have further names. */
export function assertHost(request: CallerRequest, rules: CallerRules): void {
  const { host } = request.headers;
  // Every browser sends one; tools of HTTP/1.0, such as health checks, do not.
  if (host === undefined || isOwnHost(request, rules)) return;
  const name = readHostName(host);
  if (rules.allowRemote && name !== undefined && isPrivateName(name)) return;
  const message =
    `The emulator does not answer to the host ${host.slice(0, 200)}: ` +
    'if it is yours, name it by allowedHosts (--allow-host), or by publicUrl (--public-url)';
  throw new DescopeError('foreignHost', message);
}

/** Rejects a page of another origin, and returns the CORS headers for one that may call. */
export function toCorsHeaders(
  request: CallerRequest,
  access: Access | undefined,
  rules: CallerRules,
): Readonly<Record<string, string>> {
  const { origin } = request.headers;
  if (isOwnPage(request, rules)) return {};
  if (access === 'page' || access === 'management') return rejectOtherPages(request, access);
  if (origin === undefined) return {};
  if (isLoopbackOrigin(origin) || rules.allowedOrigins.includes(origin)) {
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': `${IGNORED_HEADER}, dpop-nonce, www-authenticate`,
    };
  }
  const message =
    `A page of the origin ${origin.slice(0, 200)} may not use the emulator: ` +
    'if it is yours, name it by allowedOrigins (--allow-origin)';
  throw new DescopeError('foreignOrigin', message);
}

// What a person decides on, and what the management key opens. A link from another site may open a page, but not more.
function rejectOtherPages({ method, headers }: CallerRequest, access: Access): Record<string, never> {
  const isRead = method === 'GET' || method === 'HEAD';
  if (headers.origin === undefined && (isRead || headers['sec-fetch-site'] === undefined)) return {};
  const what =
    access === 'page' ? 'Only a page of the emulator may send this' : 'No page may call management';
  throw new DescopeError(
    'foreignOrigin',
    `${what}, and the request comes from ${headers.origin ?? 'another'}`,
  );
}

function isOwnPage({ headers }: CallerRequest, { publicUrl }: CallerRules): boolean {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (origin === undefined) return site === 'same-origin';
  if (site !== undefined && site !== 'same-origin') return false;
  // The host alone: a proxy in front may speak TLS.
  if (host !== undefined && (origin === `http://${host}` || origin === `https://${host}`)) return true;
  return publicUrl !== undefined && origin === new URL(publicUrl).origin;
}

/** Whether an origin is that of a page of this machine. */
function isLoopbackOrigin(origin: string): boolean {
  if (!/^https?:/.test(origin) || !URL.canParse(origin)) return false;
  const url = new URL(origin);
  return url.origin === origin && isLoopbackName(url.hostname);
}

function isLoopbackName(name: string): boolean {
  if (name === 'localhost' || name === '[::1]' || name.endsWith('.localhost')) return true;
  return isIP(name) === 4 && name.startsWith('127.');
}

// Names that no outsider can point at this machine: one without a dot as containers have, and those of RFC 6762, RFC 6761,
// RFC 8375, of private use (ICANN) and of Kubernetes.
function isPrivateName(name: string): boolean {
  return !name.includes('.') || /\.(?:local|test|home\.arpa|internal|svc)$/.test(name);
}

function isAddress(name: string): boolean {
  return isIP(name) === 4 || name.startsWith('[');
}

function toOwnNames({ host, publicUrl, allowedHosts }: CallerRules): readonly string[] {
  const bound = isIP(host) === 6 ? `[${host}]` : host;
  const names = [bound, ...allowedHosts, ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname])];
  return names.map((name) => name.toLowerCase());
}

function readHostName(host = ''): string | undefined {
  return /^(\[[\d.:a-f]+\]|[^\s:/?#@[\]]+?)\.?(?::\d+)?$/.exec(host.toLowerCase())?.[1];
}
