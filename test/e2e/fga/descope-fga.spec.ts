// DescopeFga checks relations in services: one, or those of a list in one call.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DynamicModule, Type } from '@nestjs/common';
import {
  Controller,
  ForbiddenException,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  Query,
  Scope,
} from '@nestjs/common';
import { CurrentUser, DescopeModule, DescopeUser, OptionalAuth, Public } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { FgaCaller } from 'nestjs-descope/fga';
import { DescopeFga, DescopeFgaModule } from 'nestjs-descope/fga';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { bearer } from '../../support/who.controller.js';

const SCHEMA = `model AuthZ 1.0

constraint Office:IpRange("10.0.0.0/8")

type user

type robot

type doc
  relation owner: user | robot
  relation viewer: user
  permission can_view: viewer | owner
  permission can_edit: owner with Office
`;
const PATH = '/v1/mgmt/fga/check';
const CAN_VIEW = { resourceType: 'doc', relation: 'can_view' };

interface Doc {
  readonly id: string;
  readonly title: string;
}

const DOCS: readonly Doc[] = ['note', 'plan', 'other', 'draft', 'plan'].map((id, index) => ({
  id,
  title: `${id} ${index}`,
}));

@Injectable()
class DocsService {
  @Inject(DescopeFga) private readonly fga!: DescopeFga;

  visibleTo(user: DescopeUser | undefined): Promise<Doc[]> {
    return this.fga.filter(user, CAN_VIEW, DOCS);
  }

  async edit(user: DescopeUser, resource: string, ip: string | undefined): Promise<string> {
    const asked = { resourceType: 'doc', relation: 'can_edit', resource, context: { ip } };
    if (!(await this.fga.check(user, asked))) throw new ForbiddenException();
    return 'edited';
  }

  both(user: DescopeUser): Promise<boolean[]> {
    const check = (resource: string) => this.fga.check(user, { ...CAN_VIEW, resource });
    return Promise.all(['plan', 'other', 'plan'].map(check));
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @Inject(DescopeFga) readonly fga!: DescopeFga;
}

@Controller('docs')
class DocsController {
  @Inject(DocsService) private readonly docs!: DocsService;

  @OptionalAuth() @Get() async list(@CurrentUser() user?: DescopeUser) {
    return { titles: (await this.docs.visibleTo(user)).map(({ title }) => title) };
  }

  @Get('edit/:id') async edit(
    @CurrentUser() user: DescopeUser,
    @Param('id') id: string,
    @Query('ip') ip?: string,
  ) {
    return { done: await this.docs.edit(user, id, ip) };
  }

  @Get('both') async both(@CurrentUser() user: DescopeUser) {
    return { both: await this.docs.both(user) };
  }
}

@Controller('scoped')
class ScopedController {
  @Inject(PerRequest) private readonly own!: PerRequest;
  @Inject(DescopeContext) private readonly context!: DescopeContext;

  @Get() async show() {
    return { ids: await this.own.fga.filter(this.context.current(), CAN_VIEW, ['plan', 'other']) };
  }

  @Public() @Get('job') async job() {
    const run = () => this.own.fga.check(this.context.current(), { ...CAN_VIEW, resource: 'plan' });
    return { allowed: await this.context.runAs({ id: 'ada', kind: 'user' }, run) };
  }
}

// A feature of its own, that imports neither of our modules.
@Module({ controllers: [DocsController, ScopedController], providers: [DocsService, PerRequest] })
class FeatureModule {}

describe.each(ADAPTERS)('DescopeFga, on %s,', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication;
  let fga: DescopeFga;

  const options = () => {
    const { projectId, url: baseUrl, managementKey } = emulator;
    return { projectId, baseUrl, managementKey };
  };
  const boot = async (...imports: (DynamicModule | Type)[]) => {
    application = await start(adapter, { imports: [...imports, DescopeContextModule] });
    fga = application.app.get(DescopeFga);
  };
  const ask = async (path: string, sub = 'ada') => {
    const token = await emulator.signToken({ claims: { sub, amr: ['email'] } });
    return application.request(path, { headers: bearer(token) });
  };

  beforeAll(async () => {
    const relate = (resource: string, relation: string, target: string, targetType = 'user') => {
      return { resourceType: 'doc', resource, relation, target, targetType };
    };
    const relations = [
      relate('plan', 'owner', 'ada'),
      relate('draft', 'viewer', 'ada'),
      relate('note', 'viewer', 'bob'),
      relate('plan', 'owner', 'R2', 'robot'),
    ];
    emulator = await startEmulator({ strict: true, seed: { fga: { schema: SCHEMA, relations } } });
    await boot(FeatureModule, DescopeFgaModule, DescopeModule.forRoot(options()));
  });
  afterEach(() => {
    emulator.faults.clear();
    emulator.requests.clear();
  });
  afterAll(async () => {
    await application.close();
    await emulator.close();
  });

  it('filters a list in one call, in its order, and keeps the objects', async () => {
    expect((await ask('/docs')).body).toEqual({ titles: ['plan 1', 'draft 3', 'plan 4'] });
    expect((await ask('/docs', 'bob')).body).toEqual({ titles: ['note 0'] });
    expect(emulator.requests.count(PATH)).toBe(2);
    const [first] = await fga.filter('ada', CAN_VIEW, DOCS);
    expect(first).toBe(DOCS[1]);
  });

  it('shows an anonymous caller nothing, and asks nothing', async () => {
    expect((await application.request('/docs')).body).toEqual({ titles: [] });
    expect(await fga.check(undefined, { ...CAN_VIEW, resource: 'plan' })).toBe(false);
    expect(await fga.filter('ada', CAN_VIEW, [])).toEqual([]);
    expect(emulator.requests.count(PATH)).toBe(0);
  });

  it('checks one relation, with the context of the call', async () => {
    expect((await ask('/docs/edit/plan?ip=10.1.2.3')).body).toEqual({ done: 'edited' });
    for (const path of ['/docs/edit/plan?ip=11.1.2.3', '/docs/edit/plan', '/docs/edit/draft?ip=10.1.2.3'])
      expect((await ask(path)).status).toBe(403);
  });

  it('makes one call of the checks of one user that are due at once', async () => {
    expect((await ask('/docs/both')).body).toEqual({ both: [true, false, true] });
    expect(emulator.requests.count(PATH)).toBe(1);
  });

  it('takes a caller of the context, verified or carried, also in a request-scoped provider', async () => {
    expect((await ask('/scoped')).body).toEqual({ ids: ['plan'] });
    expect((await application.request('/scoped/job')).body).toEqual({ allowed: true });
  });

  it('reads ids as it is told, and types other than user', async () => {
    const rows = [{ number: 'plan' }, { number: 'other' }];
    expect(await fga.filter('ada', { ...CAN_VIEW, id: (row) => row.number }, rows)).toEqual([rows[0]]);
    const robot = { ...CAN_VIEW, targetType: 'robot' };
    expect(await fga.filter('R2', robot, ['plan', 'note'])).toEqual(['plan']);
    expect(await fga.filter('R2', CAN_VIEW, ['plan', 'note'])).toEqual([]);
  });

  it('filters a list that is larger than one call', async () => {
    const ids = [...Array.from({ length: 1200 }, (_, index) => `x${index}`), 'plan'];
    expect(await fga.filter('ada', CAN_VIEW, ids)).toEqual(['plan']);
    expect(emulator.requests.count(PATH)).toBe(3);
    emulator.faults.add({ path: PATH, status: 200, body: { tuples: [] }, times: 1 });
    await expect(fga.filter('ada', CAN_VIEW, ids)).rejects.toMatchObject({ code: 'FGA_UNAVAILABLE' });
  });

  it('answers 503 when Descope cannot be reached, and never an empty list', async () => {
    emulator.faults.add({
      path: PATH,
      status: 429,
      body: { errorCode: 'E130429' },
      headers: { 'retry-after': '17' },
    });
    const { status, headers, body } = await ask('/docs');
    expect([status, body['code'], headers.get('retry-after')]).toEqual([503, 'FGA_UNAVAILABLE', '17']);
    await expect(
      fga.check('ada', { ...CAN_VIEW, relation: 'can_fly', resource: 'plan' }),
    ).rejects.toMatchObject({
      code: 'FGA_UNAVAILABLE',
    });
  });

  it('rejects what it cannot ask, and calls nothing', async () => {
    const check = (user: unknown, question: object) =>
      fga.check(user as FgaCaller, { ...CAN_VIEW, resource: 'plan', ...question });
    const wrong = [
      check('', {}),
      check({ id: 'ada' }, {}),
      check({ id: 7, kind: 'user' }, {}),
      check(7, {}),
      check('ada', { resource: '' }),
      check('ada', { resource: 7 }),
      check('ada', { resourceType: '' }),
      check('ada', { relation: undefined }),
      check('ada', { targetType: '' }),
      check('ada', { context: 'ip' }),
      check('ada', { context: { ip: {} } }),
      fga.check('ada', undefined as never),
      fga.filter('ada', CAN_VIEW, [{ number: 1 }] as never),
      fga.filter('ada', CAN_VIEW, ['plan', '']),
      fga.filter('ada', CAN_VIEW, undefined as never),
      fga.filter({ id: 'ada' } as never, CAN_VIEW, []),
    ];
    for (const outcome of await Promise.allSettled(wrong))
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(TypeError) });
    expect(emulator.requests.count(PATH)).toBe(0);
  });

  it('works where DescopeModule is not global, and options come from a factory', async () => {
    await application.close();
    const module = DescopeModule.forRootAsync({ isGlobal: false, useFactory: options });
    await boot(DescopeFgaModule, FeatureModule, module);
    expect(await fga.check('ada', { ...CAN_VIEW, resource: 'plan' })).toBe(true);
  });

  it('stops the boot without a management key, and without DescopeModule', async () => {
    const { projectId, baseUrl } = options();
    const imports = [DescopeModule.forRoot({ projectId, baseUrl }), DescopeFgaModule];
    await expect(start(adapter, { imports })).rejects.toMatchObject({
      code: 'CONFIG_FGA_KEY_MISSING',
      message: expect.stringContaining('DescopeFgaModule needs a management key. Set managementKey'),
    });
    await expect(start(adapter, { imports: [DescopeFgaModule] })).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringContaining('Import DescopeModule.forRoot() in the root module'),
    });
  });

  it('boots in a test without a key, where every check rejects as in an outage', async () => {
    const descope = createTestDescope();
    const imports = [DescopeModule.forRoot(), DescopeFgaModule];
    const tested = await start(adapter, { imports }, { override: (builder) => descope.override(builder) });
    const check = tested.app.get(DescopeFga).check('ada', { ...CAN_VIEW, resource: 'plan' });
    await expect(check).rejects.toMatchObject({ code: 'FGA_UNAVAILABLE' });
    await tested.close();
  });
});
