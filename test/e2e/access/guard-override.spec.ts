// A test of an application may put something else in the guard's place, and a module of the application may not.
import { describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Get, Module } from '@nestjs/common';
import { AuthGuard, DescopeModule, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';

@Controller('demanding')
class DemandingController {
  @Roles('admin')
  @Get()
  admin() {}
}

@Module({ providers: [{ provide: AuthGuard, useValue: { canActivate: () => true } }] })
class LaxModule {}

describe.each(ADAPTERS)('AuthGuard in a test of an application, on %s', (adapter) => {
  const descope = createTestDescope();

  it.each([
    ['the global guard', {}, undefined],
    [
      'app.useGlobalGuards(app.get(AuthGuard))',
      { globalGuard: false },
      (app: INestApplication) => app.useGlobalGuards(app.get(AuthGuard)),
    ],
  ])('can be overridden by overrideProvider(AuthGuard) as %s', async (_what, options, configure) => {
    const calls: string[] = [];
    const canActivate = () => calls.push('asked') > 0;
    const application = await start(
      adapter,
      { imports: [DescopeModule.forRoot(options)], controllers: [DemandingController] },
      {
        override: (builder) =>
          descope.override(builder).overrideProvider(AuthGuard).useValue({ canActivate }),
        ...(configure === undefined ? {} : { configure }),
      },
    );
    expect((await application.request('/demanding')).status).toBe(200);
    expect(calls).toEqual(['asked']);
    await application.close();
  });

  it('stays the global guard whatever another module provides in its place', async () => {
    const application = await start(
      adapter,
      { imports: [DescopeModule.forRoot(), LaxModule], controllers: [DemandingController] },
      { override: (builder) => descope.override(builder) },
    );
    const status = async (headers: Record<string, string>) =>
      (await application.request('/demanding', { headers })).status;
    expect(await status({})).toBe(401);
    expect(await status(descope.as().bearer)).toBe(403);
    expect(await status(descope.as({ roles: ['admin'] }).bearer)).toBe(200);
    await application.close();
  });
});
