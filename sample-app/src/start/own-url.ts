// Where a browser on this machine finds the application.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';

/** Returns the address of a server that listens. */
export function readUrl(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  const host = ANY_TO_LOOPBACK.get(address) ?? address;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

const ANY_TO_LOOPBACK = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);
