// AuthGuard stands before an application's own global guards, which expect the user; what runs before it is listed.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ApolloDriver } from '@nestjs/apollo';
import type { CanActivate, ExecutionContext, Provider, Type } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD, ModuleRef } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import type { MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { AuthGuard, DescopeModule, Public } from 'nestjs-descope';
import { microserviceTransport } from 'nestjs-descope/microservices';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { catchError, firstValueFrom, of, timeout } from 'rxjs';
import type { RunningApplication, StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { findFreePort } from '../../support/free-port.js';
import { connect, createSocketAdapter } from '../../support/socket-client.js';

const seen: string[] = [];

/** Notes who was asked, and whom it saw. */
abstract class NotingGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const [first] = context.getArgs<[{ user?: { id: string } } | undefined]>();
    const user = context.getType() === 'http' ? ` ${first?.user?.id ?? 'nobody'}` : '';
    seen.push(this.constructor.name + user);
    return true;
  }
}

@Injectable()
class PlanGuard extends NotingGuard {}

@Injectable()
class LimitGuard extends NotingGuard {}

@Injectable()
class OriginGuard extends NotingGuard {}

@Injectable({ scope: Scope.REQUEST })
class ScopedLimitGuard extends NotingGuard {}

@Injectable()
class OwnAuthGuard extends AuthGuard {}

@Injectable({ scope: Scope.REQUEST })
class ScopedAuthGuard extends AuthGuard {}

@Controller()
class ShopController {
  @Get('orders')
  list() {
    return {};
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }
}

@UseGuards(AuthGuard)
@Controller()
class GuardedController {
  @Get('orders')
  list() {
    return {};
  }
}

@Controller()
class NotesController {
  @MessagePattern('list')
  list() {
    return 'list';
  }
}

@WebSocketGateway({ path: '/socket' })
class NewsGateway {
  @SubscribeMessage('read')
  read() {
    return 'news';
  }
}

@Resolver()
class BookResolver {
  @Query(() => String)
  book() {
    return 'Emma';
  }
}

const appGuard = (useClass: Type<CanActivate>): Provider => ({ provide: APP_GUARD, useClass });

describe.each(ADAPTERS)('Among global guards, on %s,', (adapter) => {
  const descope = createTestDescope();
  const { bearer } = descope.as({ sub: 'U2anna' });
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
    seen.length = 0;
  });

  const boot = async (
    options: DescopeModuleOptions,
    providers: Provider[],
    more: StartOptions & { readonly controllers?: Type[] } = {},
  ) => {
    const { controllers = [ShopController], ...started } = more;
    const imports = [DescopeTestingModule.forRoot(descope, options)];
    application = await start(adapter, { imports, controllers, providers }, started);
  };
  const get = async (path: string, headers: Record<string, string> = {}) => {
    seen.length = 0;
    const status = (await application?.request(path, { headers }))?.status;
    return [status, ...seen];
  };

  it("AuthGuard is asked before the application's own, which see its user", async () => {
    await boot({}, [appGuard(PlanGuard)]);
    expect(await get('/orders', bearer)).toEqual([200, 'PlanGuard U2anna']);
    expect(await get('/orders')).toEqual([401]);
    expect(await get('/open')).toEqual([200, 'PlanGuard nobody']);
  });

  it.each<[string, Provider[], StartOptions]>([
    ['useExisting', [PlanGuard, { provide: APP_GUARD, useExisting: PlanGuard }], {}],
    ['useFactory', [{ provide: APP_GUARD, useFactory: () => new PlanGuard() }], {}],
    ['app.useGlobalGuards()', [], { configure: (app) => app.useGlobalGuards(new PlanGuard()) }],
  ])('it is so however they are registered: by %s', async (_how, providers, options) => {
    await boot({}, providers, options);
    expect(await get('/orders', bearer)).toEqual([200, 'PlanGuard U2anna']);
    expect(await get('/orders')).toEqual([401]);
  });

  it('it is so whichever module comes first, and for a guard of each request', async () => {
    @Module({ providers: [appGuard(PlanGuard)] })
    class PlanModule {}
    const descopeModule = DescopeTestingModule.forRoot(descope);
    for (const imports of [
      [PlanModule, descopeModule],
      [descopeModule, PlanModule],
    ]) {
      const providers = [appGuard(ScopedLimitGuard)];
      application = await start(adapter, { imports, controllers: [ShopController], providers });
      expect(await get('/orders', bearer)).toEqual([200, 'PlanGuard U2anna', 'ScopedLimitGuard U2anna']);
      expect(await get('/orders')).toEqual([401]);
      await application.close();
    }
  });

  it('those listed in globalGuard.before are asked before AuthGuard, in the order of the list', async () => {
    const providers = [appGuard(PlanGuard), appGuard(LimitGuard), OriginGuard];
    await boot({ globalGuard: { before: [OriginGuard, LimitGuard] } }, providers, {
      configure: (app) => app.useGlobalGuards(app.get(OriginGuard)),
    });
    const before = ['OriginGuard nobody', 'LimitGuard nobody'];
    expect(await get('/orders', bearer)).toEqual([200, ...before, 'PlanGuard U2anna']);
    expect(await get('/orders')).toEqual([401, ...before]);
  });

  it("AuthGuard's subclass that the application registers itself has the same place", async () => {
    const providers = [appGuard(PlanGuard), appGuard(LimitGuard), appGuard(OwnAuthGuard)];
    await boot({ globalGuard: { register: false, before: [LimitGuard] } }, providers);
    expect(await get('/orders', bearer)).toEqual([200, 'LimitGuard nobody', 'PlanGuard U2anna']);
    await application?.close();
    await boot({ globalGuard: false }, [appGuard(PlanGuard), appGuard(OwnAuthGuard)]);
    expect(await get('/orders')).toEqual([401]);
    await application?.close();
    await boot({ globalGuard: false }, [appGuard(PlanGuard)], {
      configure: (app) => app.useGlobalGuards(app.get(AuthGuard)),
    });
    expect(await get('/orders')).toEqual([401]);
  });

  it('a guard that is listed and not there stops the boot', async () => {
    await expect(boot({ globalGuard: { before: [LimitGuard] } }, [LimitGuard])).rejects.toMatchObject({
      code: 'CONFIG_GUARD_ORDER',
      message: expect.stringMatching(/LimitGuard.*APP_GUARD/) as unknown,
    });
  });

  it('one that is listed and request-scoped stops the boot, for Nest asks it after all others', async () => {
    const options = { globalGuard: { before: [ScopedLimitGuard] } };
    await expect(boot(options, [appGuard(ScopedLimitGuard)])).rejects.toMatchObject({
      code: 'CONFIG_GUARD_ORDER',
      message: expect.stringMatching(/ScopedLimitGuard is request-scoped/) as unknown,
    });
  });

  it('one that Nest asks before AuthGuard stops the boot, unless it is listed', async () => {
    const unordered = {
      code: 'CONFIG_GUARD_ORDER',
      message: expect.stringMatching(/PlanGuard.*before: \[PlanGuard\]/) as unknown,
    };
    const own = [appGuard(PlanGuard), appGuard(ScopedAuthGuard)];
    await expect(boot({ globalGuard: false }, own)).rejects.toMatchObject(unordered);
    const controllers = [GuardedController];
    await expect(boot({ globalGuard: false }, [appGuard(PlanGuard)], { controllers })).rejects.toMatchObject(
      unordered,
    );
    const globalGuard = { register: false, before: [PlanGuard] };
    await boot({ globalGuard }, own);
    expect(await get('/orders')).toEqual([401, 'PlanGuard nobody']);
    await application?.close();
    await boot({ globalGuard }, [appGuard(PlanGuard)], { controllers });
    expect(await get('/orders', bearer)).toEqual([200, 'PlanGuard nobody']);
  });

  it('the order stands where a test overrides guards', async () => {
    const canActivate = () => seen.push('stand-in') > 0;
    const metadata = {
      imports: [DescopeModule.forRoot({ globalGuard: { before: [LimitGuard] } })],
      controllers: [ShopController],
      providers: [appGuard(PlanGuard), LimitGuard, { provide: APP_GUARD, useExisting: LimitGuard }],
    };
    application = await start(adapter, metadata, {
      override: (builder) => descope.override(builder).overrideProvider(LimitGuard).useValue({ canActivate }),
    });
    expect(await get('/orders', bearer)).toEqual([200, 'stand-in', 'PlanGuard U2anna']);
    await application.close();
    application = await start(adapter, metadata, {
      override: (builder) => descope.override(builder).overrideProvider(AuthGuard).useValue({ canActivate }),
    });
    expect(await get('/orders')).toEqual([200, 'LimitGuard nobody', 'stand-in', 'PlanGuard nobody']);
  });

  it.each([
    ['a guard', PlanGuard],
    ['an unknown member', { after: [PlanGuard] }],
    ['something that is no list of classes', { before: [new PlanGuard()] }],
    ['no list', { before: PlanGuard }],
  ])('globalGuard takes a boolean or an object: %s stops the boot', async (_what, globalGuard) => {
    await expect(boot({ globalGuard: globalGuard as never }, [])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('globalGuard') as unknown,
    });
  });
});

describe('Over every transport', () => {
  const descope = createTestDescope();

  @Injectable()
  class LateGuard extends PlanGuard {
    @Inject(ModuleRef) readonly modules!: ModuleRef;
  }

  it('AuthGuard is asked after those that are listed, and before all others', async () => {
    const port = await findFreePort();
    const graphql = { driver: ApolloDriver, autoSchemaFile: true, csrfPrevention: false };
    const application = await start(
      'express',
      {
        imports: [
          GraphQLModule.forRoot(graphql),
          DescopeTestingModule.forRoot(descope, {
            transports: [microserviceTransport],
            globalGuard: { before: [LimitGuard] },
          }),
        ],
        controllers: [ShopController, NotesController],
        providers: [NewsGateway, BookResolver, appGuard(LateGuard), appGuard(LimitGuard)],
      },
      {
        configure: async (app) => {
          app.useWebSocketAdapter(await createSocketAdapter('ws', app));
          const options = { host: '127.0.0.1', port };
          app.connectMicroservice<MicroserviceOptions>(
            { transport: Transport.TCP, options },
            { inheritAppConfig: true },
          );
          await app.startAllMicroservices();
        },
      },
    );
    const socket = await connect('ws', `${application.url}/socket`);
    const ways: Record<string, () => Promise<unknown>> = {
      http: () => application.request('/orders'),
      graphql: () => application.request('/graphql?query={book}'),
      ws: () => socket.ask('read'),
      rpc: () => askMicroservice(port),
    };
    for (const [name, call] of Object.entries(ways)) {
      seen.length = 0;
      await call();
      expect([name, ...seen.map((line) => line.split(' ')[0])]).toEqual([name, 'LimitGuard']);
    }
    seen.length = 0;
    const { bearer } = descope.as();
    expect((await application.request('/graphql?query={book}', { headers: bearer })).body).toEqual({
      data: { book: 'Emma' },
    });
    expect(seen).toEqual(['LimitGuard', 'LateGuard']);
    socket.close();
    await application.close();
  });
});

async function askMicroservice(port: number): Promise<unknown> {
  const options = { host: '127.0.0.1', port };
  const client = ClientProxyFactory.create({ transport: Transport.TCP, options });
  const answer = client.send<unknown>('list', {}).pipe(
    timeout(2000),
    catchError((error: unknown) => of(error)),
  );
  return firstValueFrom(answer).finally(() => client.close());
}
