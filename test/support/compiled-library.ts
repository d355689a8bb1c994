// The library as a package in a folder of its own, for programs that run in a process of their own.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';

/** A folder with the compiled library, and the programs that were put beside it. */
export interface CompiledLibrary {
  readonly folder: string;
  /** Copies a program beside the library, and gives its path. */
  add(program: string): string;
  remove(): void;
}

/** Compiles the library, without a check of its types, as a package that names itself. */
export function compileLibrary(root = process.cwd()): CompiledLibrary {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-descope-'));
  for (const path of readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.ts')) continue;
    const target = join(folder, 'lib', path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(readFileSync(join(root, 'lib', path), 'utf8')));
  }
  const exports = {
    '.': './lib/index.js',
    './testing': './lib/testing/index.js',
    './context': './lib/context/index.js',
    './dpop': './lib/dpop/index.js',
    './mcp': './lib/mcp/index.js',
    './on-behalf': './lib/on-behalf/index.js',
    './access': './lib/access/index.js',
    './redis': './lib/redis/index.js',
  };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'nestjs-descope', type: 'module', exports }),
  );
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return {
    folder,
    add: (program) => {
      const target = join(folder, program.replaceAll('/', '-'));
      cpSync(join(root, program), target);
      return target;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** How programs are compiled: without a check of their types. */
export const COMPILER = {
  configFile: false,
  swcrc: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  module: { type: 'es6' },
} as const;

const compiled = new Map<string, string>(); // by its source: the specs of a worker compile the library once

function compile(source: string): string {
  const known = compiled.get(source) ?? transformSync(source, COMPILER).code;
  compiled.set(source, known);
  return known;
}
