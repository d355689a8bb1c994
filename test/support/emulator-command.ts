// The emulator's command as users run it: transpiled to a temporary folder, started in a process of its own.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';

const SOURCE = join(process.cwd(), 'lib/emulator');

/** A command that has ended. */
export interface EndedCommand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Transpiles the emulator, and says where its command then stands. */
export function transpileCommand(): string {
  const cache = join(process.cwd(), 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const target = mkdtempSync(join(cache, 'emulator-'));
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.ts')) transpile(join(SOURCE, name), join(target, name.replace(/ts$/, 'js')));
  }
  return join(target, 'cli.js');
}

/** Runs the command to its end; `onOutput` sees what it has printed so far, and may stop it. */
export function runCommand(
  file: string,
  args: readonly string[],
  {
    env = {},
    onOutput,
  }: { env?: Record<string, string>; onOutput?: (stdout: string, stop: () => void) => void } = {},
): Promise<EndedCommand> {
  const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onOutput?.(stdout, () => child.kill('SIGTERM'));
  });
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

function transpile(source: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const jsc = { parser: { syntax: 'typescript' }, target: 'es2022' } as const;
  writeFileSync(target, transformFileSync(source, { jsc, module: { type: 'es6' }, swcrc: false }).code);
}
