// A program of a user's, in a folder of its own, with the packed package installed from its tarball.
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const PROGRAMS = 'test/package/programs';
// The registry is asked about what the cache has not: `npm run matrix` is there for the newest of each package.
const INSTALL = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline'];
const runFile = promisify(execFile);

export interface Ended {
  readonly code: number;
  readonly output: string;
  /** The last line of standard output. */
  readonly lastLine: string;
}

export interface InstalledProgram {
  readonly folder: string;
  /** Runs a command to its end, with at most two minutes for it. */
  run(command: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Starts a script of the program, and waits for its first line. */
  start(
    script: string,
    env: Readonly<Record<string, string>>,
  ): Promise<{ child: ChildProcess; firstLine: string }>;
  remove(): Promise<void>;
}

/** Installs what test/package/setup.js has packed, with the packages that the program names. */
export function installProgram(name: string): Promise<InstalledProgram> {
  return install(name, async (folder) => {
    await cp(join(PROGRAMS, name), folder, { recursive: true });
    await cp(join(PROGRAMS, 'application'), join(folder, 'src'), { recursive: true });
  });
}

/** The same for a folder of `examples`. */
export function installExample(name: string): Promise<InstalledProgram> {
  return install(name, (folder) => cp(join('examples', name), folder, { recursive: true }));
}

/** The packed package. */
export function readTarball(): string {
  const { PACKED_TARBALL } = process.env;
  if (PACKED_TARBALL === undefined) throw new Error('Nothing is packed: run it in the project "package".');
  return PACKED_TARBALL;
}

async function install(name: string, copy: (folder: string) => Promise<void>): Promise<InstalledProgram> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  await copy(folder);
  await runFile('npm', ['install', ...INSTALL, readTarball()], { cwd: folder });
  return {
    folder,
    run: (command, args, env) => run(folder, [command, ...args], env),
    start: (script, env) => start(folder, script, env),
    remove: () => rm(folder, { recursive: true }),
  };
}

async function run(
  cwd: string,
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const options = { cwd, env: toEnvironment(env), timeout: 120_000 };
  const { stdout, stderr, code } = await runFile(command, args, options).then(
    (done) => ({ ...done, code: 0 }),
    (cause: unknown) => {
      const failed = cause as { stdout: string; stderr: string; code: number | null };
      return { ...failed, code: failed.code ?? -1 };
    },
  );
  return { code, output: stdout + stderr, lastLine: stdout.trim().split('\n').at(-1) ?? '' };
}

function start(
  cwd: string,
  script: string,
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; firstLine: string }> {
  const child = spawn(process.execPath, [script], { cwd, env: toEnvironment(env) });
  return new Promise((resolve, reject) => {
    let output = '';
    const note = (chunk: Buffer) => {
      output += chunk.toString();
      const line = /^http:\/\/.*$/m.exec(output)?.[0];
      if (line !== undefined) resolve({ child, firstLine: line });
    };
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    child.once('exit', () => reject(new Error(`The program ended early:\n${output}`)));
  });
}

// The program must not see how these tests are run.
function toEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_ENV: _mode, JEST_WORKER_ID: _worker, ...own } = process.env;
  return { ...own, ...env };
}
