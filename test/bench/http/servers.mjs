// Servers in processes of their own, which are told what to do and asked what they saw.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { load } from './load.mjs';

export const USERS = 200;
export const CONNECTIONS = 50;

const FILE = fileURLToPath(new URL('server.mjs', import.meta.url));

/**
 * Starts a server, and warms it up with the requests of users whose tokens it then knows.
 * @param {{ adapter: string, variant: string, published: object, requests: readonly Buffer[], warmUp: number, isProfiled?: boolean }} options
 */
export async function startServer(options) {
  const { adapter, variant, published, requests, warmUp, isProfiled = false } = options;
  const args = [adapter, variant, JSON.stringify(published), ...(isProfiled ? ['--profile'] : [])];
  const env = { ...process.env, NODE_ENV: 'production' };
  const child = fork(FILE, args, { execArgv: ['--expose-gc'], env });
  const server = { child, port: await tell(child, 'start') };
  await send(server, requests, warmUp);
  return server;
}

/** Sends so many of these requests, in turn. */
export function send({ port }, requests, count) {
  return load({ port, requests, connections: CONNECTIONS, count });
}

/** Gives an order to a server's process; rejects where it ends instead. */
export function tell(child, order) {
  return new Promise((resolve, reject) => {
    const fail = (code) => reject(new Error(`A server ended early (${code}).`));
    child.once('exit', fail);
    child.once('message', ({ answer }) => {
      child.off('exit', fail);
      resolve(answer);
    });
    child.send({ order });
  });
}
