// Routes that work with a refresh token beside the session: whose it is, and whether it still counts.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, BOB, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

describe.each(ADAPTERS)('A refresh token beside a session, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const profile = (cookie: string) => app.request('/auth/me?profile=1', { headers: { cookie } });
  const post = (path: string, headers: Record<string, string>, body: object = {}) =>
    app.request(`/auth/${path}`, {
      method: 'POST',
      headers: { origin: app.url, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const count = (path: string) => app.emulator.requests.count(path);

  it('is another user’s: their profile is given to nobody, and is not kept as this user’s', async () => {
    const [anna, bob] = [await app.signIn(), await app.signIn(BOB)];
    const mixed = await profile(`DS=${anna.get('DS')}; DSR=${bob.get('DSR')}`);
    expect([mixed.status, mixed.body['code']]).toEqual([401, 'TOKEN_SUBJECT_MISMATCH']);
    expect(mixed.text).not.toContain(BOB);
    expect(count('/v1/auth/me')).toBe(0);
    const own = await profile(`DS=${anna.get('DS')}; DSR=${anna.get('DSR')}`);
    expect([own.status, own.body['profile']]).toMatchObject([200, { email: ANNA }]);
  });

  it('was signed out, which Descope could not be told: it gives no profile and selects no tenant', async () => {
    const [out, here] = [await app.signIn(), await app.signIn()];
    app.emulator.faults.add({ path: '/v1/auth/logout', status: 500 });
    expect((await post('logout', out.headers)).status).toBe(503);
    app.emulator.requests.clear();
    const cookie = `DS=${here.get('DS')}; DSR=${out.get('DSR')}`;
    const answers = [await profile(cookie), await post('tenant', { cookie }, { tenant: 'T1' })];
    for (const { status, body } of answers)
      expect([status, body['code']]).toEqual([401, 'SESSION_SIGNED_OUT']);
    expect([count('/v1/auth/me'), count('/v1/auth/tenant/select')]).toEqual([0, 0]);
    expect((await profile(`DS=${here.get('DS')}; DSR=${here.get('DSR')}`)).status).toBe(200);
  });

  it('is signed by a key that is not known yet: nobody is let in, and nothing is cleared', async () => {
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    await app.request('/me', { headers: { authorization: `Bearer ${await unknownKey('DS')}` } }); // asked just now
    const cookie = `DSR=${await unknownKey('DSR')}`;
    const page = await app.request('/me', { headers: { cookie } });
    expect([page.status, page.body['code']]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
    const refreshed = await post('refresh', { cookie });
    expect([refreshed.status, refreshed.body['code']]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
    expect([page.headers.getSetCookie(), refreshed.headers.getSetCookie()]).toEqual([[], []]);
    const forged = `DSR=${(browser.get('DSR') ?? '').slice(0, -6)}AAAAAA`;
    const cleared = await app.request('/me', { headers: { cookie: forged } });
    expect([cleared.body['code'], cleared.headers.getSetCookie().length]).toEqual([
      'TOKEN_SIGNATURE_INVALID',
      2,
    ]);
  });

  it('brings a session that is signed by a key that is not known yet: 401, no outage, nothing cleared', async () => {
    const browser = await app.signIn();
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(200);
    app.emulator.clock.advance(TEN_MINUTES + 6_000);
    await app.request('/me', { headers: { authorization: `Bearer ${await unknownKey('DS')}` } });
    const body = { sessionJwt: await unknownKey('DS'), refreshJwt: '' };
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 200, body });
    const answer = await app.request('/me', { headers: browser.headers });
    expect([answer.status, answer.body['code']]).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  // A key of the project that this application has not fetched: the emulator's own keys stay as they are.
  async function unknownKey(drn: string): Promise<string> {
    const claims = { sub: (await app.emulator.signIn(ANNA)).userId, drn, amr: ['pwd'] };
    const token = await app.emulator.signToken({ claims });
    const [header = '', ...rest] = token.split('.');
    const named = { ...(JSON.parse(Buffer.from(header, 'base64url').toString()) as object), kid: 'SKother' };
    return [Buffer.from(JSON.stringify(named)).toString('base64url'), ...rest].join('.');
  }
});

describe.each(ADAPTERS)('Two instances on %s that share a store', (adapter) => {
  it('give nobody what one refreshed for a session that the other has signed out', async () => {
    const shared = { store: new MemoryStore(), maxStaleMs: 0 };
    const options = { routes: {}, session: { refresh: true }, shared };
    const one = await startWithSessions(adapter, options);
    const two = await startWithSessions(adapter, options, { emulator: one.emulator });
    try {
      const browser = await one.signIn();
      const cookie = `DSR=${browser.get('DSR')}`;
      expect((await one.request('/me', { headers: { cookie } })).status).toBe(200);
      expect((await two.request('/me', { headers: { cookie } })).status).toBe(200); // what the other refreshed
      expect(one.emulator.requests.count('/v1/auth/refresh')).toBe(1);
      const third = await startWithSessions(adapter, options, { emulator: one.emulator });
      const logout = { method: 'POST', headers: { origin: one.url, cookie } };
      expect((await one.request('/auth/logout', logout)).status).toBe(204);
      const late = await third.request('/me', { headers: { cookie } });
      expect([late.status, late.body['code']]).toEqual([401, 'SESSION_SIGNED_OUT']);
      await third.stop();
    } finally {
      await two.stop();
      await one.stop();
    }
  });
});
