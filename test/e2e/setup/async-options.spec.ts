// forRootAsync takes its options from a factory, a class or a provider; what shapes the module stays static.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ModuleMetadata } from '@nestjs/common';
import { Injectable, Module } from '@nestjs/common';
import type { DescopeOptions, DescopeOptionsFactory } from 'nestjs-descope';
import { DescopeModule, DescopeService } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';
import { bearer, WhoController } from '../../support/who.controller.js';

let emulator: Emulator;
const options = (usernameClaim: string): DescopeOptions => ({
  projectId: emulator.projectId,
  baseUrl: emulator.url,
  usernameClaim,
});

@Injectable()
class Settings {
  readonly claim = 'login';
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class OptionsOfSettings implements DescopeOptionsFactory {
  constructor(private readonly settings: Settings) {}

  createDescopeOptions() {
    return Promise.resolve(options(this.settings.claim));
  }
}

@Module({ imports: [SettingsModule], providers: [OptionsOfSettings], exports: [OptionsOfSettings] })
class OptionsModule {}

@Injectable()
class Consumer {
  constructor(readonly descope: DescopeService) {}
}

@Module({ providers: [Consumer] })
class ConsumerModule {}

describe.each(ADAPTERS)('DescopeModule.forRootAsync(), on %s', (adapter) => {
  let application: RunningApplication | undefined;

  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
    clearEnvironment();
  });
  afterAll(() => emulator.close());

  const boot = async (imports: NonNullable<ModuleMetadata['imports']>) => {
    application = await start(adapter, { imports, controllers: [WhoController] });
    return application;
  };
  const username = async () => {
    const token = await emulator.signToken({ claims: { amr: ['email'], sub: 'U2anna', login: 'anna' } });
    const answer = await application?.request('/who', { headers: bearer(token) });
    return answer?.body['username'];
  };

  it('takes options of a factory that injects what its imports export', async () => {
    const definition = DescopeModule.forRootAsync({
      imports: [SettingsModule],
      inject: [Settings],
      useFactory: async (settings: Settings) => options(settings.claim),
    });
    await boot([definition]);
    expect(await username()).toBe('anna');
  });

  it('takes options of a class that it makes itself', async () => {
    await boot([DescopeModule.forRootAsync({ imports: [SettingsModule], useClass: OptionsOfSettings })]);
    expect(await username()).toBe('anna');
  });

  it('takes options of a provider that exists already', async () => {
    await boot([DescopeModule.forRootAsync({ imports: [OptionsModule], useExisting: OptionsOfSettings })]);
    expect(await username()).toBe('anna');
  });

  it('reads getters of a class, which are no members of its instance', async () => {
    class Getters implements DescopeOptions {
      get projectId() {
        return emulator.projectId;
      }

      get baseUrl() {
        return emulator.url;
      }

      get audience() {
        return 'orders';
      }
    }
    await boot([DescopeModule.forRootAsync({ useFactory: () => new Getters() })]);
    const statusFor = async (aud: string) => {
      const token = await emulator.signToken({ claims: { amr: ['email'], aud } });
      return (await application?.request('/who', { headers: bearer(token) }))?.status;
    };
    expect([await statusFor('orders'), await statusFor('billing')]).toEqual([200, 401]);
  });

  it('fills up from the environment what the factory leaves out', async () => {
    setEnvironment({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_USERNAME_CLAIM: 'login' });
    await boot([DescopeModule.forRootAsync({ useFactory: () => ({ baseUrl: emulator.url }) })]);
    expect(await username()).toBe('anna');
  });

  it('guards globally, unless globalGuard is false', async () => {
    await boot([DescopeModule.forRootAsync({ useFactory: () => options('sub') })]);
    expect((await application?.request('/who'))?.status).toBe(401);
    await application?.close();
    await boot([DescopeModule.forRootAsync({ globalGuard: false, useFactory: () => options('sub') })]);
    expect((await application?.request('/who'))?.status).toBe(200);
  });

  it('stops the boot with what the factory threw', async () => {
    const failure = new Error('The vault is sealed.');
    const useFactory = (): DescopeOptions => {
      throw failure;
    };
    await expect(boot([DescopeModule.forRootAsync({ useFactory })])).rejects.toBe(failure);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a list', [1]],
    ['a string', 'P2'],
  ])('rejects a factory that gives %s', async (got, given) => {
    setEnvironment({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url });
    const rejected = {
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`forRootAsync() returned ${got};`),
    };
    const useFactory = () => given as DescopeOptions;
    await expect(boot([DescopeModule.forRootAsync({ useFactory })])).rejects.toMatchObject(rejected);
    class Factory implements DescopeOptionsFactory {
      createDescopeOptions = useFactory;
    }
    await expect(boot([DescopeModule.forRootAsync({ useClass: Factory })])).rejects.toMatchObject(rejected);
    await boot([DescopeModule.forRootAsync({ useFactory: () => ({}) })]);
    expect((await application?.request('/who'))?.status).toBe(401);
  });

  it('rejects a wrong option of the factory, and a static one that comes from it', async () => {
    const useFactory = () => ({ ...options('sub'), globalGuard: false, leewaySeconds: 61 });
    await expect(boot([DescopeModule.forRootAsync({ useFactory })])).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/leewaySeconds[^]*globalGuard|globalGuard[^]*leewaySeconds/),
    });
  });

  it.each([
    ['forRoot', (isGlobal: boolean) => DescopeModule.forRoot({ ...options('sub'), isGlobal })],
    [
      'forRootAsync',
      (isGlobal: boolean) => DescopeModule.forRootAsync({ isGlobal, useFactory: () => options('sub') }),
    ],
  ])('shows DescopeService to every module from %s, unless isGlobal is false', async (_name, register) => {
    const { app } = await boot([register(true), ConsumerModule]);
    expect(app.get(Consumer, { strict: false }).descope).toBeInstanceOf(DescopeService);
    await expect(boot([register(false), ConsumerModule])).rejects.toThrow(/DescopeService/);
    await application?.close();
    const shared = register(false);
    @Module({ imports: [shared], providers: [Consumer] })
    class SharingModule {}
    await boot([shared, SharingModule]);
    expect((await application?.request('/who'))?.status).toBe(401);
  });
});
