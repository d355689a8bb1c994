// The command as users run it: bundled to a temporary folder, as the package has it, and started in a process of its own.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** A command that has ended. */
export interface EndedCommand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The transpiled commands. */
export interface TranspiledCommand {
  /** A folder for the files of a test; it is removed with the commands. */
  readonly folder: string;
  /** The command `nestjs-descope`. */
  readonly command: string;
  /** The command `nestjs-descope-emulator`. */
  readonly alias: string;
  remove(): void;
}

/** Transpiles the commands to where the package has them. */
export function transpileCommand(): TranspiledCommand {
  const cache = join(process.cwd(), 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'command-'));
  writeFileSync(join(folder, 'package.json'), readFileSync('package.json'));
  bundle(join(folder, 'dist/esm'));
  return {
    folder,
    command: join(folder, 'dist/esm/cli/nestjs-descope.js'),
    alias: join(folder, 'dist/esm/emulator/cli.js'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What is written to its standard input. */
  readonly input?: string;
  /** Sees what it has printed so far, and may stop it. */
  readonly onOutput?: (stdout: string, stop: () => void) => void;
}

/** Runs a command to its end. */
export function runCommand(
  file: string,
  args: readonly string[],
  { env = {}, cwd, input = '', onOutput }: RunOptions = {},
): Promise<EndedCommand> {
  const child = spawn(process.execPath, [file, ...args], { cwd, env: { ...process.env, ...env } });
  child.stdin.on('error', () => undefined); // a command that reads nothing may be over before
  child.stdin.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onOutput?.(stdout, () => child.kill('SIGTERM'));
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

// In few files: a process that starts from a hundred small ones takes half as long again.
function bundle(target: string): void {
  buildSync({
    entryPoints: ['lib/cli/nestjs-descope.ts', 'lib/emulator/cli.ts'],
    ...{ outbase: 'lib', outdir: target, bundle: true, splitting: true, packages: 'external' },
    ...{ format: 'esm', platform: 'node', target: 'es2022', keepNames: true, logLevel: 'error' },
  });
}
