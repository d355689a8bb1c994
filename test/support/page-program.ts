// Blocks of a page as files of a program that runs in a process of its own, on the compiled library.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { compileLibrary, COMPILER } from './compiled-library.js';
import { readPage } from './pages.js';

export interface PageProgram {
  /** What the program prints first. */
  readonly url: string;
  close(): Promise<void>;
}

/** Finds the block of a page that has this text. */
export function findBlock(path: string, part: string): string {
  const found = readPage(path).blocks.filter(({ text }) => text.includes(part));
  if (found.length !== 1) throw new Error(`${path} has ${found.length} blocks with ${part}.`);
  return found[0]?.text ?? '';
}

/** Runs `main` of these files, by their names; it prints the URL at which it listens. */
export async function runPageProgram(
  files: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Promise<PageProgram> {
  const library = compileLibrary();
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(library.folder, `${name}.js`), transformSync(text, COMPILER).code);
  const child = spawn(process.execPath, ['main.js'], {
    cwd: library.folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: String(line).trim(),
    close: async () => {
      await end(child);
      library.remove();
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
