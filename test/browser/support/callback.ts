// Where a browser arrives after the consent page: a client that listens on loopback, as a desktop application does.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A client that waits for its callback. */
export interface CallbackServer {
  readonly url: string;
  /** The next URL that a browser arrives at. */
  next(): Promise<URL>;
  close(): void;
}

/** Listens on a free port of 127.0.0.1. */
export async function startCallback(): Promise<CallbackServer> {
  const waiting: ((url: URL) => void)[] = [];
  const server: Server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Back</title><p>You can close this page.</p>');
    if (request.url?.startsWith('/callback')) waiting.shift()?.(new URL(request.url, url));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url, next: () => new Promise((resolve) => waiting.push(resolve)), close };
}
