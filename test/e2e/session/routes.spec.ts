// The mounted routes: signing in, refreshing, the signed-in user, signing out.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, BOB, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('The auth/ routes, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: app.url, ...headers },
      body: JSON.stringify(body),
    });
  const get = (path: string, browser: CookieJar) => app.request(path, { headers: browser.headers });

  it.each(['store_jwt', 'session'])('keeps the tokens of a sign-in (POST %s)', async (path) => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const answer = await post(path, { sessionJwt, refreshJwt });
    expect(answer.status).toBe(200);
    expect(answer.body['user']).toMatchObject({ kind: 'user' });
    expect(answer.text).not.toContain(sessionJwt);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const browser = new CookieJar().take(answer.headers);
    expect([browser.get('DS'), browser.get('DSR')]).toEqual([sessionJwt, refreshJwt]);
    expect((await get('/me', browser)).status).toBe(200);
  });

  it('keeps the tokens of the form that django-descope posts', async () => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const answer = await app.request('/auth/store_jwt', {
      method: 'POST',
      headers: { origin: app.url },
      body: new URLSearchParams({ DS: sessionJwt, DSR: refreshJwt }),
    });
    expect(answer.status).toBe(200);
    expect((await get('/me', new CookieJar().take(answer.headers))).status).toBe(200);
  });

  it('stores no token that is invalid, of another user, or missing', async () => {
    const [anna, bob] = [await app.emulator.signIn(ANNA), await app.emulator.signIn(BOB)];
    const forged = `${anna.sessionJwt.slice(0, -6)}AAAAAA`;
    const cases: [unknown, number][] = [
      [{ sessionJwt: forged, refreshJwt: anna.refreshJwt }, 401],
      [{ sessionJwt: anna.sessionJwt, refreshJwt: bob.refreshJwt }, 401],
      [{ sessionJwt: anna.refreshJwt, refreshJwt: anna.refreshJwt }, 401],
      [{ sessionJwt: anna.sessionJwt, refreshJwt: anna.sessionJwt }, 401],
      [{ sessionJwt: 'undefined', refreshJwt: anna.refreshJwt }, 400],
      [{ sessionJwt: anna.sessionJwt, refreshJwt: 'undefined' }, 400],
      [{ sessionJwt: '', refreshJwt: anna.refreshJwt }, 401],
      [{ sessionJwt: { toString: 'x' } }, 400],
      [{}, 401],
      [[], 400],
    ];
    for (const [body, status] of cases) {
      const answer = await post('store_jwt', body);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
    }
  });

  it('replaces another user at a sign-in by session token alone, and drops their refresh token', async () => {
    const [anna, bob] = [await app.emulator.signIn(ANNA), await app.emulator.signIn(BOB)];
    const lefts = [bob.refreshJwt, anna.sessionJwt, 'garbage', `${anna.refreshJwt}; DSR=${bob.refreshJwt}`];
    for (const left of lefts) {
      const cookie = `DS=${bob.sessionJwt}; DSR=${left}`;
      const answer = await post('store_jwt', { sessionJwt: anna.sessionJwt }, { cookie });
      expect([answer.status, answer.body['user']]).toMatchObject([200, { id: anna.userId }]);
      const browser = new CookieJar().set('DS', bob.sessionJwt).set('DSR', left).take(answer.headers);
      expect([browser.get('DS'), browser.get('DSR')]).toEqual([anna.sessionJwt, undefined]);
    }
  });

  it('reads a token from its cookie where Descope’s cookie mode posts an empty one', async () => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const cookie = `DSR=${refreshJwt}`;
    for (const [body, sent] of [
      [{ sessionJwt, refreshJwt: '' }, cookie],
      [{ sessionJwt: '', refreshJwt: '' }, `DS=${sessionJwt}; ${cookie}`],
    ] as const) {
      const answer = await post('store_jwt', body, { cookie: sent });
      expect(answer.status).toBe(200);
      const browser = new CookieJar().take(answer.headers);
      expect([browser.get('DS'), browser.get('DSR')]).toEqual([sessionJwt, refreshJwt]);
    }
    const alone = await post('store_jwt', { sessionJwt, refreshJwt: '' });
    expect([alone.status, new CookieJar().take(alone.headers).get('DSR')]).toEqual([200, undefined]);
  });

  it("keeps the user's own refresh token at a sign-in by session token alone", async () => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const cookie = `DSR=${refreshJwt}`;
    const answer = await post('store_jwt', { sessionJwt }, { cookie });
    expect(new CookieJar().take(answer.headers).get('DSR')).toBe(refreshJwt);
    expect((await post('logout', {}, { cookie })).status).toBe(204);
    const again = await post(
      'store_jwt',
      { sessionJwt: (await app.emulator.signIn(ANNA)).sessionJwt },
      { cookie },
    );
    expect(again.status).toBe(200);
    expect(new CookieJar().set('DSR', refreshJwt).take(again.headers).get('DSR')).toBeUndefined();
  });

  it("rejects two users' tokens where both are in cookies", async () => {
    const [anna, bob] = [await app.emulator.signIn(ANNA), await app.emulator.signIn(BOB)];
    const cookie = `DS=${anna.sessionJwt}; DSR=${bob.refreshJwt}`;
    const answer = await post('store_jwt', {}, { cookie });
    expect([answer.status, answer.body['code'], answer.headers.getSetCookie()]).toEqual([
      401,
      'TOKEN_SUBJECT_MISMATCH',
      [],
    ]);
  });

  it('stores nothing for another site, without an origin, or from a body of another type', async () => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const body = JSON.stringify({ sessionJwt, refreshJwt });
    const json = { 'content-type': 'application/json' };
    const rejected: [Record<string, string>, number][] = [
      [{ ...json, origin: 'https://evil.example' }, 403],
      [{ ...json, origin: 'null' }, 403],
      [{ ...json, origin: app.url, 'sec-fetch-site': 'cross-site' }, 403],
      [json, 403],
      [{ 'content-type': 'text/plain', origin: app.url }, 415],
    ];
    for (const [headers, status] of rejected) {
      const answer = await app.request('/auth/store_jwt', { method: 'POST', headers, body });
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([status, []]);
    }
    expect((await app.request('/auth/store_jwt')).status).toBe(404);
  });

  it('refreshes on demand, and clears the cookies of a session that Descope has ended', async () => {
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES);
    const refreshed = await post('refresh', {}, browser.headers);
    expect(refreshed.status).toBe(200);
    expect(browser.take(refreshed.headers).get('DS')).toBeDefined();
    app.emulator.clock.advance(TEN_MINUTES);
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 500, times: 1 });
    const outage = await post('refresh', {}, browser.headers);
    expect([outage.status, outage.headers.getSetCookie()]).toEqual([503, []]);
    app.emulator.clock.advance(TEN_MINUTES);
    app.emulator.reset(); // forgets every sign-in, and sets its clock back
    app.emulator.clock.advance(3 * TEN_MINUTES);
    const ended = await post('refresh', {}, browser.headers);
    expect([ended.status, ended.body['code']]).toEqual([401, 'SESSION_ENDED']);
    expect(browser.take(ended.headers).headers).toEqual({});
    expect((await post('refresh', {})).status).toBe(401);
    expect((await post('refresh', {}, { origin: 'https://evil.example' })).status).toBe(403);
  });

  it.each([
    ['POST', 'refresh'],
    ['POST', 'tenant'],
    ['GET', 'me?profile=1'],
  ])('works with neither of two refresh cookies, and expires them (%s %s)', async (method, path) => {
    const browser = await app.signIn();
    const headers = { 'content-type': 'application/json', origin: app.url };
    const cookie = `${browser.headers['cookie']}; DSR=planted`;
    const body = method === 'POST' ? { body: '{"tenant":"T1"}' } : {};
    const answer = await app.request(`/auth/${path}`, { method, headers: { ...headers, cookie }, ...body });
    expect([answer.status, answer.body['code']]).toEqual([401, 'COOKIE_AMBIGUOUS']);
    expect(answer.headers.getSetCookie()).toEqual(['DSR=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    expect((await get('/me', browser.take(answer.headers))).status).toBe(200);
  });

  it('returns no session from before a sign-in with the same refresh token', async () => {
    const browser = await app.signIn();
    const refreshed = new CookieJar().take((await post('refresh', {}, browser.headers)).headers).get('DS');
    app.emulator.clock.advance(5_000);
    const posted = { sessionJwt: browser.get('DS'), refreshJwt: browser.get('DSR') };
    expect((await post('store_jwt', posted)).status).toBe(200);
    const again = new CookieJar().take((await post('refresh', {}, browser.headers)).headers).get('DS');
    expect([again === refreshed, again === browser.get('DS')]).toEqual([false, false]);
  });

  it('returns the signed-in user, and requests the profile once a minute', async () => {
    const browser = await app.signIn();
    const me = await get('/auth/me', browser);
    expect(me.body['claims']).toMatchObject({ drn: 'DS' });
    for (let count = 0; count < 5; count += 1) {
      const { body } = await get('/auth/me?profile=1', browser);
      expect(body['profile']).toMatchObject({ email: ANNA });
    }
    const profiles = () => app.emulator.requests.count('/v1/auth/me');
    expect(profiles()).toBe(1);
    app.emulator.clock.advance(60_000);
    await Promise.all([get('/auth/me?profile=1', browser), get('/auth/me?profile=1', browser)]);
    expect(profiles()).toBe(2);
    expect((await app.request('/auth/me')).status).toBe(401);
  });

  it.each(['logout', 'logout-all'])('forgets the profile of a user who signs out (POST %s)', async (path) => {
    expect((await get('/auth/me?profile=1', await app.signIn())).status).toBe(200);
    expect((await post(path, {}, (await app.signIn()).headers)).status).toBe(204);
    app.emulator.clock.advance(2_000);
    expect((await get('/auth/me?profile=1', await app.signIn())).status).toBe(200);
    expect(app.emulator.requests.count('/v1/auth/me')).toBe(2);
  });

  it('requests a profile again after a failure', async () => {
    const browser = await app.signIn();
    app.emulator.faults.add({ path: '/v1/auth/me', status: 500, times: 1 });
    expect((await get('/auth/me?profile=1', browser)).status).toBe(503);
    expect((await get('/auth/me?profile=1', browser)).status).toBe(200);
  });

  it('requests the profile with the refresh token that the same request has just got', async () => {
    app.emulator.configure({ refreshRotation: true });
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const { status, body } = await get('/auth/me?profile=1', browser);
    expect([status, body['profile']]).toMatchObject([200, { email: ANNA }]);
  });

  it('signs out for good: the old cookies stay rejected, even if Descope cannot be reached', async () => {
    for (const fault of [undefined, { path: '/v1/auth/logout', status: 500 }]) {
      const browser = await app.signIn();
      const old = { ...browser.headers };
      if (fault !== undefined) app.emulator.faults.add(fault);
      const answer = await post('logout', {}, browser.headers);
      const code = fault && 'DESCOPE_UNAVAILABLE'; // where a copy of the refresh token goes on
      expect([answer.status, answer.body?.['code']]).toEqual([fault === undefined ? 204 : 503, code]);
      expect(browser.take(answer.headers).headers).toEqual({});
      const back = await app.request('/me', { headers: old });
      expect([back.status, back.body['code']]).toEqual([401, 'SESSION_SIGNED_OUT']);
      app.emulator.clock.advance(TEN_MINUTES + 6_000);
      expect((await app.request('/me', { headers: old })).status).toBe(401);
    }
  });

  it('signs out everywhere, and only this user', async () => {
    const [here, there, bob] = [await app.signIn(), await app.signIn(), await app.signIn(BOB)];
    expect((await post('logout-all', {}, here.headers)).status).toBe(204);
    expect((await get('/me', there)).body['code']).toBe('SESSION_SIGNED_OUT');
    expect((await get('/me', bob)).status).toBe(200);
    expect((await post('logout-all', {})).status).toBe(401);
  });

  it('rejects to sign a user out everywhere by a token that expired or was signed out', async () => {
    const old = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const [here, bob] = [await app.signIn(), await app.signIn(BOB)];
    const lapsed = await post('logout-all', {}, { cookie: `DS=${old.get('DS')}` });
    expect([lapsed.status, lapsed.body['code']]).toEqual([401, 'SESSION_MISSING']);
    const mixed = { cookie: `DS=${old.get('DS')}; DSR=${bob.get('DSR')}` };
    expect((await post('logout-all', {}, mixed)).status).toBe(204);
    expect((await get('/me', here)).status).toBe(200);
    const copy = { ...here.headers };
    expect((await post('logout', {}, copy)).status).toBe(204);
    app.emulator.clock.advance(2_000);
    const again = await app.signIn();
    expect((await post('logout-all', {}, copy)).body['code']).toBe('SESSION_SIGNED_OUT');
    expect((await get('/me', again)).status).toBe(200);
  });

  it('keeps a sign-out although a later one is by a token that expires sooner', async () => {
    const old = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const [here, stolen] = [await app.signIn(), await app.signIn()];
    expect((await post('logout-all', {}, here.headers)).status).toBe(204);
    await post('logout-all', {}, { cookie: `DS=${old.get('DS')}` });
    expect((await get('/me', stolen)).body['code']).toBe('SESSION_SIGNED_OUT');
  });

  it('changes nothing by GET, and nothing for another site', async () => {
    const browser = await app.signIn();
    for (const path of ['refresh', 'logout', 'logout-all', 'tenant']) {
      expect((await get(`/auth/${path}`, browser)).status).toBe(404);
      const foreign = await post(
        path,
        { tenant: 'x' },
        { ...browser.headers, origin: 'https://evil.example' },
      );
      expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([403, []]);
    }
    expect((await get('/me', browser)).status).toBe(200);
  });
});
