// @FgaCheck({ context }) sends Descope what the conditions of the schema need, and a mistake in it never lets in.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Controller, Get, HttpException } from '@nestjs/common';
import type { FgaCheckOptions, FgaContext } from 'nestjs-descope';
import { Authorize, DescopeConfigError, DescopeModule, FgaCheck, Roles } from 'nestjs-descope';
import { AnyOf } from 'nestjs-descope/access';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { describeAccess } from 'nestjs-descope/inspect';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { bearer } from '../../support/who.controller.js';

const SCHEMA = `model AuthZ 1.0

constraint Office:IpRange("127.0.0.0/8")
constraint Shift:NumRange(9, 17)

type user

type doc
  relation owner: user
  permission can_view: owner
  permission can_edit: owner with Office
  permission can_sign: owner with Office & Shift
`;
const PATH = '/v1/mgmt/fga/check';
const canEdit: FgaCheckOptions = { resourceType: 'doc', resource: 'param:id', relation: 'can_edit' };

const address = (context: ExecutionContext): FgaContext => ({
  ip: context.switchToHttp().getRequest<{ ip?: string }>().ip?.replace('::ffff:', ''),
});
const later = async (context: ExecutionContext): Promise<FgaContext> => address(context);
const teapot = () => {
  throw new HttpException('short and stout', 418);
};
let calls = 0;
const counted = () => {
  calls += 1;
  return { ip: '127.0.0.1' };
};

@Controller('docs')
class DocsController {
  @FgaCheck({ ...canEdit, context: address }) @Get('here/:id') here() {}

  @FgaCheck({ ...canEdit, context: later }) @Get('later/:id') later() {}

  @FgaCheck({ ...canEdit, context: () => ({ ip: '10.1.2.3' }) }) @Get('away/:id') away() {}

  @FgaCheck({ ...canEdit, context: () => undefined }) @Get('nothing/:id') nothing() {}

  @FgaCheck({ ...canEdit, relation: 'can_view', context: () => ({}) }) @Get('view/:id') view() {}

  @FgaCheck({ ...canEdit, relation: 'can_sign', context: () => ({ ip: '127.0.0.1', num: 10 }) })
  @FgaCheck({ ...canEdit, context: () => ({ num: 10, ip: '127.0.0.1' }) })
  @FgaCheck({ ...canEdit, relation: 'can_view' })
  @Get('many/:id')
  many() {}

  @FgaCheck({ ...canEdit, context: () => ({ ip: '10.1.2.3' }) })
  @FgaCheck({ ...canEdit, context: () => ({ ip: '127.0.0.1' }) })
  @Get('both/:id')
  both() {}

  @FgaCheck({ ...canEdit, context: teapot }) @Get('teapot/:id') teapot() {}

  @AnyOf(FgaCheck({ ...canEdit, context: teapot }), FgaCheck({ ...canEdit, relation: 'can_view' }))
  @Get('any/:id')
  any() {}

  @AnyOf(
    FgaCheck({ ...canEdit, context: () => ({ ip: '10.1.2.3' }) }),
    FgaCheck({ ...canEdit, context: address }),
  )
  @Get('either/:id')
  either() {}

  @FgaCheck({ ...canEdit, context: () => ({ ip: { range: 'secret' } }) as never }) @Get('odd/:id') odd() {}

  @FgaCheck({ ...canEdit, context: () => 'secret' as never }) @Get('text/:id') text() {}

  @Roles('admin')
  @FgaCheck({ ...canEdit, context: counted })
  @Get('admin/:id')
  admin() {}

  @Authorize(() => false)
  @FgaCheck({ ...canEdit, context: counted })
  @Get('late/:id')
  late() {}

  @FgaCheck({ ...canEdit, resource: 'header:x-doc', context: counted }) @Get('unnamed') unnamed() {}
}

describe.each(ADAPTERS)('@FgaCheck({ context }), on %s,', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication;
  let logger: CollectingLogger;

  const ask = async (path: string, sub = 'ada') => {
    const token = await emulator.signToken({ claims: { sub, amr: ['email'] } });
    return application.request(path, { headers: bearer(token) });
  };
  const verdict = async (path: string, sub?: string) => {
    const { status, body } = await ask(path, sub);
    return body['code'] ?? status;
  };

  beforeAll(async () => {
    const owner = { resourceType: 'doc', relation: 'owner', targetType: 'user' };
    const relations = [{ ...owner, resource: 'plan', target: 'ada' }];
    emulator = await startEmulator({ strict: true, seed: { fga: { schema: SCHEMA, relations } } });
    const { projectId, url: baseUrl, managementKey } = emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, managementKey })];
    logger = new CollectingLogger();
    application = await start(adapter, { imports, controllers: [DocsController] }, { logger });
  });
  afterEach(() => emulator.faults.clear());
  afterAll(async () => {
    await application.close();
    await emulator.close();
  });

  it('lets Descope decide by what the function returns for the call, or promises', async () => {
    expect(await verdict('/docs/here/plan')).toBe(200);
    expect(await verdict('/docs/later/plan')).toBe(200);
    expect(await verdict('/docs/away/plan')).toBe('ACCESS_RELATION_MISSING');
    expect(await verdict('/docs/here/plan', 'eve')).toBe('ACCESS_RELATION_MISSING');
  });

  it('rejects where Descope lacks a value, and logs its name', async () => {
    expect(await verdict('/docs/nothing/plan')).toBe('ACCESS_RELATION_MISSING');
    expect(logger.find('FGA_CONTEXT_MISSING')).toEqual([
      expect.stringContaining('denied doc#can_edit, which needs ip.'),
    ]);
    expect(await verdict('/docs/view/plan')).toBe(200); // no condition
  });

  it('is one call for each context of a handler', async () => {
    emulator.requests.clear();
    expect(await verdict('/docs/many/plan')).toBe(200);
    expect(emulator.requests.count(PATH)).toBe(2);
    expect(await verdict('/docs/both/plan')).toBe('ACCESS_RELATION_MISSING');
    expect(emulator.requests.count(PATH)).toBe(4);
  });

  it('decides for each alternative of @AnyOf apart', async () => {
    expect([await verdict('/docs/any/plan'), await verdict('/docs/either/plan')]).toEqual([200, 200]);
    expect((await ask('/docs/any/plan', 'eve')).status).toBe(418);
    expect(await verdict('/docs/either/plan', 'eve')).toBe('ACCESS_ALTERNATIVES_MISSING');
  });

  it('passes on what the function throws, and calls Descope for nothing', async () => {
    emulator.requests.clear();
    expect((await ask('/docs/teapot/plan')).status).toBe(418);
    expect(emulator.requests.count(PATH)).toBe(0);
  });

  it.each(['odd', 'text'])(
    'answers 500 for a context of another form (%s), without its values',
    async (path) => {
      emulator.requests.clear();
      const { status, text } = await ask(`/docs/${path}/plan`);
      expect([status, emulator.requests.count(PATH)]).toEqual([500, 0]);
      expect(text).not.toContain('secret');
      expect(logger.find('@FgaCheck(doc#can_edit)').length).toBeGreaterThan(0);
      expect(logger.find('secret')).toEqual([]);
    },
  );

  it('calls the function only for a caller who met what comes before, and a resource that is named', async () => {
    calls = 0;
    expect(await verdict('/docs/admin/plan')).toBe('ACCESS_ROLE_MISSING');
    expect(await verdict('/docs/late/plan')).toBe('ACCESS_POLICY_REFUSED');
    expect(await verdict('/docs/unnamed')).toBe('ACCESS_RESOURCE_UNNAMED');
    expect(calls).toBe(0);
  });

  it('answers 503 when Descope cannot be reached', async () => {
    emulator.faults.add({ path: PATH, reset: true });
    expect(await verdict('/docs/here/plan')).toBe('FGA_UNAVAILABLE');
  });

  it('is in the access map by the name of the function', () => {
    const found = describeAccess(application.app).find(({ path }) => path === '/docs/here/:id');
    expect(found?.demands).toEqual([
      {
        kind: 'relation',
        resourceType: 'doc',
        resource: 'param:id',
        relation: 'can_edit',
        targetType: 'user',
        context: 'address',
      },
    ]);
  });
});

describe('A definition of @FgaCheck({ context })', () => {
  it.each([[{ ip: '10.1.2.3' }], ['ip'], [null]])('throws for %j', (context) => {
    expect(() => FgaCheck({ ...canEdit, context } as never)).toThrow(DescopeConfigError);
  });
});
