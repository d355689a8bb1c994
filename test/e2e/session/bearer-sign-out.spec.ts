// Signing out, and refreshing, with a token that a client sends itself: done, or rejected with what to do instead.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DescopeModule } from 'nestjs-descope';
import { ADAPTERS, ask } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import {
  ANNA,
  BOB,
  PagesController,
  startDescope,
  startWithSessions,
  TEN_MINUTES,
} from '../../support/session-application.js';

const WAYS = ['logout', 'logout-all'];
const FOREIGN = { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' };

describe.each(ADAPTERS)('A sent token at the auth/ routes, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
  const sessionOf = async (loginId = ANNA) => (await app.emulator.signIn(loginId)).sessionJwt;
  const post = (path: string, headers: Record<string, string> = {}) =>
    app.request(`/auth/${path}`, { method: 'POST', headers });
  const codeAt = async (headers: Record<string, string>) => {
    const { status, body } = await app.request('/me', { headers });
    return status === 200 ? 200 : body['code'];
  };

  it.each(WAYS)(
    'is rejected after POST %s with it, which answers 204, also from another origin',
    async (path) => {
      for (const headers of [{}, FOREIGN]) {
        const [token, bob] = [await sessionOf(), await sessionOf(BOB)];
        expect(await codeAt(bearer(token))).toBe(200);
        const answer = await post(path, { ...bearer(token), ...headers });
        expect([answer.status, answer.text]).toEqual([204, '']);
        expect([await codeAt(bearer(token)), await codeAt(bearer(bob))]).toEqual(['SESSION_SIGNED_OUT', 200]);
        app.emulator.clock.advance(2_000);
      }
    },
  );

  it('signs every session of the user out with logout-all, and nobody but this one with logout', async () => {
    const [here, there] = [await sessionOf(), await app.signIn()];
    expect((await post('logout', bearer(here))).status).toBe(204);
    expect(await codeAt(there.headers)).toBe(200);
    const again = await sessionOf();
    expect((await post('logout-all', bearer(again))).status).toBe(204);
    expect(await codeAt(there.headers)).toBe('SESSION_SIGNED_OUT');
  });

  it.each(['logout', 'logout-all', 'refresh'])(
    'is rejected by POST %s with its own code when it is bad',
    async (path) => {
      const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
      const browser = await app.signIn();
      const cases: [string, number, string][] = [
        ['Bearer garbage', 401, 'TOKEN_MALFORMED'],
        [`Bearer ${sessionJwt.slice(0, -6)}AAAAAA`, 401, 'TOKEN_SIGNATURE_INVALID'],
        [`Bearer ${refreshJwt}`, 401, 'TOKEN_NOT_A_SESSION'],
        ['Bearer a b', 400, 'CREDENTIAL_MALFORMED'],
      ];
      for (const [authorization, status, code] of cases) {
        for (const beside of [{}, browser.headers]) {
          const answer = await post(path, { authorization, ...beside });
          expect([answer.status, answer.body['code']]).toEqual([status, code]);
          expect(answer.headers.getSetCookie()).toEqual([]);
        }
      }
      expect([await codeAt(bearer(sessionJwt)), await codeAt(browser.headers)]).toEqual([200, 200]);
    },
  );

  it('has lapsed, or was signed out: no logout-all, and no second user is signed out by it', async () => {
    const [old, out] = [await sessionOf(), await sessionOf()];
    expect((await post('logout', bearer(out))).status).toBe(204);
    expect((await post('logout', bearer(out))).status).toBe(204); // it is signed out, as was asked
    expect((await post('logout-all', bearer(out))).body['code']).toBe('SESSION_SIGNED_OUT');
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const here = await app.signIn();
    for (const path of WAYS) expect((await post(path, bearer(old))).body['code']).toBe('TOKEN_EXPIRED');
    expect(await codeAt(here.headers)).toBe(200);
  });

  it('takes the cookies beside it along, unless another site sends them', async () => {
    const [token, browser] = [await sessionOf(), await app.signIn()];
    const foreign = await post('logout', { ...bearer(token), ...browser.headers, ...FOREIGN });
    expect([foreign.status, foreign.headers.getSetCookie()]).toEqual([204, []]);
    expect(await codeAt(browser.headers)).toBe(200);
    const own = await post('logout', { ...bearer(await sessionOf()), ...browser.headers, origin: app.url });
    expect([own.status, new CookieJar().take(own.headers).headers]).toEqual([204, {}]);
    expect(own.headers.getSetCookie().join()).toMatch(/DS=; Max-Age=0.*DSR=; Max-Age=0/);
    expect(await codeAt(browser.headers)).toBe('SESSION_SIGNED_OUT');
    expect(app.emulator.requests.count('/v1/auth/logout')).toBe(1);
  });

  it('ends no other user’s session at Descope with logout-all, whose cookies are beside it', async () => {
    const [anna, bob, bobThere] = [await sessionOf(), await app.signIn(BOB), await app.signIn(BOB)];
    expect((await post('logout-all', { ...bearer(anna), ...bob.headers })).status).toBe(204);
    expect(app.emulator.requests.count('/v1/auth/logoutall')).toBe(0);
    expect([await codeAt(bob.headers), await codeAt(bobThere.headers)]).toEqual(['SESSION_SIGNED_OUT', 200]);
  });

  it('cannot be refreshed here: refresh, tenant and the profile say that a refresh token is missing', async () => {
    const token = await sessionOf();
    const json = { 'content-type': 'application/json', ...FOREIGN };
    const asked = [
      await post('refresh', { ...bearer(token), ...FOREIGN }),
      await app.request('/auth/tenant', {
        method: 'POST',
        headers: { ...json, ...bearer(token) },
        body: '{"tenant":"T1"}',
      }),
      await app.request('/auth/me?profile=1', { headers: bearer(token) }),
    ];
    for (const { status, body, headers } of asked) {
      expect([status, body['code']]).toEqual([401, 'REFRESH_TOKEN_MISSING']);
      expect(body['message']).toContain('Descope');
      expect(headers.get('www-authenticate')).toBe('Bearer realm="descope"');
    }
    expect((await post('refresh')).body['code']).toBe('SESSION_MISSING');
    expect(await codeAt(bearer(token))).toBe(200);
  });

  it('lets the refresh cookie beside it refresh, if both are of one user', async () => {
    const [anna, bob] = [await app.signIn(), await sessionOf(BOB)];
    app.emulator.clock.advance(TEN_MINUTES + 6_000); // a page comes with what lapsed
    const [own, other] = [anna.get('DS') ?? '', bob];
    const cookie = `DSR=${anna.get('DSR')}`;
    expect((await post('refresh', { ...bearer(own), cookie })).status).toBe(200);
    const mixed = await post('refresh', { ...bearer(other), cookie });
    expect([mixed.status, mixed.body['code']]).toEqual([401, 'TOKEN_SUBJECT_MISMATCH']);
    expect(mixed.headers.getSetCookie()).toEqual([]);
  });

  it('selects no tenant in another user’s session, whose refresh token is beside it', async () => {
    const [anna, bob] = [await app.signIn(), await app.signIn(BOB)];
    const cookies = [`DSR=${bob.get('DSR')}`, `DS=${anna.get('DS')}; DSR=${bob.get('DSR')}`];
    for (const cookie of cookies) {
      const headers = { 'content-type': 'application/json', cookie };
      const sent = cookie.startsWith('DSR') ? bearer(anna.get('DS') ?? '') : {};
      const init = { method: 'POST', headers: { ...headers, ...sent }, body: '{"tenant":"T1"}' };
      const answer = await app.request('/auth/tenant', init);
      expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_SUBJECT_MISMATCH']);
    }
    expect(app.emulator.requests.count('/v1/auth/tenant/select')).toBe(0);
  });

  it('is nothing at all: logout is 204 and clears', async () => {
    for (const headers of [{}, { authorization: 'Basic YTpi' }]) {
      const answer = await post('logout', headers);
      expect(answer.status).toBe(204);
      expect(answer.headers.getSetCookie().map((line) => line.split(';')[0])).toEqual(['DS=', 'DSR=']);
    }
  });
});

describe.each(ADAPTERS)('A sign-out of what stands elsewhere, on %s', (adapter) => {
  it.each([true, false])(
    'ends the token of a source of the application’s own (sentByBrowser %s)',
    async (sentByBrowser) => {
      const read = ({ headers }: { headers: Record<string, unknown> }) => String(headers['x-token'] ?? '');
      const app = await startWithSessions(adapter, {
        routes: {},
        sources: [{ read, sentByBrowser }, 'cookie'],
      });
      try {
        const headers = { 'x-token': (await app.emulator.signIn(ANNA)).sessionJwt };
        expect((await app.request('/me', { headers })).status).toBe(200);
        expect((await app.request('/auth/logout', { method: 'POST', headers })).status).toBe(204);
        expect((await app.request('/me', { headers })).body['code']).toBe('SESSION_SIGNED_OUT');
      } finally {
        await app.stop();
      }
    },
  );

  it.each([
    [true, 'authorization'],
    [{ header: 'x-api-key' }, 'x-api-key'],
  ] as const)(
    'is rejected for an access key, which has no session to end (accessKeys %j)',
    async (accessKeys, header) => {
      const app = await startWithSessions(adapter, { routes: {}, accessKeys });
      try {
        const headers = {
          [header]: `${header === 'authorization' ? 'Bearer ' : ''}K2abcdefghijklmnopqrstuvwxyz`,
        };
        for (const path of ['logout', 'logout-all', 'refresh']) {
          const { status, body } = await app.request(`/auth/${path}`, { method: 'POST', headers });
          expect([status, body['code']]).toEqual([401, 'TOKEN_KIND_NOT_ACCEPTED']);
        }
      } finally {
        await app.stop();
      }
    },
  );

  it.each(WAYS)(
    'is 503 where the store cannot be told of a sent token, and 204 once it is (POST %s)',
    async (path) => {
      const store = new MemoryStore();
      const app = await startWithSessions(adapter, { routes: {}, session: {}, shared: { store } });
      try {
        const { sessionJwt } = await app.emulator.signIn(ANNA);
        const headers = { authorization: `Bearer ${sessionJwt}` };
        store.set = () => Promise.reject(new Error('READONLY'));
        const failed = await app.request(`/auth/${path}`, { method: 'POST', headers });
        expect([failed.status, failed.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
        store.set = MemoryStore.prototype.set;
        expect((await app.request('/auth/logout', { method: 'POST', headers })).status).toBe(204);
        expect(store.entries.size).toBeGreaterThan(0);
      } finally {
        await app.stop();
      }
    },
  );

  it('signs nobody out everywhere for a kind of token that may not come in', async () => {
    const app = await startWithSessions(adapter, { routes: {} });
    try {
      const browser = await app.signIn();
      const sub = (await app.emulator.signIn(ANNA)).userId;
      const token = await app.emulator.signToken({
        claims: { sub, drn: undefined, iss: `https://api.descope.com/v1/apps/${app.emulator.projectId}` },
      });
      const headers = { authorization: `Bearer ${token}` };
      const answer = await app.request('/auth/logout-all', { method: 'POST', headers });
      expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_KIND_NOT_ACCEPTED']);
      expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    } finally {
      await app.stop();
    }
  });
});

describe('A sent token, in an application as NestFactory makes it', () => {
  it('is rejected after POST auth/logout with it', async () => {
    const emulator = await startDescope();
    const { projectId, url: baseUrl } = emulator;
    const options = { projectId, baseUrl, audience: null, routes: {}, clock: () => emulator.clock.now() };
    @Module({ imports: [DescopeModule.forRoot(options)], controllers: [PagesController] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false });
    await app.listen(0, '127.0.0.1');
    try {
      const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
      const headers = { authorization: `Bearer ${(await emulator.signIn(ANNA)).sessionJwt}` };
      expect((await ask(`${url}/me`, { headers })).status).toBe(200);
      expect((await ask(`${url}/auth/logout`, { method: 'POST', headers })).status).toBe(204);
      expect((await ask(`${url}/me`, { headers })).body['code']).toBe('SESSION_SIGNED_OUT');
    } finally {
      await app.close();
      await emulator.close();
    }
  });
});
