// Loads the project's TypeScript in Node as Jest would: compiled by the `transform` of jest.config.js, under the names of
// its `moduleNameMapper`. `@jest/globals` is what Jest makes of it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const { createScriptTransformer } = createRequire(import.meta.url)('@jest/transform');
const GLOBALS = new URL('globals.mjs', import.meta.url).href;
const MODULE = {
  ...{ isInternalModule: false, collectCoverage: false, collectCoverageFrom: [], coverageProvider: 'v8' },
  ...{ supportsDynamicImport: true, supportsExportNamespaceFrom: true },
  ...{ supportsStaticESM: true, supportsTopLevelAwait: true },
};
let library;
let transformer;
let mapped;
let port;

export async function initialize(data) {
  port = data.port;
  library = pathToFileURL(`${data.config.rootDir}/lib/`).href;
  transformer = await createScriptTransformer(data.config);
  mapped = data.config.moduleNameMapper.map(([pattern, target]) => [new RegExp(pattern), target]);
}

export function resolve(specifier, context, nextResolve) {
  if (specifier === '@jest/globals') return { url: GLOBALS, format: 'module', shortCircuit: true };
  if (context.parentURL?.includes('/node_modules/')) return nextResolve(specifier, context);
  const url = findSource(specifier, context.parentURL);
  return url === undefined
    ? nextResolve(specifier, context)
    : { url: url.href, format: 'module', shortCircuit: true };
}

// Files of ours import each other as `.js`, which is what they will be. A copy of the library imports its own files.
function findSource(specifier, parent) {
  const rule = specifier.startsWith('.') ? undefined : mapped.find(([pattern]) => pattern.test(specifier));
  if (rule === undefined && !/^\.{1,2}\/.*\.js$/.test(specifier)) return undefined;
  const path = rule === undefined ? specifier : pathToFileURL(specifier.replace(...rule)).href;
  const url = new URL(path.replace(/\.js$/, '.ts'), parent);
  if (!existsSync(url)) return undefined;
  const copy = parent === undefined ? null : new URL(parent).searchParams.get('copy');
  if (copy !== null && url.href.startsWith(library)) url.searchParams.set('copy', copy);
  return url;
}

export function load(url, context, nextLoad) {
  const { pathname, protocol } = new URL(url);
  if (protocol !== 'file:' || !pathname.endsWith('.ts')) return nextLoad(url, context);
  const file = fileURLToPath(new URL(pathname, 'file:'));
  const { code, sourceMapPath } = transformer.transform(file, MODULE, readFileSync(file, 'utf8'));
  if (sourceMapPath !== null) port.postMessage([url, sourceMapPath]);
  return { format: 'module', source: code, shortCircuit: true };
}
