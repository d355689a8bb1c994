// Lets pages of other origins call: the web component in a browser, with credentials.
import type { IncomingMessage } from 'node:http';

// Any origin is let in, because the emulator listens on loopback alone and holds nothing worth keeping from a page.
/** The headers that let the asking page read the answer; none where no page asks. */
export function toCorsHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  if (headers.origin === undefined) return { vary: 'Origin' };
  return {
    'access-control-allow-origin': headers.origin,
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
  };
}

/** Tells whether a browser only asks what it may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/** What a browser may send: whatever it asks for. */
export function toPreflightHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return {
    'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
    'access-control-allow-headers': headers['access-control-request-headers'] ?? '',
    'access-control-max-age': '600',
  };
}
