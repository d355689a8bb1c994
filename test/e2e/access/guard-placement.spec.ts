// With globalGuard: false the guard stands where the application puts it, and a demand without one stops the boot.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { Controller, Get, Injectable, Scope, SetMetadata, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { AuthGuard, DescopeModule, Permissions, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication, StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

@Injectable()
class OwnGuard extends AuthGuard {}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends AuthGuard {}

@Controller('open')
class UnguardedController {
  @Get()
  all() {
    return {};
  }
}

@Controller('class')
@UseGuards(AuthGuard)
class GuardedController {
  @Roles('admin')
  @Get('admin')
  admin() {}

  @Public()
  @Get('public')
  open() {}

  @Get()
  any() {}
}

@Controller('method')
class GuardedMethodController {
  @UseGuards(AuthGuard)
  @Permissions('read')
  @Get('guarded')
  guarded() {}

  @Get('open')
  open() {}
}

@Controller('subclass')
class SubclassGuardedController {
  @UseGuards(OwnGuard)
  @Roles('admin')
  @Get()
  guarded() {}
}

@Controller('demanding')
class DemandingController {
  @Roles('admin')
  @Get()
  admin() {}
}

@Roles('admin')
@Controller('demanding-class')
class DemandingClassController {
  @Get()
  admin() {}
}

// What the decorator of @nestjs/graphql writes.
const Query = () => SetMetadata('graphql:resolver_type', 'Query');

class BookResolver {
  @Roles('admin')
  @Query()
  secret() {}

  @Roles('nobody asks') // nobody calls it either: of what Nest did not make, GraphQL alone takes handlers
  @Get()
  uncalled() {}
}

// What the decorators of @nestjs/microservices and @nestjs/websockets write.
const MessagePattern = (pattern: string) => SetMetadata('microservices:pattern', [pattern]);
const SubscribeMessage = () => SetMetadata('websockets:message_mapping', true);

@Controller()
class MessageController {
  @Roles('admin')
  @MessagePattern('remove')
  remove() {}
}

@Injectable()
class Gateway {
  @Roles('admin')
  @SubscribeMessage()
  remove() {}
}

@Controller()
class GuardedMessageController {
  @UseGuards(AuthGuard)
  @Roles('admin')
  @MessagePattern('remove')
  remove() {}

  @MessagePattern('list')
  list() {}
}

describe.each(ADAPTERS)('AuthGuard with globalGuard: false, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
  });

  const boot = async (controllers: Type[], options: StartOptions = {}, providers: object[] = []) => {
    const imports = [DescopeModule.forRoot({ globalGuard: false })];
    application = await start(
      adapter,
      { imports, controllers, providers: providers as Type[] },
      { override: (builder) => descope.override(builder), ...options },
    );
  };
  const status = async (path: string, headers: Record<string, string> = {}) =>
    (await application?.request(path, { headers }))?.status;
  const admin = descope.as({ roles: ['admin'], permissions: ['read'] }).bearer;
  const plain = descope.as().bearer;

  it('leaves handlers alone that nobody guards', async () => {
    await boot([UnguardedController]);
    expect(await status('/open')).toBe(200);
    expect(await status('/open', descope.tampered().bearer)).toBe(200);
  });

  it('guards a class', async () => {
    await boot([GuardedController]);
    expect([await status('/class'), await status('/class', plain)]).toEqual([401, 200]);
    expect([await status('/class/admin', plain), await status('/class/admin', admin)]).toEqual([403, 200]);
    expect(await status('/class/public')).toBe(200);
  });

  it('guards a method', async () => {
    await boot([GuardedMethodController]);
    expect([await status('/method/open'), await status('/method/guarded')]).toEqual([200, 401]);
    expect([await status('/method/guarded', plain), await status('/method/guarded', admin)]).toEqual([
      403, 200,
    ]);
  });

  it.each([
    ['a method', DemandingController, 'DemandingController.admin'],
    ['a class', DemandingClassController, 'DemandingClassController.admin'],
  ])('stops the boot when no guard covers the demand of %s', async (_what, controller, where) => {
    await expect(boot([controller])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringContaining(where),
    });
  });

  it('stops the boot for a demand that a hook of the application adds after the check', async () => {
    @Controller('late')
    class LateController {
      @Get()
      all() {}

      onModuleInit() {
        Roles('admin')(LateController.prototype, 'all', { value: LateController.prototype.all });
      }
    }
    await expect(boot([LateController])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringContaining('LateController.all'),
    });
  });

  it('counts app.useGlobalGuards(app.get(AuthGuard)) as a guard', async () => {
    const configure: StartOptions['configure'] = (app) => app.useGlobalGuards(app.get(AuthGuard));
    await boot([DemandingController], { configure });
    expect([await status('/demanding'), await status('/demanding', plain)]).toEqual([401, 403]);
    expect(await status('/demanding', admin)).toBe(200);
  });

  it.each([
    ['useExisting', { provide: APP_GUARD, useExisting: AuthGuard }],
    ['useClass of a subclass', { provide: APP_GUARD, useClass: OwnGuard }],
    ['useClass of a subclass for each request', { provide: APP_GUARD, useClass: ScopedGuard }],
    ['a factory', { provide: APP_GUARD, inject: [AuthGuard], useFactory: (guard: AuthGuard) => guard }],
  ])("counts the application's own APP_GUARD with %s", async (_how, provider) => {
    await boot([DemandingController], {}, [provider]);
    expect([await status('/demanding'), await status('/demanding', plain)]).toEqual([401, 403]);
    expect(await status('/demanding', admin)).toBe(200);
  });

  it.each([
    ['useFactory', { provide: 'books', useFactory: () => new BookResolver() }],
    ['useValue', { provide: 'books', useValue: new BookResolver() }],
    ['its class and useFactory', { provide: BookResolver, useFactory: () => new BookResolver() }],
  ])('stops the boot for a resolver that the application makes itself, by %s', async (_how, provider) => {
    await expect(boot([], {}, [provider])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^BookResolver\.secret has access decorators/),
    });
  });

  it('does not count a provider whose name only begins like APP_GUARD', async () => {
    const provider = { provide: `${APP_GUARD}_OFF`, useExisting: AuthGuard };
    await expect(boot([DemandingController], {}, [provider])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
    });
  });

  it('counts a subclass on a method', async () => {
    await boot([SubclassGuardedController]);
    expect([await status('/subclass', plain), await status('/subclass', admin)]).toEqual([403, 200]);
  });
});

// A hybrid application asks global guards for HTTP only (unless it inherits).
describe.each(ADAPTERS)('A handler of messages, on %s', (adapter) => {
  const descope = createTestDescope();
  const boot = (controllers: Type[], providers: Type[] = []) =>
    start(
      adapter,
      { imports: [DescopeModule.forRoot()], controllers, providers },
      { override: (builder) => descope.override(builder) },
    );

  it('stops the boot when only the global guard covers its demand', async () => {
    const message = expect.stringMatching(
      /^MessageController\.remove .*a hybrid application does not run it/,
    );
    const unguarded = { code: 'CONFIG_DEMAND_UNGUARDED', message };
    await expect(boot([MessageController])).rejects.toMatchObject(unguarded);
  });

  it('of WebSockets is covered by the global guard of Nest 12, and by none that is off', async () => {
    const application = await boot([], [Gateway]);
    await application.close();
    const metadata = { imports: [DescopeModule.forRoot({ globalGuard: false })], providers: [Gateway] };
    const options = { override: (builder: TestingModuleBuilder) => descope.override(builder) };
    await expect(start(adapter, metadata, options)).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^Gateway\.remove .*leave globalGuard on and use Nest 12/),
    });
  });

  it('may have a guard of its own, or no demand', async () => {
    const application = await boot([GuardedMessageController]);
    await application.close();
  });
});
