// A revoked access key: rejected at every instance at once, also one that is bound to a user, who stays signed in.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule, DescopeRevocations } from 'nestjs-descope';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { useEmulator } from '../../support/use-emulator.js';
import { bearer, WhoController } from '../../support/who.controller.js';

const ROBOT = 'K2robotrobotrobotrobotrobotrobotSECRETsecret01';
const ADAS = 'K2adasadasadasadasadasadasadasadSECRETsecret02';
const ADA = 'ada@example.com';

const bed = useEmulator({
  seed: {
    users: [{ loginId: ADA }],
    accessKeys: [
      { name: 'robot', cleartext: ROBOT },
      { name: 'of ada', cleartext: ADAS, user: ADA },
    ],
  },
});

describe.each(ADAPTERS)('An access key that is revoked, on %s', (adapter) => {
  const applications: RunningApplication[] = [];
  afterEach(async () => {
    for (const application of applications.splice(0)) await application.close();
  });

  const boot = async (options: DescopeModuleOptions) => {
    const { projectId, url: baseUrl, clock } = bed.emulator;
    const now = () => clock.now();
    const all = { projectId, baseUrl, audience: null, clock: now, accessKeys: true as const, ...options };
    const metadata = { imports: [DescopeModule.forRoot(all)], controllers: [WhoController] };
    const application = await start(adapter, metadata);
    applications.push(application);
    return application;
  };
  const ask = async ({ request }: RunningApplication, token: string) => {
    const { status, body } = await request('/who', { headers: bearer(token) });
    return status === 200 ? 200 : `${status} ${String(body['code'])}`;
  };
  const idOf = async (name: string) => {
    const { data = [] } = await bed.admin.management.accessKey.searchAll();
    return data.find((key) => key.name === name)?.id ?? '';
  };

  it.each([
    ['robot', ROBOT],
    ['of ada', ADAS],
  ])('is rejected at every instance (the key %s)', async (name, key) => {
    const server = new MemoryServer();
    const { managementKey } = bed.emulator;
    const join = () => boot({ managementKey, shared: { channel: server.connect() } });
    const [one, two] = [await join(), await join()];
    const { sessionJwt } = await bed.emulator.signIn(ADA);
    for (const instance of [one, two])
      expect(
        await askUntil(
          () => ask(instance, key),
          (answer) => answer === 200,
        ),
      ).toBe(200);
    bed.emulator.clock.advance(2_000);
    const revoked = await one.app.get(DescopeRevocations).revokeAccessKey(await idOf(name));
    expect(revoked).toEqual({ reach: 'shared', atDescope: 'done' });
    expect(await ask(one, key)).toBe('401 ACCESS_KEY_REFUSED');
    const rejected = await askUntil(
      () => ask(two, key),
      (answer) => answer !== 200,
    );
    expect(rejected).toBe('401 ACCESS_KEY_REFUSED');
    expect([await ask(one, sessionJwt), await ask(two, sessionJwt)]).toEqual([200, 200]);
  });

  it('is exchanged again if Descope could not be told, because there is no management key', async () => {
    const instance = await boot({});
    expect(await ask(instance, ADAS)).toBe(200);
    bed.emulator.clock.advance(2_000);
    const revoked = await instance.app.get(DescopeRevocations).revokeAccessKey(await idOf('of ada'));
    expect(revoked).toEqual({ reach: 'local', atDescope: 'unsupported' });
    expect([await ask(instance, ADAS), bed.emulator.requests.count('/v1/auth/accesskey/exchange')]).toEqual([
      200, 2,
    ]);
  });
});
