// A test of an application may put something else in the guard's place.
import { describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import { AuthGuard, DescopeModule, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { ADAPTERS, start } from '../../support/application.js';

@Controller('demanding')
class DemandingController {
  @Roles('admin')
  @Get()
  admin() {}
}

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
});
