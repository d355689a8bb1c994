// What the files of a project say about it: its Nest, its kind of modules, its adapter, its test runner, its root module.
import { posix } from 'node:path';
import type { JsonObject, ProjectTree } from './project-tree.js';
import { readJson, readText, toObject } from './project-tree.js';
import type { TypeScript } from './read-source.js';
import { findBootedModule, parseSource, readImports } from './read-source.js';

/** The versions of Nest that the package works with, and for each that of `@nestjs/config`. */
export const CONFIG_VERSIONS: ReadonlyMap<number, string> = new Map([
  [11, '^4.0.0'],
  [12, '^12.0.0'],
]);

/** A project of an application. */
export interface Project {
  readonly sourceRoot: string;
  /** The major version of Nest; nothing, if it cannot be told. */
  readonly nestMajor: number | undefined;
  /** The end of a relative import: Node wants it in ES modules. */
  readonly extension: '.js' | '';
  readonly adapter: 'express' | 'fastify';
  readonly runner: 'jest' | 'vitest' | undefined;
  /** Whether the runner compiles decorators in a test. */
  readonly testsHaveDecorators: boolean;
  readonly packageManager: 'npm' | 'pnpm' | 'yarn' | 'bun';
  readonly rootModule: RootModule | undefined;
}

/** Where the root module is, and the name of its class if `main.ts` tells it. */
export interface RootModule {
  readonly path: string;
  readonly className: string | undefined;
}

/** Reads what is needed of a project. `sourceRoot` is that of the CLI, which asks where there are several applications. */
export function readProject(
  tree: ProjectTree,
  compiler: TypeScript | undefined,
  givenRoot: string | undefined,
): Project {
  const nestCli = readJson(tree, 'nest-cli.json');
  const manifest = readJson(tree, 'package.json');
  const packages = readPackages(manifest);
  const sourceRoot = toPath(givenRoot) ?? toPath(nestCli['sourceRoot']) ?? 'src';
  const main = `${sourceRoot}/${readEntryFile(nestCli, sourceRoot)}.ts`;
  const runner = packages.has('vitest') ? 'vitest' : packages.has('jest') ? 'jest' : undefined;
  const usesFastify = packages.has('@nestjs/platform-fastify');
  const namesFastify = readText(tree, main)?.includes('FastifyAdapter') ?? false;
  return {
    sourceRoot,
    nestMajor: readNestMajor(tree, packages),
    extension: manifest['type'] === 'module' ? '.js' : '',
    adapter:
      namesFastify || (usesFastify && !packages.has('@nestjs/platform-express')) ? 'fastify' : 'express',
    runner,
    testsHaveDecorators: runner !== 'vitest' || !isWorkspace(tree),
    packageManager: findPackageManager(tree),
    rootModule: findRootModule(tree, compiler, { main, sourceRoot }),
  };
}

/** Returns the packages that a `package.json` names, with their ranges. */
export function readPackages(manifest: JsonObject): ReadonlyMap<string, string> {
  const sections = ['peerDependencies', 'devDependencies', 'dependencies'];
  return new Map(
    sections
      .flatMap((section) => Object.entries(toObject(manifest[section])))
      .map(([name, range]) => [name, String(range)]),
  );
}

function toPath(value: unknown): string | undefined {
  const isNamed = typeof value === 'string' && value !== '' && value !== 'undefined'; // as the CLI writes none
  return isNamed ? posix.normalize(value).replace(/\/$/, '') : undefined;
}

// Vitest takes the compiler options of a file from the tsconfig.json that includes it. That of the root of a workspace
// includes nothing, and those of its applications leave tests out.
function isWorkspace(tree: ProjectTree): boolean {
  return /"files"\s*:\s*\[\s*\]/.test(readText(tree, 'tsconfig.json') ?? '');
}

// A workspace has one for each application.
function readEntryFile(nestCli: JsonObject, sourceRoot: string): string {
  const projects = Object.values(toObject(nestCli['projects'])).map(toObject);
  const project = projects.find((each) => toPath(each['sourceRoot']) === sourceRoot);
  const entryFile = (project ?? nestCli)['entryFile'];
  return typeof entryFile === 'string' ? entryFile : 'main';
}

// What is installed says it best; a range may be a tag, or the name of a workspace.
function readNestMajor(tree: ProjectTree, packages: ReadonlyMap<string, string>): number | undefined {
  const { version } = readJson(tree, 'node_modules/@nestjs/core/package.json');
  const text = typeof version === 'string' ? version : packages.get('@nestjs/core');
  const major = /^\D*(\d+)/.exec(text ?? '')?.[1];
  return major === undefined ? undefined : Number(major);
}

function findPackageManager(tree: ProjectTree): Project['packageManager'] {
  if (tree.exists('pnpm-lock.yaml')) return 'pnpm';
  if (tree.exists('yarn.lock')) return 'yarn';
  return tree.exists('bun.lock') || tree.exists('bun.lockb') ? 'bun' : 'npm';
}

interface SourcePlace {
  readonly main: string;
  readonly sourceRoot: string;
}

// The module that is booted, or else the one that Nest's projects begin with.
function findRootModule(
  tree: ProjectTree,
  compiler: TypeScript | undefined,
  { main, sourceRoot }: SourcePlace,
): RootModule | undefined {
  const booted = compiler && readBootedModule(tree, compiler, { main, sourceRoot });
  if (booted !== undefined) return booted;
  const path = `${sourceRoot}/app.module.ts`;
  return tree.exists(path) ? { path, className: undefined } : undefined;
}

function readBootedModule(
  tree: ProjectTree,
  compiler: TypeScript,
  { main, sourceRoot }: SourcePlace,
): RootModule | undefined {
  const text = readText(tree, main);
  const source = text === undefined ? undefined : parseSource(compiler, text);
  const name = source && findBootedModule(compiler, source);
  if (source === undefined || name === undefined) return undefined;
  const imported = readImports(compiler, source).get(name);
  if (imported === undefined) return { path: main, className: name };
  const className = imported.exported === 'default' ? undefined : imported.exported;
  const folders = imported.module.startsWith('.') ? [posix.dirname(main)] : ['.', sourceRoot];
  const path = folders
    .map((folder) => posix.join(folder, `${imported.module.replace(/\.[jt]s$/, '')}.ts`))
    .find((file) => tree.exists(file));
  return path === undefined ? undefined : { path, className };
}
