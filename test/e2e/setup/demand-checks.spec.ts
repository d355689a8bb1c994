// Demands that nobody could ever meet stop the boot, with an error that says where and why.
import { describe, expect, it } from '@jest/globals';
import type { ModuleMetadata, Type } from '@nestjs/common';
import { Controller, Get, Module, SetMetadata } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import type { DescopeModuleOptions } from 'nestjs-descope';
import {
  Accepts,
  Audience,
  Authorize,
  DescopeModule,
  FgaCheck,
  OptionalAuth,
  Public,
  Roles,
  Tenant,
} from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

// What the decorator of @nestjs/microservices writes.
const MessagePattern = (pattern: string) => SetMetadata('microservices:pattern', [pattern]);

@Controller()
class AppsController {
  @Accepts('user', 'app') @Get() list() {}
}

@Controller()
class AudienceController {
  @Accepts('app') @Audience('orders') @Get('apps') list() {}
}

@Audience('orders')
@Controller()
class AudienceClassController {
  @Accepts('agent') @Get() list() {}
}

@Controller()
class OptionalAppsController {
  @Accepts('app') @OptionalAuth() @Get() list() {}
}

@Controller()
class PlainController {
  @Get() list() {}
}

@Public()
@Controller()
class OpenController {
  @Get() list() {}
}

const inTenant = (from: `param:${string}`, path = '') => {
  @Tenant({ from })
  @Controller(path)
  class TenantController {
    @Get('list') list() {}
  }
  return TenantController;
};

@Controller()
class RelationController {
  @FgaCheck({ resourceType: 'doc', resource: 'param:doc', relation: 'can_view' }) @Get(':id') show() {}
}

@Controller()
class GrantController {
  @Roles('admin', { tenant: 'param:tenant' }) @Get(':id') show() {}
}

@Controller()
class PathsController {
  @Tenant({ from: 'param:id' }) @Get(['all', ':id/all']) list() {}

  @Tenant({ from: 'param:rest' }) @Get('files/*rest') files() {}
}

@Controller()
class TenantlessController {
  @Roles('admin', { tenant: true }) @Get() list() {}
}

@Controller()
class MessageController {
  @Authorize(() => true) @MessagePattern('remove') remove() {}
}

describe.each(ADAPTERS)('The boot, on %s,', (adapter) => {
  const descope = createTestDescope();
  const boot = async (
    controllers: Type[],
    options: DescopeModuleOptions = {},
    more: ModuleMetadata & Pick<StartOptions, 'configure'> = {},
  ) => {
    const { configure, imports = [] } = more;
    const application = await start(
      adapter,
      { imports: [DescopeModule.forRoot(options), ...imports], controllers },
      { override: (builder) => descope.override(builder), ...(configure ? { configure } : {}) },
    ).catch((error: unknown) => error as Error & { readonly code: string });
    if (application instanceof Error) return `${application.code} ${application.message}`;
    await application.close();
    return 'started';
  };

  it('rejects @Accepts of apps or agents where no audience is asked for', async () => {
    expect(await boot([AppsController])).toMatch(/^CONFIG_DEMAND_AUDIENCELESS .*AppsController\.list.* app,/);
    expect(await boot([AppsController], { audience: null })).toMatch(/^CONFIG_DEMAND_AUDIENCELESS/);
    expect(await boot([OptionalAppsController])).toMatch(/^CONFIG_DEMAND_AUDIENCELESS/);
    expect(await boot([AppsController], { audience: 'orders' })).toBe('started');
    expect(await boot([AudienceController])).toBe('started');
    expect(await boot([AudienceClassController])).toBe('started');
  });

  it('rejects the option accepts with them where a route relies on it and none asks for an audience', async () => {
    const accepts = ['user', 'agent'] as const;
    expect(await boot([PlainController], { accepts })).toMatch(
      /^CONFIG_DEMAND_AUDIENCELESS .*option accepts/,
    );
    expect(await boot([OpenController], { accepts })).toBe('started');
    expect(await boot([PlainController, AudienceController], { accepts })).toBe('started');
    expect(await boot([PlainController], { accepts, audience: 'orders' })).toBe('started');
    expect(await boot([PlainController], { accepts: ['user'] })).toBe('started');
  });

  it("rejects a parameter that the handler's path does not have", async () => {
    for (const [controller, where] of [
      [inTenant('param:id', 'orders'), 'TenantController.list'],
      [inTenant('param:id', 'orders/:idea'), 'TenantController.list'],
      [RelationController, 'RelationController.show'],
      [GrantController, 'GrantController.show'],
    ] as const) {
      const answer = await boot([controller]);
      expect(answer).toMatch(/^CONFIG_DEMAND_INVALID/);
      expect(answer).toContain(where);
    }
  });

  it('finds it in the path of the class, in one of several, in a wildcard and in the prefix', async () => {
    expect(await boot([inTenant('param:id', 'orders/:id')])).toBe('started');
    if (adapter === 'express') expect(await boot([PathsController])).toBe('started');
    const configure: StartOptions['configure'] = (app) => app.setGlobalPrefix('of/:id');
    expect(await boot([inTenant('param:id')], {}, { configure })).toBe('started');
  });

  it('leaves to the request what a RouterModule may have put before', async () => {
    const controller = inTenant('param:id');
    @Module({ controllers: [controller] })
    class PartModule {}
    const imports = [PartModule, RouterModule.register([{ path: 'of/:id', module: PartModule }])];
    expect(await boot([], {}, { imports })).toBe('started');
  });

  it('rejects a grant in a tenant that nothing names', async () => {
    expect(await boot([TenantlessController])).toMatch(
      /^CONFIG_DEMAND_TENANTLESS .*TenantlessController\.list/,
    );
  });

  it('rejects a rule that no guard covers', async () => {
    expect(await boot([MessageController])).toMatch(/^CONFIG_DEMAND_UNGUARDED .*MessageController\.remove/);
    @Controller()
    class RuledController {
      @Authorize(() => true) @Get() list() {}
    }
    expect(await boot([RuledController], { globalGuard: false })).toMatch(/^CONFIG_DEMAND_UNGUARDED/);
  });
});
