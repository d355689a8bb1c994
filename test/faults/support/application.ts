// The application in its own process, as a test holds it.
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Answer } from '../../support/application.js';
import { ask } from '../../support/application.js';
import type { Controls } from '../program/controls.js';
import type { ApplicationOrder } from '../program/serve.js';

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running application. */
export interface Application {
  readonly url: string;
  /** Ends with the process. */
  readonly ended: Promise<Ending>;
  /** What it has written so far. */
  readonly output: () => string;
  request(path: string, headers?: Record<string, string>): Promise<Answer>;
  control<Name extends keyof Controls>(name: Name, value?: number): Promise<ReturnType<Controls[Name]>>;
  terminate(): void;
  /** Kills it if it still runs; throws when it said what it must never say. */
  stop(): Promise<void>;
}

/** What the log must never hold: a token, an exception that nobody caught, a leak that Node noticed. */
const FORBIDDEN = /eyJ[\w-]{10,}|Unhandled|uncaught|MaxListeners|MemoryLeak|\n\s+at /i;

/** Starts it. Throws with its output when it ends before it listens. */
export async function startApplication(
  options: ApplicationOrder['options'],
  order: Partial<ApplicationOrder> = {},
): Promise<Application> {
  const child = spawnProgram({ adapter: 'express', closing: 'hooks', ...order, options });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const early = ended.then(() => Promise.reject(new Error(`The application ended:\n${text}`)));
  early.catch(() => undefined); // what counts once it listens is `ended`
  const [{ url }] = (await Promise.race([once(child, 'message'), early])) as [{ url: string }];
  return {
    url: url.replace('[::1]', '127.0.0.1'),
    ended,
    output: () => text,
    request: (path, headers = {}) => ask(url + path, { headers }),
    control: createControl(child),
    terminate: () => void child.kill('SIGTERM'),
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      const found = FORBIDDEN.exec(text)?.[0];
      if (found !== undefined)
        throw new Error(`The application's log holds ${JSON.stringify(found)}:\n${text}`);
    },
  };
}

function spawnProgram(order: ApplicationOrder): ChildProcess {
  const { NODE_OPTIONS: _options, NODE_ENV: _mode, JEST_WORKER_ID: _worker, ...env } = process.env;
  return fork(join(process.env['FAULTS_FOLDER'] ?? '', 'test/faults/program/serve.js'), [], {
    env: { ...env, NO_COLOR: '1', FAULTS_APPLICATION: JSON.stringify(order) },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function createControl(child: ChildProcess): Application['control'] {
  const waiting = new Map<number, (answer: never) => void>();
  let last = 0;
  child.on('message', ({ id, answer }: { id: number; answer: never }) => {
    waiting.get(id)?.(answer);
    waiting.delete(id);
  });
  return (ask, value) =>
    new Promise((resolve) => {
      waiting.set((last += 1), resolve);
      child.send({ id: last, ask, value });
    });
}
