// A file of an application → the application, created and not started, with the parts of this package that it uses.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { INestApplicationContext, Type } from '@nestjs/common';
import type { NestFactory } from '@nestjs/core';
import type { DescopeSession } from '../../core/session/session.js';
import type { accessMatrix } from '../../inspect/matrix/access-matrix.js';
import type { diffMatrix, formatMatrix, formatMatrixDiff } from '../../inspect/matrix/format-matrix.js';

/** An application, and the parts of this package as it loads them itself. */
export interface LoadedApplication {
  readonly app: INestApplicationContext;
  readonly inspect: {
    readonly accessMatrix: typeof accessMatrix;
    readonly formatMatrix: typeof formatMatrix;
    readonly diffMatrix: typeof diffMatrix;
    readonly formatMatrixDiff: typeof formatMatrixDiff;
  };
  readonly testing: { readonly createTestDescope: () => { session(identity: object): DescopeSession } };
}

type Load = <T>(name: string) => Promise<T>;
type Exported = (() => unknown) & { readonly name: string };

/**
 * Creates the application that a file exports, as a module or as a function. Nest and this package are loaded in the format
 * of the file, because a second copy would not recognise the application's guards.
 */
export async function loadApplication(
  file: string,
  exportName: string | undefined,
): Promise<LoadedApplication> {
  const require = createRequire(file);
  const found = findExport((await import(pathToFileURL(file).href)) as object, exportName, file);
  const isCommonJs = require.cache[file] !== undefined;
  const load: Load = async <T>(name: string) => (isCommonJs ? require(name) : await import(name)) as T;
  const app = isModule(found) ? await create(found, load) : await found();
  if (!isApplication(app)) throw new Error(`${found.name}() of ${file} returned no application of Nest`);
  return {
    app,
    inspect: await load('nestjs-descope/inspect'),
    testing: await load('nestjs-descope/testing'),
  };
}

async function create(type: Exported, load: Load): Promise<unknown> {
  const nest = await load<{ readonly NestFactory: typeof NestFactory }>('@nestjs/core');
  return nest.NestFactory.create(type as unknown as Type, { logger: false, abortOnError: false });
}

function findExport(namespace: object, exportName: string | undefined, file: string): Exported {
  const given = toMembers(namespace);
  const exports = { ...toMembers(given['default']), ...given };
  const callable = Object.entries(exports).filter(
    (entry): entry is [string, Exported] => typeof entry[1] === 'function',
  );
  const named = callable.filter(([name]) => name === exportName);
  const candidates = exportName === undefined ? preferModules(callable) : named;
  const [first, second] = [...new Set(candidates.map(([, value]) => value))];
  if (first !== undefined && second === undefined) return first;
  const names = callable.map(([name]) => name).join(', ') || 'none';
  const wanted = exportName === undefined ? 'one module or function' : exportName;
  throw new Error(`${file} must export ${wanted}: choose it with --export. It exports: ${names}`);
}

// A file of a root module may export other classes, too.
function preferModules(callable: readonly (readonly [string, Exported])[]) {
  const modules = callable.filter(([, value]) => value.name.endsWith('Module'));
  return modules.length > 0 ? modules : callable;
}

function toMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

// A class, also one that was compiled to a function; anything else creates the application itself.
function isModule(value: Exported): boolean {
  return value.name.endsWith('Module') || /^class\b/.test(Function.prototype.toString.call(value));
}

function isApplication(value: unknown): value is INestApplicationContext {
  return typeof value === 'object' && value !== null && 'get' in value && 'close' in value;
}
