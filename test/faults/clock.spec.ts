// A machine whose clock jumps: no good token is rejected for it, and nothing is blocked until the clock has caught up.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bearer } from '../support/who.controller.js';
import { heal } from './support/key-faults.js';
import { report } from './support/report.js';
import type { Client } from './support/traffic.js';
import { after, askOnce, drive, Tally, timeToRecover } from './support/traffic.js';
import type { World } from './support/world.js';
import { HOUR, KEYS, MINUTE, openWorld, withToken } from './support/world.js';

const JUMPS = [6_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 24 * HOUR].flatMap((ms) => [ms, -ms]);
const show = (ms: number) => `${ms < 0 ? '−' : '+'}${Math.abs(ms) / MINUTE} min`;

describe('An application whose clock jumps', () => {
  let world: World;
  let token: Client;
  beforeAll(async () => {
    world = await openWorld();
    token = await withToken(world);
  });
  afterAll(() => world.stop());

  it('goes on, with at most one fetch for each jump', async () => {
    await report(`clock jumps, ${JUMPS.map(show).join(' ')}`, async (row) => {
      const seen = new Tally();
      const load = drive(world.app, [token], { everyMs: 20, until: after(JUMPS.length * 150) });
      for (const ms of JUMPS) {
        await world.app.control('advance', ms);
        await Promise.all(Array.from({ length: 10 }, () => askOnce(world.app, token, seen)));
      }
      seen.join(await load);
      const fetches = (await world.calls(KEYS)).length;
      Object.assign(row, { seen: String(seen), upstream: String(fetches) });
      expect(seen.kinds).toEqual(['token 200']);
      expect(fetches).toBeLessThanOrEqual(1 + JUMPS.length);
    });
  });

  it('accepts a new key after a jump back, without waiting for the clock to catch up', async () => {
    await report('rotation after a jump back', async (row) => {
      await world.app.control('advance', -6 * HOUR);
      await world.emulator.rotateKeys();
      const seen = new Tally();
      await askOnce(world.app, await withToken(world, 'new'), seen);
      await world.app.control('advance', 6 * HOUR);
      row.seen = String(seen);
      expect(seen.kinds).toEqual(['new 200']);
    });
  });

  it('rejects a session that its clock puts outside its time, only while it does', async () => {
    await report('a clock that is wrong for a while', async (row) => {
      const jwt = await world.emulator.signToken({ claims: { amr: ['email'] } });
      const session: Client = { name: 'session', path: '/me', headers: () => bearer(jwt) };
      const seen: string[] = [];
      for (const ms of [0, HOUR, -2 * HOUR, HOUR]) {
        await world.app.control('advance', ms);
        const tally = new Tally();
        await askOnce(world.app, session, tally);
        seen.push(...tally.kinds);
      }
      row.seen = seen.join(', ');
      const [early, late] = ['session 401 TOKEN_ISSUED_IN_FUTURE', 'session 401 TOKEN_EXPIRED'];
      expect(seen).toEqual(['session 200', late, early, 'session 200']);
    });
  });

  it('never takes its own jump during an outage for a bad token, and recovers', async () => {
    await report('clock jumps while the key server is down', async (row) => {
      await world.gate.reject();
      const seen = new Tally();
      for (const ms of [5 * MINUTE, 20 * MINUTE, -HOUR, 30 * MINUTE, 6 * HOUR, -6 * HOUR]) {
        await world.app.control('advance', ms);
        for (let index = 0; index < 10; index += 1) await askOnce(world.app, token, seen);
      }
      await heal(world);
      const recoveryMs = await timeToRecover(world.app, token);
      Object.assign(row, { seen: String(seen), recovery: `${Math.round(recoveryMs)} ms` });
      expect(seen.kinds).toEqual(['token 200', 'token 503 KEYS_UNAVAILABLE']);
      expect(seen.silent503).toBe(0);
      expect(recoveryMs).toBeLessThan(8_000);
    });
  });
});
