// A Redis server of its own, which can be stopped, killed, and brought back empty or with what it has saved.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'redis';

/** Starts a server on a free port, which keeps nothing on disk unless it is told to. */
export async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-redis-'));
  const port = await findPort();
  const args = ['--port', port, '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'];
  let child;
  const start = async (...more) => {
    child = spawn('redis-server', [...args, ...more].map(String), { stdio: 'ignore' });
    await once(child, 'spawn');
    while ((await run('PING').catch(() => undefined)) !== 'PONG') await sleep(20);
  };
  const url = `redis://127.0.0.1:${port}`;
  const control = createClient({ url, socket: { reconnectStrategy: () => 20 } });
  control.on('error', () => undefined);
  const run = async (...words) => {
    if (!control.isOpen) await control.connect();
    return control.sendCommand(words);
  };
  await start();
  const kill = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return {
    port,
    url,
    run,
    halt: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    kill,
    /** Starts again with what is on disk, or with nothing. */
    restart: ({ isEmpty }) =>
      isEmpty ? start('--dbfilename', 'none.rdb') : start('--dbfilename', 'dump.rdb'),
    stop: async () => {
      control.destroy();
      child.kill('SIGCONT');
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function findPort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
