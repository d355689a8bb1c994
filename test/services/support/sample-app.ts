// The built sample app, as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Answer } from '../../support/application.js';
import { ask } from '../../support/application.js';
import type { CookieJar } from '../../support/cookie-jar.js';

const MAIN = 'sample-app/dist/main.js';
const READY = 'Stop it with Ctrl+C.';
const ANSWER_MS = 5_000;

export interface SampleProcess {
  readonly url: string;
  /** Whether it runs still. */
  readonly isAlive: () => boolean;
  get(path: string, browser?: CookieJar): Promise<Answer>;
  post(path: string, browser?: CookieJar, body?: object): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts it on a free port, and waits until it says that it is ready. An answer that takes 5 seconds is none. */
export async function startSampleProcess(environment: Record<string, string>): Promise<SampleProcess> {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run npm run build first.`);
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [MAIN], { env: { PATH, PORT: '0', ...environment } });
  const ended = once(child, 'close');
  let text = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()).includes(READY) && resolve());
    void ended.then(() => reject(new Error(`The sample app ended: ${text}`)));
  });
  const url = /Open +(\S+)/.exec(text)?.[1] ?? '';
  const send = (path: string, init: RequestInit) =>
    ask(url + path, { ...init, signal: AbortSignal.timeout(ANSWER_MS) });
  return {
    url,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    get: (path, browser) => send(path, { headers: browser?.headers ?? {} }),
    post: (path, browser, body = {}) => {
      const headers = { 'content-type': 'application/json', origin: url, ...browser?.headers };
      return send(path, { method: 'POST', headers, body: JSON.stringify(body) });
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
