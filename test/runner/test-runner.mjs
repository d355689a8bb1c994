// Runs a spec with Jest's own engine (jest-circus), but loads it with Node's `import`. A worker so loads Nest, the library
// and the helpers once and not once for each spec, which took more than half of the time of `npm test`. What Jest does
// for a spec stays: hooks, timeouts, mocks and results. Modules and globals are shared by the specs of a worker, so a spec
// closes what it starts and puts back what it replaces; one that needs the library as it is when it has just been loaded
// takes a copy of it (`loadCopy` in test/support/library-copy.ts).
import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { bindGlobals } from './globals.mjs';

const require = createRequire(import.meta.url);
const { default: runWithCircus } = require('jest-circus/runner');
const EVENT_HANDLERS = Symbol.for('EVENT_HANDLERS');
const APPLICATIONS = Symbol.for('nestjs-descope:applications'); // of lib/auth/applications.ts
const FRAMES = 25; // of an error's stack: Jest's 100 are dear for each error of a server, which also the watch for tokens reads
const sourceMaps = new Map(); // by URL
const storages = watchStorages();
let isRegistered = false;

// The last parameter, unused, would tell Jest of each test as it begins and ends, for the counter of a terminal alone.
export default async function runSpec(globalConfig, config, environment, runtime, path) {
  Error.stackTraceLimit = FRAMES;
  registerOnce(config);
  showSources(runtime.getSourceMaps());
  const nativeRuntime = Object.assign(Object.create(runtime), {
    requireInternalModule: requireAnew,
    unstable_shouldLoadAsEsm: () => true,
    unstable_importModule: (file) => import(toUrl(file, path)),
    setGlobalsForRuntime: (globals) => bindGlobals({ ...globals, jest: toJest(environment.moduleMocker) }),
  });
  const { testTimeout = globalConfig.testTimeout } = config.testEnvironmentOptions;
  const options = { ...globalConfig, testTimeout };
  try {
    return await runWithCircus(options, config, environment, nativeRuntime, path);
  } finally {
    for (const storage of storages) storage.disable();
    storages.clear();
    await forgetLogs();
    assertNoneLeft();
  }
}

// A spec would depend on those before it: the package tells the calls of several applications apart, and one has no others.
function assertNoneLeft() {
  const registry = globalThis[APPLICATIONS];
  const count = registry?.all.length ?? 0;
  if (count === 0) return;
  registry.all = [];
  throw new Error(
    `This spec leaves ${count} application(s) to the next one: close what runs, and what was refused.`,
  );
}

// What an application of the spec has buffered and never printed would be among the lines of the next spec.
async function forgetLogs() {
  const { Logger } = await import('@nestjs/common');
  Logger.overrideLogger(false);
  Logger.flush();
}

// The hooks run in a thread of their own, and tell where the source maps of what they compiled are.
function registerOnce(config) {
  if (isRegistered) return;
  isRegistered = true;
  const { port1, port2 } = new MessageChannel();
  port1.on('message', ([url, map]) => sourceMaps.set(url, map)).unref();
  register('./hooks.mjs', import.meta.url, { data: { config, port: port2 }, transferList: [port2] });
}

function showSources(maps) {
  const find = maps.get.bind(maps);
  maps.get = (file) => find(file) ?? sourceMaps.get(file);
}

// Jest's engine keeps its state and handlers in its module and on the global object: a spec begins with new ones.
function requireAnew(file) {
  delete require.cache[file];
  delete globalThis[EVENT_HANDLERS];
  return require(file);
}

// Each storage that has been used stays enabled otherwise, and makes every promise of the specs that follow dearer.
function watchStorages() {
  const used = new Set();
  const { prototype } = AsyncLocalStorage;
  for (const name of ['run', 'enterWith']) {
    const method = prototype[name];
    prototype[name] = function (...args) {
      used.add(this);
      return method.apply(this, args);
    };
  }
  return used;
}

// Set-up files run once for each spec, and specs as often as they are asked for in watch mode.
function toUrl(file, spec) {
  const url = pathToFileURL(file);
  url.searchParams.set('run', `${spec}:${Date.now()}`);
  return url.href;
}

function toJest(mocker) {
  const names = ['fn', 'spyOn', 'clearAllMocks', 'resetAllMocks', 'restoreAllMocks'];
  return Object.fromEntries(names.map((name) => [name, mocker[name].bind(mocker)]));
}
