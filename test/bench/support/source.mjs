// Modules of the package that its build gathers and does not export: compiled from their source, for what lies below the guard.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformFileSync } from '@swc/core';

const LIB = fileURLToPath(new URL('../../../lib', import.meta.url));
const COMPILER = {
  configFile: false,
  swcrc: false,
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'es6' },
};

/** Imports the last of these files of one folder of `lib`; the others are what it imports. */
export async function importSource(folder, files) {
  const target = mkdtempSync(join(tmpdir(), 'nestjs-descope-bench-'));
  try {
    writeFileSync(join(target, 'package.json'), '{ "type": "module" }');
    for (const file of files) {
      const { code } = transformFileSync(join(LIB, folder, file), COMPILER);
      writeFileSync(join(target, `${basename(file, '.ts')}.js`), code);
    }
    return await import(pathToFileURL(join(target, `${basename(files.at(-1), '.ts')}.js`)));
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
