// Descope fails when sessions are refreshed: users stay signed in to the end of their sessions, and nothing is cleared.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultOptions } from 'nestjs-descope/emulator';
import { CookieJar } from '../support/cookie-jar.js';
import { ANNA, TEN_MINUTES } from '../support/session-application.js';
import { IS_LONG, report } from './support/report.js';
import type { Client } from './support/traffic.js';
import { after, askOnce, drive, Tally } from './support/traffic.js';
import type { World } from './support/world.js';
import { openWorld, PUBLIC, REFRESH } from './support/world.js';

const STORM_MS = IS_LONG ? 20_000 : 700;
const HTML = '<!doctype html><title>Sorry</title>';

const FAULTS: readonly (readonly [string, Omit<FaultOptions, 'path'>])[] = [
  ['429', { status: 429, headers: { 'retry-after': '7' } }],
  ['500', { status: 500 }],
  ['503 of a proxy', { status: 503, body: HTML }],
  ['401 of a proxy', { status: 401, body: HTML }],
  ['403 without a code', { status: 403, body: {} }],
  ['404', { status: 404, body: HTML }],
  ['hang', { hang: true }],
  ['slow drip', { dripMs: 100, status: 500 }],
  ['HTML', { body: HTML }],
  ['{}', { body: {} }],
  ['a token that is none', { body: { sessionJwt: 'a.b.c' } }],
  ['redirect', { redirect: 'http://127.0.0.1:9/' }],
  ['connection reset', { reset: true }],
];

describe('An application that refreshes sessions, while Descope fails', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld({
      emulator: { seed: { users: [{ loginId: ANNA, email: ANNA }] } },
      options: { session: { refresh: true } },
    });
  });
  afterAll(() => world.stop());

  const signIn = async (): Promise<[Client, CookieJar]> => {
    const { sessionJwt, refreshJwt } = await world.emulator.signIn(ANNA);
    const jar = new CookieJar().set('DS', sessionJwt).set('DSR', refreshJwt);
    return [{ name: 'session', path: '/me', headers: () => jar.headers }, jar];
  };
  const countRefreshes = async () => (await world.calls(REFRESH)).length;

  it.each(FAULTS)('answers 503, clears nothing, and refreshes when it can again: %s', async (name, fault) => {
    await report(`refresh: ${name}`, async (row) => {
      const [session, jar] = await signIn();
      const before = await countRefreshes();
      world.emulator.faults.add({ path: REFRESH, ...fault });
      const valid = await drive(world.app, [session], { until: after(200) });
      expect([valid.kinds, await countRefreshes()]).toEqual([['session 200'], before]);
      await world.advance(TEN_MINUTES + 6_000);
      const lapsed = new Tally();
      await Promise.all(Array.from({ length: 20 }, () => askOnce(world.app, session, lapsed)));
      lapsed.join(await drive(world.app, [session, PUBLIC], { until: after(STORM_MS) }));
      const refreshes = (await countRefreshes()) - before;
      world.emulator.faults.clear();
      await world.advance(2_500); // an outage is remembered for two seconds
      const healed = await askOnce(world.app, session, valid);
      Object.assign(row, {
        seen: `${String(valid)}; lapsed: ${String(lapsed)}`,
        upstream: String(refreshes),
      });
      expect(lapsed.kinds).toEqual(['public 200', 'session 503 DESCOPE_UNAVAILABLE']);
      expect([lapsed.cookies, lapsed.silent503]).toEqual([0, 0]);
      expect(lapsed.slowestMs).toBeLessThan(5_000);
      expect(refreshes).toBeLessThanOrEqual(2 + STORM_MS / 2_000);
      expect([healed?.status, healed?.headers.getSetCookie().length]).toEqual([200, 1]);
      jar.take(healed?.headers ?? new Headers());
      expect((await askOnce(world.app, session, valid))?.status).toBe(200);
    });
  });

  it('signs nobody out because its own clock is behind', async () => {
    await report('refresh: own clock 8 s behind', async (row) => {
      const [session] = await signIn();
      await world.advance(TEN_MINUTES + 20_000);
      await world.app.control('advance', -8_000); // more than the leeway
      const seen = await drive(world.app, [session], { until: after(300) });
      await world.app.control('advance', 8_000);
      expect([seen.kinds, seen.cookies]).toEqual([['session 503 DESCOPE_UNAVAILABLE'], 0]);
      const healed = await askOnce(world.app, session, seen);
      row.seen = String(seen);
      expect([healed?.status, healed?.headers.getSetCookie().length]).toEqual([200, 1]);
    });
  });

  it('refreshes again when Descope is back, although the clock was set back meanwhile', async () => {
    await report('refresh: 500, clock set back 5 min', async (row) => {
      const [session] = await signIn();
      await world.advance(2 * TEN_MINUTES);
      world.emulator.faults.add({ path: REFRESH, status: 500 });
      const seen = new Tally();
      expect((await askOnce(world.app, session, seen))?.status).toBe(503);
      world.emulator.faults.clear();
      await world.advance(-TEN_MINUTES / 2);
      expect((await askOnce(world.app, session, seen))?.status).toBe(200);
      row.seen = String(seen);
    });
  });

  it('clears the cookies when Descope definitely rejects', async () => {
    await report("refresh: Descope's own no", async (row) => {
      const [session] = await signIn();
      const body = { errorCode: 'E062504', errorDescription: 'Token expired' };
      world.emulator.faults.add({ path: REFRESH, status: 401, body });
      await world.advance(TEN_MINUTES + 6_000);
      const seen = new Tally();
      const answer = await askOnce(world.app, session, seen);
      world.emulator.faults.clear();
      row.seen = String(seen);
      expect([answer?.status, answer?.body['code']]).toEqual([401, 'SESSION_ENDED']);
      expect(answer?.headers.getSetCookie().filter((line) => line.includes('Max-Age=0'))).toHaveLength(2);
    });
  });
});
