// @FgaCheck() asks Descope for a relation: an explicit yes to that very question lets in, and silence never does.
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get, Module } from '@nestjs/common';
import type { DescopeModuleOptions, FgaCheckOptions } from 'nestjs-descope';
import {
  Authorize,
  DescopeConfigError,
  DescopeModule,
  FgaCheck,
  OptionalAuth,
  Public,
  Roles,
} from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import type { Emulator, FaultOptions } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { bearer } from '../../support/who.controller.js';

const SCHEMA = `model AuthZ 1.0

type user

type robot

type doc
  relation owner: user
  relation viewer: user | robot

  permission can_view: viewer | owner
`;
const relate = (resource: string, relation: string, target: string, targetType = 'user') => {
  return { resourceType: 'doc', resource, relation, targetType, target };
};
const PATH = '/v1/mgmt/fga/check';
const canView: FgaCheckOptions = { resourceType: 'doc', resource: 'param:id', relation: 'can_view' };

const seen: string[] = [];
const sees = (name: string, answer: boolean) => () => {
  seen.push(name);
  return answer;
};

@Controller('docs')
class DocsController {
  @FgaCheck(canView) @Get('one/:id') one() {}

  @FgaCheck({ ...canView, relation: 'owner' }) @FgaCheck(canView) @Get('both/:id') both() {}

  @FgaCheck({ ...canView, resource: 'header:X-Doc' }) @Get('header') header() {}

  @FgaCheck({ ...canView, resource: async (context: ExecutionContext) => query(context) })
  @Get('query')
  query() {}

  @FgaCheck({ ...canView, targetType: 'robot' }) @Get('robot/:id') robot() {}

  @Roles('editor') @FgaCheck(canView) @Get('editor/:id') editor() {}

  @Authorize(sees('first', true))
  @FgaCheck(canView)
  @Authorize(sees('second', true))
  @FgaCheck({ ...canView, relation: 'owner' })
  @Authorize(sees('third', true))
  @Get('ordered/:id')
  ordered() {}

  @Authorize(sees('no', false)) @FgaCheck(canView) @Get('late/:id') late() {}

  @FgaCheck({ ...canView, relation: 'can_fly' }) @Get('unknown/:id') unknown() {}

  @FgaCheck({ ...canView, relation: 'can_swim' }) @Get('unknown-too/:id') unknownToo() {}

  @AnyOf(FgaCheck({ ...canView, relation: 'owner' }), Roles('editor'), FgaCheck(canView))
  @Get('any/:id')
  any() {}

  @AnyOf(FgaCheck(canView), Authorize(sees('other', true))) @Get('any-rule/:id') anyRule() {}

  @FgaCheck(canView)
  @AnyOf(Roles('editor'), Authorize(sees('other', true)))
  @Get('any-beside/:id')
  beside() {}
}

@FgaCheck({ ...canView, relation: 'owner' })
@Controller('owned')
class OwnedController {
  @FgaCheck(canView) @Get(':id') both() {}

  @Public() @Get('open/:id') open() {}

  @OptionalAuth() @Get('optional/:id') optional() {}
}

function query(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<{ query: { doc?: string } }>().query.doc;
}

describe.each(ADAPTERS)('@FgaCheck(), on %s,', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication;
  let logger: CollectingLogger;

  const boot = async (options: DescopeModuleOptions = {}, target = emulator) => {
    const { projectId, url: baseUrl, managementKey } = target;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, managementKey, ...options })];
    const controllers = [DocsController, OwnedController];
    logger = new CollectingLogger();
    application = await start(adapter, { imports, controllers }, { logger });
  };
  const ask = async (path: string, sub = 'ada', headers: Record<string, string> = {}) => {
    const token = await emulator.signToken({ claims: { sub, amr: ['email'] } });
    const answer = await application.request(path, { headers: { ...bearer(token), ...headers } });
    return { ...answer, verdict: answer.body['code'] ?? answer.status };
  };
  const verdict = async (...args: Parameters<typeof ask>) => (await ask(...args)).verdict;

  const startDescope = () => {
    const relations = [
      relate('plan', 'owner', 'ada'),
      relate('plan', 'viewer', 'bob'),
      relate('plan', 'viewer', 'K2bot', 'robot'),
    ];
    return startEmulator({ seed: { fga: { schema: SCHEMA, relations } } });
  };
  beforeAll(async () => {
    emulator = await startDescope();
    await boot();
  });
  afterEach(() => emulator.faults.clear());
  afterAll(async () => {
    await application.close();
    await emulator.close();
  });

  it('accepts a caller who is related according to Descope, and no other', async () => {
    expect(await verdict('/docs/one/plan')).toBe(200);
    expect(await verdict('/docs/one/plan', 'bob')).toBe(200);
    expect(await verdict('/docs/one/plan', 'eve')).toBe('ACCESS_RELATION_MISSING');
    expect(await verdict('/docs/one/note')).toBe('ACCESS_RELATION_MISSING');
    expect((await ask('/docs/one/plan', 'eve')).status).toBe(403);
    expect((await application.request('/docs/one/plan')).status).toBe(401);
  });

  it('takes the resource from wherever the request names it, and rejects where it names none', async () => {
    expect(await verdict('/docs/header', 'ada', { 'x-doc': 'plan' })).toBe(200);
    expect(await verdict('/docs/query?doc=plan')).toBe(200);
    for (const path of ['/docs/header', '/docs/query', '/docs/query?doc=', '/docs/query?doc=a&doc=b'])
      expect([(await ask(path)).status, await verdict(path)]).toEqual([403, 'ACCESS_RESOURCE_UNNAMED']);
  });

  it("asks for the caller's id, as a user unless it says otherwise", async () => {
    expect(await verdict('/docs/robot/plan', 'K2bot')).toBe(200);
    expect(await verdict('/docs/robot/plan', 'bob')).toBe('ACCESS_RELATION_MISSING');
    expect(await verdict('/docs/one/plan', 'K2bot')).toBe('ACCESS_RELATION_MISSING');
  });

  it('asks for all of several, of handler and class, in one call', async () => {
    emulator.requests.clear();
    expect(await verdict('/docs/both/plan')).toBe(200);
    expect(await verdict('/owned/plan')).toBe(200);
    expect(emulator.requests.count(PATH)).toBe(2);
    expect(await verdict('/docs/both/plan', 'bob')).toBe('ACCESS_RELATION_MISSING');
    expect(await verdict('/owned/plan', 'bob')).toBe('ACCESS_RELATION_MISSING');
  });

  it('asks nothing on a handler that is opened', async () => {
    emulator.requests.clear();
    expect([await verdict('/owned/open/x'), await verdict('/owned/optional/x')]).toEqual([200, 200]);
    expect(emulator.requests.count(PATH)).toBe(0);
  });

  it("comes after the token's demands, which cost nothing", async () => {
    emulator.requests.clear();
    expect(await verdict('/docs/editor/plan')).toBe('ACCESS_ROLE_MISSING');
    expect(emulator.requests.count(PATH)).toBe(0);
  });

  it('keeps the order in which rules are written', async () => {
    seen.length = 0;
    emulator.requests.clear();
    expect(await verdict('/docs/ordered/plan', 'bob')).toBe('ACCESS_RELATION_MISSING');
    expect(seen).toEqual(['first', 'second']);
    expect(await verdict('/docs/late/plan')).toBe('ACCESS_POLICY_REFUSED');
    expect(emulator.requests.count(PATH)).toBe(1); // the rule that said no stands before the check
  });

  it('is one of several alternatives, which ask in one call and only if no demand is met', async () => {
    emulator.requests.clear();
    expect(await verdict('/docs/any/plan')).toBe(200);
    expect(await verdict('/docs/any/plan', 'bob')).toBe(200);
    expect(await verdict('/docs/any/plan', 'eve')).toBe('ACCESS_ALTERNATIVES_MISSING');
    expect(emulator.requests.count(PATH)).toBe(3);
    const claims = { sub: 'eve', amr: ['email'], roles: ['editor'] };
    const headers = bearer(await emulator.signToken({ claims }));
    expect((await application.request('/docs/any/plan', { headers })).status).toBe(200);
    expect(emulator.requests.count(PATH)).toBe(3);
    expect(await verdict('/docs/any-beside/plan', 'eve')).toBe('ACCESS_RELATION_MISSING');
  });

  it('is an outage of its alternatives, unless another one is met', async () => {
    emulator.faults.add({ path: PATH, status: 500, body: { errorCode: 'E000000' } });
    const { status, headers, body } = await ask('/docs/any/plan');
    expect([status, body['code'], headers.has('retry-after')]).toEqual([503, 'FGA_UNAVAILABLE', true]);
    expect(await verdict('/docs/any-rule/plan')).toBe(200);
  });

  it.each<[string, Omit<FaultOptions, 'path'>]>([
    ['breaks off', { reset: true }],
    ['fails', { status: 500, body: { errorCode: 'E000000' } }],
    ['limits the rate', { status: 429, body: { errorCode: 'E130429' } }],
    ['answers in HTML', { status: 200, body: '<html>' }],
    ['answers nothing', { status: 200, body: {} }],
    ['answers no list', { status: 200, body: { tuples: { allowed: true } } }],
    ['answers an empty list', { status: 200, body: { tuples: [] } }],
    ['names no tuple', { status: 200, body: { tuples: [{ allowed: true }] } }],
    ['names another user', { status: 200, body: said(true, { target: 'eve' }) }],
    ['names another resource', { status: 200, body: said(true, { resource: 'planet' }) }],
    ['names another relation', { status: 200, body: said(true, { relation: 'viewer' }) }],
    ['says yes in text', { status: 200, body: said('true') }],
    ['says one', { status: 200, body: said(1) }],
    [
      'says more than was asked',
      { status: 200, body: { tuples: [...said(true).tuples, ...said(true).tuples] } },
    ],
  ])('answers 503 when Descope %s', async (_what, fault) => {
    emulator.faults.add({ path: PATH, ...fault });
    const { status, headers, body } = await ask('/docs/one/plan');
    expect([status, body['code']]).toEqual([503, 'FGA_UNAVAILABLE']);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(body['message']).toBe('Access cannot be checked at present.');
  });

  it('takes a verdict that is left out for a no', async () => {
    emulator.faults.add({ path: PATH, status: 200, body: said(undefined) });
    expect(await verdict('/docs/one/plan')).toBe('ACCESS_RELATION_MISSING');
  });

  it('waits as long as Descope asks for', async () => {
    emulator.faults.add({
      path: PATH,
      status: 429,
      body: { errorCode: 'E130429' },
      headers: { 'retry-after': '17' },
    });
    expect((await ask('/docs/one/plan')).headers.get('retry-after')).toBe('17');
  });

  it('logs each relation that the schema lacks, and an outage once for all relations', async () => {
    await application.close();
    await boot();
    for (const path of ['/docs/unknown/plan', '/docs/unknown-too/plan', '/docs/unknown/plan'])
      expect(await verdict(path)).toBe('FGA_UNAVAILABLE');
    expect(logger.find('FGA_UNAVAILABLE')).toEqual([
      expect.stringContaining('doc#can_fly'),
      expect.stringContaining('doc#can_swim'),
    ]);
    await application.close();
    await boot();
    emulator.faults.add({ path: PATH, status: 401, body: { errorCode: 'E130401' }, times: 2 });
    for (const path of ['/docs/unknown/plan', '/docs/one/plan'])
      expect(await verdict(path)).toBe('FGA_UNAVAILABLE');
    expect(logger.find('FGA_UNAVAILABLE')).toHaveLength(1);
  });

  it('logs the reason once, without the key or the resource', async () => {
    await application.close();
    await boot();
    expect([await verdict('/docs/unknown/plan'), await verdict('/docs/unknown/plan')]).toEqual([
      'FGA_UNAVAILABLE',
      'FGA_UNAVAILABLE',
    ]);
    expect(logger.find('FGA_UNAVAILABLE')).toEqual([expect.stringMatching(/status 400, E\d+/)]);
    expect(logger.find(emulator.managementKey)).toEqual([]);
    expect(logger.find('plan')).toEqual([]);
  });

  it('does not wait for a slow Descope, whose own tries would take many seconds', async () => {
    await application.close();
    const ofOthers = emulator;
    emulator = await startDescope(); // the client goes on trying, and no other test shall count that
    await boot({ keyFetch: { timeoutMs: 2_000 } });
    expect(await verdict('/docs/one/plan')).toBe(200);
    for (const fault of [{ hang: true }, { status: 503 }]) {
      emulator.faults.add({ path: PATH, ...fault });
      expect(await verdict('/docs/one/plan')).toBe('FGA_UNAVAILABLE');
      emulator.faults.clear();
    }
    expect(await verdict('/docs/one/plan')).toBe(200);
    await application.close();
    await emulator.close();
    emulator = ofOthers;
    await boot();
  });

  it('asks a cache where there is one, and Descope where the cache fails', async () => {
    const asked: unknown[] = [];
    let answer: RequestListener = (_request, response) =>
      response.end(JSON.stringify(said(true, { target: 'eve' })));
    const cache = await listen((request, response) => {
      asked.push([request.url, request.headers.authorization]);
      answer(request, response);
    });
    await application.close();
    const { port } = cache.address() as AddressInfo;
    await boot({ fgaCacheUrl: `http://127.0.0.1:${port}`, keyFetch: { timeoutMs: 2_000 } });
    expect(await verdict('/docs/one/plan', 'eve')).toBe(200);
    expect(asked).toEqual([[PATH, `Bearer ${emulator.projectId}:${emulator.managementKey}`]]);
    expect(await verdict('/docs/one/plan', 'bob')).toBe('FGA_UNAVAILABLE'); // it speaks of eve
    answer = (_request, response) => response.writeHead(500).end();
    expect([await verdict('/docs/one/plan'), await verdict('/docs/one/plan', 'eve')]).toEqual([
      200,
      'ACCESS_RELATION_MISSING',
    ]);
    answer = () => undefined; // hangs
    expect(await verdict('/docs/one/plan')).toBe('FGA_UNAVAILABLE');
    cache.closeAllConnections();
    cache.close();
    await application.close();
    await boot();
  });

  it('asks about Descope’s user where the application has its own', async () => {
    await application.close();
    await boot({ loadUser: ({ user }) => ({ id: 'ada', name: user?.username }) });
    expect(await verdict('/docs/one/plan', 'eve')).toBe('ACCESS_RELATION_MISSING');
    await application.close();
    await boot();
  });

  it('stops the boot without a management key, and says where it is needed', async () => {
    const { projectId, url: baseUrl } = emulator;
    @Controller()
    class LoneController {
      @FgaCheck(canView) @Get(':id') show() {}
    }
    @Module({ imports: [DescopeModule.forRoot({ projectId, baseUrl })], controllers: [LoneController] })
    class LoneModule {}
    await expect(start(adapter, { imports: [LoneModule] })).rejects.toMatchObject({
      code: 'CONFIG_FGA_KEY_MISSING',
      message: expect.stringMatching(
        /LoneController\.show.*DESCOPE_MANAGEMENT_KEY.*createTestDescope\(\)\.override\(/,
      ),
    });
  });
});

describe('A definition of @FgaCheck()', () => {
  it.each([
    [undefined],
    [{}],
    [{ ...canView, resourceType: '' }],
    [{ ...canView, relation: 7 }],
    [{ ...canView, targetType: '' }],
    [{ ...canView, resource: 'query:id' }],
    [{ ...canView, resource: undefined }],
    [{ ...canView, tenant: true }],
  ])('throws for %j', (options) => {
    expect(() => FgaCheck(options as unknown as FgaCheckOptions)).toThrow(DescopeConfigError);
  });

  it('boots in a test without a key, and there answers 503', async () => {
    const descope = createTestDescope();
    const imports = [DescopeModule.forRoot()];
    const application = await start(
      'express',
      { imports, controllers: [DocsController] },
      { override: (builder) => descope.override(builder) },
    );
    const { status } = await application.request('/docs/one/plan', { headers: descope.as().bearer });
    await application.close();
    expect(status).toBe(503);
  });
});

function said(allowed: unknown, members: Record<string, string> = {}) {
  return { tuples: [{ allowed, tuple: { ...relate('plan', 'can_view', 'ada'), ...members } }] };
}

function listen(listener: RequestListener): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer(listener).listen(0, '127.0.0.1', () => resolve(server));
  });
}
