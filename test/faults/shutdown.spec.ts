// SIGTERM while requests run: each is answered, and nothing of the library keeps the process alive.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CookieJar } from '../support/cookie-jar.js';
import { ANNA } from '../support/session-application.js';
import { report } from './support/report.js';
import type { Client } from './support/traffic.js';
import { after, askOnce, drive, Tally } from './support/traffic.js';
import type { World } from './support/world.js';
import { KEYS, MINUTE, openWorld, PUBLIC, REFRESH, withToken } from './support/world.js';

const RUNNING = 40;
const CASES = (['express', 'fastify'] as const).flatMap((adapter) =>
  (['hooks', 'handler'] as const).map((closing) => [adapter, closing] as const),
);

describe.each(CASES)('An application on %s that closes by its %s at SIGTERM', (adapter, closing) => {
  it('answers what runs, while keys and sessions are being fetched, and ends by itself', async () => {
    const world = await openWorld({
      emulator: { seed: { users: [{ loginId: ANNA, email: ANNA }] }, sessionSeconds: 60 },
      options: { session: { refresh: true } },
      application: { adapter, closing },
    });
    try {
      await report(`SIGTERM under load, ${adapter}, ${closing}`, async (row) => {
        const refreshing = await startRenewing(world);
        const running = new Tally();
        const token = await withToken(world);
        const slow: Client = {
          name: 'slow',
          path: '/slow/2000',
          headers: () => ({ ...token.headers?.(), connection: 'close' }),
        };
        const answers = Array.from({ length: RUNNING }, () => askOnce(world.app, slow, running));
        while ((await world.app.request('/open')).body['running'] !== RUNNING) await sleep(20);
        const late = drive(world.app, [{ ...PUBLIC, headers: () => ({ connection: 'close' }) }], {
          everyMs: 20,
          until: after(1_500),
        });
        await sleep(200);
        world.app.terminate();
        const startedAt = performance.now();
        const limit = sleep(10_000, 'still there', { ref: false });
        const ending = await Promise.race([world.app.ended, limit]);
        row.recovery = `ends after ${Math.round(performance.now() - startedAt)} ms`;
        await Promise.all(answers);
        const others = await late;
        others.join(await refreshing.tally);
        row.seen = `${String(running)}; ${String(others)}`;
        expect(running.kinds).toEqual(['slow 200']);
        const allowed = ['public 200', 'public 503', 'public no answer', 'session 503 DESCOPE_UNAVAILABLE'];
        expect(others.kinds.filter((kind) => !allowed.includes(kind))).toEqual([]);
        expect(others.of('session 503 DESCOPE_UNAVAILABLE')).toBe(1);
        // Nest's hooks send the signal once more when all is closed; a handler leaves the end to the process.
        expect(ending).toEqual(
          closing === 'hooks' ? { code: null, signal: 'SIGTERM' } : { code: 0, signal: null },
        );
      });
    } finally {
      await world.stop();
    }
  });
});

// A lapsed session that waits for Descope, and keys that are being fetched behind the requests: both hang.
async function startRenewing(world: World): Promise<{ readonly tally: Promise<Tally> }> {
  const { sessionJwt, refreshJwt } = await world.emulator.signIn(ANNA);
  const jar = new CookieJar().set('DS', sessionJwt).set('DSR', refreshJwt);
  expect((await world.app.request('/me', jar.headers)).status).toBe(200);
  world.emulator.faults.add({ path: KEYS, hang: true });
  world.emulator.faults.add({ path: REFRESH, hang: true });
  await world.advance(9.1 * MINUTE);
  const tally = new Tally();
  const client = { name: 'session', path: '/me', headers: () => ({ ...jar.headers, connection: 'close' }) };
  return { tally: askOnce(world.app, client, tally).then(() => tally) };
}
