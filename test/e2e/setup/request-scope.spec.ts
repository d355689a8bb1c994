// What Nest makes anew for each request it never makes at boot: a guard, or options, that need it would never be there.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { Controller, Get, Inject, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD, NestFactory, REQUEST } from '@nestjs/core';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { DescopeOptions, DescopeOptionsFactory } from 'nestjs-descope';
import { AuthGuard, DescopeModule, Public, Roles } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start, toRootModule } from '../../support/application.js';

const OPTIONS: DescopeOptions = {
  projectId: 'P2testtesttesttesttesttestte',
  audience: null,
  baseUrl: 'http://127.0.0.1:9',
};

@Injectable({ scope: Scope.REQUEST })
class RequestLog {}

@Injectable({ scope: Scope.REQUEST, durable: true })
class TenantLog {}

@Injectable({ scope: Scope.TRANSIENT })
class OwnLog {}

@Injectable({ scope: Scope.TRANSIENT })
class LogOfRequest {
  constructor(@Inject(REQUEST) readonly request: unknown) {}
}

@Injectable()
class Accounts {
  constructor(@Inject(RequestLog) readonly log: RequestLog) {}
}

@Injectable()
class Shops {
  @Inject(Accounts) readonly accounts!: Accounts;
}

@Injectable()
class TenantAccounts {
  constructor(@Inject(TenantLog) readonly log: TenantLog) {}
}

@Injectable()
class LoggedAccounts {
  constructor(@Inject(OwnLog) readonly log: OwnLog) {}
}

@Injectable()
class RequestAccounts {
  constructor(@Inject(LogOfRequest) readonly log: LogOfRequest) {}
}

@Injectable()
class OptionsOfAccounts implements DescopeOptionsFactory {
  @Inject(Accounts) readonly accounts!: Accounts;

  createDescopeOptions(): DescopeOptions {
    return OPTIONS;
  }
}

const providers = [
  RequestLog,
  TenantLog,
  OwnLog,
  LogOfRequest,
  Accounts,
  Shops,
  TenantAccounts,
  LoggedAccounts,
  RequestAccounts,
  OptionsOfAccounts,
];

@Module({ providers, exports: providers })
class AccountsModule {}

@Injectable()
class LoggingGuard extends AuthGuard {
  @Inject(RequestLog) readonly log!: RequestLog;
}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends LoggingGuard {}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard extends AuthGuard {}

@Injectable()
class PlanGuard implements CanActivate {
  constructor(@Inject(RequestLog) readonly log: RequestLog) {}

  canActivate() {
    return false;
  }
}

@Controller()
class ShopController {
  @Get('orders')
  list() {
    return {};
  }

  @Roles('admin')
  @Get('admin')
  admin() {
    return {};
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }
}

@UseGuards(LoggingGuard)
@Controller()
class LoggedController {
  @Get('orders')
  list() {}
}

@UseGuards(TransientGuard)
@Controller()
class TransientController {
  @Get('orders')
  list() {}
}

@UseGuards(ScopedGuard)
@Controller()
class ScopedController {
  @Roles('admin')
  @Get('admin')
  admin() {
    return {};
  }
}

@WebSocketGateway()
class ScopedGateway {
  @UseGuards(ScopedGuard)
  @SubscribeMessage('send')
  send() {}
}

@WebSocketGateway()
class DemandingGateway {
  @Roles('admin')
  @SubscribeMessage('send')
  send() {}
}

describe.each(ADAPTERS)('An application made by NestFactory.create, on %s,', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
  });

  const boot = async (metadata: ModuleMetadata) => {
    application = await start(adapter, metadata);
  };
  const rejection = (chain: string) => ({
    code: 'CONFIG_SCOPE_INVALID',
    message: expect.stringContaining(chain) as unknown,
  });
  const inject = (...tokens: Type[]) =>
    DescopeModule.forRootAsync({
      imports: [AccountsModule],
      inject: tokens,
      useFactory: () => OPTIONS,
    });
  const bootOwn = (own: Provider[], controllers: Type[] = [ShopController]) => {
    const imports = [AccountsModule, DescopeTestingModule.forRoot(descope, { globalGuard: false })];
    return boot({ imports, controllers, providers: own });
  };

  it.each([
    ['itself', RequestLog, 'options → RequestLog (request-scoped)'],
    ['by its constructor', Accounts, 'options → Accounts → RequestLog (request-scoped)'],
    ['by a property, two steps away', Shops, 'options → Shops → Accounts → RequestLog (request-scoped)'],
    ['that is durable', TenantAccounts, 'options → TenantAccounts → TenantLog (request-scoped)'],
    [
      'through one that is transient',
      RequestAccounts,
      'options → RequestAccounts → LogOfRequest → REQUEST (request-scoped)',
    ],
  ])('does not boot when its options reach a request-scoped provider %s', async (_how, token, chain) => {
    const controllers = [ShopController];
    await expect(boot({ imports: [inject(token)], controllers })).rejects.toMatchObject(rejection(chain));
  });

  it('does not boot when the class that makes its options reaches one', async () => {
    for (const use of [{ useClass: OptionsOfAccounts }, { useExisting: OptionsOfAccounts }]) {
      const imports = [DescopeModule.forRootAsync({ imports: [AccountsModule], ...use })];
      await expect(boot({ imports, controllers: [ShopController] })).rejects.toMatchObject(
        rejection('OptionsOfAccounts → Accounts → RequestLog (request-scoped)'),
      );
    }
  });

  it('does not boot so without the global guard either, nor with sessions and routes', async () => {
    for (const extras of [{ globalGuard: false }, { routes: {} }, { isGlobal: false }]) {
      const definition = DescopeModule.forRootAsync({
        imports: [AccountsModule],
        inject: [Accounts],
        useFactory: () => ({ ...OPTIONS, session: { refresh: true } }),
        ...extras,
      });
      await expect(boot({ imports: [definition], controllers: [ShopController] })).rejects.toMatchObject(
        rejection('Accounts → RequestLog (request-scoped)'),
      );
    }
  });

  it('boots guarded when its options reach a transient provider', async () => {
    await boot({ imports: [inject(LoggedAccounts)], controllers: [ShopController] });
    const statuses = ['/orders', '/admin', '/open'].map(async (path) => application?.request(path));
    expect((await Promise.all(statuses)).map((answer) => answer?.status)).toEqual([401, 401, 200]);
  });

  it.each<[string, Provider[]]>([
    ['useClass', [{ provide: APP_GUARD, useClass: LoggingGuard }]],
    ['useExisting', [LoggingGuard, { provide: APP_GUARD, useExisting: LoggingGuard }]],
    [
      'useFactory',
      [LoggingGuard, { provide: APP_GUARD, inject: [LoggingGuard], useFactory: (guard: AuthGuard) => guard }],
    ],
  ])(
    'does not boot when its own guard, by %s, reaches a request-scoped provider that it does not declare',
    async (_how, own) => {
      await expect(bootOwn(own)).rejects.toThrow(/request-scoped/); // newer Nest says it first
    },
  );

  it('does not boot when a guard by @UseGuards reaches one that it does not declare', async () => {
    await expect(bootOwn([], [LoggedController])).rejects.toMatchObject(
      rejection('LoggingGuard → RequestLog (request-scoped)'),
    );
  });

  it("does not boot when another guard of the application's, for everything, would never run", async () => {
    const imports = [AccountsModule, DescopeTestingModule.forRoot(descope)];
    const own = [{ provide: APP_GUARD, useClass: PlanGuard }];
    await expect(boot({ imports, controllers: [ShopController], providers: own })).rejects.toThrow(
      /PlanGuard.* request-scoped/,
    );
  });

  it('does not boot with a guard that is transient, which Nest runs or not as its version and the transport will', async () => {
    const message = /TransientGuard is transient/;
    const own = [{ provide: APP_GUARD, useClass: TransientGuard }];
    await expect(bootOwn(own)).rejects.toThrow(message);
    await expect(bootOwn([], [TransientController])).rejects.toThrow(message);
  });

  it('runs a guard that is declared request-scoped, globally and by @UseGuards', async () => {
    await bootOwn([{ provide: APP_GUARD, useClass: ScopedGuard }]);
    expect((await application?.request('/orders'))?.status).toBe(401);
    await application?.close();
    await bootOwn([], [ScopedController]);
    const { bearer } = descope.as();
    expect((await application?.request('/admin', { headers: bearer }))?.body['code']).toBe(
      'ACCESS_ROLE_MISSING',
    );
  });

  it('does not boot when a guard that is request-scoped is all that stands before messages of a gateway', async () => {
    await expect(bootOwn([ScopedGateway])).rejects.toMatchObject(rejection('ScopedGuard'));
    const own = [{ provide: APP_GUARD, useClass: ScopedGuard }];
    await expect(bootOwn([DemandingGateway, ...own])).rejects.toMatchObject({
      code: 'CONFIG_DEMAND_UNGUARDED',
      message: expect.stringMatching(/^DemandingGateway\.send/) as unknown,
    });
  });
});

describe('An application context', () => {
  it('does not start when its options reach a request-scoped provider', async () => {
    const imports = [
      DescopeModule.forRootAsync({
        imports: [AccountsModule],
        inject: [Accounts],
        useFactory: () => OPTIONS,
      }),
    ];
    const starting = NestFactory.createApplicationContext(toRootModule({ imports }), {
      logger: false,
      abortOnError: false,
    });
    await expect(starting).rejects.toMatchObject({ code: 'CONFIG_SCOPE_INVALID' });
  });
});
