// A refresh token that Descope has rejected costs Descope one call, however often and however it comes.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import type { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('A refresh token that Descope ended, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const calls = () => app.emulator.requests.all.filter(({ path }) => path.startsWith('/v1/auth/')).length;
  const repeat = async (times: number, ask: () => Promise<{ status: number; body: object }>) => {
    app.emulator.requests.clear();
    const answers = new Set<string>();
    for (let count = 0; count < times; count += 1) {
      const { status, body } = await ask();
      answers.add(`${status} ${(body as { code?: string }).code ?? ''}`.trim());
    }
    return { answers: [...answers], calls: calls() };
  };
  /** Signs in, and ends the sign-in at Descope, past this application. */
  const revoked = async (): Promise<CookieJar> => {
    const browser = await app.signIn();
    await endAtDescope(browser.get('DSR') ?? '');
    return browser;
  };
  const endAtDescope = (refreshToken: string) =>
    fetch(`${app.emulator.url}/v1/auth/logout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.emulator.projectId}:${refreshToken}` },
    });
  const post = (path: string, headers: Record<string, string>, body?: object) =>
    app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { origin: app.url, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body ?? {}),
    });

  it('is asked once by 100 requests of a public route', async () => {
    const browser = await revoked();
    const cookie = `DSR=${browser.get('DSR')}`;
    const open = () => app.request('/public', { headers: { cookie } });
    expect(await repeat(100, open)).toEqual({ answers: ['200'], calls: 1 });
    expect((await open()).headers.getSetCookie().join()).toMatch(/DSR=; Max-Age=0/); // it is cleared still
  });

  it('is asked once by 20 requests to refresh, and by each other route', async () => {
    const [one, two, three] = [await revoked(), await revoked(), await revoked()];
    const refresh = () => post('refresh', { cookie: `DSR=${one.get('DSR')}` });
    expect(await repeat(20, refresh)).toEqual({ answers: ['401 SESSION_ENDED'], calls: 1 });
    const profile = () => app.request('/auth/me?profile=1', { headers: two.headers });
    expect(await repeat(20, profile)).toEqual({ answers: ['401 SESSION_ENDED'], calls: 1 });
    const select = () => post('tenant', three.headers, { tenant: 'T1' });
    expect(await repeat(20, select)).toEqual({ answers: ['401 SESSION_ENDED'], calls: 1 });
    expect(await repeat(5, () => post('refresh', two.headers))).toMatchObject({ calls: 0 });
  });

  it.each(['logout', 'logout-all'])('is asked once by repeated sign-outs (POST %s)', async (path) => {
    for (const start of [() => app.signIn(), revoked]) {
      const browser = await start();
      await app.request('/me', { headers: browser.headers }); // keys are at hand
      const { calls: asked } = await repeat(20, () => post(path, browser.headers));
      expect(asked).toBe(1);
      app.emulator.clock.advance(2_000);
    }
  });

  it.each([400, 403])('is asked to sign out, although it would not refresh (%i)', async (status) => {
    const browser = await app.signIn();
    app.emulator.faults.add({ path: '/v1/auth/refresh', status, times: 1 });
    const refreshes = await repeat(2, () => post('refresh', browser.headers));
    expect(refreshes).toEqual({ answers: ['401 SESSION_ENDED'], calls: 1 });
    expect(await repeat(1, () => post('logout-all', browser.headers))).toEqual({
      answers: ['204'],
      calls: 1,
    });
    const again = await endAtDescope(browser.get('DSR') ?? '');
    expect(again.status).toBe(401); // it was told
  });

  it('is asked again after ten minutes, and is not the reason why another one is rejected', async () => {
    const browser = await revoked();
    const refresh = () => post('refresh', { cookie: `DSR=${browser.get('DSR')}` });
    expect((await repeat(2, refresh)).calls).toBe(1);
    expect((await post('refresh', (await app.signIn()).headers)).status).toBe(200);
    app.emulator.clock.advance(TEN_MINUTES - 5_000);
    expect((await repeat(2, refresh)).calls).toBe(0);
    app.emulator.clock.advance(6_000);
    expect((await repeat(2, refresh)).calls).toBe(1);
  });

  it('is none because of an outage, or because of a tenant that cannot be selected', async () => {
    const browser = await app.signIn();
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 500, times: 1 });
    expect((await post('refresh', browser.headers)).status).toBe(503);
    app.emulator.clock.advance(2_100);
    const select = () => post('tenant', browser.headers, { tenant: 'nobody-s' });
    expect(await repeat(2, select)).toEqual({ answers: ['403 TENANT_NOT_SELECTABLE'], calls: 2 });
    for (const fault of [{ status: 429 }, { status: 503 }, { status: 403, body: '<html>' }]) {
      app.emulator.faults.add({ path: '/v1/auth/me', ...fault, times: 1 });
      expect((await app.request('/auth/me?profile=1', { headers: browser.headers })).status).toBe(503);
    }
    expect((await post('refresh', browser.headers)).status).toBe(200);
    const profile = await app.request('/auth/me?profile=1', { headers: browser.headers });
    expect([profile.status, profile.body['profile']]).toMatchObject([200, { email: ANNA }]);
  });
});
