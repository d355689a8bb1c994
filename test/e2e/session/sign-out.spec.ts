// Signing out while a session is being refreshed: nothing that a refresh brings may bring the session back.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const CLEARED = ['DS', 'DSR'].map((name) => `${name}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax`);
const WAYS = ['logout', 'logout-all'].flatMap((path) => [
  { path, refreshRotation: false },
  { path, refreshRotation: true },
]);

describe.each(ADAPTERS)('A sign-out beside a refresh, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const get = (path: string, browser: CookieJar) => app.request(path, { headers: browser.headers });
  const signOut = (path: string, headers: Record<string, string>) =>
    app.request(`/auth/${path}`, { method: 'POST', headers: { origin: app.url, ...headers } });
  const lapse = () => app.emulator.clock.advance(TEN_MINUTES + 6_000);

  it.each(WAYS)('ends what a refresh on its way brings ($path, rotation $refreshRotation)', async (way) => {
    app.emulator.configure({ refreshRotation: way.refreshRotation });
    const browser = await app.signIn();
    lapse();
    app.emulator.faults.add({ path: '/v1/auth/refresh', delayMs: 200, times: 1 });
    const refresh = get('/me', browser);
    while (app.emulator.requests.count('/v1/auth/refresh') === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await signOut(way.path, browser.headers)).status).toBe(204);
    const late = new CookieJar().take((await refresh).headers); // its answer came last
    expect((await get('/me', late)).status).toBe(401);
    lapse();
    expect((await get('/me', late)).status).toBe(401);
  });

  it.each(WAYS)('ends what was refreshed a moment ago ($path, rotation $refreshRotation)', async (way) => {
    app.emulator.configure({ refreshRotation: way.refreshRotation });
    const browser = await app.signIn();
    lapse();
    const kept = new CookieJar().take((await get('/me', browser)).headers); // which the browser did not get
    expect((await get('/me', kept)).status).toBe(200);
    expect((await signOut(way.path, browser.headers)).status).toBe(204);
    expect((await get('/me', kept)).body['code']).toBe('SESSION_SIGNED_OUT');
    const refreshJwt = kept.get('DSR') ?? browser.get('DSR') ?? '';
    const asked = await fetch(`${app.emulator.url}/v1/auth/refresh`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.emulator.projectId}:${refreshJwt}` },
    });
    expect(asked.status).toBe(401); // Descope was told of the token that counts
  });

  it.each(WAYS)(
    'leaves a refresh token that Descope has ended to Descope after ten minutes, and no other ($path)',
    async ({ path, refreshRotation }) => {
      app.emulator.configure({ refreshRotation });
      const codes = [];
      for (const isUnreachable of [false, true]) {
        const browser = await app.signIn();
        const copied = new CookieJar().set('DSR', browser.get('DSR') ?? '');
        if (isUnreachable)
          app.emulator.faults.add({ path: `/v1/auth/${path.replace('-', '')}`, reset: true });
        expect((await signOut(path, browser.headers)).status).toBe(isUnreachable ? 503 : 204);
        app.emulator.faults.clear();
        const soon = await get('/me', copied);
        app.emulator.clock.advance(TEN_MINUTES + 61_000);
        const later = await get('/me', copied);
        codes.push([soon.body['code'], later.body['code']]);
      }
      const ofDescope = path === 'logout' ? 'SESSION_ENDED' : 'SESSION_SIGNED_OUT'; // for all of the user's: a year
      expect(codes).toEqual([
        ['SESSION_SIGNED_OUT', ofDescope],
        ['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT'],
      ]);
    },
  );

  it.each(WAYS)(
    'refreshes nothing on its way, and says one thing of each cookie ($path)',
    async ({ path }) => {
      const browser = await app.signIn();
      lapse();
      const answer = await signOut(path, browser.headers);
      expect([answer.status, app.emulator.requests.count('/v1/auth/refresh')]).toEqual([204, 0]);
      expect(answer.headers.getSetCookie()).toEqual(CLEARED);
    },
  );

  it('takes back what a refresh on its way has set, where its address is written otherwise', async () => {
    const browser = await app.signIn();
    lapse();
    const answer = await signOut('logout/', browser.headers); // which Fastify does not know
    const isExpress = adapter === 'express';
    expect([answer.status, app.emulator.requests.count('/v1/auth/refresh')]).toEqual(
      isExpress ? [204, 1] : [404, 1],
    );
    const [first = '', ...more] = answer.headers.getSetCookie();
    if (isExpress) expect([first, ...more]).toEqual(CLEARED);
    else expect([first.slice(0, 6), more]).toEqual(['DS=eyJ', []]);
  });

  it.each(['refresh', 'store_jwt'])('is no different: POST %s sets each cookie once', async (path) => {
    const browser = await app.signIn();
    lapse();
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const answer = await app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { origin: app.url, 'content-type': 'application/json', ...browser.headers },
      body: JSON.stringify({ sessionJwt, refreshJwt }),
    });
    const names = answer.headers.getSetCookie().map((line) => line.split('=')[0]);
    expect([answer.status, names]).toEqual([200, path === 'refresh' ? ['DS'] : ['DS', 'DSR']]);
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(path === 'refresh' ? 1 : 0);
  });
});
