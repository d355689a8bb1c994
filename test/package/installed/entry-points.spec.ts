// The packed package where none of its optional peers is installed: each entry point can be imported, in both builds.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InstalledProgram } from '../../support/installed-program.js';
import { installProgram } from '../../support/installed-program.js';

const MINUTES = 60_000;
const OPTIONAL = [
  '@descope/web-component',
  '@nestjs/bullmq',
  '@nestjs/microservices',
  '@nestjs/testing',
  '@nestjs/throttler',
  '@nestjs/websockets',
  '@opentelemetry/api',
  'bullmq',
];
// A name that each exports; './express' is types only, and './otel', './throttler' and './bullmq' are about their optional peers.
const ENTRY_POINTS = [
  ['', 'DescopeModule'],
  ['/context', 'DescopeContext'],
  ['/access', 'AnyOf'],
  ['/fga', 'DescopeFga'],
  ['/dpop', 'Dpop'],
  ['/on-behalf', 'DescopeTokens'],
  ['/inspect', 'describeAccess'],
  ['/events', 'OnDescopeEvent'],
  ['/websockets', 'DescopeSockets'],
  ['/microservices', 'microserviceTransport'],
  ['/redis', 'redisChannel'],
  ['/mcp', 'mcpTransport'],
  ['/testing', 'createTestDescope'],
  ['/emulator', 'startEmulator'],
  ['/express', undefined],
];

// Starts one application after another in a process, and prints the shared files of the package that each one has loaded.
const STARTS = `
  const { NestFactory } = require('@nestjs/core');
  const { Module } = require('@nestjs/common');
  const { DescopeModule } = require('nestjs-descope');
  const listed = new Set();
  const listNew = () => {
    const files = Object.keys(require.cache).filter((file) => /nestjs-descope.dist.cjs.shared/.test(file));
    const fresh = files.filter((file) => !listed.has(file));
    for (const file of fresh) listed.add(file);
    return fresh.map((file) => require('node:path').basename(file)).sort();
  };
  const values = new Map();
  const store = {
    get: async (key) => (values.get(key)?.endMs > Date.now() ? values.get(key).value : undefined),
    set: async (key, value, ttlMs) => void values.set(key, { value, endMs: Date.now() + ttlMs }),
    delete: async (key) => void values.delete(key),
  };
  const OPTIONS = [
    {},
    { managementKey: 'K2abcdefghijklmnopqrstuvwxyz' },
    { session: { refresh: true } },
    { routes: { login: false } },
    { accessKeys: true },
    { shared: { store } },
    { events: { secret: 'a-secret-of-the-webhook-connector-of-32' } },
    { loadUser: () => ({}), userCache: { ttlMs: 1_000 } },
    { publicOrigin: 'https://api.example.com', dpop: { replay: 'per-instance' } },
    { resource: { url: 'https://api.example.com' } },
  ];
  const start = async (options) => {
    class App {}
    const fetch = async () => Response.json({ keys: [] });
    const fixed = { projectId: 'P2abcdefghijklmnopqrstuvwxyz', audience: null, fetch };
    Module({ imports: [DescopeModule.forRoot({ ...fixed, ...options })] })(App);
    const app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
    await app.close();
    return listNew();
  };
  (async () => {
    const lists = [listNew()];
    for (const options of OPTIONS) lists.push(await start(options));
    console.log(JSON.stringify(lists));
    process.exit(0);
  })();
`;

describe('Installed without its optional peers, the package', () => {
  let program: InstalledProgram;

  beforeAll(async () => {
    program = await installProgram('without-optional-peers');
  }, 5 * MINUTES);
  afterAll(() => program.remove());

  it('has none of them in its folder', () => {
    expect(OPTIONAL.filter((name) => existsSync(join(program.folder, 'node_modules', name)))).toEqual([]);
  });

  const WAYS = ENTRY_POINTS.flatMap(([path = '', name]) =>
    (['module', 'commonjs'] as const).map((kind) => ({ entry: `nestjs-descope${path}`, name, kind })),
  );
  it.each(WAYS)('can be imported as $entry: $kind', async ({ entry, name, kind }) => {
    const target = JSON.stringify(entry);
    const load = kind === 'module' ? `await import(${target})` : `require(${target})`;
    const code = `console.log(Object.keys(${load}).includes(${JSON.stringify(name ?? '')}))`;
    const { lastLine, output } = await program.run('node', [`--input-type=${kind}`, '-e', code]);
    expect(lastLine === '' ? output : lastLine).toBe(String(name !== undefined));
  });

  it('loads the code of an option when an application with the option starts, and not before', async () => {
    const { lastLine } = await program.run('node', ['--input-type=commonjs', '-e', STARTS]);
    const [atImport, ...started] = JSON.parse(lastLine) as string[][];
    expect(atImport).toEqual(['application.js']);
    expect(started).toEqual([
      [],
      ['fga.js'],
      ['sign-ins.js'],
      ['mounted.routes.js'],
      ['access-keys.js', 'address.js'],
      ['store-probe.js', 'store-sharing.js'],
      ['events.route.js'],
      ['user-cache.js'],
      ['create-proof-verifier.js'],
      ['resource.js'],
    ]);
  });

  it('has a command, by both of its names, whose doctor finds the peers of the program', async () => {
    const bin = (name: string) => join(program.folder, 'node_modules/.bin', name);
    expect(await program.run(bin('nestjs-descope'), ['--version'])).toMatchObject({ code: 0 });
    expect((await program.run(bin('nestjs-descope-emulator'), ['--help'])).output).toMatch(/^Usage: /);
    const doctor = await program.run(bin('nestjs-descope'), ['doctor'], { DESCOPE_PROJECT_ID: 'X1' });
    expect(doctor.code).toBe(1);
    expect(doctor.output).toMatch(/\nok +nest +@nestjs\/common \d.*\nproblem +configuration +CONFIG_INVALID/);
  });
});
