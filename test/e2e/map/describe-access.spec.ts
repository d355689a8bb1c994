// The access map of HTTP routes, against what is really served.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import {
  All,
  Controller,
  Get,
  Module,
  Patch,
  Post,
  RequestMethod,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { DescopeModuleOptions } from 'nestjs-descope';
import {
  Accepts,
  AuthGuard,
  Authorize,
  DescopeModule,
  OptionalAuth,
  Permissions,
  Public,
  Roles,
  StepUp,
  Tenant,
} from 'nestjs-descope';
import type { AccessMapEntry } from 'nestjs-descope/inspect';
import { describeAccess, formatAccess } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const isOwner = () => true;
const toTenant = () => 'acme';

@Tenant({ from: 'param:tenant' })
@Controller('tenants/:tenant/orders')
class OrdersController {
  @Get()
  list() {
    return [];
  }

  @Roles('admin', 'editor', { tenant: true, orProject: true })
  @Authorize(isOwner)
  @Patch(':id')
  change() {
    return {};
  }

  helper() {
    return 'not called from outside';
  }
}

@Controller()
class OpenController {
  @Public()
  @Get(['health', 'ready'])
  health() {
    return {};
  }

  @OptionalAuth()
  @Accepts('user')
  @Get()
  home() {
    return {};
  }

  @Permissions('a:read', 'a:write')
  @StepUp({ maxAgeSeconds: 60 })
  @Permissions('b:read', { tenant: toTenant })
  @Tenant({ from: toTenant })
  @All('all')
  all() {
    return {};
  }
}

@Controller({ path: 'versions', version: '1' })
class VersionsController {
  @Get()
  one() {
    return {};
  }

  @Version(['2', VERSION_NEUTRAL])
  @Public()
  @Post('two')
  two() {
    return {};
  }
}

@Module({ controllers: [VersionsController] })
class VersionsModule {}

const ALL_DEMANDS =
  'tenant: toTenant; permissions: b:read, in the tenant of toTenant; step-up: maxAgeSeconds 60; permissions: a:read and a:write';
const CHANGE_DEMANDS =
  "roles: admin or editor, in the route's tenant, or in the project; tenant: param:tenant; rule: isOwner";

const running: RunningApplication[] = [];
afterEach(async () => {
  for (const application of running.splice(0)) await application.close();
});

const descope = createTestDescope();

async function startWith(
  controllers: NonNullable<Parameters<typeof start>[1]['controllers']>,
  configure: (app: INestApplication) => unknown = () => undefined,
  more: { options?: DescopeModuleOptions; adapter?: 'express' | 'fastify' } = {},
) {
  const { options = {}, adapter = 'express' } = more;
  const imports = [
    DescopeModule.forRoot(options),
    VersionsModule,
    RouterModule.register([{ path: 'inner', module: VersionsModule }]),
  ];
  const override = (builder: Parameters<typeof descope.override>[0]) => descope.override(builder);
  const application = await start(adapter, { imports, controllers }, { configure, override });
  running.push(application);
  return application;
}

const toWays = (map: readonly AccessMapEntry[]) => map.map(({ method, path }) => `${method} ${path}`);

describe('The access map', () => {
  it('lists the demands of each route as data', async () => {
    const { app } = await startWith([OrdersController, OpenController]);
    const map = describeAccess(app).filter(({ handler }) => !handler.startsWith('Versions'));
    expect(map).toEqual([
      {
        ...{ kind: 'http', method: 'GET', path: '/', handler: 'OpenController.home', guard: 'global' },
        access: 'optional',
        demands: [{ kind: 'accepts', kinds: ['user'] }],
      },
      {
        ...{ kind: 'http', method: 'ALL', path: '/all', handler: 'OpenController.all', guard: 'global' },
        access: 'required',
        demands: [
          { kind: 'tenant', from: 'toTenant' },
          { kind: 'permissions', names: ['b:read'], match: 'all', tenant: 'toTenant', orProject: false },
          { kind: 'step-up', maxAgeSeconds: 60 },
          { kind: 'permissions', names: ['a:read', 'a:write'], match: 'all' },
        ],
      },
      {
        ...{
          kind: 'http',
          method: 'GET',
          path: '/health',
          handler: 'OpenController.health',
          guard: 'global',
        },
        access: 'public',
        demands: [],
      },
      {
        ...{ kind: 'http', method: 'GET', path: '/ready', handler: 'OpenController.health', guard: 'global' },
        access: 'public',
        demands: [],
      },
      {
        ...{ kind: 'http', method: 'GET', path: '/tenants/:tenant/orders', handler: 'OrdersController.list' },
        access: 'required',
        demands: [{ kind: 'tenant', from: 'param:tenant' }],
        guard: 'global',
      },
      {
        ...{ kind: 'http', method: 'PATCH', path: '/tenants/:tenant/orders/:id' },
        handler: 'OrdersController.change',
        access: 'required',
        demands: [
          { kind: 'roles', names: ['admin', 'editor'], match: 'any', tenant: true, orProject: true },
          { kind: 'tenant', from: 'param:tenant' },
          { kind: 'rule', rule: 'isOwner' },
        ],
        guard: 'global',
      },
    ]);
  });

  it('is the same after JSON', async () => {
    const { app } = await startWith([OrdersController, OpenController]);
    const map = describeAccess(app);
    expect(JSON.parse(JSON.stringify(map))).toEqual(map);
  });

  it('does not depend on the order of modules and controllers', async () => {
    const one = await startWith([OrdersController, OpenController]);
    const other = await startWith([OpenController, OrdersController]);
    expect(describeAccess(other.app)).toEqual(describeAccess(one.app));
  });

  it('changes when a route is opened', async () => {
    @Controller('orders')
    class Closed {
      @Get() list() {}
    }
    @Controller('orders')
    class Opened {
      @Public() @Get() list() {}
    }
    const [closed, opened] = [await startWith([Closed]), await startWith([Opened])].map(({ app }) =>
      describeAccess(app).find(({ path }) => path === '/orders'),
    );
    expect([closed?.access, opened?.access]).toEqual(['required', 'public']);
  });

  it('names the guard of each route', async () => {
    @Controller('kept')
    class Kept {
      @UseGuards(AuthGuard) @Get('own') own() {}
      @Get('bare') bare() {}
    }
    const guards = ({ app }: RunningApplication) =>
      describeAccess(app).flatMap(({ path, guard }) =>
        path.startsWith('/kept') ? [`${path} ${guard}`] : [],
      );
    expect(guards(await startWith([Kept]))).toEqual(['/kept/bare global', '/kept/own global']);
    const own = await startWith([Kept], () => undefined, { options: { globalGuard: false } });
    expect(guards(own)).toEqual(['/kept/bare none', '/kept/own own']);
    expect(formatAccess(describeAccess(own.app))).toMatch(/\/kept\/bare +required +- +NONE +Kept\.bare/);
  });

  it('has the routes that the module mounts', async () => {
    const { app } = await startWith([], () => undefined, { options: { routes: {} } });
    const mounted = describeAccess(app).filter(({ path }) => path.startsWith('/auth/'));
    expect(mounted.map(({ path, access }) => `${path} ${access}`)).toContain('/auth/me required');
    expect(mounted.length).toBeGreaterThanOrEqual(10);
  });

  it('tells hosts, and versions that stand in no path', async () => {
    @Controller({ path: 'hosted', host: [':tenant.example.com', /^api\./] as never, version: '7' })
    class Hosted {
      @Get() list() {}
    }
    const { app } = await startWith([Hosted], (each) =>
      each.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    );
    expect(describeAccess(app).find(({ path }) => path === '/hosted')).toMatchObject({
      hosts: [':tenant.example.com', '/^api\\./'],
      versions: ['7'],
    });
    expect(formatAccess(describeAccess(app))).toContain(
      '/hosted (:tenant.example.com, /^api\\./) (version 7)',
    );
  });
});

describe.each(ADAPTERS)('The paths of the access map, on %s', (adapter) => {
  it('are those that Nest serves: prefix and its exclusions, versions, modules', async () => {
    const application = await startWith(
      [OpenController],
      (app) => {
        app.setGlobalPrefix('/api/', {
          exclude: ['ready', { path: 'inner/versions/two', method: RequestMethod.POST }],
        });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '3' });
      },
      { adapter },
    );
    const map = describeAccess(application.app);
    expect(toWays(map)).toEqual([
      'GET /api/v1/inner/versions',
      'GET /api/v3',
      'ALL /api/v3/all',
      'GET /api/v3/health',
      'POST /inner/versions/two',
      'POST /v2/inner/versions/two',
      'GET /v3/ready',
    ]);
    for (const { method, path, access } of map) {
      const init = { method: method === 'ALL' ? 'PUT' : method };
      const { status } = await application.request(path, init);
      expect([path, status]).toEqual([path, access === 'required' ? 401 : method === 'POST' ? 201 : 200]);
    }
  });
});

describe('The table of the access map', () => {
  it('has a line for each way in', async () => {
    const { app } = await startWith([OrdersController, OpenController]);
    const lines = formatAccess(describeAccess(app)).split('\n');
    expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
      ['METHOD', 'PATH', 'ACCESS', 'DEMANDS', 'GUARD', 'HANDLER'],
      ['GET', '/', 'optional', 'accepts: user', 'global', 'OpenController.home'],
      ['ALL', '/all', 'required', ALL_DEMANDS, 'global', 'OpenController.all'],
      ['GET', '/health', 'public', '-', 'global', 'OpenController.health'],
      ['GET', '/inner/versions', 'required', '-', 'global', 'VersionsController.one'],
      ['POST', '/inner/versions/two', 'public', '-', 'global', 'VersionsController.two'],
      ['GET', '/ready', 'public', '-', 'global', 'OpenController.health'],
      [
        'GET',
        '/tenants/:tenant/orders',
        'required',
        'tenant: param:tenant',
        'global',
        'OrdersController.list',
      ],
      [
        'PATCH',
        '/tenants/:tenant/orders/:id',
        'required',
        CHANGE_DEMANDS,
        'global',
        'OrdersController.change',
      ],
    ]);
    expect(new Set(lines.map((line) => line.search(/ACCESS|optional|required|public/))).size).toBe(1);
  });

  it('lets no name move the cursor', () => {
    const entry = { kind: 'message', method: 'EVENT', path: 'a\u001b[2Jb\nc', handler: 'A.b' } as const;
    const text = formatAccess([{ ...entry, access: 'public', demands: [], guard: 'none' }]);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).not.toContain('\u001b');
  });
});
