// A real server of Debian's, as a child of the test on a free loopback port, with a folder of its own.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 10_000;

export interface Service {
  readonly port: number;
  /** What it has written so far. */
  readonly output: () => string;
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** What starts a service: its arguments are made when its folder and port are known. */
export interface ServiceOrder {
  readonly command: string;
  /** Debian's package that brings the command. */
  readonly packageName: string;
  readonly toArguments: (folder: string, port: number) => readonly string[] | Promise<readonly string[]>;
}

/** Starts a service, and waits until it listens. Without its binary the test fails, and says what to install. */
export async function startService({ command, packageName, toArguments }: ServiceOrder): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), `${command}-`));
  const port = await findFreePort();
  const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`; // where Debian keeps servers, and no user's PATH looks
  const child = spawn(command, await toArguments(folder, port), {
    cwd: folder,
    env: { ...process.env, PATH },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'close').catch(() => undefined);
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const giveUp = new AbortController();
  try {
    await Promise.race([waitUntilOpen(port, giveUp.signal), failEarly(child, () => text)]);
  } catch (error) {
    giveUp.abort(); // or looking for the port goes on, and holds the process
    await stop();
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (isMissing)
      throw new Error(
        `${command} is missing. Install it: apt-get update && apt-get install -y ${packageName}`,
      );
    throw error;
  }
  return { port, output: () => text, signal: (name) => void child.kill(name), stop };
}

/** Finds a port of loopback that nobody listens on. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function waitUntilOpen(port: number, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end && !signal.aborted; await sleep(50)) {
    const socket = connect({ host: '127.0.0.1', port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
  }
  throw new Error(`Nothing listens on port ${port} after ${START_MS} ms.`);
}

function failEarly(child: ChildProcess, read: () => string): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`The service ended with code ${code}:\n${read()}`)));
  });
}
