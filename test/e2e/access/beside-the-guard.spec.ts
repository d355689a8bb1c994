// What no guard runs before: pages that libraries serve. The middleware of docs/not-guarded.md closes them.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, ForbiddenException, Get, UnauthorizedException } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { RequestLike } from 'nestjs-descope';
import { DescopeModule, DescopeService } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Controller('orders')
class OrdersController {
  @Get() list() {}
}

// As docs/not-guarded.md has it.
function protectPaths(app: INestApplication, paths: string[], role: string) {
  const descope = app.get(DescopeService);
  app.use(paths, (request: RequestLike, _response: unknown, next: (error?: unknown) => void) => {
    const decide = async () => {
      const session = await descope.authenticate(request);
      if (session.user === undefined) throw new UnauthorizedException();
      if (!descope.validateRoles(session, [role])) throw new ForbiddenException();
    };
    decide().then(() => next(), next);
  });
}

const descope = createTestDescope();
const paths = ['/docs', '/docs-json', '/docs/swagger-ui-init.js'];

describe.each(ADAPTERS)('Swagger UI on %s', (adapter) => {
  let application: RunningApplication;
  const boot = async (isProtected: boolean) => {
    application = await start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers: [OrdersController] },
      {
        override: (builder) => descope.override(builder),
        configure: (app) => {
          if (isProtected) protectPaths(app, ['/docs', '/docs-json', '/docs-yaml'], 'developer');
          const options = new DocumentBuilder().setTitle('Orders').build();
          SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, options));
        },
      },
    );
  };
  const statuses = (headers: Record<string, string> = {}) =>
    Promise.all(paths.map(async (path) => (await application.request(path, { headers })).status));

  afterEach(() => application.close());

  it('is open to everybody, because no guard runs before it', async () => {
    await boot(false);
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await application.request('/orders')).status).toBe(401);
  });

  it('is closed by a middleware in front of it, with the statuses of a guard', async () => {
    await boot(true);
    expect(await statuses()).toEqual([401, 401, 401]);
    expect(await statuses(descope.as({ roles: ['admin'] }).bearer)).toEqual([403, 403, 403]);
    expect(await statuses(descope.expired().bearer)).toEqual([401, 401, 401]);
    expect(await statuses(descope.as({ roles: ['developer'] }).bearer)).toEqual([200, 200, 200]);
    expect((await application.request('/docs', { headers: descope.expired().bearer })).body['code']).toBe(
      'TOKEN_EXPIRED',
    );
  });
});
