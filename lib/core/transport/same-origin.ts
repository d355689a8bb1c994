// May a browser's own credential count here? Only if our own pages sent the request.
import { DescopeAccessError } from '../errors.js';
import { readHeader, readHost } from './request-like.js';
import type { RequestLike } from './request-like.js';
import { isTrustedOrigin } from './trusted-origins.js';
import type { TrustedOrigin } from './trusted-origins.js';

/** Which origins are ours. */
export interface OriginPolicy {
  /** Our own origin as browsers see it; without it, the host alone is compared with the `Host` header. */
  readonly publicOrigin: string | undefined;
  /** Further origins whose pages may send cookies to us. */
  readonly trustedOrigins: readonly TrustedOrigin[];
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']); // RFC 9110 §9.2.1

/**
 * Asserts that a credential which browsers attach by themselves may count: on a safe method always, else, and where a
 * WebSocket is opened, on a same-origin request. Throws `REQUEST_CROSS_SITE`.
 */
export function assertSameOrigin(request: RequestLike, policy: OriginPolicy): void {
  if (SAFE_METHODS.has(request.method ?? '') && !isWebSocket(request)) return;
  assertOurs(request, policy);
}

/** The same whatever the method, for a call that is known to change something. Throws `REQUEST_CROSS_SITE`. */
export function assertOurs(request: RequestLike, policy: OriginPolicy): void {
  if (isSameOrigin(request, policy)) return;
  const message = 'The session cookie does not count on this request, because another site may have sent it.';
  throw new DescopeAccessError('REQUEST_CROSS_SITE', message);
}

/**
 * Asserts that one of our own pages sent the request, whatever its method; a request that does not say where it comes
 * from is refused too. Throws `REQUEST_CROSS_SITE`.
 */
export function assertFromOwnPage(request: RequestLike, policy: OriginPolicy): void {
  const isSaid = ['sec-fetch-site', 'origin', 'referer'].some(
    (name) => readHeader(request, name) !== undefined,
  );
  if (isSaid && isSameOrigin(request, policy)) return;
  const message = 'The request does not come from a page of this application.';
  throw new DescopeAccessError('REQUEST_CROSS_SITE', message);
}

// Opened by GET, read by any site's page, and not held back by CORS. A gateway that asks for somebody drops the hop-by-hop
// Upgrade header (RFC 9110 §7.6.1), but not those of RFC 6455 §4.1.
function isWebSocket(request: RequestLike): boolean {
  if (readHeader(request, 'sec-websocket-key') !== undefined) return true;
  return readHeader(request, 'upgrade')?.toLowerCase().includes('websocket') === true;
}

/**
 * Tells whether a request is a page that a person goes to, also by a link of another site: such a page may be renewed,
 * because the other site sees nothing of it.
 */
export function isFollowedLink(request: RequestLike): boolean {
  if (request.method !== 'GET' || isWebSocket(request)) return false;
  if (readHeader(request, 'origin') !== undefined) return false; // a script asks, not a person
  if ((readHeader(request, 'sec-fetch-dest') ?? 'document') !== 'document') return false;
  return readHeader(request, 'accept')?.includes('text/html') === true;
}

// A request with none of the three headers comes from no browser, and so cannot be forged through one.
function isSameOrigin(request: RequestLike, policy: OriginPolicy): boolean {
  const origin = readHeader(request, 'origin');
  if (origin !== undefined && isTrustedOrigin(origin, policy.trustedOrigins)) return true;
  const site = readHeader(request, 'sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  if (origin !== undefined) return isOurs(origin, request, policy);
  const referer = readHeader(request, 'referer');
  if (referer === undefined) return true;
  const refererOrigin = toOrigin(referer);
  if (refererOrigin === undefined) return false;
  return isTrustedOrigin(refererOrigin, policy.trustedOrigins) || isOurs(refererOrigin, request, policy);
}

function isOurs(origin: string, request: RequestLike, policy: OriginPolicy): boolean {
  if (policy.publicOrigin !== undefined) return origin === policy.publicOrigin;
  const host = readHost(request);
  const url = toUrl(origin);
  if (host === undefined || url === undefined || url.origin !== origin) return false;
  return url.host === toUrl(`${url.protocol}//${host}`)?.host; // the same default port on both sides
}

/** Reads the origin of a URL; `undefined` for anything that has none. */
export function toOrigin(text: string): string | undefined {
  const origin = toUrl(text)?.origin;
  return origin === 'null' ? undefined : origin;
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
