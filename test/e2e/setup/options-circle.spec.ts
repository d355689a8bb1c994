// What makes the options may inject what is made of them; a circle that nothing can serve is an error that names it.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication, LoggerService, ModuleMetadata, Type } from '@nestjs/common';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type {
  DescopeClient,
  DescopeModuleAsyncOptions,
  DescopeOptions,
  DescopeOptionsFactory,
  DescopeUserLoader,
  SignedInSession,
} from 'nestjs-descope';
import {
  AuthGuard,
  DescopeHealthIndicator,
  DescopeM2mClient,
  DescopeModule,
  DescopeService,
  InjectDescope,
} from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { DescopeSockets } from 'nestjs-descope/websockets';
import { ask } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { bearer, WhoController } from '../../support/who.controller.js';

let emulator: Emulator;
let app: INestApplication | undefined;

beforeAll(async () => {
  emulator = await startEmulator({ seed: { users: [{ loginId: 'ada@example.com', name: 'Ada' }] } });
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(() => emulator.close());

/** Boots as a user's main.ts does. */
async function create(
  options: DescopeModuleAsyncOptions,
  metadata: ModuleMetadata = {},
  logger: LoggerService | false = false,
) {
  const imports = [DescopeModule.forRootAsync(options), ...(metadata.imports ?? [])];
  @Module({ controllers: [WhoController], ...metadata, imports })
  class AppModule {}
  app = await NestFactory.create(AppModule, { logger, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return app;
}

async function askWho(): Promise<Record<string, unknown>> {
  const { sessionJwt } = await emulator.signIn('ada@example.com');
  return (await ask(`${await app?.getUrl()}/who`, { headers: bearer(sessionJwt) })).body;
}

function toOptions(more: DescopeOptions): DescopeOptions {
  const { projectId, url: baseUrl, managementKey } = emulator;
  return { projectId, baseUrl, managementKey, audience: null, ...more };
}

// Session tokens carry no e-mail address: the natural first version of loadUser asks Descope.
@Injectable()
class ClientAccounts {
  constructor(@InjectDescope() private readonly descope: DescopeClient) {}

  async load({ user }: SignedInSession) {
    const { data } = await this.descope.management.user.loadByUserId(user.id);
    return { email: data?.email };
  }
}

@Injectable()
class ServiceAccounts {
  constructor(
    private readonly descope: DescopeService,
    readonly machines: DescopeM2mClient,
    readonly health: DescopeHealthIndicator,
  ) {}

  async load({ token }: SignedInSession) {
    const { user } = await this.descope.validateSession(token);
    return { email: `${user?.kind}@example.com` };
  }
}

function toModule(type: Type): Type {
  @Module({ providers: [type], exports: [type] })
  class AccountsModule {}
  return AccountsModule;
}

function toFactory(type: Type<{ load(session: SignedInSession): unknown }>): DescopeModuleAsyncOptions {
  return {
    imports: [toModule(type)],
    inject: [type],
    useFactory: (accounts: InstanceType<typeof type>) =>
      toOptions({ loadUser: (session) => accounts.load(session) }),
  };
}

describe('DescopeModule.forRootAsync() with a loadUser that needs Descope', () => {
  it.each([
    ["the vendor's client", ClientAccounts, 'ada@example.com'],
    ['DescopeService, and the other services', ServiceAccounts, 'user@example.com'],
  ])('boots where what makes the options injects %s, and loads users by it', async (_, type, email) => {
    await create(toFactory(type));
    expect(await askWho()).toEqual({ email });
  });

  it.each(['useClass', 'useExisting'] as const)('does so by %s too', async (way) => {
    @Injectable()
    class Settings implements DescopeOptionsFactory {
      constructor(private readonly accounts: ClientAccounts) {}

      createDescopeOptions() {
        return toOptions({ loadUser: (session) => this.accounts.load(session) });
      }
    }
    @Module({ imports: [toModule(ClientAccounts)], providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const imports = [way === 'useClass' ? toModule(ClientAccounts) : SettingsModule];
    await create({ imports, [way]: Settings });
    expect(await askWho()).toEqual({ email: 'ada@example.com' });
  });

  it('serves a call that was made before the options were there, once they are', async () => {
    let early: Promise<unknown> | undefined;
    @Injectable()
    class EagerAccounts extends ClientAccounts {
      constructor(@InjectDescope() descope: DescopeClient) {
        super(descope);
        early = descope.management.user.load('ada@example.com').then(({ data }) => data?.name);
      }
    }
    await create(toFactory(EagerAccounts));
    expect(await early).toBe('Ada');
  });
});

describe('DescopeModule.forRootAsync() with options that wait for themselves', () => {
  @Injectable()
  class ByParameter {
    constructor(readonly guard: AuthGuard) {}
  }
  @Injectable()
  class ByProperty {
    @Inject(DescopeSockets) readonly sockets!: DescopeSockets;
  }

  it.each([
    ['AuthGuard', { inject: [AuthGuard] }],
    ['AuthGuard', { inject: [{ token: AuthGuard, optional: true }] }],
    ['ByParameter → AuthGuard', { imports: [toModule(ByParameter)], inject: [ByParameter] }],
    ['ByProperty → DescopeSockets', { imports: [toModule(ByProperty)], inject: [ByProperty] }],
    ['ByParameter → AuthGuard', { useClass: ByParameter as Type<never> }],
  ])('rejects to boot, and says by which way: %s, case %#', async (path, options) => {
    const logger = new CollectingLogger();
    const useFactory = () => toOptions({});
    const booting = create({ ...('useClass' in options ? {} : { useFactory }), ...options }, {}, logger);
    await expect(booting).rejects.toThrow(/depend on themselves|circular dependency/);
    expect(logger.find('CONFIG_OPTIONS_CIRCULAR:')).toEqual([
      expect.stringContaining(`the options → ${path} → `),
    ]);
  });

  it('rejects a call of the client that the options wait for, instead of ending without a word', async () => {
    const booting = create({
      imports: [toModule(ClientAccounts)],
      inject: [ClientAccounts],
      useFactory: async (accounts: ClientAccounts) => {
        await accounts.load({ user: { id: 'U2ada' } } as SignedInSession);
        return toOptions({});
      },
    });
    const rejected = expect(booting).rejects.toMatchObject({
      code: 'CONFIG_OPTIONS_CIRCULAR',
      message: expect.stringContaining('Call them in loadUser or in onModuleInit()'),
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.emit('beforeExit', 0); // what Node does when nothing is left to do
    await rejected;
  });
});

describe('The option loadUser as a class', () => {
  class Accounts implements DescopeUserLoader {
    constructor(private readonly descope: DescopeService) {}

    async loadUser({ token, user }: SignedInSession, request: { readonly headers: object }) {
      const proven = await this.descope.validateSession(token);
      return { id: user.id, isProven: proven.user?.id === user.id, names: Object.keys(request.headers) };
    }
  }
  Injectable()(Accounts);
  Reflect.defineMetadata('design:paramtypes', [DescopeService], Accounts);

  it('is found among the providers when a user is loaded, and is given the request', async () => {
    await create({ useFactory: () => toOptions({ loadUser: Accounts }) }, { providers: [Accounts] });
    expect(await askWho()).toEqual({
      id: expect.stringMatching(/^U/),
      isProven: true,
      names: expect.arrayContaining(['authorization', 'host']),
    });
  });

  it('may be made anew for each request', async () => {
    let count = 0;
    @Injectable({ scope: Scope.REQUEST })
    class RequestAccounts implements DescopeUserLoader {
      readonly number = (count += 1);

      loadUser() {
        return { number: this.number };
      }
    }
    await create(
      { useFactory: () => toOptions({ loadUser: RequestAccounts }) },
      { providers: [RequestAccounts] },
    );
    expect([await askWho(), await askWho()]).toEqual([{ number: 1 }, { number: 2 }]);
  });

  it('stops the boot where no module provides it', async () => {
    const booting = create({ useFactory: () => toOptions({ loadUser: Accounts }) });
    await expect(booting).rejects.toMatchObject({
      code: 'CONFIG_USER_LOADER_MISSING',
      message: expect.stringContaining('the class Accounts'),
    });
  });
});
