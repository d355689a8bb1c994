// Options that are left out come from the environment, each from its DESCOPE_* variable.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DescopeClient, DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, InjectDescope } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { clearEnvironment, setEnvironment } from '../../support/environment.js';
import { createRecordingFetch } from '../../support/recording-fetch.js';
import { bearer, WhoController } from '../../support/who.controller.js';

@Injectable()
class ClientHolder {
  constructor(@InjectDescope() readonly client: DescopeClient) {}
}

describe.each(ADAPTERS)('DescopeModule.forRoot() and the environment, on %s', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication | undefined;

  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterEach(async () => {
    await application?.close();
    application = undefined;
    clearEnvironment();
    emulator.reset();
  });
  afterAll(() => emulator.close());

  const boot = async (variables: Record<string, string>, options?: DescopeModuleOptions) => {
    setEnvironment(variables);
    const imports = [options === undefined ? DescopeModule.forRoot() : DescopeModule.forRoot(options)];
    const metadata = { imports, controllers: [WhoController], providers: [ClientHolder] };
    application = await start(adapter, metadata);
    return application;
  };
  const bootOnEmulator = (variables: Record<string, string>, options?: DescopeModuleOptions) =>
    boot({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: emulator.url, ...variables }, options);
  const who = async (claims: Record<string, unknown> = {}) => {
    const token = await emulator.signToken({ claims: { amr: ['email'], ...claims } });
    return (application as RunningApplication).request('/who', { headers: bearer(token) });
  };

  it('takes project and base URL from DESCOPE_PROJECT_ID and DESCOPE_BASE_URI, without arguments', async () => {
    await bootOnEmulator({});
    expect((await who({ sub: 'U2anna' })).body).toMatchObject({ id: 'U2anna', username: 'U2anna' });
    expect(emulator.requests.count(`/v2/keys/${emulator.projectId}`)).toBe(1);
  });

  it('takes the base URL from DESCOPE_BASE_URL too, after DESCOPE_BASE_URI', async () => {
    await boot({ DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URL: emulator.url });
    expect((await who()).status).toBe(200);
    await application?.close();
    await bootOnEmulator({ DESCOPE_BASE_URL: 'http://127.0.0.1:1' });
    expect((await who()).status).toBe(200);
  });

  it('takes a username claim from DESCOPE_USERNAME_CLAIM', async () => {
    await bootOnEmulator({ DESCOPE_USERNAME_CLAIM: 'login' });
    expect((await who({ login: 'anna' })).body['username']).toBe('anna');
  });

  it('takes audiences from DESCOPE_AUDIENCE, separated by commas', async () => {
    await bootOnEmulator({ DESCOPE_AUDIENCE: 'orders, billing' });
    expect((await who({ aud: 'billing' })).status).toBe(200);
    expect((await who({ aud: ['orders'] })).status).toBe(200);
    expect((await who({ aud: 'orders, billing' })).body['code']).toBe('TOKEN_AUDIENCE_MISMATCH');
  });

  it('takes the roles of staff and superusers from DESCOPE_IS_STAFF_ROLE and DESCOPE_IS_SUPERUSER_ROLE', async () => {
    await bootOnEmulator({ DESCOPE_IS_STAFF_ROLE: 'crew', DESCOPE_IS_SUPERUSER_ROLE: 'captain' });
    expect((await who({ roles: ['crew'] })).body).toMatchObject({ isStaff: true, isSuperuser: false });
    expect((await who({ roles: ['captain'] })).body).toMatchObject({ isStaff: false, isSuperuser: true });
    expect((await who({ roles: ['is_staff', 'is_superuser'] })).body).toMatchObject({
      isStaff: false,
      isSuperuser: false,
    });
  });

  it('takes a fixed key from DESCOPE_PUBLIC_KEY, and then asks nobody for keys', async () => {
    await bootOnEmulator({ DESCOPE_PUBLIC_KEY: JSON.stringify(emulator.publishedKeys[0]) });
    expect((await who()).status).toBe(200);
    expect(emulator.requests.count('/v2/keys')).toBe(0);
  });

  it("takes the client's keys from DESCOPE_MANAGEMENT_KEY and DESCOPE_AUTH_MANAGEMENT_KEY", async () => {
    const { fetch, calls } = createRecordingFetch();
    const variables = { DESCOPE_MANAGEMENT_KEY: 'K2manage', DESCOPE_AUTH_MANAGEMENT_KEY: 'K2auth' };
    const { app } = await bootOnEmulator(variables, { fetch });
    const { client } = app.get(ClientHolder);
    await client.management.user.load('anna');
    await client.otp.signIn.email('anna@example.com');
    const credentialOf = (path: string) =>
      calls.find(({ url }) => url.includes(path))?.headers.get('authorization');
    expect(credentialOf('/v1/mgmt/user')).toBe(`Bearer ${emulator.projectId}:K2manage`);
    expect(credentialOf('/otp/signin/email')).toBe(`Bearer ${emulator.projectId}:K2auth`);
  });

  it('lets an explicit option win over its variable', async () => {
    const variables = {
      DESCOPE_USERNAME_CLAIM: 'email',
      DESCOPE_AUDIENCE: 'orders',
      DESCOPE_PROJECT_ID: 'P1',
    };
    const { projectId } = emulator;
    await bootOnEmulator(variables, { projectId, usernameClaim: 'login', audience: null });
    expect((await who({ login: 'anna', email: 'a@example.com' })).body['username']).toBe('anna');
  });

  it('takes an emulator in a container by DESCOPE_ALLOW_INSECURE_BASE_URI, and refuses it without', async () => {
    const { fetch, calls } = createRecordingFetch({ keys: emulator.publishedKeys });
    const variables = { DESCOPE_PROJECT_ID: emulator.projectId, DESCOPE_BASE_URI: 'http://emulator:4400' };
    await expect(boot(variables, { fetch })).rejects.toThrow('got plain http outside loopback');
    await boot({ ...variables, DESCOPE_ALLOW_INSECURE_BASE_URI: 'true' }, { fetch });
    expect(calls.map(({ url }) => url)).toEqual([`http://emulator:4400/v2/keys/${emulator.projectId}`]);
  });

  it('counts an empty variable as absent', async () => {
    await bootOnEmulator({ DESCOPE_USERNAME_CLAIM: ' ', DESCOPE_AUDIENCE: '', DESCOPE_PUBLIC_KEY: '' });
    expect((await who({ sub: 'U2anna' })).body['username']).toBe('U2anna');
  });

  it.each([
    ['P2testtesttesttesttesttestte', 'https://api.descope.com'],
    ['Peuc12testtesttesttesttesttestte', 'https://api.euc1.descope.com'],
  ])('picks the base URL by the region in the project id %s: %s', async (projectId, baseUrl) => {
    const { fetch, calls } = createRecordingFetch({ keys: emulator.publishedKeys });
    await boot({ DESCOPE_PROJECT_ID: projectId }, { fetch });
    expect(calls.map(({ url }) => url)).toEqual([`${baseUrl}/v2/keys/${projectId}`]);
  });
});
