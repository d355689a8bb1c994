// Tokens in the application's own server-side session: express-session, @fastify/session.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { HeldCalls } from '../../support/held-calls.js';
import { SESSION_ID, useServerSession, VisibleStore } from '../../support/server-session.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('A server-side session, on %s', (adapter) => {
  const session = { store: 'request-session', refresh: true } as const;
  let app: SessionApplication;
  let store: VisibleStore;
  beforeEach(async () => {
    store = new VisibleStore();
    const configure = useServerSession(adapter, store);
    app = await startWithSessions(adapter, { session, routes: {} }, { configure });
  });
  afterEach(() => app.stop());

  const get = (path: string, browser: CookieJar) => app.request(path, { headers: browser.headers });
  const post = (path: string, browser: CookieJar, body: object = {}, origin = app.url) => {
    const headers = { 'content-type': 'application/json', origin, ...browser.headers };
    return app.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
  };
  const signIn = async (browser = new CookieJar()) => {
    const tokens = await app.emulator.signIn(ANNA);
    const answer = await post('/auth/store_jwt', browser, tokens);
    browser.take(answer.headers);
    return { browser, tokens, answer };
  };
  const refreshes = () => app.emulator.requests.count('/v1/auth/refresh');
  const lapse = () => app.emulator.clock.advance(TEN_MINUTES + 6_000);

  it('keeps the tokens of a sign-in on the server, and none in a cookie', async () => {
    const { browser, tokens, answer } = await signIn();
    expect(answer.status).toBe(200);
    for (const token of [tokens.sessionJwt, tokens.refreshJwt]) {
      expect(answer.headers.getSetCookie().join()).not.toContain(token);
      expect(store.texts.join()).toContain(token);
    }
    expect(answer.headers.getSetCookie().filter((line) => /^(__Host-)?DSR?=/.test(line))).toEqual([]);
    expect((await get('/me', browser)).status).toBe(200);
  });

  it('gives a new id at sign-in, so that a planted one stays nobody', async () => {
    const planted = new CookieJar().take((await app.request('/public')).headers);
    const id = planted.get(SESSION_ID);
    expect(id).toBeDefined();
    const { browser } = await signIn(new CookieJar().set(SESSION_ID, id ?? ''));
    expect(browser.get(SESSION_ID)).not.toBe(id);
    expect((await get('/me', browser)).status).toBe(200);
    expect((await get('/me', planted)).body['code']).toBe('SESSION_MISSING');
  });

  it('refreshes a session that lapsed, and keeps what came on the server', async () => {
    app.emulator.configure({ refreshRotation: true });
    const { browser, tokens } = await signIn();
    lapse();
    const refreshed = await get('/me', browser);
    expect([refreshed.status, refreshed.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(store.texts.join()).not.toContain(tokens.sessionJwt);
    expect(store.texts.join()).not.toContain(tokens.refreshJwt);
    expect((await get('/me', browser)).status).toBe(200);
    expect(refreshes()).toBe(1);
    lapse();
    const answers = await Promise.all(Array.from({ length: 100 }, () => get('/me', browser)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(refreshes()).toBe(2);
    expect((await post('/auth/refresh', browser)).status).toBe(200);
  });

  it('forgets the tokens at sign-out, and rejects the old cookie and a copy of the token', async () => {
    const { browser, tokens } = await signIn();
    const old = { ...browser.headers };
    expect((await post('/auth/logout', browser)).status).toBe(204);
    expect(store.texts.join()).not.toContain(tokens.refreshJwt);
    expect((await app.request('/me', { headers: old })).body['code']).toBe('SESSION_MISSING');
    const bearer = { authorization: `Bearer ${tokens.sessionJwt}` };
    expect((await app.request('/me', { headers: bearer })).body['code']).toBe('SESSION_SIGNED_OUT');
  });

  it('forgets the tokens when Descope has ended the session', async () => {
    const { browser, tokens } = await signIn();
    app.emulator.reset(); // forgets every sign-in
    lapse();
    expect((await get('/me', browser)).body['code']).toBe('SESSION_ENDED');
    expect(store.texts.join()).not.toContain(tokens.refreshJwt);
    expect((await get('/me', browser)).body['code']).toBe('SESSION_MISSING');
  });

  it('does not count for another site', async () => {
    const { browser } = await signIn();
    const evil = 'https://evil.example';
    for (const path of ['/notes', '/auth/logout', '/auth/store_jwt', '/auth/refresh']) {
      const answer = await post(path, browser, {}, evil);
      expect([path, answer.status, answer.body['code']]).toEqual([path, 403, 'REQUEST_CROSS_SITE']);
    }
    expect((await post('/notes', browser)).status).toBe(201);
  });

  it('reads no token from a cookie', async () => {
    const { sessionJwt, refreshJwt } = await app.emulator.signIn(ANNA);
    const cookies = new CookieJar().set('DS', sessionJwt).set('DSR', refreshJwt);
    expect((await get('/me', cookies)).body['code']).toBe('SESSION_MISSING');
  });
});

describe.each(ADAPTERS)('A server-side session that two instances share, on %s', (adapter) => {
  it('survives that both refresh at once with rotation on', async () => {
    const store = new VisibleStore();
    const session = { store: 'request-session', refresh: true } as const;
    const configure = useServerSession(adapter, store);
    const calls = new HeldCalls();
    const options = { session, routes: {}, fetch: calls.fetch } as const;
    const one = await startWithSessions(adapter, options, { configure });
    const { emulator } = one;
    const two = await startWithSessions(adapter, options, { configure, emulator });
    try {
      emulator.configure({ refreshRotation: true });
      const headers = { 'content-type': 'application/json', origin: one.url };
      const body = JSON.stringify(await emulator.signIn(ANNA));
      const signedIn = await one.request('/auth/store_jwt', { method: 'POST', headers, body });
      const browser = new CookieJar().take(signedIn.headers);
      for (let round = 0; round < 3; round += 1) {
        emulator.clock.advance(TEN_MINUTES + 40_000);
        calls.hold('/v1/auth/refresh');
        const asked = Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? one : two).request('/me', { headers: browser.headers }),
        );
        await calls.wait(2);
        calls.release();
        expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
        expect((await two.request('/me', { headers: browser.headers })).status).toBe(200);
      }
    } finally {
      await two.stop();
      await one.stop();
    }
  });
});

describe.each(ADAPTERS)('A server-side session without its plugin, on %s', (adapter) => {
  it('accepts no request, and logs what is missing', async () => {
    const logger = new CollectingLogger();
    const session = { store: 'request-session' } as const;
    const app = await startWithSessions(adapter, { session, routes: {} }, { logger });
    try {
      const headers = { 'content-type': 'application/json', origin: app.url };
      const body = JSON.stringify(await app.emulator.signIn(ANNA));
      const answer = await app.request('/auth/store_jwt', { method: 'POST', headers, body });
      expect([answer.status, answer.body['code'], answer.headers.getSetCookie()]).toEqual([
        503,
        'SESSION_PLUGIN_MISSING',
        [],
      ]);
      expect((await app.request('/me')).body['code']).toBe('SESSION_MISSING');
      expect(logger.find('Set up express-session or @fastify/session before')).toHaveLength(1);
    } finally {
      await app.stop();
    }
  });
});
