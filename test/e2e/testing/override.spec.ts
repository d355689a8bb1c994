// nestjs-descope/testing puts its own project and keys in place of an application's, without environment or network.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { Injectable, Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import type { DescopeOptions, DescopeOptionsFactory } from 'nestjs-descope';
import { DescopeModule, DescopeService } from 'nestjs-descope';
import { createTestDescope, DescopeTestingModule } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';
import { WhoController } from '../../support/who.controller.js';

@Injectable()
class ThrowingFactory implements DescopeOptionsFactory {
  createDescopeOptions(): Promise<DescopeOptions> {
    return Promise.reject(new Error('There is no vault in a test.'));
  }
}

const REGISTRATIONS: readonly [string, () => DynamicModule][] = [
  ['forRoot without arguments', () => DescopeModule.forRoot()],
  [
    'forRoot with another project',
    () => DescopeModule.forRoot({ projectId: 'P2otherotherotherotherothero' }),
  ],
  ['forRoot that wants its keys at boot', () => DescopeModule.forRoot({ requireKeysAtBoot: true })],
];

const FAILING_FACTORIES: readonly [string, string, () => DynamicModule][] = [
  [
    'misses its environment',
    'DESCOPE_PROJECT_ID',
    () =>
      DescopeModule.forRootAsync({
        imports: [ConfigModule],
        inject: [ConfigService],
        useFactory: (config: ConfigService) => ({
          projectId: config.getOrThrow<string>('DESCOPE_PROJECT_ID'),
          usernameClaim: 'login',
        }),
      }),
  ],
  ['rejects', 'There is no vault in a test', () => DescopeModule.forRootAsync({ useClass: ThrowingFactory })],
];

describe.each(ADAPTERS)('descope.override(), on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication | undefined;

  afterEach(async () => {
    await application?.close();
    application = undefined;
    clearEnvironment();
  });

  const boot = async (registration: DynamicModule, options?: DescopeOptions) => {
    @Module({ imports: [registration], controllers: [WhoController] })
    class AppModule {}
    const override = (builder: Parameters<typeof descope.override>[0]) => descope.override(builder, options);
    application = await start(adapter, { imports: [AppModule] }, { override });
  };
  const who = async (headers: Record<string, string> = {}) => {
    if (application === undefined) throw new Error('The application does not run.');
    return application.request('/who', { headers });
  };

  it.each(REGISTRATIONS)('replaces project and keys of %s', async (_what, register) => {
    await boot(register());
    expect((await who()).status).toBe(401);
    expect((await who(descope.as({ sub: 'U2anna' }).bearer)).body['id']).toBe('U2anna');
    expect((await who(descope.as({ sub: 'U2anna' }).cookie)).body['id']).toBe('U2anna');
  });

  it.each(FAILING_FACTORIES)(
    'fails the boot where a factory %s, and says how to give its options',
    async (_what, reason, register) => {
      await expect(boot(register())).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          new RegExp(`factory .*failed in this test: .*${reason}.*override\\(builder, \\{ … \\}\\)`),
        ),
        cause: expect.objectContaining({ message: expect.stringContaining(reason) }),
      });
    },
  );

  it.each(FAILING_FACTORIES)(
    'takes its own options in place of those of a factory that %s',
    async (_what, _reason, register) => {
      await boot(register(), { usernameClaim: 'nick' });
      const caller = descope.as({ sub: 'U2anna', login: 'anna', nick: 'annie' });
      expect((await who(caller.bearer)).body).toMatchObject({ id: 'U2anna', username: 'annie' });
      await application?.close();
      await boot(register(), {});
      expect((await who(caller.bearer)).body['id']).toBe('U2anna');
      expect((await who()).status).toBe(401);
    },
  );

  it('prefers the options of a factory that does not throw to none of its own', async () => {
    await boot(DescopeModule.forRootAsync({ useFactory: () => ({ usernameClaim: 'login' }) }), {});
    expect((await who(descope.as({ login: 'anna' }).bearer)).body['username']).toBe('anna');
  });

  it('replaces them whatever the environment says', async () => {
    setEnvironment({
      DESCOPE_PROJECT_ID: 'P2otherotherotherotherothero',
      DESCOPE_BASE_URI: 'http://127.0.0.1:1',
    });
    await boot(DescopeModule.forRoot());
    expect((await who(descope.as().bearer)).status).toBe(200);
  });

  it("keeps the application's other options, and lets its own win", async () => {
    const register = () => DescopeModule.forRoot({ usernameClaim: 'login', staffRole: 'crew' });
    await boot(register());
    const caller = descope.as({ login: 'anna', nick: 'annie', roles: ['crew'] });
    expect((await who(caller.bearer)).body).toMatchObject({ username: 'anna', isStaff: true });
    await application?.close();
    await boot(register(), { usernameClaim: 'nick' });
    expect((await who(caller.bearer)).body).toMatchObject({ username: 'annie', isStaff: true });
  });

  it('needs no secret of the webhook, and takes one', async () => {
    const body = '{"action":"UserCreated"}';
    const deliver = async (secret: string) =>
      (await application?.request('/auth/events', toDelivery(body, body, secret)))?.status;
    await boot(DescopeModule.forRoot({ events: {} }));
    expect(await deliver(WEBHOOK_SECRET)).toBe(401);
    await application?.close();
    await boot(DescopeModule.forRoot({ events: {} }), { events: { secret: WEBHOOK_SECRET } });
    expect(await deliver(WEBHOOK_SECRET)).toBe(200);
  });

  it('fails where no module imports DescopeModule, whose routes would all be open', async () => {
    const override = (builder: Parameters<typeof descope.override>[0]) => descope.override(builder);
    await expect(start(adapter, { controllers: [WhoController] }, { override })).rejects.toMatchObject({
      code: 'CONFIG_MODULE_MISSING',
      message: expect.stringContaining('Import DescopeModule.forRoot() in the root module'),
    });
  });

  it('rejects what another test issuer signed', async () => {
    await boot(DescopeModule.forRoot());
    expect((await who(createTestDescope().as().bearer)).body['code']).toBe('TOKEN_KEY_UNKNOWN');
  });
});

describe.each(ADAPTERS)('DescopeTestingModule, on %s', (adapter) => {
  const descope = createTestDescope({ projectId: 'P2otherotherotherotherothero', sessionCookieName: 'SID' });
  let application: RunningApplication;

  afterEach(() => application.close());

  it('protects controllers under test, with the options of a registration', async () => {
    const options = { usernameClaim: 'login', sessionCookieName: 'SID' };
    const imports = [DescopeTestingModule.forRoot(descope, options)];
    application = await start(adapter, { imports, controllers: [WhoController] });
    expect((await application.request('/who')).status).toBe(401);
    const { bearer, cookie } = descope.as({ login: 'anna' });
    for (const headers of [bearer, cookie])
      expect((await application.request('/who', { headers })).body['username']).toBe('anna');
    expect(application.app.get(DescopeService)).toBeInstanceOf(DescopeService);
  });

  it('needs no options', async () => {
    application = await start(adapter, { imports: [DescopeTestingModule.forRoot(createTestDescope())] });
    expect((await application.request('/nothing')).status).toBe(404);
  });
});
