// The session middleware refreshes a session that lapsed, without anybody noticing.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Get } from '@nestjs/common';
import { CurrentSession, CurrentTenant, CurrentUser, DescopeSession, Public } from 'nestjs-descope';
import { ADAPTERS } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { BOB, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

@Controller('public')
class OpenController {
  @Public()
  @Get('who')
  who(
    @CurrentUser('id') user: string | undefined,
    @CurrentSession() session: DescopeSession,
    @CurrentTenant() tenant: string | undefined,
  ) {
    return { user: user ?? null, session: session.user?.id ?? null, tenant: tenant ?? null };
  }
}

describe.each(ADAPTERS)('The session middleware, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, {}, { controllers: [OpenController] });
  });
  afterEach(() => app.stop());

  const refreshes = () => app.emulator.requests.count('/v1/auth/refresh');
  const lapse = () => app.emulator.clock.advance(TEN_MINUTES + 6_000);

  it('refreshes an expired session and writes the new cookies', async () => {
    const browser = await app.signIn();
    const before = browser.get('DS');
    lapse();
    const answer = await app.request('/me', { headers: browser.headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toContain('Cookie');
    const line = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('DS=')) ?? '';
    expect(line).toMatch(/; Max-Age=(59\d|600); Path=\/; HttpOnly; SameSite=Lax$/);
    expect(browser.take(answer.headers).get('DS')).not.toBe(before);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it('refreshes the first session after an idle night, when the keys in memory are too old', async () => {
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    app.emulator.clock.advance(12 * 60 * 60 * 1000);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    expect(refreshes()).toBe(1);
  });

  it('refreshes nothing, and clears nothing, while the keys cannot be had', async () => {
    const browser = await app.signIn();
    app.emulator.clock.advance(12 * 60 * 60 * 1000);
    app.emulator.faults.add({ path: '/v2/keys', status: 503 });
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.status, answer.body['code']]).toEqual([503, 'KEYS_UNAVAILABLE']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await app.request('/public', { headers: browser.headers })).status).toBe(200);
    expect(refreshes()).toBe(0);
  });

  it('refreshes sessions of a few seconds again and again, one call each', async () => {
    app.emulator.configure({ sessionSeconds: 8 });
    const browser = await app.signIn();
    for (let turn = 1; turn <= 3; turn += 1) {
      app.emulator.clock.advance(16_000);
      const answer = await app.request('/me', { headers: browser.headers });
      expect([turn, answer.status, refreshes()]).toEqual([turn, 200, turn]);
      browser.take(answer.headers);
    }
  });

  it('refreshes an absent session, also on a public route', async () => {
    const browser = await app.signIn();
    const onlyRefresh = new CookieJar().set('DSR', browser.get('DSR') ?? '');
    expect(
      (await app.request('/public', { headers: onlyRefresh.headers })).headers.getSetCookie(),
    ).toHaveLength(1);
    expect(refreshes()).toBe(1);
  });

  it('gives a public route no user of the session that it refreshed', async () => {
    const browser = await app.signIn();
    lapse();
    const answer = await app.request('/public/who', { headers: browser.headers });
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    expect(answer.body).toEqual({ user: null, session: null, tenant: null });
  });

  it('asks Descope once for 100 parallel requests of one expired session, with rotation on', async () => {
    app.emulator.configure({ refreshRotation: true });
    const browser = await app.signIn();
    lapse();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => app.request('/me', { headers: browser.headers })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(refreshes()).toBe(1);
    const rotated = browser.take(answers[99]?.headers ?? new Headers()).get('DSR');
    lapse();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    expect(rotated).not.toBe(
      browser.take((await app.request('/me', { headers: browser.headers })).headers).get('DSR'),
    );
  });

  it('leaves a session in its time, a bad signature, a bearer header and another site alone', async () => {
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    lapse();
    const session = browser.get('DS') ?? '';
    const forged = new CookieJar()
      .set('DS', session.slice(0, -8) + 'AAAAAAAA')
      .set('DSR', browser.get('DSR') ?? '');
    expect((await app.request('/me', { headers: forged.headers })).body['code']).toBe(
      'TOKEN_SIGNATURE_INVALID',
    );
    const bearer = { ...browser.headers, authorization: `Bearer ${session}` };
    expect((await app.request('/me', { headers: bearer })).body['code']).toBe('TOKEN_EXPIRED');
    const foreign = { ...browser.headers, origin: 'https://evil.example' };
    const posted = await app.request('/notes', { method: 'POST', headers: foreign });
    expect([posted.status, posted.body['code']]).toEqual([403, 'REQUEST_CROSS_SITE']);
    expect(refreshes()).toBe(0);
  });

  it('refreshes for no other site, whatever the method, but for whom a link of one leads here', async () => {
    const browser = await app.signIn();
    lapse();
    const page = { accept: 'text/html,application/xhtml+xml' };
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
      { referer: 'https://evil.example/' },
      { ...page, 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'iframe' },
      { ...page, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    ]) {
      const answer = await app.request('/me', { headers: { ...browser.headers, ...headers } });
      expect([answer.body['code'], answer.headers.getSetCookie()]).toEqual(['TOKEN_EXPIRED', []]);
    }
    expect(refreshes()).toBe(0);
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    const followed = await app.request('/me', { headers: { ...browser.headers, ...page, ...link } });
    expect([followed.status, refreshes()]).toEqual([200, 1]);
  });

  it('takes the tokens from cookies where Descope answers with cookies', async () => {
    app.emulator.configure({ responseMode: 'cookies', refreshRotation: true });
    const browser = await app.signIn();
    const before = browser.get('DSR');
    lapse();
    const answer = await app.request('/me', { headers: browser.headers });
    expect(answer.status).toBe(200);
    for (const line of answer.headers.getSetCookie()) expect(line).toMatch(/; HttpOnly; SameSite=Lax$/);
    expect(browser.take(answer.headers).get('DSR')).not.toBe(before);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
  });

  it('leaves a public route alone when a source of the application throws', async () => {
    const broken = () => {
      throw new Error('broken source');
    };
    const options = { sources: [broken], session: { refresh: true } };
    const other = await startWithSessions(adapter, options, { emulator: app.emulator });
    const browser = await app.signIn();
    lapse();
    expect((await other.request('/public', { headers: browser.headers })).status).toBe(200);
    expect((await other.request('/me', { headers: browser.headers })).status).toBe(500);
    await other.stop();
  });

  it('refreshes no session unless the option is set', async () => {
    const still = await startWithSessions(adapter, { session: {} }, { emulator: app.emulator });
    const browser = await app.signIn();
    lapse();
    expect((await still.request('/me', { headers: browser.headers })).body['code']).toBe('TOKEN_EXPIRED');
    expect(refreshes()).toBe(0);
    await still.stop();
  });

  it("does not refresh one user's session with another's refresh token", async () => {
    const [anna, bob] = [await app.signIn(), await app.signIn(BOB)];
    lapse();
    const mixed = new CookieJar().set('DS', anna.get('DS') ?? '').set('DSR', bob.get('DSR') ?? '');
    expect((await app.request('/me', { headers: mixed.headers })).body['code']).toBe(
      'TOKEN_SUBJECT_MISMATCH',
    );
    expect(refreshes()).toBe(0);
  });

  it('clears the cookies when Descope definitely rejects, and lets nobody in where that is optional', async () => {
    const browser = await app.signIn();
    lapse();
    app.emulator.reset(); // every sign-in is forgotten, and its refresh token rejected
    lapse();
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.status, answer.body['code']]).toEqual([401, 'SESSION_ENDED']);
    expect(browser.take(answer.headers).headers).toEqual({});
  });

  it('rejects two refresh cookies that contradict each other, and expires them once they are needed', async () => {
    const browser = await app.signIn();
    const cookie = `${browser.headers['cookie']}; DSR=planted`;
    const before = await app.request('/me', { headers: { cookie } });
    expect([before.status, before.headers.getSetCookie()]).toEqual([200, []]);
    lapse();
    const answer = await app.request('/me', { headers: { cookie } });
    expect([answer.status, answer.body['code']]).toEqual([401, 'COOKIE_AMBIGUOUS']);
    expect(browser.take(answer.headers).headers).toEqual({});
    const optional = await app.request('/maybe', { headers: { cookie } });
    expect([optional.status, optional.body]).toEqual([200, { id: null }]);
    expect(refreshes()).toBe(0);
  });

  it.each([
    ['500', { status: 500 }],
    ['429', { status: 429, body: { errorCode: 'E130429' } }],
    ['a hang', { hang: true }],
    ['HTML with status 403', { status: 403, body: '<html>' }],
    ['a reset', { reset: true }],
    ['a token that is none', { body: { sessionJwt: 'a.b.c' } }],
  ])('answers 503 and clears nothing when Descope answers %s', async (_name, fault) => {
    const browser = await app.signIn();
    lapse();
    app.emulator.faults.add({ path: '/v1/auth/refresh', ...fault });
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.status, answer.body['code']]).toEqual([503, 'DESCOPE_UNAVAILABLE']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await app.request('/public', { headers: browser.headers })).status).toBe(200);
    expect(refreshes()).toBe(1); // the outage is remembered for a moment
    app.emulator.faults.clear();
    app.emulator.clock.advance(2_100);
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
  });

  it('signs nobody out because its own clock is behind', async () => {
    const { emulator } = app;
    let behindMs = 8_000; // more than the leeway
    const clock = () => emulator.clock.now() - behindMs;
    const late = await startWithSessions(adapter, { clock }, { emulator });
    const browser = await app.signIn();
    emulator.clock.advance(TEN_MINUTES + 20_000);
    const answer = await late.request('/me', { headers: browser.headers });
    expect([answer.status, answer.body['code']]).toEqual([503, 'DESCOPE_UNAVAILABLE']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    behindMs = 0;
    expect((await late.request('/me', { headers: browser.headers })).status).toBe(200);
    await late.stop();
  });
});

@Controller('orders')
class OrdersController {
  @Get('check')
  check() {
    return { ok: true };
  }
}

describe.each(ADAPTERS)('The session middleware, before the check of a gateway on %s,', (adapter) => {
  it.each([
    ['/auth/check', {}, ''],
    ['/sign/in/check', { path: '/sign/in/' }, ''],
    ['/check', { path: '', me: false }, ''],
    ['/api/auth/check?role=', {}, 'api'],
  ])(
    'refreshes no session at %s, and refreshes one at a path that ends alike',
    async (path, routes, prefix) => {
      const check = { methodHeader: 'X-Original-Method' };
      const configure = (app: INestApplication) => app.setGlobalPrefix(prefix);
      const app = await startWithSessions(
        adapter,
        { routes: { ...routes, check } },
        { controllers: [OrdersController], configure },
      );
      const browser = await app.signIn();
      app.emulator.clock.advance(TEN_MINUTES + 6_000);
      const headers = { ...browser.headers, 'x-original-method': 'GET' };
      const { status } = await app.request(path, { headers });
      expect([status, app.emulator.requests.count('/v1/auth/refresh')]).toEqual([
        path.includes('?') ? 403 : 401,
        0,
      ]);
      const own = await app.request(`/${prefix}/orders/check`.replace('//', '/'), { headers });
      expect([own.status, app.emulator.requests.count('/v1/auth/refresh')]).toEqual([200, 1]);
      await app.stop();
    },
  );
});

describe('The session middleware, behind a time-out', () => {
  it('survives that its answer was sent while Descope was asked, and then rejected', async () => {
    // Express 5 passes on what a handler rejects with; what a middleware leaves unhandled ends the process, and this test.
    const app = await startWithSessions('express', {}, { configure: answerEarly });
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const rejection = { status: 401, body: { errorCode: 'E061105' } };
    app.emulator.faults.add({ path: '/v1/auth/refresh', delayMs: 300, ...rejection });
    expect((await app.request('/public', { headers: browser.headers })).status).toBe(504);
    const asked = async () => app.emulator.requests.count('/v1/auth/refresh');
    expect(await askUntil(asked, (count) => count > 0)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    app.emulator.faults.clear();
    expect((await app.request('/public')).status).toBe(200);
    await app.stop();
  });
});

function answerEarly(app: INestApplication): void {
  app.use((_request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const timer = setTimeout(() => response.writeHead(504).end(), 100);
    response.on('finish', () => clearTimeout(timer));
    next();
  });
}
