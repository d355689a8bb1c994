// The login page, the way to it and back, and the gateway's check.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { sendRaw } from '../../support/raw-request.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('The login page and the check, on %s', (adapter) => {
  let app: SessionApplication;
  beforeAll(async () => {
    const check = { roles: ['admin'], methodHeader: 'X-Original-Method' };
    app = await startWithSessions(adapter, { routes: { loginRedirect: true, check } });
  });
  afterAll(() => app.stop());

  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers });
  const html = { accept: 'text/html,application/xhtml+xml' };

  it('serves the page with a fresh nonce and no other origin than Descope', async () => {
    const [one, two] = [await get('/auth/login'), await get('/auth/login')];
    expect(one.status).toBe(200);
    expect(one.headers.get('content-type')).toContain('text/html');
    const policy = one.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toBe(two.headers.get('content-security-policy'));
    expect(one.text).toContain('<descope-wc');
    expect(one.text).toContain('"/auth/store_jwt"');
    expect(one.headers.get('cache-control')).toBe('no-store');
  });

  it('serves a page whose script and store_jwt are beside it, however its address is written', async () => {
    const whole = await sendRaw(app.url, 'GET http://evil.example/auth/login', []);
    expect(whole.status).toBe(200);
    expect(whole.text).toContain('"/auth/store_jwt"');
    expect(whole.text).not.toContain('evil.example');
    const slash = await get('/auth/login/'); // which Fastify does not know
    expect([slash.status, slash.text.includes('"/auth/store_jwt"')]).toEqual(
      adapter === 'express' ? [200, true] : [404, false],
    );
  });

  it('serves the installed web component, which caches may keep for ever', async () => {
    const [, url = ''] = /(\/auth\/descope-wc\.js\?v=[0-9a-f]+)/.exec((await get('/auth/login')).text) ?? [];
    const script = await get(url);
    expect([script.status, script.headers.get('content-type')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
    ]);
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.text.length).toBeGreaterThan(100_000);
    expect((await get(url, { 'if-none-match': script.headers.get('etag') ?? '' })).status).toBe(304);
  });

  it('redirects back to a page of this application only', async () => {
    expect((await get('/auth/login?next=/orders%3Fpage%3D2')).text).toContain('/orders?page=2');
    for (const next of [
      '//evil.example',
      '/%5Cevil.example',
      'https://evil.example',
      '/%252F%252Fevil.example',
    ]) {
      const page = await get(`/auth/login?next=${next}`);
      expect([page.status, page.text]).toEqual([200, expect.stringContaining('"successRedirect":"/"')]);
      expect(page.text).not.toContain('evil.example');
    }
  });

  it('redirects a browser that requests a page without a session to the login page, and no other client', async () => {
    const page = await get('/me?tab=1', html);
    expect([page.status, page.headers.get('location')]).toEqual([302, '/auth/login?next=%2Fme%3Ftab%3D1']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect((await get('/me')).headers.get('cache-control')).toBe('no-store');
    const others = [
      await get('/me'),
      await get('/me', { ...html, authorization: 'Bearer x' }),
      await get('/me', { ...html, cookie: 'DS=a.b.c' }),
      await app.request('/notes', { method: 'POST', headers: html }),
    ];
    expect(others.map(({ status, body }) => `${status} ${String(body['code'])}`)).toEqual([
      '401 SESSION_MISSING',
      '401 TOKEN_MALFORMED',
      '401 TOKEN_MALFORMED',
      '401 SESSION_MISSING',
    ]);
    const expired = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const alone = { ...html, cookie: `DS=${expired.get('DS')}` };
    expect((await get('/me', alone)).status).toBe(302);
  });

  it('redirects a browser with contradictory session cookies to the login page, and expires them', async () => {
    const page = await get('/me', { ...html, cookie: 'DS=one; DS=another' });
    expect([page.status, page.headers.get('location')]).toEqual([302, '/auth/login?next=%2Fme']);
    expect(page.headers.getSetCookie().join()).toMatch(/DS=;.*Max-Age=0/i);
  });

  it('redirects a browser that was signed out to the login page, clears its cookies, and accepts its next sign-in', async () => {
    const browser = await app.signIn();
    const headers = { origin: app.url, ...browser.headers };
    expect((await app.request('/auth/logout', { method: 'POST', headers })).status).toBe(204);
    const call = await get('/me', browser.headers);
    expect([call.body['code'], call.headers.getSetCookie()]).toEqual(['SESSION_SIGNED_OUT', []]);
    const page = await get('/me', { ...html, ...browser.headers });
    expect([page.status, page.headers.get('location')]).toEqual([302, '/auth/login?next=%2Fme']);
    expect([page.headers.get('cache-control'), browser.take(page.headers).headers]).toEqual(['no-store', {}]);
    expect((await get('/auth/login?next=%2Fme', html)).status).toBe(200);
    expect((await get('/me', { ...html, ...(await app.signIn()).headers })).status).toBe(200);
  });

  it('redirects a browser with a superseded token to the login page, and clears nothing: the newer one may be under way', async () => {
    app.emulator.configure({ refreshRotation: true });
    const browser = await app.signIn();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    const old = { ...browser.headers };
    browser.take((await get('/me', old)).headers);
    app.emulator.clock.advance(60_000);
    const page = await get('/me', { ...html, ...old });
    expect([page.status, page.headers.getSetCookie()]).toEqual([302, []]);
    expect((await get('/me', old)).body['code']).toBe('SESSION_SUPERSEDED');
    expect((await get('/me', { ...html, ...browser.headers })).status).toBe(200);
    app.emulator.configure({ refreshRotation: false });
  });

  it('returns the user to a gateway, in headers that no name can break', async () => {
    const token = await app.emulator.signToken({
      claims: { sub: 'U2a,b', drn: 'DS', amr: ['pwd'], roles: ['admin', 'x,y\n'] },
    });
    const answer = await get('/auth/check?role=admin', {
      authorization: `Bearer ${token}`,
      'x-auth-user': 'root',
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('x-auth-user')).toBe('U2a%2Cb');
    expect(answer.headers.get('x-auth-roles')).toBe('admin,x%2Cy%0A');
  });

  it('leaves out a name that is not well-formed Unicode', async () => {
    const claims = { sub: 'U2a', drn: 'DS', amr: ['pwd'], roles: ['admin', '\ud800'] };
    const token = await app.emulator.signToken({ claims });
    const answer = await get('/auth/check', { authorization: `Bearer ${token}` });
    expect([answer.status, answer.headers.get('x-auth-roles')]).toEqual([204, 'admin']);
  });

  it('returns further properties to a gateway, in headers of the application’s choice', async () => {
    const headers = { 'X-Mail': 'email', 'X-Kind': 'kind', 'X-Name': 'name' } as const;
    const other = await startWithSessions(adapter, { routes: { check: { headers } } });
    try {
      const claims = { sub: 'U2a', drn: 'DS', amr: ['pwd'], email: 'a@example.com' };
      const authorization = `Bearer ${await other.emulator.signToken({ claims })}`;
      const answer = await other.request('/auth/check', { headers: { authorization } });
      expect(answer.status).toBe(204);
      const told = Object.keys(headers).map((name) => answer.headers.get(name));
      expect(told).toEqual(['a%40example.com', 'user', '']);
      expect(answer.headers.get('x-auth-user')).toBeNull();
    } finally {
      await other.stop();
    }
  });

  it('rejects an anonymous caller, a missing role, and a demand that is not allowed', async () => {
    const token = await app.emulator.signToken({ claims: { sub: 'U2a', drn: 'DS', amr: ['pwd'] } });
    const bearer = { authorization: `Bearer ${token}` };
    expect((await get('/auth/check')).status).toBe(401);
    expect((await get('/auth/check', bearer)).status).toBe(204);
    expect((await get('/auth/check?role=admin', bearer)).body['code']).toBe('ACCESS_ROLE_MISSING');
    for (const query of ['role=root', 'roles=admin', 'permission=x', 'role=admin&role=root']) {
      expect((await get(`/auth/check?${query}`, bearer)).body['code']).toBe('CHECK_DEMAND_NOT_ALLOWED');
    }
  });

  it('checks a cookie by the original method, and refreshes nothing', async () => {
    const browser = await app.signIn();
    const cross = { ...browser.headers, 'sec-fetch-site': 'cross-site' };
    expect((await get('/auth/check', { ...cross, 'x-original-method': 'GET' })).status).toBe(204);
    expect((await get('/auth/check', { ...cross, 'x-original-method': 'POST' })).status).toBe(403);
    expect((await get('/auth/check', cross)).status).toBe(403);
    const socket = { ...cross, 'x-original-method': 'GET', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
    expect((await get('/auth/check', socket)).body['code']).toBe('REQUEST_CROSS_SITE');
    app.emulator.requests.clear();
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    expect((await get('/auth/check', { ...browser.headers, 'x-original-method': 'GET' })).status).toBe(401);
    expect(app.emulator.requests.count('/v1/auth/refresh')).toBe(0);
  });

  it('expires contradictory session cookies', async () => {
    const answer = await get('/me', { cookie: 'DS=a; DS=b' });
    expect([answer.status, answer.body['code']]).toEqual([401, 'COOKIE_AMBIGUOUS']);
    expect(answer.headers.getSetCookie()).toEqual(['DS=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
  });
});
