// DescopeThrottlerGuard runs before AuthGuard by itself. Where it cannot, the application does not start.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { CanActivate, ExecutionContext, Provider, Type } from '@nestjs/common';
import { Controller, Get, Injectable, Module, Scope, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { AuthGuard, DescopeModule, Public } from 'nestjs-descope';
import { accessMatrix } from 'nestjs-descope/inspect';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import { DescopeThrottlerGuard, trackByUser } from 'nestjs-descope/throttler';
import type { RunningApplication, StartOptions } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

const limits = (limit = 2) => ThrottlerModule.forRoot([{ ttl: 60_000, limit }]);

@Controller()
class OrdersController {
  @Get('orders')
  list() {
    return {};
  }
}

@UseGuards(DescopeThrottlerGuard, AuthGuard)
@Controller()
class PlacedController {
  @Get('orders')
  list() {
    return {};
  }
}

@Controller()
class LateController {
  @UseGuards(DescopeThrottlerGuard)
  @Get('orders')
  list() {
    return {};
  }
}

@Controller()
class SignInController {
  @Public()
  @UseGuards(DescopeThrottlerGuard)
  @Get('orders')
  signIn() {
    return {};
  }
}

@Injectable()
class OwnThrottlerGuard extends DescopeThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    return Promise.resolve(headers['x-own'] === 'skip');
  }
}

@Injectable()
class AddressGuard implements CanActivate {
  static asked = 0;

  canActivate() {
    AddressGuard.asked += 1;
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedThrottlerGuard extends DescopeThrottlerGuard {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

const appGuard = (useClass: Type<CanActivate>): Provider => ({ provide: APP_GUARD, useClass });

describe.each(ADAPTERS)('The place of DescopeThrottlerGuard, on %s,', (adapter) => {
  const descope = createTestDescope();
  const { bearer } = descope.as({ sub: 'U2ann' });
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
    AddressGuard.asked = 0;
  });

  interface Parts extends StartOptions {
    readonly options?: DescopeModuleOptions;
    readonly controllers?: Type[];
    readonly providers?: Provider[];
    readonly limit?: number;
  }
  const boot = async ({ options = {}, controllers = [OrdersController], providers = [], ...more }: Parts) => {
    const imports = [DescopeTestingModule.forRoot(descope, options), limits(more.limit)];
    application = await start(adapter, { imports, controllers, providers }, more);
  };
  const ask = async (headers: Record<string, string> = {}) =>
    (await application?.request('/orders', { headers }))?.status;
  const countsRejected = async () => [await ask(), await ask(), await ask(), await ask(bearer)];

  it.each<[string, Parts]>([
    ['useClass', { providers: [appGuard(DescopeThrottlerGuard)] }],
    [
      'useExisting',
      { providers: [DescopeThrottlerGuard, { provide: APP_GUARD, useExisting: DescopeThrottlerGuard }] },
    ],
    ['a subclass', { providers: [appGuard(OwnThrottlerGuard)] }],
    [
      'app.useGlobalGuards()',
      {
        providers: [DescopeThrottlerGuard],
        configure: (app) => app.useGlobalGuards(app.get(DescopeThrottlerGuard)),
      },
    ],
    ['@UseGuards() before AuthGuard', { controllers: [PlacedController], options: { globalGuard: false } }],
    [
      'APP_GUARD beside an AuthGuard of handlers',
      {
        controllers: [PlacedController],
        options: { globalGuard: false },
        providers: [appGuard(DescopeThrottlerGuard)],
        limit: 4, // it counts twice
      },
    ],
  ])('is before AuthGuard, registered by %s', async (_how, parts) => {
    await boot(parts);
    expect(await countsRejected()).toEqual([401, 401, 429, 200]);
  });

  it('is before the guards of globalGuard.before, unless it is among them', async () => {
    const providers = [appGuard(AddressGuard), appGuard(DescopeThrottlerGuard)];
    await boot({ options: { globalGuard: { before: [AddressGuard] } }, providers });
    expect(await countsRejected()).toEqual([401, 401, 429, 200]);
    expect(AddressGuard.asked).toBe(3);
    await application?.close();
    await boot({ options: { globalGuard: { before: [AddressGuard, DescopeThrottlerGuard] } }, providers });
    expect(await countsRejected()).toEqual([401, 401, 429, 200]);
    expect(AddressGuard.asked).toBe(7);
  });

  it('lets a subclass change what it likes', async () => {
    await boot({ providers: [appGuard(OwnThrottlerGuard)] });
    const skipped = { 'x-own': 'skip' };
    expect([await ask(skipped), await ask(skipped), await ask(skipped)]).toEqual([401, 401, 401]);
  });

  it('may be on a public handler alone', async () => {
    await boot({ controllers: [SignInController] });
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  });

  it.each<[string, Parts, RegExp]>([
    [
      'on a handler, after the global AuthGuard',
      { controllers: [LateController] },
      /DescopeThrottlerGuard is on LateController\.list.*APP_GUARD/,
    ],
    [
      'request-scoped, which Nest runs after all others',
      { providers: [appGuard(ScopedThrottlerGuard)] },
      /ScopedThrottlerGuard is request-scoped/,
    ],
  ])('stops the boot where it would not count what is rejected: %s', async (_what, parts, message) => {
    await expect(boot(parts)).rejects.toMatchObject({
      code: 'CONFIG_GUARD_ORDER',
      message: expect.stringMatching(message) as unknown,
    });
  });

  it('stops the boot where its options need a request, for Nest would leave it out', async () => {
    const throttler = ThrottlerModule.forRootAsync({
      imports: [toModuleOf(PerRequest)],
      inject: [PerRequest],
      useFactory: () => [{ ttl: 60_000, limit: 2 }],
    });
    const imports = [DescopeTestingModule.forRoot(descope), throttler];
    const providers = [appGuard(DescopeThrottlerGuard)];
    await expect(start(adapter, { imports, providers })).rejects.toThrow(/request-scoped/);
  });

  it('stops the boot without DescopeModule', async () => {
    const providers = [appGuard(DescopeThrottlerGuard)];
    await expect(start(adapter, { imports: [limits()], providers })).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringContaining('DescopeModule.forRoot()') as unknown,
    });
  });

  it('is needed by the trackers: with another guard every request fails, and nobody passes uncounted', async () => {
    const imports = [
      DescopeModule.forRoot(),
      ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2, getTracker: trackByUser }]),
    ];
    const metadata = { imports, controllers: [OrdersController], providers: [appGuard(ThrottlerGuard)] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    expect(await ask(bearer)).toBe(500);
  });

  it('lets a test replace it, and the matrix of access pass it', async () => {
    const imports = [DescopeModule.forRoot(), limits()];
    const providers = [DescopeThrottlerGuard, { provide: APP_GUARD, useExisting: DescopeThrottlerGuard }];
    const canActivate = () => true;
    const metadata = { imports, controllers: [OrdersController], providers };
    application = await start(adapter, metadata, {
      override: (builder) =>
        descope.override(builder).overrideProvider(DescopeThrottlerGuard).useValue({ canActivate }),
    });
    expect([await ask(), await ask(), await ask()]).toEqual([401, 401, 401]);
    await application.close();
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
    const matrix = await accessMatrix(application.app, { ann: descope.as() });
    expect(matrix.rows[0]?.verdicts['ann']?.outcome).toBe('allowed');
  });
});

function toModuleOf(provider: Type): Type {
  @Module({ providers: [provider], exports: [provider] })
  class ProvidingModule {}
  return ProvidingModule;
}
