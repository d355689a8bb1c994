// A session that no cookie can hold: it is rejected with a code, and a refresh that brings one ends no sign-in.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const GRANTS = { roles: ['admin', 'editor'], permissions: ['orders:read'] };
const TENANTS = Object.fromEntries(
  Array.from({ length: 45 }, (_, index) => [`T2tenant${String(index).padStart(20, '0')}`, GRANTS]),
);

describe.each(ADAPTERS)('A session of many tenants, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const sign = (claims: object) => app.emulator.signToken({ claims: { amr: ['email'], ...claims } });
  const post = (path: string, browser: CookieJar, body = {}) =>
    app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { origin: app.url, 'content-type': 'application/json', ...browser.headers },
      body: JSON.stringify(body),
    });
  const me = (browser: CookieJar) => app.request('/me', { headers: browser.headers });
  // What Descope's next refresh brings: the user is in more tenants meanwhile.
  const grow = async (browser: CookieJar, refreshJwt?: string) => {
    const { sub } = decodeJwt(browser.get('DSR') ?? '');
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const sessionJwt = await sign({ sub, tenants: TENANTS });
    app.emulator.faults.add({ path: '/v1/auth/refresh', body: { sessionJwt, refreshJwt } });
  };

  it('is rejected at sign-in with the limit and what was measured, and replaces nothing', async () => {
    const browser = await app.signIn();
    const sessionJwt = await sign({ sub: 'U2anna', tenants: TENANTS });
    const answer = await post('store_jwt', browser, { sessionJwt });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([413, []]);
    expect(answer.body).toEqual({
      statusCode: 413,
      error: 'Payload Too Large',
      message: expect.stringMatching(
        /^The cookie "DS" needs \d{4} bytes, but browsers drop cookies of more than 4096 bytes\.$/,
      ),
      code: 'SESSION_TOO_LARGE',
    });
    expect((await me(browser)).status).toBe(200);
  });

  it('that a refresh on the way brings is used without being kept, request after request', async () => {
    const browser = await app.signIn();
    await grow(browser);
    for (let request = 0; request < 3; request += 1) {
      const answer = await me(browser);
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(1);
    app.emulator.faults.clear();
    app.emulator.clock.advance(40_000);
    expect((await me(browser)).headers.getSetCookie()).toHaveLength(1); // it fits again
  });

  it('keeps the refresh token that came with it, which is the only one that Descope still takes', async () => {
    const browser = await app.signIn();
    const { sub } = decodeJwt(browser.get('DSR') ?? '');
    const exp = Math.floor(app.emulator.clock.now() / 1000) + 86_400;
    await grow(browser, await sign({ sub, drn: 'DSR', jti: 'rotated', exp }));
    const lines = (await me(browser)).headers.getSetCookie();
    expect(lines).toEqual([expect.stringMatching(/^DSR=[^;]/)]);
  });

  it('is rejected by the refresh route with the same code, and clears nothing', async () => {
    const browser = await app.signIn();
    await grow(browser);
    const answer = await post('refresh', browser);
    expect([answer.status, answer.body['code']]).toEqual([413, 'SESSION_TOO_LARGE']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await me(browser)).status).toBe(200);
  });
});
