// A wire between an instance and Redis, which can be blocked.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** Starts a wire to a port of this machine. Blocked, it drops packets: it carries nothing, and tells neither side. */
export async function startWire(target) {
  const sockets = new Set();
  const wire = { isBlocked: false, port: 0, block, mend, stop };
  const server = createServer((inner) => {
    const outer = connect({ host: '127.0.0.1', port: target });
    for (const [socket, other] of [
      [inner, outer],
      [outer, inner],
    ]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.on('data', (chunk) => other.write(chunk));
      if (wire.isBlocked) socket.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  wire.port = server.address().port;
  return wire;

  function block() {
    wire.isBlocked = true;
    for (const socket of sockets) socket.pause();
  }
  function mend() {
    wire.isBlocked = false;
    for (const socket of sockets) socket.resume();
  }
  function stop() {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
