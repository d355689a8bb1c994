// A real server of Debian's, as a child of the test on a free loopback port, with a folder of its own.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../support/free-port.js';

const START_MS = 10_000;

export interface Service {
  readonly port: number;
  /** What it has written so far. */
  readonly output: () => string;
  signal(name: NodeJS.Signals): void;
  /** Ends it without a warning; `restart` brings it back, on its port and with its folder. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

/** What starts a service: its arguments are made when its folder and port are known. */
export interface ServiceOrder {
  readonly command: string;
  /** Debian's package that brings the command. */
  readonly packageName: string;
  readonly toArguments: (folder: string, port: number) => readonly string[] | Promise<readonly string[]>;
}

/** Starts a service, and waits until it listens. Without its binary the test fails, and says what to install. */
export async function startService(order: ServiceOrder): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), `${order.command}-`));
  const port = await findFreePort();
  const args = await order.toArguments(folder, port);
  let text = '';
  const launch = () => run(order.command, { args, folder, hear: (chunk) => (text += chunk) });
  let running = launch();
  const end = async (name: NodeJS.Signals) => {
    running.child.kill(name);
    await running.ended;
  };
  const stop = async () => {
    await end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  };
  const isUp = () => waitUntilUp(running.child, { port, read: () => text });
  try {
    await isUp();
  } catch (error) {
    await stop();
    throw toReason(error, order);
  }
  return {
    port,
    output: () => text,
    signal: (name) => void running.child.kill(name),
    kill: () => end('SIGKILL'),
    restart: () => ((running = launch()), isUp()),
    stop,
  };
}

interface Surroundings {
  readonly args: readonly string[];
  readonly folder: string;
  readonly hear: (chunk: string) => void;
}

function run(command: string, { args, folder, hear }: Surroundings): Running {
  const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`; // where Debian keeps servers, and no user's PATH looks
  const child = spawn(command, args, { cwd: folder, env: { ...process.env, PATH } });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => hear(chunk.toString()));
  return { child, ended: once(child, 'close').catch(() => undefined) };
}

function toReason(error: unknown, { command, packageName }: ServiceOrder): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return error;
  return new Error(`${command} is missing. Install it: apt-get update && apt-get install -y ${packageName}`);
}

async function waitUntilUp(child: ChildProcess, at: { port: number; read: () => string }): Promise<void> {
  const giveUp = new AbortController();
  try {
    await Promise.race([waitUntilOpen(at.port, giveUp.signal), failEarly(child, at.read)]);
  } finally {
    giveUp.abort(); // or looking for the port goes on, and holds the process
  }
}

async function waitUntilOpen(port: number, signal: AbortSignal): Promise<void> {
  for (const end = Date.now() + START_MS; Date.now() < end && !signal.aborted;) {
    const socket = connect({ host: '127.0.0.1', port });
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error(`Nothing listens on port ${port} after ${START_MS} ms.`);
}

function failEarly(child: ChildProcess, read: () => string): Promise<never> {
  return new Promise((_resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`The service ended with code ${code}:\n${read()}`)));
  });
}
