// A sign-out at one instance while another refreshes the same session: what the refresh brings is rejected as well.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { ADAPTERS } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { HeldCalls } from '../../support/held-calls.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions } from '../../support/session-application.js';

type Shared = Exclude<DescopeModuleOptions['shared'], false | undefined>;

const WAYS: readonly (readonly [name: string, create: () => () => Shared])[] = [
  [
    'a store',
    () => {
      const store = new MemoryStore();
      return () => ({ store });
    },
  ],
  [
    'a channel and a store',
    () => {
      const [server, store] = [new MemoryServer(), new MemoryStore()];
      return () => ({ channel: server.connect(), store });
    },
  ],
];

describe.each(ADAPTERS)('A refresh and a sign-out at the same time, on %s', (adapter) => {
  const running: SessionApplication[] = [];
  const calls = new HeldCalls();
  afterEach(async () => {
    for (const app of running.splice(0).reverse()) await app.stop();
  });

  const start = async (shared: Shared, first?: SessionApplication) => {
    const options = {
      shared,
      routes: {},
      fetch: calls.fetch,
      ...(shared?.channel !== undefined && { clock: Date.now }),
    };
    const app = await startWithSessions(adapter, options, first && { emulator: first.emulator });
    running.push(app);
    return app;
  };
  const post = (app: SessionApplication, path: string, browser: CookieJar) =>
    app.request(path, { method: 'POST', headers: { origin: app.url, ...browser.headers } });

  const isRejected = async (app: SessionApplication, token: string) => {
    const ask = () => app.request('/me', { headers: { authorization: `Bearer ${token}` } });
    return (await askUntil(ask, ({ status }) => status === 401)).body['code'] === 'SESSION_SIGNED_OUT';
  };
  /** Begins to refresh at an instance; Descope's response, from before it hears of the sign-out, is held back. */
  const beginRefresh = async (app: SessionApplication, browser: CookieJar) => {
    const { sessionJwt } = await app.emulator.signIn(ANNA);
    const body = { sessionJwt, refreshJwt: browser.get('DSR') };
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 200, body, times: 1 });
    calls.hold('/v1/auth/refresh');
    const refreshing = post(app, '/auth/refresh', new CookieJar().set('DSR', browser.get('DSR') ?? ''));
    await calls.wait();
    return { refreshing, sessionJwt };
  };

  it.each(WAYS)('end with no session that is accepted, at two instances that share %s', async (_, create) => {
    const share = create();
    const one = await start(share());
    const two = await start(share(), one);
    const browser = await one.signIn();
    const { refreshing, sessionJwt } = await beginRefresh(two, browser);
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    calls.release();
    const { status, body, headers } = await refreshing;
    expect([status, body['code']]).toEqual([401, 'SESSION_SIGNED_OUT']);
    expect(headers.getSetCookie().join()).not.toContain(sessionJwt);
  });

  it('end with no session that is accepted once the channel has brought the sign-out', async () => {
    const [server, store] = [new MemoryServer(), new MemoryStore()];
    const one = await start({ channel: server.connect(), store });
    const line = server.connect();
    const two = await start({ channel: line, store }, one);
    const browser = await one.signIn();
    const { refreshing, sessionJwt } = await beginRefresh(two, browser);
    line.isCut = true;
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    calls.release();
    expect((await refreshing).status).toBe(200); // it cannot know
    line.isCut = false;
    for (const app of [one, two]) expect(await isRejected(app, sessionJwt)).toBe(true);
  });
});
