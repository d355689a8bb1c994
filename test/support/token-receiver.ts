// A service that applications call: it keeps the tokens that it gets, and answers with what they say.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt } from 'jose';

export interface TokenReceiver {
  readonly url: string;
  /** The Authorization headers of all requests. */
  readonly received: (string | undefined)[];
  /** The statuses of the next responses; 200 when it is empty. */
  readonly statuses: number[];
  close(): Promise<void>;
}

/** Starts a service that answers with `sub`, `aud` and `scope` of the token, or with the next status. */
export async function startReceiver(): Promise<TokenReceiver> {
  const received: (string | undefined)[] = [];
  const statuses: number[] = [];
  const server = createServer((request, response) => {
    const { authorization } = request.headers;
    received.push(authorization);
    const status = statuses.shift() ?? 200;
    const headers = status === 302 ? { location: '/elsewhere' } : {};
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(toClaims(authorization)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    received,
    statuses,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function toClaims(authorization = ''): object {
  if (!authorization.startsWith('Bearer eyJ')) return {};
  const { sub, aud, scope } = decodeJwt(authorization.slice('Bearer '.length));
  return { sub, aud, scope };
}
