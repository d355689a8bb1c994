// The access matrix, against what the sample application, the examples and an application of every demand really answer.
import { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, INestApplication } from '@nestjs/common';
import { Controller, Get, Injectable, Post, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DescopeModuleOptions } from 'nestjs-descope';
import {
  Accepts,
  Amr,
  Audience,
  Authorize,
  DescopeModule,
  FgaCheck,
  Mfa,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import type { AccessMatrix } from 'nestjs-descope/inspect';
import { accessMatrix, diffMatrix, formatMatrix, formatMatrixDiff } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import { requestToken } from '#lib/emulator/command/ask-emulator.js';
import type { EmbeddedDescope } from '../../../sample-app/src/embedded/embedded-descope.js';
import { PEOPLE } from '../../../sample-app/src/embedded/people.js';
import { readSettings } from '../../../sample-app/src/start/settings.js';
import type { Sample } from '../../../sample-app/src/start/start-sample.js';
import { startSample } from '../../../sample-app/src/start/start-sample.js';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { compareWithHttp } from '../../support/matrix-against-http.js';

const verdictOf = ({ rows }: AccessMatrix, path: string, persona: string) =>
  rows.find((row) => row.path === path)?.verdicts[persona];

describe.each(ADAPTERS)('The access matrix of the sample application on %s', (adapter) => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await startSample(readSettings({ PORT: '0', HTTP_ADAPTER: adapter }));
    sample.app.useLogger(false);
  });
  afterAll(() => sample.app.close());

  it('says of every route and caller what the route answers', async () => {
    const embedded = sample.embedded as EmbeddedDescope;
    const tokens = await Promise.all(
      PEOPLE.map(async (person) => [person.key, (await embedded.signIn(person)).sessionJwt] as const),
    );
    const bearers = { ...Object.fromEntries(tokens), robot: embedded.accessKey, anonymous: '' };
    const values = { 'param:tenantId': 'acme', 'param:tenant': 'acme' };
    const personas = { ...bearers, anonymous: 'anonymous' };
    for (const options of [{}, { values }]) {
      const matrix = await accessMatrix(sample.app, personas, options);
      const { wrong, counts } = await compareWithHttp(matrix, { url: sample.url, bearers, ...options });
      expect(wrong).toEqual([]);
      expect(counts.allowed).toBeGreaterThan(20);
      expect(counts.rejected).toBeGreaterThan(20);
    }
  });
});

const EXAMPLES: readonly [name: string, people: readonly string[], keys: readonly string[]][] = [
  ['rest', ['ada@example.com', 'carol@example.com'], []],
  ['browser-sessions', ['ada@example.com'], []],
  [
    'm2m',
    ['ada@example.com'],
    ['K2exporterexporterexporterexSECRETsecret01', 'K2readerreaderreaderreaderreaSECRETsecret02'],
  ],
  ['graphql', ['ada@example.com', 'carol@example.com'], []],
  ['websocket', ['ada@example.com', 'carol@example.com'], []],
];

describe('The access matrix of an example', () => {
  const { env } = process;
  const create = NestFactory.create.bind(NestFactory);
  const { listen } = Server.prototype;
  const servers: Server[] = [];
  let app: INestApplication | undefined;
  beforeEach(() => {
    // The program keeps its application and its emulator for itself.
    NestFactory.create = (async (...args: Parameters<typeof create>) =>
      (app = await create(...args))) as typeof NestFactory.create;
    Server.prototype.listen = function (this: Server, ...args: Parameters<typeof listen>) {
      servers.push(this);
      return listen.apply(this, args);
    } as typeof listen;
    process.env = { ...env, PORT: '0', EMULATOR_PORT: '0' };
  });
  afterEach(async () => {
    process.env = env;
    NestFactory.create = create;
    Server.prototype.listen = listen;
    await app?.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
    app = undefined;
  });

  const toUrl = (server: Server | undefined) =>
    `http://127.0.0.1:${(server?.address() as AddressInfo | null)?.port ?? 0}`;

  it.each(EXAMPLES)(
    'says of every route and caller of %s what the route answers',
    async (name, people, keys) => {
      await import(pathToFileURL(resolve('examples', name, 'main.ts')).href);
      const [emulator, api] = servers.map(toUrl);
      const tokens = await Promise.all(
        people.map(async (loginId) => [loginId, await requestToken(loginId, emulator)]),
      );
      const bearers: Record<string, string> = Object.fromEntries([
        ...tokens,
        ...keys.map((key) => [key, key]),
      ]);
      const personas = { ...bearers, anonymous: 'anonymous' };
      const values = { 'param:tenant': 'acme' };
      const matrix = await accessMatrix(app as INestApplication, personas, { values });
      const { wrong, counts } = await compareWithHttp(matrix, { url: api ?? '', bearers, values });
      expect(wrong).toEqual([]);
      const own = matrix.rows.flatMap(({ verdicts }) => Object.values(verdicts).flatMap(({ on }) => on));
      expect(own.filter((reason) => reason !== 'the route itself')).toEqual([]);
      expect(counts.depends).toBe(own.length);
    },
  );
});

@Injectable()
class PaidGuard implements CanActivate {
  canActivate() {
    return true;
  }
}

const isOwner = () => true;
const toTenant = () => 'acme';

/** One route for each demand, and some that add up. */
@Controller()
class DemandsController {
  @Public() @Get('public') public() {
    return {};
  }
  @OptionalAuth() @Get('optional') optional() {
    return {};
  }
  @Get('any') any() {
    return {};
  }
  @Roles('admin') @Get('roles') roles() {
    return {};
  }
  @Permissions('read', 'write') @Get('permissions') permissions() {
    return {};
  }
  @Scopes('orders:read') @Accepts('user', 'app') @Audience('orders') @Get('scopes') scopes() {
    return {};
  }
  @Accepts('access-key') @Get('machines') machines() {
    return {};
  }
  @Staff() @Get('staff') staff() {
    return {};
  }
  @Mfa() @Get('mfa') mfa() {
    return {};
  }
  @Amr('pwd') @Get('amr') amr() {
    return {};
  }
  @StepUp({ maxAgeSeconds: 60 }) @Post('step-up') stepUp() {
    return {};
  }
  @Tenant({ from: 'dct' }) @Roles('editor', { tenant: true }) @Get('dct') dct() {
    return {};
  }
  @Tenant({ from: 'param:tenant' }) @Get('tenants/:tenant') tenant() {
    return {};
  }
  @Tenant({ from: 'param:tenant' })
  @Roles('admin', { tenant: true })
  @Get('tenants/:tenant/admin')
  tenantAdmin() {
    return {};
  }
  @Roles('admin', { tenant: 'header:x-tenant', orProject: true }) @Get('header') header() {
    return {};
  }
  @Tenant({ from: toTenant }) @Get('function') byFunction() {
    return {};
  }
  @Roles('admin') @Authorize(isOwner) @Get('rule') rule() {
    return {};
  }
  @FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'can_view' }) @Get('docs/:id') relation() {
    return {};
  }
  @UseGuards(PaidGuard) @Roles('admin') @Get('paid') paid() {
    return {};
  }
}

describe.each(ADAPTERS)('The access matrix on %s', (adapter) => {
  const descope = createTestDescope();
  const callers = {
    ada: descope.as({
      sub: 'U2ada',
      roles: ['admin', 'is_staff'],
      permissions: ['read', 'write'],
      amr: ['pwd', 'otp'],
      su: true,
    }),
    bob: descope.as({
      sub: 'U2bob',
      tenants: { acme: { roles: ['editor'] }, globex: { roles: ['admin'] } },
      dct: 'acme',
    }),
    key: descope.as({ kind: 'access-key', roles: ['admin'] }),
    app: descope.as({ kind: 'app', aud: 'orders', scope: 'orders:read' }),
    gone: descope.expired(),
    forged: descope.tampered(),
  };
  const personas = { anonymous: 'anonymous', ...callers };
  const bearers = Object.fromEntries(Object.entries(callers).map(([name, { token }]) => [name, token]));
  let running: RunningApplication | undefined;
  afterEach(() => running?.close());
  const boot = async (options: DescopeModuleOptions = {}) => {
    const imports = [DescopeModule.forRoot({ audience: null, managementKey: 'K2key', ...options })];
    running = await start(
      adapter,
      { imports, controllers: [DemandsController] },
      { override: (builder) => descope.override(builder) },
    );
    return running;
  };

  it('says of every demand and kind of caller what the route answers', async () => {
    const { app, url } = await boot();
    const all = [
      {},
      ...['acme', 'globex', 'other'].map((tenant) => ({ values: { 'param:tenant': tenant } })),
    ];
    for (const options of all) {
      const matrix = await accessMatrix(app, personas, options);
      const { wrong, counts } = await compareWithHttp(matrix, { url, bearers, ...options });
      expect(wrong).toEqual([]);
      expect([counts.allowed > 20, counts.rejected > 60]).toEqual([true, true]);
    }
  });

  it('says what a verdict depends on, and only where a request can change it', async () => {
    const { app } = await boot();
    const matrix = await accessMatrix(app, personas);
    const on = (path: string, persona: string) => verdictOf(matrix, path, persona)?.on;
    expect(on('/tenants/:tenant', 'bob')).toEqual(['param:tenant']);
    expect(on('/tenants/:tenant/admin', 'bob')).toEqual(['param:tenant']);
    expect(on('/header', 'bob')).toEqual(['header:x-tenant']);
    expect(verdictOf(matrix, '/header', 'ada')?.outcome).toBe('allowed'); // by the project
    expect(on('/function', 'bob')).toEqual(['toTenant']);
    expect(on('/rule', 'ada')).toEqual(['rule: isOwner']);
    expect(verdictOf(matrix, '/rule', 'bob')?.rejections).toEqual([
      { status: 403, code: 'ACCESS_ROLE_MISSING' },
    ]);
    expect(on('/docs/:id', 'bob')).toEqual([expect.stringContaining('can_view')]);
    expect(on('/paid', 'ada')).toEqual(['PaidGuard']);
    expect(verdictOf(matrix, '/paid', 'bob')?.outcome).toBe('rejected');
    // Who belongs to no tenant is rejected whatever tenant a request names.
    expect(verdictOf(matrix, '/tenants/:tenant', 'ada')?.rejections).toEqual([
      { status: 403, code: 'ACCESS_TENANT_MISSING' },
    ]);
    const assumed = await accessMatrix(app, personas, { assumedGuards: ['PaidGuard'] });
    expect(verdictOf(assumed, '/paid', 'ada')?.outcome).toBe('allowed');
  });

  it('depends on loadUser where the application has its own users', async () => {
    const { app } = await boot({ loadUser: () => ({ id: 1 }) });
    const matrix = await accessMatrix(app, personas);
    expect(verdictOf(matrix, '/roles', 'ada')?.on).toEqual(['loadUser']);
    expect(verdictOf(matrix, '/roles', 'bob')?.outcome).toBe('rejected');
    expect(verdictOf(matrix, '/optional', 'anonymous')?.outcome).toBe('allowed');
    expect(verdictOf(matrix, '/optional', 'ada')?.on).toEqual(['loadUser']);
  });

  it('rejects a persona of no known form, and does not guess during an outage', async () => {
    const { app } = await boot();
    for (const persona of [undefined, null, '', 1, {}, { token: 7 }])
      await expect(accessMatrix(app, { odd: persona as never })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
      });
    descope.keysUnavailable();
    await expect(accessMatrix(app, { ada: callers.ada })).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    descope.keysAvailable();
  });

  it('is plain data, a table, Markdown, and a list of changes for a review', async () => {
    const { app } = await boot();
    const { ada, bob } = callers;
    const matrix = await accessMatrix(app, { ada, bob });
    expect(JSON.parse(JSON.stringify(matrix))).toEqual(matrix);
    const [head, ...lines] = formatMatrix(matrix).split('\n');
    expect(head).toMatch(/^METHOD +PATH +ada +bob$/);
    expect(lines.find((line) => line.includes(' /roles '))).toMatch(
      /^GET +\/roles +allowed +403 ACCESS_ROLE_MISSING$/,
    );
    expect(formatMatrix(matrix, 'markdown').split('\n')).toContain(
      '| GET | /roles | allowed | 403 ACCESS\\_ROLE\\_MISSING |',
    );
    const promoted = await accessMatrix(app, { ada, bob: descope.as({ sub: 'U2bob', roles: ['admin'] }) });
    const changes = diffMatrix(matrix, promoted);
    expect(formatMatrixDiff(changes).split('\n')).toContain(
      'GET /roles: bob 403 ACCESS_ROLE_MISSING → allowed',
    );
    expect(diffMatrix(matrix, matrix)).toEqual([]);
    const without = { ...matrix, rows: matrix.rows.filter(({ path }) => path !== '/roles') };
    expect(formatMatrixDiff(diffMatrix(without, matrix))).toBe(
      'GET /roles: ada none → allowed\nGET /roles: bob none → 403 ACCESS_ROLE_MISSING',
    );
  });
});
