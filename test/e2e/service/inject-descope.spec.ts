// @InjectDescope() hands out the vendor's client, which is made on its first call.
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import type { DescopeClient, DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, DescopeUnavailableError, InjectDescope, Public } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';

@Injectable()
class Accounts {
  @InjectDescope() readonly property!: DescopeClient;

  constructor(@InjectDescope() readonly client: DescopeClient) {}
}

@Module({ providers: [Accounts], exports: [Accounts] })
class AccountsModule {}

@Injectable()
class Consumer {
  constructor(@Inject(Accounts) readonly accounts: Accounts) {}
}

@Public()
@Controller('sign-up')
class SignUpController {
  constructor(@InjectDescope() private readonly client: DescopeClient) {}

  @Get()
  signUp() {
    return this.client.password.signUp('anna@example.com', 'Correct-horse-1');
  }
}

const projectId = 'P2testtesttesttesttesttestte';
const seed = {
  users: [{ loginId: 'ada@example.com', name: 'Ada' }],
  accessKeys: [{ name: 'robot', cleartext: 'robot-secret', roles: ['robot'] }],
};

describe.each(ADAPTERS)('@InjectDescope(), on %s', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication | undefined;

  beforeAll(async () => {
    emulator = await startEmulator({ seed });
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
  });
  afterAll(() => emulator.close());

  const boot = async (options: DescopeModuleOptions) => {
    const metadata = {
      imports: [DescopeModule.forRoot(options), AccountsModule],
      controllers: [SignUpController],
      providers: [Consumer],
    };
    application = await start(adapter, metadata);
    return application.app.get(Accounts, { strict: false });
  };
  const bootOnEmulator = () =>
    boot({
      projectId: emulator.projectId,
      baseUrl: emulator.url,
      managementKey: emulator.managementKey,
    });

  it('is injected into constructors and properties, the same everywhere', async () => {
    const { client, property } = await bootOnEmulator();
    expect(property).toBe(client);
  });

  it('makes no network call before its first use, at boot or at shutdown', async () => {
    const { fetch, calls } = createRecordingFetch({ keys: emulator.publishedKeys });
    const { client } = await boot({ projectId, fetch, managementKey: 'K2key' });
    await application?.close();
    expect(calls.filter(({ url }) => !url.includes('/v2/keys/'))).toEqual([]);
    await client.management.user.load('anna');
    expect(calls.some(({ url }) => url.includes('/v1/mgmt/user'))).toBe(true);
  });

  it('can be resolved by a promise, printed and asked for what it is not', async () => {
    const { client } = await bootOnEmulator();
    expect(await Promise.resolve(client)).toBe(client);
    expect(JSON.stringify({ client })).toBe('{"client":{}}');
    expect(typeof client).toBe('object'); // Nest's logger calls functions
    expect(() => String(client)).toThrow(TypeError);
    expect(inspect(client)).not.toContain(emulator.managementKey);
    expect(Reflect.get(client, 'onModuleInit')).toBeUndefined();
    expect(Reflect.get(client, 'onApplicationShutdown')).toBeUndefined();
    expect(Reflect.get(client, Symbol.iterator)).toBeUndefined();
  });

  it('works against Descope as the vendor documents it', async () => {
    const { client } = await bootOnEmulator();
    const exchanged = await client.exchangeAccessKey('robot-secret');
    expect(exchanged.token.sub).toMatch(/^K/);
    const { refreshJwt, sessionJwt } = await emulator.signIn('ada@example.com');
    expect((await client.me(refreshJwt)).data).toMatchObject({ name: 'Ada' });
    expect((await client.validateSession(sessionJwt)).token.drn).toBe('DS');
    expect((await client.refresh('no token')).ok).toBe(false);
  });

  it('passes on what the vendor throws', async () => {
    const { client } = await bootOnEmulator();
    await expect(client.validateSession('')).rejects.toThrow(/session token is required/);
  });

  it('leads to 503 in a handler when the connection to Descope breaks, and names no host', async () => {
    const broken = () => Promise.reject(new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } }));
    const { client } = await boot({ projectId, baseUrl: 'https://descope.example.test', fetch: broken });
    const response = await application?.request('/sign-up');
    expect([response?.status, response?.headers.get('retry-after')]).toEqual([503, '1']);
    expect(response?.body).toMatchObject({ code: 'DESCOPE_UNAVAILABLE' });
    expect(JSON.stringify(response?.body)).not.toContain('descope.example.test');
    const error: unknown = await client.password.signUp('anna@example.com', 'x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DescopeUnavailableError);
    expect(String(error)).toContain('descope.example.test: ECONNREFUSED');
  });

  it('says which method it does not have', async () => {
    const { client } = await bootOnEmulator();
    const unknown = client as unknown as { management: { users: { lode: () => Promise<unknown> } } };
    await expect(unknown.management.users.lode()).rejects.toThrow('no method "management.users.lode"');
  });

  it('bounds every call in time, and sends it through the fetch of the options', async () => {
    const { fetch, calls } = createRecordingFetch({ keys: emulator.publishedKeys });
    const { client } = await boot({ projectId, fetch, managementKey: 'K2key' });
    await client.management.user.create('anna', { email: 'anna@example.com' });
    const call = calls.find(({ url }) => url.endsWith('/v1/mgmt/user/create'));
    expect(call?.url).toBe('https://api.descope.com/v1/mgmt/user/create');
    expect(call?.method).toBe('POST');
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ loginId: 'anna', email: 'anna@example.com' });
    expect(call?.signal).toBeInstanceOf(AbortSignal);
  });
});
