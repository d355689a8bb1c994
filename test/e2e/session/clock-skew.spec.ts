// logout-all on an instance whose clock differs from Descope's: who was in is out, and who signs in afterwards is in.
import { afterEach, describe, expect, it } from '@jest/globals';
import { ADAPTERS } from '../../support/application.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, BOB, startDescope, startWithSessions } from '../../support/session-application.js';

const SKEWS = [-4_000, 0, 4_000];

describe.each(ADAPTERS)('POST logout-all, on %s', (adapter) => {
  let stop: () => Promise<void> = async () => undefined;
  afterEach(() => stop());

  const start = async (skewMs: number) => {
    const emulator = await startDescope();
    const clock = () => emulator.clock.now() + skewMs;
    const app = await startWithSessions(adapter, { routes: {}, clock }, { emulator });
    stop = async () => {
      await app.stop();
      await emulator.close();
    };
    return app;
  };
  const logoutAll = (app: SessionApplication, headers: Record<string, string>) =>
    app.request('/auth/logout-all', { method: 'POST', headers: { origin: app.url, ...headers } });
  const codeAt = async (app: SessionApplication, headers: Record<string, string>) => {
    const { status, body } = await app.request('/me', { headers });
    return status === 200 ? 200 : body['code'];
  };

  it.each(SKEWS)(
    'signs out a device that it never saw, and lets the next sign-in in (our clock %d ms off)',
    async (skewMs) => {
      const app = await start(skewMs);
      const [here, bob] = [await app.signIn(), await app.signIn(BOB)];
      app.emulator.clock.advance(100_000);
      const there = await app.signIn(); // just now, in Descope's second of the sign-out or the one before
      expect((await logoutAll(app, here.headers)).status).toBe(204);
      const again = await app.signIn();
      expect([await codeAt(app, here.headers), await codeAt(app, there.headers)]).toEqual([
        'SESSION_SIGNED_OUT',
        'SESSION_SIGNED_OUT',
      ]);
      const copied = await codeAt(app, { cookie: `DSR=${there.get('DSR')}` });
      expect(copied).toBe('SESSION_SIGNED_OUT');
      expect([await codeAt(app, again.headers), await codeAt(app, bob.headers)]).toEqual([200, 200]);
      app.emulator.clock.advance(2_000); // it dates a token that is like another a second back
      const onlyRefresh = { cookie: `DSR=${again.get('DSR')}` };
      expect(await codeAt(app, onlyRefresh)).toBe(200); // its refresh token counts, too
    },
  );

  it('signs out a token that is dated 3 s ahead, once it was seen, and lets the next sign-in in', async () => {
    const app = await start(0);
    const here = await app.signIn();
    const seconds = Math.floor(app.emulator.clock.now() / 1000);
    const sub = (await app.emulator.signIn(ANNA)).userId;
    const claims = { sub, drn: 'DS', amr: ['pwd'], iat: seconds + 3 };
    const there = { authorization: `Bearer ${await app.emulator.signToken({ claims })}` };
    expect(await codeAt(app, there)).toBe(200);
    expect((await logoutAll(app, here.headers)).status).toBe(204);
    expect(await codeAt(app, there)).toBe('SESSION_SIGNED_OUT');
    expect(await codeAt(app, (await app.signIn()).headers)).toBe(200);
  });

  it('goes by Descope’s last answer where it cannot be told, and by a sent token alone', async () => {
    const app = await start(-4_000);
    const first = await app.signIn();
    const refreshed = { method: 'POST', headers: { origin: app.url, ...first.headers } };
    expect((await app.request('/auth/refresh', refreshed)).status).toBe(200);
    app.emulator.clock.advance(10_000);
    app.emulator.faults.add({ path: '/v1/auth/logoutall', reset: true });
    const [here, there] = [await app.signIn(), await app.signIn()];
    expect((await logoutAll(app, here.headers)).status).toBe(503);
    expect(await codeAt(app, there.headers)).toBe('SESSION_SIGNED_OUT');
    const [again, other] = [await app.signIn(), await app.signIn()];
    expect(await codeAt(app, again.headers)).toBe(200);
    const sent = { authorization: `Bearer ${again.get('DS')}` };
    expect((await logoutAll(app, sent)).status).toBe(204);
    expect(await codeAt(app, other.headers)).toBe('SESSION_SIGNED_OUT');
    expect(await codeAt(app, (await app.signIn()).headers)).toBe(200);
  });
});
