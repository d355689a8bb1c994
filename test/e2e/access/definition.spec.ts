// Mistakes in a demand are told where it is written, or at boot; never by an open door.
import { describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import { DescopeConfigError, DescopeModule, OptionalAuth, Permissions, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';

describe('A demand without a name', () => {
  it.each([
    ['@Roles()', () => Roles()],
    ['@Roles.all()', () => Roles.all()],
    ['@Permissions()', () => Permissions()],
    ['@Permissions.any()', () => Permissions.any()],
    ["@Roles('')", () => Roles('')],
    ["@Roles('admin', '')", () => Roles('admin', '')],
    ['@Roles(undefined)', () => Roles(undefined as unknown as string)],
    ['@Permissions([])', () => Permissions([] as unknown as string)],
  ])('throws when decorated: %s', (_label, decorate) => {
    expect(decorate).toThrow(DescopeConfigError);
    expect(decorate).toThrow(expect.objectContaining({ code: 'CONFIG_DEMAND_EMPTY' }));
  });
});

@Controller()
class PublicDemandController {
  @Public()
  @Roles('admin')
  @Get()
  both() {}
}

@Controller()
class OptionalDemandController {
  @Permissions('read')
  @OptionalAuth()
  @Get()
  both() {}
}

@Controller()
class TwoModesController {
  @Public()
  @OptionalAuth()
  @Get()
  both() {}
}

@Controller()
class OpenAndClosedController {
  @Public()
  @Public(false)
  @Get()
  both() {}
}

@Public()
@Roles('admin')
@Controller()
class PublicDemandClassController {
  @Get()
  both() {}
}

class Base {
  @Public()
  @Roles('admin')
  @Get()
  both() {}
}

@Controller()
class InheritedController extends Base {}

@Controller()
class RepeatedController {
  @Public()
  @Public()
  @Get()
  twice() {}

  @Public(false)
  @Roles('admin')
  @Get('closed')
  closed() {}
}

describe.each(ADAPTERS)('Decorators on one handler or class, on %s', (adapter) => {
  const descope = createTestDescope();
  const boot = (controllers: Type[]) =>
    start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers },
      { override: (builder) => descope.override(builder) },
    );

  it.each([
    ['@Public() with a demand', PublicDemandController],
    ['@OptionalAuth() with a demand', OptionalDemandController],
    ['@Public() with @OptionalAuth()', TwoModesController],
    ['@Public() with @Public(false)', OpenAndClosedController],
    ['@Public() with a demand, on a class', PublicDemandClassController],
    ['@Public() with a demand, inherited', InheritedController],
  ])('contradict each other and stop the boot: %s', async (_what, controller) => {
    await expect(boot([controller])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_CONTRADICTED',
      message: expect.stringContaining(`${controller.name}.both`),
    });
  });

  it('may repeat each other', async () => {
    const application = await boot([RepeatedController]);
    expect((await application.request('/')).status).toBe(200);
    expect((await application.request('/closed')).status).toBe(401);
    expect((await application.request('/closed', { headers: descope.as().bearer })).status).toBe(403);
    await application.close();
  });
});
