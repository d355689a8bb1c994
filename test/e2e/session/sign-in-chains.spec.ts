// A sign-out ends all that was handed out for one sign-in, on every instance that shares a store, and no other device.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { HeldCalls } from '../../support/held-calls.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const WAYS = [true, false].map((refreshRotation) => ({ refreshRotation }));

describe.each(ADAPTERS)('A sign-in and its sessions, on %s', (adapter) => {
  const running: SessionApplication[] = [];
  const stores = new Set<MemoryStore>();
  afterEach(async () => {
    for (const app of running.splice(0).reverse()) await app.stop();
    stores.clear();
  });

  const start = async (store?: MemoryStore, first?: SessionApplication, { fetch } = new HeldCalls()) => {
    const session = { refresh: true };
    if (store !== undefined) stores.add(store);
    const shared = store && { store, maxStaleMs: 0 };
    const setup = first === undefined ? {} : { emulator: first.emulator };
    const app = await startWithSessions(adapter, { routes: {}, session, shared, fetch }, setup);
    running.push(app);
    return app;
  };
  const post = (app: SessionApplication, path: string, headers: Record<string, string>, body = {}) =>
    app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { origin: app.url, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const codeAt = async (app: SessionApplication, session: string) => {
    const { status, body } = await app.request('/me', { headers: { authorization: `Bearer ${session}` } });
    return status === 200 ? 200 : body['code'];
  };
  const sessionOf = (browser: CookieJar) => browser.get('DS') ?? '';
  const copy = (browser: CookieJar) =>
    new CookieJar().set('DS', sessionOf(browser)).set('DSR', browser.get('DSR') ?? '');
  /** Refreshes three times, each through the next application, and gives all session tokens. */
  const refreshAll = async (apps: readonly SessionApplication[], browser: CookieJar) => {
    const sessions = [sessionOf(browser)];
    for (let count = 0; count < 3; count += 1) {
      apps[0]?.emulator.clock.advance(31_000); // a result is shared for half a minute
      for (const store of stores) store.forget('nestjs-descope:refreshed:'); // whose clock is the true one
      const app = apps[count % apps.length] as SessionApplication;
      const answer = await post(app, 'refresh', browser.headers);
      expect(answer.status).toBe(200);
      sessions.push(sessionOf(browser.take(answer.headers)));
    }
    expect(new Set(sessions).size).toBe(4);
    return sessions;
  };

  it.each(WAYS)('end together (rotation $refreshRotation)', async (way) => {
    const app = await start();
    app.emulator.configure(way);
    const [browser, there] = [await app.signIn(), await app.signIn()];
    const others = await refreshAll([app], there);
    const sessions = await refreshAll([app], browser);
    for (const session of [...sessions, ...others]) expect(await codeAt(app, session)).toBe(200);
    expect((await post(app, 'logout', browser.headers)).status).toBe(204);
    for (const session of sessions) expect(await codeAt(app, session)).toBe('SESSION_SIGNED_OUT');
    for (const session of others) expect(await codeAt(app, session)).toBe(200);
    expect((await post(app, 'refresh', there.headers)).status).toBe(200);
  });

  it.each(WAYS)(
    'end together on two instances that share a store (rotation $refreshRotation)',
    async (way) => {
      const store = new MemoryStore();
      const one = await start(store);
      one.emulator.configure(way);
      const two = await start(store, one);
      const [browser, there] = [await one.signIn(), await two.signIn()];
      const others = await refreshAll([one, two], there);
      const sessions = await refreshAll([two, one], browser);
      const third = await start(store, one); // which has handed out nothing
      expect((await post(third, 'logout', browser.headers)).status).toBe(204);
      for (const app of [one, two, third]) {
        for (const session of sessions) expect(await codeAt(app, session)).toBe('SESSION_SIGNED_OUT');
        for (const session of others) expect(await codeAt(app, session)).toBe(200);
      }
      for (const part of sessions.flatMap((session) => session.split('.')))
        expect(store.text).not.toContain(part);
    },
  );

  it('end with a session token that is sent alone, and the refresh token with them', async () => {
    const store = new MemoryStore();
    for (const shared of [undefined, store]) {
      const one = await start(shared);
      const browser = await one.signIn();
      const sessions = await refreshAll([one], browser);
      const app = shared === undefined ? one : await start(shared, one);
      const authorization = `Bearer ${sessions[1]}`;
      expect((await post(app, 'logout', { authorization })).status).toBe(204);
      for (const session of sessions) expect(await codeAt(app, session)).toBe('SESSION_SIGNED_OUT');
      const again = await post(app, 'refresh', { cookie: `DSR=${browser.get('DSR')}` });
      expect([again.status, again.body['code']]).toEqual([401, 'SESSION_SIGNED_OUT']);
    }
  });

  it('end with the session that the middleware refreshed, and that a sign-in brought', async () => {
    const app = await start();
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const browser = new CookieJar().take(
      (await post(app, 'store_jwt', {}, { sessionJwt, refreshJwt })).headers,
    );
    const onlyRefresh = { cookie: `DSR=${refreshJwt}` };
    const refreshed = new CookieJar().take((await app.request('/me', { headers: onlyRefresh })).headers);
    const sessions = [sessionJwt, sessionOf(refreshed), sessionOf(browser)];
    expect((await post(app, 'logout', { cookie: `DSR=${refreshJwt}` })).status).toBe(204);
    for (const session of sessions) expect(await codeAt(app, session)).toBe('SESSION_SIGNED_OUT');
  });

  it('end with a tenant that is being selected while the sign-out comes', async () => {
    const calls = new HeldCalls();
    const app = await start(undefined, undefined, calls);
    const browser = await app.signIn();
    const { sessionJwt } = await app.emulator.signIn(ANNA);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    const body = { sessionJwt, refreshJwt: browser.get('DSR') };
    app.emulator.faults.add({ path: '/v1/auth/tenant/select', body, status: 200, times: 1 });
    calls.hold('/v1/auth/tenant/select');
    const selecting = post(app, 'tenant', browser.headers, { tenant: 'T1' });
    await calls.wait();
    expect((await post(app, 'logout', copy(browser).headers)).status).toBe(204);
    calls.release();
    const late = await selecting;
    expect([late.status, late.body['code'], late.headers.getSetCookie()]).toEqual([
      401,
      'SESSION_SIGNED_OUT',
      [],
    ]);
  });

  it('go on while the store is down, and end here when it is', async () => {
    const store = new MemoryStore();
    const app = await start(store);
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    const { set } = store;
    store.set = () => Promise.reject(new Error('READONLY'));
    const sessions = await refreshAll([app], browser);
    expect((await post(app, 'logout', browser.headers)).status).toBe(503);
    store.set = set.bind(store);
    for (const session of sessions) expect(await codeAt(app, session)).toBe('SESSION_SIGNED_OUT');
  });

  it('are forgotten at their end', async () => {
    const store = new MemoryStore();
    const app = await start(store);
    const browser = await app.signIn();
    await refreshAll([app], browser);
    app.emulator.clock.advance(TEN_MINUTES);
    await refreshAll([app], browser);
    const names = [...store.entries].filter(([key]) => key.startsWith('nestjs-descope:sign-in:'));
    const lengths = names.map(([, { value }]) => value.split(' ').length);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(5); // of seven sessions, those that are not over
    for (const [, { ttlMs }] of names) expect(ttlMs).toBeGreaterThan(0);
  });
});
