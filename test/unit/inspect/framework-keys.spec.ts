// The keys under which Nest and its libraries note things are copied, because not all of them are installed everywhere
// and none is exported for others. Here they are compared with those of the versions that are installed.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';

const FILES = [
  'lib/auth/access/access-policy.ts',
  'lib/inspect/handlers.ts',
  'lib/inspect/graphql-fields.ts',
  'lib/inspect/never-guarded.ts',
];
// Where these packages write their keys; decorators of Nest 11 and 12 alike take them from such a file.
const PACKAGES = [
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/websockets',
  '@nestjs/microservices',
  '@nestjs/graphql',
  '@nestjs/event-emitter',
  '@nestjs/schedule',
  '@nestjs/cqrs',
];
// Written by the compiler, by ourselves, and by packages that are not installed here.
const OTHERS = /^(?:design:\w*|nestjs-descope:.*|bull:.*|bullmq:.*)$/;

// The lists of keys, as they stand in the source: `const KEYS = {…}`, `const SOME_METADATA = […]` or `= '…'`.
const LISTS = /^const (?:KEYS|\w+_METADATA|\w+_TOKEN)\b[^=]*= (?:\{[^]*?^\};|\[[^]*?^\];|'[^']*';)/gm;

async function readCopied(file: string): Promise<string[]> {
  const lists = [...(await readFile(file, 'utf8')).matchAll(LISTS)].map(([text]) => text);
  return lists.flatMap((text) =>
    [...text.replace(/\/\/.*$/gm, '').matchAll(/'([^']+)'/g)].map(([, key]) => key ?? ''),
  );
}

async function readOwn(name: string): Promise<string[]> {
  const folder = join('node_modules', name);
  const files = (await readdir(folder, { recursive: true })).filter((file) =>
    /(?:^|[/.-])constants\.js$/.test(file),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => [...text.matchAll(/= ['"]([^'"]+)['"];/g)].map(([, key]) => key ?? ''));
}

describe('A key of metadata that was copied', () => {
  const copied = new Map<string, string[]>();
  const known = new Set<string>();
  beforeAll(async () => {
    for (const file of FILES) copied.set(file, await readCopied(file));
    for (const name of PACKAGES) for (const key of await readOwn(name)) known.add(key);
  });

  it('is found in each of the files that have some', () => {
    const counts = FILES.map((file) => copied.get(file)?.length ?? 0);
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(counts.reduce((sum, count) => sum + count)).toBeGreaterThan(40);
    for (const key of [
      'path',
      '__guards__',
      'graphql:resolve_reference',
      'GqlModuleOptions',
      'SCHEDULER_TYPE',
    ])
      expect([...copied.values()].flat()).toContain(key);
  });

  it.each(FILES)('in %s is one that the installed packages use', (file) => {
    const unknown = (copied.get(file) ?? []).filter((key) => !OTHERS.test(key) && !known.has(key));
    expect(unknown).toEqual([]);
  });
});
