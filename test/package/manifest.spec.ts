// package.json: entry points that lead somewhere, packages that are declared, nothing that runs by itself.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readMemberNames } from '../docs/support/source-types.js';
import { readSources } from '../support/source-graph.js';

interface Manifest {
  readonly type: string;
  readonly main: string;
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly schematics: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly publishConfig: Readonly<Record<string, unknown>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly dev?: boolean; readonly hasInstallScript?: boolean; readonly integrity?: string }
    >
  >;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const { './package.json': _itself, ...entryPoints } = manifest.exports;
const sources = readSources('lib');

// The schematic takes the compiler of the project that it changes, and of this one only types.
const isOfProject = (path: string, target: string) =>
  path.startsWith('lib/schematics/') && target === 'typescript';

const toSource = (target: string) =>
  target.replace(/^\.\/dist\/(?:esm|cjs)\//, 'lib/').replace(/(?:\.d\.ts|\.js)$/, '.ts');

describe('The entry points of the package', () => {
  it('are eighteen', () => {
    expect(Object.keys(entryPoints)).toEqual([
      '.',
      './context',
      './otel',
      './access',
      './fga',
      './throttler',
      './bullmq',
      './dpop',
      './on-behalf',
      './inspect',
      './events',
      './websockets',
      './microservices',
      './redis',
      './mcp',
      './testing',
      './emulator',
      './express',
    ]);
  });

  it('each tell types first, for import and for require', () => {
    for (const entryPoint of Object.values(entryPoints)) {
      expect(Object.keys(entryPoint)).toEqual(['import', 'require']);
      for (const [condition, build] of [['import', 'esm'] as const, ['require', 'cjs'] as const]) {
        expect(Object.keys(entryPoint[condition] ?? {})).toEqual(['types', 'default']);
        const { types = '', default: code = '' } = entryPoint[condition] ?? {};
        expect(types).toMatch(new RegExp(`^\\./dist/${build}/.*\\.d\\.ts$`));
        expect(types.replace('.d.ts', '.js')).toBe(code);
      }
    }
  });

  it('each lead to a source', () => {
    const targets = Object.values(entryPoints).flatMap((entryPoint) =>
      Object.values(entryPoint).flatMap((paths) => Object.values(paths)),
    );
    const all = [...targets, manifest.main, manifest.types, ...Object.values(manifest.bin)];
    expect(all.map(toSource).filter((path) => !existsSync(path))).toEqual([]);
  });

  it('show their types to compilers that read no exports', () => {
    const shown = manifest.typesVersions['*'] ?? {};
    for (const [name, { require: target }] of Object.entries(entryPoints))
      if (name !== '.') expect(shown[name.slice(2)]).toEqual([target?.['types']]);
    expect(manifest.types).toBe(entryPoints['.']?.['require']?.['types']);
  });
});

describe('The schematic of nest add', () => {
  const collectionFile = manifest.schematics.replace(/^\.\//, '');
  const { 'nest-add': schematic } = (
    JSON.parse(readFileSync(collectionFile, 'utf8')) as {
      schematics: { 'nest-add': { factory: string; schema: string } };
    }
  ).schematics;

  it('leads to a function of a source, and travels in the package', () => {
    const [file = '', name = ''] = schematic.factory.split('#');
    expect(file).toBe('../dist/cjs/schematics/nest-add');
    const source = sources.find(({ path }) => path === 'lib/schematics/nest-add.ts');
    expect(source?.text).toContain(`export function ${name}(`);
    expect(manifest.files).toContain(dirname(collectionFile));
  });

  it('has a schema with every option that the source reads', () => {
    const schema = JSON.parse(readFileSync(join(dirname(collectionFile), schematic.schema), 'utf8')) as {
      properties: object;
    };
    const known = readMemberNames('lib/schematics/nest-add.ts', 'NestAddOptions');
    expect(known.length).toBeGreaterThan(4);
    expect(Object.keys(schema.properties)).toEqual(known);
  });
});

describe('The package', () => {
  it('runs nothing when it is installed', () => {
    const hooks = [
      'preinstall',
      'install',
      'postinstall',
      'prepare',
      'prepublish',
      'preprepare',
      'postprepare',
    ];
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([]);
  });

  it('brings along two packages of others, and none that runs something when it is installed', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['@descope/node-sdk', 'jose']);
    const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    expect(installed.map(([path]) => path)).toContain('node_modules/@descope/node-sdk');
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => path)).toEqual(
      [],
    );
  });

  it('is locked to contents, wherever they come from', () => {
    const unlocked = Object.entries(lock.packages).filter(
      ([path, { integrity }]) => path !== '' && !integrity,
    );
    expect(unlocked.map(([path]) => path)).toEqual([]);
    expect(Object.values(lock.packages).filter((item) => 'resolved' in item)).toEqual([]);
  });

  it('is published for everybody, with a statement of where it was built', () => {
    expect(manifest.publishConfig).toEqual({ access: 'public', provenance: true });
  });

  it('ships the build and its papers, and no source', () => {
    expect(manifest.files).toEqual([
      'dist',
      'docs/*.md',
      'docs/adr',
      'schematics',
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'README.md',
      'SECURITY.md',
      'LICENSE',
    ]);
    expect(manifest.files.slice(1).filter((file) => !existsSync(file.replace(/\/\*\.md$/, '')))).toEqual([]);
  });

  it('says which Node and which Nest it runs on', () => {
    expect(manifest.engines).toEqual({ node: '^20.19.0 || ^22.12.0 || >=24.0.0' });
    expect(manifest.peerDependencies).toEqual({
      '@descope/web-component': '^3.70.0 || ^4.0.0',
      '@descope/web-components-ui': '^3.14.1',
      '@nestjs/bullmq': '^11.0.0 || ^12.0.0',
      '@nestjs/common': '^11.0.0 || ^12.0.0',
      '@nestjs/config': '^4.0.0 || ^12.0.0',
      '@nestjs/core': '^11.0.0 || ^12.0.0',
      '@nestjs/microservices': '^11.0.0 || ^12.0.0',
      '@nestjs/testing': '^11.0.0 || ^12.0.0',
      '@nestjs/throttler': '^6.4.0',
      '@nestjs/websockets': '^11.0.0 || ^12.0.0',
      '@opentelemetry/api': '^1.9.0',
      bullmq: '^5.0.0 || ^6.0.0',
      'reflect-metadata': '^0.1.12 || ^0.2.0',
      rxjs: '^7.1.0',
    });
    expect(manifest.peerDependenciesMeta).toEqual({
      '@descope/web-component': { optional: true },
      '@descope/web-components-ui': { optional: true },
      '@nestjs/bullmq': { optional: true },
      '@nestjs/microservices': { optional: true },
      '@nestjs/testing': { optional: true },
      '@nestjs/throttler': { optional: true },
      '@nestjs/websockets': { optional: true },
      '@opentelemetry/api': { optional: true },
      bullmq: { optional: true },
    });
  });

  it('declares every package that it imports, and imports every one that it depends on', () => {
    const imported = new Set(
      sources
        .flatMap(({ path, imports }) => imports.filter((target) => !isOfProject(path, target)))
        .filter((target) => !target.startsWith('lib/') && !target.startsWith('node:'))
        .map((target) =>
          target
            .split('/')
            .slice(0, target.startsWith('@') ? 2 : 1)
            .join('/'),
        ),
    );
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect([...imported].filter((name) => !declared.includes(name))).toEqual([]);
    expect(Object.keys(manifest.dependencies).filter((name) => !imported.has(name))).toEqual([]);
  });

  it('needs an optional peer behind ./testing only', () => {
    const users = sources
      .filter(({ imports }) => imports.includes('@nestjs/testing'))
      .map(({ path }) => path);
    expect(users.filter((path) => !path.startsWith('lib/testing/'))).toEqual([]);
  });

  it('asks for packages of messages at boot, where an application has them', () => {
    const optional = ['@nestjs/microservices', '@nestjs/websockets'];
    const users = sources.filter(({ imports }) => imports.some((target) => optional.includes(target)));
    expect(users.map(({ path }) => path)).toEqual(['lib/module/descope.startup.ts']);
    expect(users.filter(({ text }) => /^import .*(?:microservices|websockets)/m.test(text))).toEqual([]);
  });
});
