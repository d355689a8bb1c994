// Selecting a tenant rotates the refresh token as a refresh does: nothing refreshes it meanwhile, here or at another instance.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ADAPTERS } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import type { CookieJar } from '../../support/cookie-jar.js';
import { HeldCalls } from '../../support/held-calls.js';
import { FullMemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const REFRESH = '/v1/auth/refresh';
const SELECT = '/v1/auth/tenant/select';

/** Counts the claims that it denied: then an instance waits for another one. */
class CountingStore extends FullMemoryStore {
  denied = 0;

  override async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const isSet = await super.setIfAbsent(key, value, ttlMs);
    if (!isSet && key.includes(':refreshing:')) this.denied += 1;
    return isSet;
  }

  get claims(): string[] {
    return [...this.entries.keys()].filter((key) => key.includes(':refreshing:'));
  }
}

describe.each(ADAPTERS)('POST auth/tenant with rotation, on %s', (adapter) => {
  let emulator: Emulator;
  const running: SessionApplication[] = [];
  let calls: HeldCalls;
  let store: CountingStore;
  beforeEach(async () => {
    const users = [
      { loginId: ANNA, email: ANNA, tenants: [{ tenantId: 'acme' }] },
      { loginId: 'other@example.com', email: 'other@example.com' },
    ];
    emulator = await startEmulator({ seed: { users, tenants: [{ id: 'acme' }, { id: 'other' }] } });
    emulator.configure({ refreshRotation: true, replayEndsSignIn: true });
    calls = new HeldCalls();
    store = new CountingStore();
  });
  afterEach(async () => {
    calls.release();
    for (const app of running.splice(0).reverse()) await app.stop();
    await emulator.close();
  });

  const start = async (options: object) => {
    const all = { routes: {}, session: { refresh: true }, fetch: calls.fetch, ...options };
    const app = await startWithSessions(adapter, all, { emulator });
    running.push(app);
    return app;
  };
  const startTwo = async () => {
    const shared = { store, maxStaleMs: 0 };
    return [await start({ shared }), await start({ shared })] as const;
  };
  const post = (app: SessionApplication, path: string, browser: CookieJar, body: object = {}) =>
    app.request(path, {
      method: 'POST',
      headers: { ...browser.headers, 'content-type': 'application/json', origin: app.url },
      body: JSON.stringify(body),
    });
  const select = (app: SessionApplication, browser: CookieJar, tenant = 'acme') =>
    post(app, '/auth/tenant', browser, { tenant });
  /** Lets go what is held back once an instance waits for the other one; or when it did not wait, but was answered. */
  const releaseOnceDenied = async (other: Promise<unknown>): Promise<void> => {
    const denied = askUntil(
      async () => store.denied,
      (count) => count > 0,
    );
    await Promise.race([denied, other]);
    calls.release();
  };
  const expectAlive = async (app: SessionApplication, browser: CookieJar): Promise<void> => {
    emulator.clock.advance(TEN_MINUTES + 40_000);
    const late = await post(app, '/auth/refresh', browser);
    expect([late.status, late.body['user']]).toMatchObject([200, { tenant: 'acme' }]);
  };

  it('is waited for by a refresh at another instance, which gets its session', async () => {
    const [one, two] = await startTwo();
    const browser = await one.signIn();
    calls.hold(SELECT);
    const selecting = select(one, browser);
    await calls.wait();
    const refreshing = post(two, '/auth/refresh', browser);
    await releaseOnceDenied(refreshing);
    const answers = await Promise.all([selecting, refreshing]);
    expect(answers.map(({ status, body }) => [status, body['user']])).toMatchObject([
      [200, { tenant: 'acme' }],
      [200, { tenant: 'acme' }],
    ]);
    expect([emulator.requests.count(SELECT), emulator.requests.count(REFRESH)]).toEqual([1, 0]);
    expect(store.claims).toEqual([]);
    browser.take(answers[1].headers);
    await expectAlive(two, browser);
  });

  it('waits for a refresh at another instance, and selects with the token of that', async () => {
    const [one, two] = await startTwo();
    const browser = await one.signIn();
    calls.hold(REFRESH);
    const refreshing = post(two, '/auth/refresh', browser);
    await calls.wait();
    const selecting = select(one, browser);
    await releaseOnceDenied(selecting);
    const [refreshed, selected] = await Promise.all([refreshing, selecting]);
    expect([refreshed.status, selected.status, selected.body['user']]).toMatchObject([
      200,
      200,
      { tenant: 'acme' },
    ]);
    expect([emulator.requests.count(SELECT), emulator.requests.count(REFRESH)]).toEqual([1, 1]);
    expect(store.claims).toEqual([]);
    browser.take(selected.headers);
    await expectAlive(one, browser);
  });

  it('is waited for in its own instance, too, without a store', async () => {
    const one = await start({});
    const browser = await one.signIn();
    calls.hold(SELECT);
    const selecting = select(one, browser);
    await calls.wait();
    const before = emulator.requests.count(REFRESH);
    const refreshing = post(one, '/auth/refresh', browser);
    const again = select(one, browser);
    // A request that comes after it has been answered: those before it have gone as far as they can.
    await one.request('/public');
    await one.request('/public');
    expect(emulator.requests.count(REFRESH)).toBe(before);
    calls.release();
    const answers = await Promise.all([selecting, refreshing, again]);
    expect(answers.map(({ status, body }) => [status, body['user']])).toMatchObject([
      [200, { tenant: 'acme' }],
      [200, { tenant: 'acme' }],
      [200, { tenant: 'acme' }],
    ]);
    expect(emulator.requests.count(REFRESH)).toBe(0);
    browser.take(answers[2].headers);
    await expectAlive(one, browser);
  });

  it('leaves the token to others when Descope rejects the tenant', async () => {
    const [one, two] = await startTwo();
    const browser = await one.signIn();
    calls.hold(SELECT);
    const selecting = select(one, browser, 'other');
    await calls.wait();
    const refreshing = post(two, '/auth/refresh', browser);
    await releaseOnceDenied(refreshing);
    const [selected, refreshed] = await Promise.all([selecting, refreshing]);
    expect([selected.status, selected.body['code'], refreshed.status]).toEqual([
      403,
      'TENANT_NOT_SELECTABLE',
      200,
    ]);
    expect(emulator.requests.count(REFRESH)).toBe(1);
    expect(store.claims).toEqual([]);
  });

  it('lets no request wait for ever behind others while Descope does not respond', async () => {
    const one = await start({ keyFetch: { timeoutMs: 200 } });
    const browser = await one.signIn();
    calls.hold(SELECT);
    const answers = await Promise.all(Array.from({ length: 20 }, () => select(one, browser)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    // One after another, each with its time limit, they would take four seconds.
    expect(emulator.requests.count(SELECT)).toBeLessThan(20);
  });

  it('leaves the token to others when the issued session cannot be used, and the token was not replaced', async () => {
    emulator.configure({ refreshRotation: false });
    const fetchOther: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const url = input instanceof Request ? input.url : String(input);
      if (!url.endsWith(SELECT)) return response;
      const { sessionJwt } = await emulator.signIn('other@example.com');
      return Response.json({ ...((await response.json()) as object), sessionJwt });
    };
    const one = await start({ shared: { store, maxStaleMs: 0 }, fetch: fetchOther });
    const browser = await one.signIn();
    expect((await select(one, browser)).status).toBeGreaterThanOrEqual(401);
    expect(store.claims).toEqual([]);
  });
});
