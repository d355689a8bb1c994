// Signing out where a sibling site has planted cookies beside the browser's own.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions } from '../../support/session-application.js';

const PLANTED = { DS: 'DS=planted', DSR: 'DSR=planted' };

describe.each(ADAPTERS)('A sign-out beside planted cookies, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const signOut = async (path: string, cookie: string) => {
    const init = { method: 'POST', headers: { origin: app.url, cookie } };
    const { status, body } = await app.request(`/auth/${path}`, init);
    return `${status} ${String(body['code'] ?? '')}`.trim();
  };
  const signedIn = async () => {
    const browser = await app.signIn();
    const own = `DS=${browser.get('DS')}; DSR=${browser.get('DSR')}`;
    return { own, refreshToken: browser.get('DSR') ?? '' };
  };
  const ask = async (cookie: string) => (await app.request('/me', { headers: { cookie } })).body['code'];
  const refreshAtDescope = (refreshToken: string) =>
    fetch(`${app.emulator.url}/v1/auth/refresh`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.emulator.projectId}:${refreshToken}` },
    });

  it.each([[[PLANTED.DS]], [[PLANTED.DSR]], [[PLANTED.DS, PLANTED.DSR]]])(
    'ends the session of the browser, here and at Descope (%j)',
    async (planted) => {
      const { own, refreshToken } = await signedIn();
      expect(await signOut('logout', [...planted, own].join('; '))).toBe('204');
      expect(await ask(own)).toBe('SESSION_SIGNED_OUT');
      expect((await refreshAtDescope(refreshToken)).status).toBe(401);
    },
  );

  it("of all of the user's sessions ends this one, and says that it cannot tell whose others", async () => {
    const { own, refreshToken } = await signedIn();
    const cookie = [PLANTED.DS, PLANTED.DSR, own].join('; ');
    expect(await signOut('logout-all', cookie)).toBe('401 COOKIE_AMBIGUOUS');
    expect(await ask(own)).toBe('SESSION_SIGNED_OUT');
    expect((await refreshAtDescope(refreshToken)).status).toBe(401);
  });

  it('ends each of two sign-ins of one browser', async () => {
    const [one, two] = [await signedIn(), await signedIn()];
    expect(await signOut('logout', `${one.own}; ${two.own}`)).toBe('204');
    for (const { own, refreshToken } of [one, two]) {
      expect(await ask(own)).toBe('SESSION_SIGNED_OUT');
      expect((await refreshAtDescope(refreshToken)).status).toBe(401);
    }
  });
});
