// Signing out while a session is being renewed: nothing that a renewal brings may bring the session back.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { TEN_MINUTES, startWithSessions } from '../../support/session-application.js';
import type { SessionApplication } from '../../support/session-application.js';

const WAYS = ['logout', 'logout-all'].flatMap((path) => [
  { path, refreshRotation: false },
  { path, refreshRotation: true },
]);

describe.each(ADAPTERS)('A sign-out beside a renewal, on %s', (adapter) => {
  let app: SessionApplication;
  beforeEach(async () => {
    app = await startWithSessions(adapter, { routes: {} });
  });
  afterEach(() => app.stop());

  const get = (path: string, browser: CookieJar) => app.request(path, { headers: browser.headers });
  const signOut = (path: string, headers: Record<string, string>) =>
    app.request(`/auth/${path}`, { method: 'POST', headers: { origin: app.url, ...headers } });
  const lapse = () => app.emulator.clock.advance(TEN_MINUTES + 6_000);

  it.each(WAYS)('ends what a renewal on its way brings ($path, rotation $refreshRotation)', async (way) => {
    app.emulator.configure({ refreshRotation: way.refreshRotation });
    const browser = await app.signIn();
    lapse();
    app.emulator.faults.add({ path: '/v1/auth/refresh', delayMs: 200, times: 1 });
    const renewal = get('/me', browser);
    while (app.emulator.requests.count('/v1/auth/refresh') === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const other = { ...browser.headers, authorization: 'Bearer another' }; // with it the middleware renews nothing
    expect((await signOut(way.path, other)).status).toBe(204);
    const late = new CookieJar().take((await renewal).headers); // its answer came last
    expect((await get('/me', late)).status).toBe(401);
    lapse();
    expect((await get('/me', late)).status).toBe(401);
  });

  it.each(WAYS)('ends what it renews itself ($path, rotation $refreshRotation)', async (way) => {
    app.emulator.configure({ refreshRotation: way.refreshRotation });
    const browser = await app.signIn();
    lapse();
    const answer = await signOut(way.path, browser.headers);
    expect([answer.status, app.emulator.requests.count('/v1/auth/refresh')]).toEqual([204, 1]);
    const kept = new CookieJar();
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value !== '') kept.set(name, value); // what a log of answers would hold
    }
    expect(kept.get('DS')).toBeDefined();
    expect((await get('/me', kept)).body['code']).toBe('SESSION_SIGNED_OUT');
    const refreshJwt = kept.get('DSR') ?? browser.get('DSR') ?? '';
    const asked = await fetch(`${app.emulator.url}/v1/auth/refresh`, {
      method: 'POST',
      headers: { authorization: `Bearer ${app.emulator.projectId}:${refreshJwt}` },
    });
    expect(asked.status).toBe(401); // Descope was told of the token that counts
  });
});
