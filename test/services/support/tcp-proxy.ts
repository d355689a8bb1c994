// A wire between a client and a server, which a test can block in silence or cut.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface TcpProxy {
  readonly url: string;
  /** Carries nothing any more, with all connections open, as where packets are dropped. */
  block(): void;
  unblock(): void;
  /** Carries nothing any more for the connections that are open; new ones work. */
  forget(): void;
  /** Ends all connections, and refuses new ones until `mend`. */
  cut(): void;
  mend(): void;
  /** The number of connections that are open. */
  readonly count: () => number;
  stop(): Promise<void>;
}

/** Starts a proxy to a port of this machine. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isBlocked = false;
  let isCut = false;
  const server = createServer((inner) => {
    if (isCut) return void inner.destroy();
    const outer = connect({ host: '127.0.0.1', port });
    for (const [socket, other] of [[inner, outer] as const, [outer, inner] as const]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (chunk) => other.write(chunk));
      if (isBlocked) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;
  const destroyAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    url: `redis://127.0.0.1:${ownPort}`,
    block: () => {
      isBlocked = true;
      for (const socket of sockets) socket.pause();
    },
    unblock: () => {
      isBlocked = false;
      for (const socket of sockets) socket.resume();
    },
    forget: () => {
      for (const socket of sockets) socket.pause();
    },
    cut: () => {
      isCut = true;
      destroyAll();
    },
    mend: () => (isCut = false),
    count: () => sockets.size / 2,
    stop: async () => {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
