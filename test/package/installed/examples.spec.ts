// Each example, from the packed package: it starts by one command, and its README's lines do what they say.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { findFreePort } from '../../support/free-port.js';
import type { InstalledProgram } from '../../support/installed-program.js';
import { installExample } from '../../support/installed-program.js';

const MINUTES = 60_000;
const MAX_LINES = 80;
const READ_STATUS = /^(?:[^]*\n)?HTTP\/1\.1 (\d{3})[^]*?\r\n\r\n([^]*)$/;

const EXAMPLES = readdirSync('examples', { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

interface Line {
  readonly command: string;
  /** What stands behind it, or behind its end: a status and a code, or a part of its output. */
  readonly promise: string;
}

let program: InstalledProgram | undefined;
let child: ChildProcess | undefined;

afterEach(async () => {
  if (child?.pid !== undefined && child.exitCode === null) {
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL'); // npm, and the program that it started
    await ended;
  }
  await program?.remove();
});

/** Starts the example as its README says, on free ports; gives the text of its README for these. */
async function start(name: string, { folder }: InstalledProgram): Promise<string> {
  const [port, emulatorPort] = [await findFreePort(), await findFreePort()];
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, PORT: String(port), EMULATOR_PORT: String(emulatorPort) };
  const started = (child = spawn('npm', ['start'], { cwd: folder, env, detached: true }));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const note = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(`http://127.0.0.1:${port}`)) resolve();
    };
    started.stdout.on('data', note);
    started.stderr.on('data', note);
    started.once('exit', () => reject(new Error(`${name} ended early:\n${output}`)));
  });
  expect(output).not.toMatch(/WARN|ERROR/);
  return readFileSync(join('examples', name, 'README.md'), 'utf8')
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:4400', `127.0.0.1:${emulatorPort}`)
    .replaceAll('emulator --token', `emulator --url http://127.0.0.1:${emulatorPort} --token`)
    .replaceAll('node client.mjs', `PORT=${port} node client.mjs`);
}

/** The lines that prepare, and those that promise something. */
function readLines(readme: string): { readonly before: string; readonly lines: readonly Line[] } {
  const [, block = ''] = /In another terminal, in this folder:\n\n```sh\n([^]*?)```/.exec(readme) ?? [];
  const lines = [...block.matchAll(/^(\S.*\S) +# (.*)$/gm)].map(([, command = '', promise = '']) => ({
    command,
    promise,
  }));
  return { before: block.replace(/^\S.*\S +# .*$/gm, '').replace(/^#.*$/gm, ''), lines };
}

/** Whether an output is what is promised; `…` stands for any text, and words behind a colon say why. */
function toExpected(promise: string): RegExp {
  const [, status, code] = /^(\d{3})(?: ([A-Z_]{3,}))?/.exec(promise) ?? [];
  if (status !== undefined) return new RegExp(`^${status} [^]*${code ?? ''}`);
  const error = /^([A-Z]+): ([A-Z_]+)$/.exec(promise);
  if (error) return new RegExp(`"code":"${error[1]}"[^]*"code":"${error[2]}"`);
  return new RegExp(promise.split('…').map(escape).join('[^]*'));
}

const escape = (text: string): string => text.replace(/[[\](){}.?*+^$|\\]/g, '\\$&');

const toOutcome = (output: string): string => output.replace(READ_STATUS, '$1 $2');

describe('The examples', () => {
  it('are five, each with a program of fewer than eighty lines', () => {
    expect(EXAMPLES.sort()).toEqual(['browser-sessions', 'graphql', 'm2m', 'rest', 'websocket']);
    for (const name of EXAMPLES) {
      const lines = readFileSync(join('examples', name, 'main.ts'), 'utf8')
        .trimEnd()
        .split('\n');
      expect([name, lines.length < MAX_LINES]).toEqual([name, true]);
    }
  });

  it.each(EXAMPLES)(
    '%s starts by one command, and the lines of its README do what they say',
    async (name) => {
      program = await installExample(name);
      const { before, lines } = readLines(await start(name, program));
      expect(lines.length).toBeGreaterThanOrEqual(4);
      const promised = lines.map(({ promise }) => promise).join('\n');
      expect(promised).toMatch(/401|SESSION_MISSING/);
      expect(promised).toMatch(/403|ACCESS_ROLE_MISSING/);
      const mark = '----- next line -----';
      const script = `${before}\n${lines.map(({ command }) => `echo; echo '${mark}'; ${command}`).join('\n')}`;
      const { output } = await program.run('sh', ['-ec', script]);
      const outcomes = output.split(`${mark}\n`).slice(1).map(toOutcome);
      expect(outcomes).toEqual(lines.map(({ promise }) => expect.stringMatching(toExpected(promise))));
    },
    5 * MINUTES,
  );
});
