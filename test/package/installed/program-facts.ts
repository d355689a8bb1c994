// What holds of the packed package, installed into a program of a user's: it compiles, it runs, and it ends.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Ended, InstalledProgram } from '../../support/installed-program.js';
import { installProgram } from '../../support/installed-program.js';

const MINUTES = 60_000;
const MAIN = 'tsconfig.json'; // which writes what the other tests run

/** A program, and how it is compiled and tested. */
export interface ProgramForm {
  readonly name: 'nest-11-commonjs' | 'nest-12-esm';
  readonly configs: readonly string[];
  /** Another compiler than its own, the oldest that is supported or the newest: the name that it is installed by, and what it reads. */
  readonly compiler: readonly [name: 'typescript-oldest' | 'typescript-newest', config: string];
  /** The environment of its Jest. */
  readonly jest: Readonly<Record<string, string>>;
}

/** States the facts of a program as tests of the file that calls it; a file for each, so that they run side by side. */
export function stateFacts({ name, configs, compiler, jest }: ProgramForm): void {
  let program: InstalledProgram;
  let emitted: Ended;

  beforeAll(async () => {
    program = await installProgram(name);
    emitted = await program.run('node_modules/.bin/tsc', ['-p', MAIN]); // what it says is for the tests below
  }, 5 * MINUTES);
  afterAll(() => program.remove());

  it.each(configs)(
    'compiles by %s, also what must not',
    async (config) => {
      const ended = config === MAIN ? emitted : await program.run('node_modules/.bin/tsc', ['-p', config]);
      expect(ended).toMatchObject({ output: '', code: 0 });
    },
    2 * MINUTES,
  );

  it(
    `compiles by ${compiler[0]}, too`,
    async () => {
      const args = [`node_modules/${compiler[0]}/bin/tsc`, '-p', compiler[1], '--noEmit'];
      expect(await program.run('node', args)).toMatchObject({ output: '', code: 0 });
    },
    2 * MINUTES,
  );

  it(
    'answers 200, 401 and 403, and leaves nothing behind that would hold the process',
    async () => {
      const { code, lastLine, output } = await program.run('node', ['dist/check.js']);
      expect({ code, output: lastLine === '' ? output : '' }).toEqual({ code: 0, output: '' });
      expect(JSON.parse(lastLine)).toEqual({
        answers: {
          public: '200',
          nobody: '401 SESSION_MISSING',
          bearer: '200',
          cookie: '200',
          expired: '401 TOKEN_EXPIRED',
          tampered: '401 TOKEN_SIGNATURE_INVALID',
          plain: '403 ACCESS_ROLE_MISSING',
          admin: '200',
        },
        access: {
          tenant: '200',
          tenantRole: '403 ACCESS_ROLE_MISSING',
          otherTenant: '403 ACCESS_TENANT_MISSING',
          namedTenant: '200',
          scopes: '200',
          noScopes: '403 ACCESS_SCOPE_MISSING',
          strong: '200',
          notStrong: '401 AUTH_STEP_UP_REQUIRED',
          app: '200',
          otherApp: '401 TOKEN_AUDIENCE_MISMATCH',
          user: '401 TOKEN_KIND_NOT_ACCEPTED',
          standing: '200',
          noStanding: '403 ACCESS_SUPERUSER_MISSING',
          policies: '200',
          noPolicies: '403 ACCESS_POLICY_REFUSED',
          functions: '200',
          noFunctions: '403 ACCESS_POLICY_REFUSED',
        },
      });
    },
    2 * MINUTES,
  );

  it(
    'asks Descope for relations',
    async () => {
      const { lastLine, output } = await program.run('node', ['dist/relations.js']);
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual([
        '200',
        '403 ACCESS_RELATION_MISSING',
        '403 ACCESS_RELATION_MISSING',
        '503 FGA_UNAVAILABLE',
      ]);
    },
    MINUTES,
  );

  it(
    'asks Nest about messages as far as that Nest does, and says at boot where it does not',
    async () => {
      const { lastLine, output } = await program.run('node', ['dist/sockets.js']);
      const isAsked = name === 'nest-12-esm'; // the first Nest that asks global guards about messages
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual({
        answers: {
          open: 'open',
          nobody: 'SESSION_MISSING',
          bearer: 'U2anna',
          auth: 'U2anna',
          tampered: 'TOKEN_SIGNATURE_INVALID',
          plainUser: 'ACCESS_ROLE_MISSING',
          admin: 'removed',
          ownPage: 'U2anna',
          foreignPage: 'REQUEST_CROSS_SITE',
          noPage: 'REQUEST_CROSS_SITE',
          unguarded: isAsked ? 'SESSION_MISSING' : 'plain',
        },
        notices: isAsked ? [] : ['GATEWAY_UNGUARDED: PlainGateway'],
        demanding: isAsked ? 'started' : 'CONFIG_DEMAND_UNGUARDED',
      });
    },
    MINUTES,
  );

  it(
    'guards resolvers and fields',
    async () => {
      const compiled = await program.run('node_modules/.bin/tsc', ['-p', 'tsconfig.graphql.json']);
      expect(compiled).toMatchObject({ output: '', code: 0 });
      const { lastLine, output } = await program.run('node', ['dist/graphql.js']);
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual({
        open: 'open',
        nobody: 'SESSION_MISSING',
        bearer: 'U2anna',
        expired: 'TOKEN_EXPIRED',
        plain: 'ACCESS_ROLE_MISSING',
        admin: 'removed',
        tenant: 'acme',
        otherTenant: 'ACCESS_TENANT_MISSING',
        ownPage: 'acme',
        foreignPage: 'REQUEST_CROSS_SITE',
        field: 'draft',
        noField: 'ACCESS_ROLE_MISSING',
      });
    },
    2 * MINUTES,
  );

  it(
    'takes and sends access keys, ends streams with their session, and maps and documents what it guards',
    async () => {
      const { lastLine, output } = await program.run('node', ['dist/machines.js']);
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual({
        key: 'access-key',
        again: 'access-key',
        unknownKey: 'ACCESS_KEY_REFUSED',
        user: 'TOKEN_KIND_NOT_ACCEPTED',
        machine: 'access-key',
        exchanges: 3,
        noStream: 'SESSION_MISSING',
        stream: 'first',
        map: [
          '/never required global',
          '/news required global',
          '/open public global',
          '/work required global',
        ],
        names: {
          unknownRoles: [{ name: 'is_staff', usedBy: ['MachinesController.never'] }],
          unknownPermissions: [],
        },
        documented: [['401', '403', '503'], [{ descopeBearer: [] }, { descopeCookie: [] }], []],
      });
    },
    MINUTES,
  );

  it(
    'guards gRPC by its metadata, never by its payload',
    async () => {
      const { lastLine, output } = await program.run('node', ['dist/messages.js']);
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual({
        bearer: 'U2anna',
        nobody: '16 SESSION_MISSING',
        payload: '16 SESSION_MISSING',
        plain: '7 ACCESS_ROLE_MISSING',
        admin: 'removed',
      });
    },
    MINUTES,
  );

  it(
    'tells Terminus how it is',
    async () => {
      const { lastLine, output } = await program.run('node', ['dist/health.js']);
      expect(lastLine === '' ? output : JSON.parse(lastLine)).toEqual([
        { status: 200, info: { descope: { status: 'up', degraded: false, keyCount: 1 } } },
        {
          status: 503,
          error: { descope: { status: 'down', degraded: false, keyCount: 1, code: 'KEYS_UNAVAILABLE' } },
        },
      ]);
    },
    MINUTES,
  );

  it(
    'is tested under Jest without configuration',
    async () => {
      const { code, output } = await program.run('node_modules/.bin/jest', ['dist/'], jest);
      expect({ code, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining('2 passed, 2 total'),
      });
    },
    2 * MINUTES,
  );

  it(
    'runs the emulator',
    async () => {
      expect(await program.run('node', ['dist/emulate.js'])).toMatchObject({ code: 0, lastLine: '3' });
    },
    MINUTES,
  );

  it(
    'starts from the environment, answers a running request after SIGTERM, and ends',
    async () => {
      const emulator = await startEmulator();
      const env = { DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url };
      const { child, firstLine: url } = await program.start('dist/serve.js', env);
      const token = await emulator.signToken({ claims: { sub: 'U2anna', amr: ['email'] } });
      const me = await fetch(`${url}/me`, {
        headers: { authorization: `Bearer ${token}`, connection: 'close' },
      });
      expect(await me.json()).toEqual({ id: 'U2anna', email: null });
      const slow = fetch(`${url}/slow`, { headers: { connection: 'close' } });
      await new Promise((resolve) => setTimeout(resolve, 300));
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect((await slow).status).toBe(200);
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      expect((await ended)[1]).not.toBe('SIGKILL');
      clearTimeout(timer);
      await emulator.close();
    },
    MINUTES,
  );

  it(
    'shows by its command what every endpoint answers several callers, and what has changed',
    async () => {
      const write = (file: string, value: object) =>
        writeFile(join(program.folder, file), JSON.stringify(value));
      const env = { DESCOPE_PROJECT_ID: 'P2testtesttesttesttesttestte', DESCOPE_AUDIENCE: 'orders' };
      const command = ['dist/app.module.js', '--personas', 'personas.json'];
      const show = (...args: readonly string[]) =>
        program.run('node_modules/.bin/nestjs-descope', ['matrix', ...command, ...args], env);
      const ada = { roles: ['admin'], aud: 'orders' };
      await write('personas.json', {
        anonymous: null,
        ada,
        bob: { aud: 'orders' },
        other: { aud: 'reports' },
      });
      const { output, code } = await show();
      const row = output.split('\n').find((line) => line.includes(' /admin ')) ?? output;
      expect([code, row.trim().split(/ {2,}/)]).toEqual([
        0,
        [
          'GET',
          '/admin',
          '401 SESSION_MISSING',
          'allowed',
          '403 ACCESS_ROLE_MISSING',
          '401 TOKEN_AUDIENCE_MISMATCH',
        ],
      ]);
      expect(await show('--format', 'json', '--output', 'before.json')).toMatchObject({
        code: 0,
        output: '',
      });
      expect(await show('--before', 'before.json')).toMatchObject({
        code: 0,
        lastLine: 'No verdict has changed.',
      });
      await write('personas.json', {
        anonymous: null,
        ada: { aud: 'orders' },
        bob: ada,
        other: { aud: 'reports' },
      });
      const changed = await show('--before', 'before.json');
      expect(changed.code).toBe(1);
      expect(changed.output).toContain('GET /admin: bob 403 ACCESS_ROLE_MISSING → allowed');
      const wrong = [
        { rolls: ['admin'] },
        { roles: 'admin' },
        { kind: 'robot' },
        { tenants: { acme: [] } },
        'ada',
      ];
      for (const persona of wrong) {
        await write('personas.json', { ada: persona });
        expect(await show()).toMatchObject({
          code: 2,
          output: expect.stringContaining('--personas: "ada" '),
        });
      }
      await write('personas.json', { stranger: { token: 'eyJ.e30.sig' } }); // which the application verifies
      expect((await show()).output).toMatch(/ \/admin .*401 TOKEN_MALFORMED/);
      expect(await show('--format', 'csv')).toMatchObject({
        code: 2,
        output: expect.stringContaining('--format must be table, markdown or json, got "csv"'),
      });
    },
    2 * MINUTES,
  );

  if (name !== 'nest-11-commonjs') return; // only require() shows what is loaded
  it(
    "loads the vendor's client on its first call only, and no ESM-only package at all",
    async () => {
      const script = [
        "const { AppModule, Accounts } = require('./dist/app.module.js');",
        "require('nestjs-descope/testing');",
        "const { NestFactory } = require('@nestjs/core');",
        'const has = (part) => Object.keys(require.cache).some((path) => path.includes(part));',
        'NestFactory.createApplicationContext(AppModule, { logger: false }).then(async (app) => {',
        "  const before = [has('node-sdk'), has('node_modules/jose')];",
        "  await app.get(Accounts).client.validateSession('').catch(() => undefined);",
        "  console.log(JSON.stringify([...before, has('node-sdk')]));",
        '  await app.close();',
        '});',
      ].join('\n');
      await writeFile(join(program.folder, 'lazy.cjs'), script);
      const env = {
        DESCOPE_PROJECT_ID: 'P2testtesttesttesttesttestte',
        DESCOPE_BASE_URI: 'http://127.0.0.1:9',
      };
      expect(await program.run('node', ['lazy.cjs'], env)).toMatchObject({ lastLine: '[false,false,true]' });
    },
    MINUTES,
  );
}
