// One line in the log for a cause, with its code and what to do; requests leave none.
import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { ADAPTERS } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions, TEN_MINUTES } from '../../support/session-application.js';
import { bearer } from '../../support/who.controller.js';

describe.each(ADAPTERS)('The log of an application on %s', (adapter) => {
  let app: SessionApplication;
  const logger = new CollectingLogger();
  const boot = async (options: DescopeModuleOptions = {}) => {
    app = await startWithSessions(adapter, options, { logger });
    logger.entries.length = 0;
  };
  const session = async () => bearer((await app.signIn()).get('DS') ?? '');

  afterEach(() => app.stop());

  it('has no line for accepted and rejected requests', async () => {
    await boot();
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    for (const headers of [{}, bearer('no-token'), { cookie: 'DS=a; DS=b' }])
      expect((await app.request('/me', { headers })).status).toBe(401);
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    expect(logger.entries).toEqual([]);
  });

  it('names expected and actual audience, once', async () => {
    await boot({ audience: ['orders', 'reports'] });
    const forBilling = await app.emulator.signToken({ claims: { amr: ['email'], aud: ['billing'] } });
    for (const headers of [bearer(forBilling), await session()]) {
      const { body } = await app.request('/me', { headers });
      expect(body['code']).toBe('TOKEN_AUDIENCE_MISMATCH');
    }
    expect(logger.entries).toEqual([
      expect.stringMatching(
        /^warn: TOKEN_AUDIENCE_MISMATCH: .*set audience.* Expected \["orders","reports"\], found \["billing"\]\. Descope$/,
      ),
    ]);
  });

  it('says that a token has no audience, and how it gets one', async () => {
    await boot({ audience: 'orders' });
    await app.request('/me', { headers: await session() });
    expect(logger.entries).toEqual([
      expect.stringMatching(
        /found \[\]\. The token has no audience \(aud\): add it to the project's JWT template, or set audience: null\. Descope$/,
      ),
    ]);
  });

  it('has one line a minute for an outage, and then the count of those left out', async () => {
    await boot();
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 503 });
    for (const stepMs of [0, 5_000, 5_000]) {
      app.emulator.clock.advance(stepMs);
      expect((await app.request('/me', { headers: browser.headers })).status).toBe(503);
    }
    expect(logger.entries).toEqual([
      expect.stringMatching(/^warn: DESCOPE_UNAVAILABLE: .*baseUrl.*status 503/),
    ]);
    app.emulator.clock.advance(60_000);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(503);
    expect(logger.entries.slice(1)).toEqual([expect.stringContaining('(2 more since this was last logged)')]);
  });

  it('has one line for a store that is down, whatever it is asked', async () => {
    const store = new MemoryStore();
    await boot({ session: {}, shared: { store } });
    const headers = await session();
    store.isDown = true;
    for (let request = 0; request < 3; request += 1)
      expect((await app.request('/me', { headers })).status).toBe(503);
    expect(logger.entries).toEqual([expect.stringMatching(/^error: SHARED_STORE_FAILED: /)]);
  });

  it('names a sign-out that Descope was not told of', async () => {
    await boot({ routes: {} });
    const browser = await app.signIn();
    app.emulator.faults.add({ path: '/v1/auth/logout', status: 503 });
    const headers = { ...browser.headers, origin: app.url };
    const answer = await app.request('/auth/logout', { method: 'POST', headers });
    expect([answer.status, answer.body['code']]).toEqual([503, 'DESCOPE_UNAVAILABLE']);
    expect(logger.find('SIGN_OUT_INCOMPLETE')).toEqual([
      expect.stringMatching(/^warn: SIGN_OUT_INCOMPLETE: .*\(127\.0\.0\.1:\d+, status 503: E\d+\)/),
    ]);
  });

  it.each([400, 403])(
    'names a sign-out that Descope rejected (%i), and none that was over before',
    async (status) => {
      await boot({ routes: {} });
      const browser = await app.signIn();
      const signOut = (path: string) =>
        app.request(path, { method: 'POST', headers: { ...browser.headers, origin: app.url } });
      app.emulator.faults.add({ path: '/v1/auth/logoutall', status, times: 1 });
      expect((await signOut('/auth/logout-all')).status).toBe(204);
      const lines = [expect.stringMatching(/^warn: SIGN_OUT_INCOMPLETE: .*\(Descope rejected with E\d+\.\)/)];
      expect(logger.find('SIGN_OUT_INCOMPLETE')).toEqual(lines);
      for (let count = 0; count < 2; count += 1) expect((await signOut('/auth/logout')).status).toBe(204);
      expect(app.emulator.requests.count('/v1/auth/logout')).toBe(1);
      expect(logger.find('SIGN_OUT_INCOMPLETE')).toEqual(lines);
    },
  );

  it('names a refreshed session that the browser could not keep', async () => {
    await boot();
    const browser = await app.signIn();
    const { sub } = decodeJwt(browser.get('DS') ?? '');
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const sessionJwt = await app.emulator.signToken({
      claims: { sub, amr: ['email'], pad: 'x'.repeat(4_096) },
    });
    app.emulator.faults.add({ path: '/v1/auth/refresh', body: { sessionJwt } });
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    expect(logger.entries).toEqual([
      expect.stringMatching(/^error: SESSION_TOO_LARGE: .*The cookie "DS" needs \d+ bytes.*request-session/),
    ]);
  });

  it('tells of each outage of the keys, and of its end', async () => {
    await boot();
    const ask = async () => (await app.request('/me', { headers: await session() })).status;
    for (let outage = 0; outage < 2; outage += 1) {
      expect(await ask()).toBe(200);
      app.emulator.faults.add({ path: '/v2/keys', status: 503, times: 1 });
      app.emulator.clock.advance(20 * 60_000);
      expect(await ask()).toBe(200);
      app.emulator.clock.advance(5_000);
      await ask(); // goes on with the keys at hand; the fetch behind it ends the outage
      const ended = async () => logger.find('KEYS_RECOVERED').length;
      expect(await askUntil(ended, (count) => count > outage)).toBe(outage + 1);
    }
    const codes = logger.entries.map((entry) => /^\w+: (\w+):/.exec(entry)?.[1]);
    expect(codes).toEqual(['KEYS_STALE', 'KEYS_RECOVERED', 'KEYS_STALE', 'KEYS_RECOVERED']);
  });
});
