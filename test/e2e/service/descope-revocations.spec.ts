// Revoking by code: who was in is out, at once; who signs in afterwards is in; and what it reports.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeRevocations, DescopeService, DescopeSession } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { createTestDescope } from 'nestjs-descope/testing';
import type { AdapterName } from '../../support/application.js';
import { ADAPTERS } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, BOB, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';
import { shareThrough, StoreServer, toPlainStore } from '../../support/shared-stores.js';

const LOGOUT = '/v1/mgmt/user/logout';
const SIGNED_OUT = 'SESSION_SIGNED_OUT';

interface Stage {
  readonly emulator: Emulator;
  readonly app: SessionApplication;
  readonly revocations: DescopeRevocations;
  readonly logger: CollectingLogger;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function startDescope(): Promise<Emulator> {
  const tenants = [{ tenantId: 'acme' }];
  const users = [
    { loginId: ANNA, tenants },
    { loginId: BOB, tenants: [{ tenantId: 'other' }] },
  ];
  const emulator = await startEmulator({ seed: { users } });
  stops.push(() => emulator.close());
  return emulator;
}

async function startOn(
  emulator: Emulator,
  adapter: AdapterName,
  { options = {}, skewMs = 0 }: { options?: DescopeModuleOptions; skewMs?: number } = {},
): Promise<Stage> {
  const { managementKey } = emulator;
  const clock = () => emulator.clock.now() + skewMs;
  const logger = new CollectingLogger();
  const all = { managementKey, clock, routes: {}, ...options };
  const app = await startWithSessions(adapter, all, { emulator, logger });
  stops.push(() => app.stop());
  return { emulator, app, revocations: app.app.get(DescopeRevocations), logger };
}

const start = async (adapter: AdapterName, options?: { options?: DescopeModuleOptions; skewMs?: number }) =>
  startOn(await startDescope(), adapter, options);

const codeOf = async (app: SessionApplication, browser: CookieJar) => {
  const { status, body } = await app.request('/me', { headers: browser.headers });
  return status === 200 ? 200 : body['code'];
};
const idOf = async (emulator: Emulator, loginId: string) => (await emulator.signIn(loginId)).userId;
const copyOf = (browser: CookieJar) => new CookieJar().set('DS', browser.get('DS') ?? '');

describe.each(ADAPTERS)('DescopeRevocations, on %s', (adapter) => {
  it.each([-3_000, 0, 3_000])(
    'rejects all devices of a user, and accepts the next sign-in at once (our clock %d ms off)',
    async (skewMs) => {
      const { emulator, app, revocations } = await start(adapter, { skewMs });
      const [here, bob] = [await app.signIn(), await app.signIn(BOB)];
      expect([await codeOf(app, here), await codeOf(app, bob)]).toEqual([200, 200]);
      emulator.clock.advance(100_000);
      const there = await app.signIn(); // in the very second of the revocation, or the one before
      const result = await revocations.revokeUser(await idOf(emulator, ANNA));
      expect(result).toEqual({ reach: 'local', atDescope: 'done' });
      const again = await app.signIn();
      expect(await codeOf(app, again)).toBe(200);
      expect([await codeOf(app, here), await codeOf(app, there)]).toEqual([SIGNED_OUT, SIGNED_OUT]);
      expect(await codeOf(app, bob)).toBe(200);
      const refreshed = await fetch(`${emulator.url}/v1/auth/refresh`, {
        method: 'POST',
        headers: { authorization: `Bearer ${emulator.projectId}:${there.get('DSR')}` },
      });
      expect(refreshed.status).toBe(401); // Descope was told
    },
  );

  it.each([-3_000, 3_000])(
    'rejects the users of a tenant, or everybody, and accepts the next sign-in at once (our clock %d ms off)',
    async (skewMs) => {
      const { app, revocations } = await start(adapter, { skewMs });
      const unsupported = { reach: 'local', atDescope: 'unsupported' };
      const [anna, bob] = [await app.signIn(), await app.signIn(BOB)];
      expect([await codeOf(app, anna), await codeOf(app, bob)]).toEqual([200, 200]);
      expect(await revocations.revokeTenant('acme')).toEqual(unsupported);
      const again = await app.signIn();
      const codes = [await codeOf(app, anna), await codeOf(app, bob), await codeOf(app, again)];
      expect(codes).toEqual([SIGNED_OUT, 200, 200]);
      expect(await revocations.revokeAll()).toEqual(unsupported);
      const last = await app.signIn(BOB);
      expect([await codeOf(app, bob), await codeOf(app, again)]).toEqual([SIGNED_OUT, SIGNED_OUT]);
      expect(await codeOf(app, last)).toBe(200);
    },
  );

  it('rejects a session with all tokens of its sign-in, and no other device', async () => {
    const { emulator, app, revocations } = await start(adapter);
    const [browser, other] = [await app.signIn(), await app.signIn()];
    emulator.clock.advance(TEN_MINUTES - 5_000);
    const refresh = { method: 'POST', headers: { origin: app.url, ...browser.headers } };
    const early = copyOf(browser); // valid for five more seconds
    browser.take((await app.request('/auth/refresh', refresh)).headers);
    expect([await codeOf(app, early), await codeOf(app, copyOf(browser))]).toEqual([200, 200]);
    const session = await app.app.get(DescopeService).validateSession(browser.get('DS') ?? '');
    expect(await revocations.revokeSession(session)).toEqual({ reach: 'local', atDescope: 'unsupported' });
    expect([await codeOf(app, early), await codeOf(app, copyOf(browser))]).toEqual([SIGNED_OUT, SIGNED_OUT]);
    emulator.clock.advance(2 * TEN_MINUTES);
    expect(await codeOf(app, browser)).toBe(SIGNED_OUT); // its refresh token, too, and for longer than ten minutes
    expect(await codeOf(app, other)).toBe(200);
  });

  it('rejects what is older before Descope answers, and reports that Descope could not be reached', async () => {
    const { emulator, app, revocations, logger } = await start(adapter);
    const browser = await app.signIn();
    expect(await codeOf(app, browser)).toBe(200);
    emulator.clock.advance(10_000);
    emulator.faults.add({ path: LOGOUT, delayMs: 1_500, status: 503 });
    const revoked = revocations.revokeUser(await idOf(emulator, ANNA));
    while (emulator.requests.count(LOGOUT) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await codeOf(app, browser)).toBe(SIGNED_OUT);
    expect(await revoked).toEqual({ reach: 'local', atDescope: 'unavailable' });
    expect(logger.find('SIGN_OUT_INCOMPLETE')).toHaveLength(1);
  });

  it('reports what Descope rejects, and that it was not told without a management key', async () => {
    const { emulator, revocations, logger } = await start(adapter);
    expect(await revocations.revokeUser('U2nobody')).toEqual({ reach: 'local', atDescope: 'rejected' });
    expect(logger.find('SIGN_OUT_INCOMPLETE').join()).toContain('E112102');
    const without = await startOn(emulator, adapter, { options: { managementKey: undefined } });
    const browser = await without.app.signIn();
    const id = await idOf(emulator, ANNA);
    const asked = emulator.requests.count(LOGOUT);
    expect(await without.revocations.revokeUser(id)).toEqual({ reach: 'local', atDescope: 'unsupported' });
    expect(emulator.requests.count(LOGOUT)).toBe(asked);
    expect(await codeOf(without.app, browser)).toBe(SIGNED_OUT);
    const wrong = await startOn(emulator, adapter, { options: { managementKey: 'K2wrong' } });
    expect(await wrong.revocations.revokeUser(id)).toEqual({ reach: 'local', atDescope: 'rejected' });
    expect(wrong.logger.find('K2wrong')).toEqual([]);
  });

  it('rejects at another instance, and reports a store that cannot be reached', async () => {
    const emulator = await startDescope();
    const server = new StoreServer();
    const options = shareThrough(toPlainStore(server));
    const one = await startOn(emulator, adapter, { options });
    const two = await startOn(emulator, adapter, { options });
    const browser = await one.app.signIn();
    expect([await codeOf(one.app, browser), await codeOf(two.app, browser)]).toEqual([200, 200]);
    const id = await idOf(emulator, ANNA);
    expect(await one.revocations.revokeUser(id)).toEqual({ reach: 'shared', atDescope: 'done' });
    expect([await codeOf(one.app, browser), await codeOf(two.app, browser)]).toEqual([
      SIGNED_OUT,
      SIGNED_OUT,
    ]);
    server.mood = 'rejects';
    expect(await one.revocations.revokeUser(id)).toEqual({ reach: 'pending', atDescope: 'done' });
    server.mood = 'answers';
  });
});

describe('DescopeRevocations', () => {
  it('asks for a session that has a token, and for ids that are not empty', async () => {
    const { revocations } = await start('express');
    await expect(revocations.revokeSession(DescopeSession.anonymous())).rejects.toMatchObject({
      code: 'SESSION_MISSING',
      status: 401,
    });
    const user = createTestDescope().user();
    for (const given of [undefined, 'eyJ', user, { ...DescopeSession.anonymous(), user }])
      await expect(revocations.revokeSession(given as unknown as DescopeSession)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/^DescopeRevocations\.revokeSession\(\) got .*; expected .* session /),
      });
    for (const method of ['revokeUser', 'revokeTenant', 'revokeAccessKey'] as const)
      for (const given of ['', ' ', undefined, null, 7, { id: 'U2anna' }])
        await expect(revocations[method](given as string)).rejects.toMatchObject({
          code: 'CONFIG_INVALID',
          message: expect.stringMatching(
            new RegExp(`^DescopeRevocations\\.${method}\\(\\) got .*; expected the id`),
          ),
        });
  });
});
