// Does this connection stay on this machine? Only then may a cookie do without Secure.
import { readHeader, readHost } from '../transport/request-like.js';
import type { RequestLike } from '../transport/request-like.js';

const FORWARDING_HEADERS = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const LOOPBACK_PEER = /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/i;

/** Tells whether host and peer are loopback and nothing was forwarded. */
export function isLoopbackConnection(request: RequestLike): boolean {
  if (!LOOPBACK_HOST.test(readHost(request) ?? '')) return false;
  if (!LOOPBACK_PEER.test(request.socket?.remoteAddress ?? '')) return false;
  return FORWARDING_HEADERS.every((name) => readHeader(request, name) === undefined);
}
