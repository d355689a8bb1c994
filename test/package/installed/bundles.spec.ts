// What an entry point loads once it is built: few files, and nothing of another entry point.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const dist = fileURLToPath(new URL('../../../dist/', import.meta.url));

// Of a line that is not indented: no comment, no text and no function.
const STATIC_IMPORT = /^(?![\s*/]).*?(?:\bfrom |\brequire\(|^import )['"]([^'"]+)['"]/gm;

const NAMES = [
  'context',
  'otel',
  'throttler',
  'access',
  'fga',
  'bullmq',
  'dpop',
  'on-behalf',
  'inspect',
  'events',
  'websockets',
  'microservices',
  'redis',
  'mcp',
  'testing',
  'emulator',
];

interface Loaded {
  readonly files: Set<string>;
  readonly packages: Set<string>;
}

function load(file: string, loaded: Loaded = { files: new Set(), packages: new Set() }): Loaded {
  if (loaded.files.has(file)) return loaded;
  loaded.files.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
    if (name.startsWith('.')) load(join(dirname(file), name), loaded);
    else loaded.packages.add(name);
  }
  return loaded;
}

describe.each(['esm', 'cjs'])('The %s build', (build) => {
  const open = (entryPoint: string) => load(join(dist, build, entryPoint));

  const entryPoints = [
    'index',
    ...NAMES.map((name) => `${name}/index`),
    'emulator/cli',
    'emulator/command/emulator-command',
  ];
  // What './inspect' has in common with the option `explain` is a file of its own: without the option nothing loads it. So is
  // what './context' has in common with './bullmq' and './on-behalf', and './throttler' with the option `accessKeys`.
  const SHARING = ['inspect/index', 'context/index', 'bullmq/index', 'on-behalf/index', 'throttler/index'];
  const toMost = (entryPoint: string) =>
    [...SHARING, 'emulator/cli'].includes(entryPoint.replace(/\.js$/, '')) ? 3 : 2;
  it.each(entryPoints.map((name) => `${name}.js`))('loads few files for %s', (entryPoint) => {
    const { files, packages } = open(entryPoint);
    expect(files.size).toBeLessThanOrEqual(toMost(entryPoint));
    expect([...packages].length).toBeGreaterThan(0);
  });

  it('loads nothing for express/index.js, which is types only', () => {
    const { files, packages } = open('express/index.js');
    expect([[...files].map((file) => file.slice(dist.length)), [...packages]]).toEqual([
      [`${build}/express/index.js`],
      [],
    ]);
  });

  it('keeps the emulator, testing and their packages out of the main entry point', () => {
    const { files, packages } = open('index.js');
    expect([...files].filter((file) => /emulator|testing/.test(file.slice(dist.length)))).toEqual([]);
    expect([...packages]).not.toEqual(expect.arrayContaining(['jose']));
    expect([...packages]).not.toEqual(expect.arrayContaining(['@nestjs/testing']));
    expect([...packages]).toEqual(expect.arrayContaining(['@nestjs/common', 'node:crypto']));
  });

  it('keeps Nest out of the emulator', () => {
    const { packages } = open('emulator/command/emulator-command.js');
    expect([...packages].filter((name) => /nestjs|rxjs|reflect-metadata/.test(name))).toEqual([]);
    expect([...packages]).toEqual(expect.arrayContaining(['jose', 'node:http']));
  });

  it('keeps the package of the application out of the emulator', () => {
    const shared = [...open('emulator/index.js').files].filter((file) => open('index.js').files.has(file));
    expect(shared).toEqual([]);
  });
});

describe('The command', () => {
  const folder = join(dist, 'esm/cli');

  it('is one file for each subcommand, and nothing else', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'doctor-command.js',
      'matrix-command.js',
      'nestjs-descope.js',
    ]);
    expect([...load(join(folder, 'nestjs-descope.js')).packages]).toEqual(['node:fs']);
  });

  it('loads nothing of Nest, of the emulator or of any package for the doctor', () => {
    const { files, packages } = load(join(folder, 'doctor-command.js'));
    expect([...files]).toEqual([join(folder, 'doctor-command.js')]);
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([]);
  });

  it('starts each', () => {
    for (const name of ['emulator', 'doctor']) {
      const args = [join(folder, 'nestjs-descope.js'), name, '--help'];
      expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toContain(`nestjs-descope ${name}`);
    }
  });
});
