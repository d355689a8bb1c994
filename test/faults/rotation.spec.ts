// Keys that come and go while an application is asked: good tokens always count, withdrawn ones not for long.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { heal } from './support/key-faults.js';
import { IS_LONG, report } from './support/report.js';
import type { Client } from './support/traffic.js';
import { after, askOnce, drive, Tally, timeToRecover } from './support/traffic.js';
import type { World } from './support/world.js';
import { HOUR, KEYS, MINUTE, openWorld, withToken } from './support/world.js';

const COOLDOWN_MS = 10_500;
const ROUNDS = IS_LONG ? 100 : 8;

describe('An application whose keys change', () => {
  let world: World;
  let old: Client;
  beforeEach(async () => {
    world = await openWorld();
    old = await withToken(world, 'old');
    const known = await drive(world.app, [old], { everyMs: 20, until: after(300) });
    expect(known.kinds).toEqual(['old 200']); // and perhaps remembered
  });
  afterEach(() => world.stop());

  const askMany = async (clients: readonly Client[], times = 20) => {
    const tally = new Tally();
    const asked = Array.from({ length: times }, () =>
      clients.map((client) => askOnce(world.app, client, tally)),
    );
    await Promise.all(asked.flat());
    return tally;
  };
  const countFetches = async () => (await world.calls(KEYS)).length;

  it('accepts a new key at first sight, and the earlier ones all along', async () => {
    await report(`rotation ×${ROUNDS}, under load`, async (row) => {
      const clients = [old];
      const seen = new Tally();
      for (let round = 0; round < ROUNDS; round += 1) {
        const load = drive(world.app, clients, { everyMs: 10, until: after(200) });
        await world.advance(COOLDOWN_MS);
        await world.emulator.rotateKeys();
        clients.push(await withToken(world, 'new'));
        seen.join(await load);
        seen.join(await askMany(clients.slice(-3), 10));
      }
      Object.assign(row, { seen: String(seen), upstream: String(await countFetches()) });
      expect(seen.kinds).toEqual(['new 200', 'old 200']);
      expect(await countFetches()).toBe(1 + ROUNDS);
    });
  });

  it('accepts a new key one cool-down after a fetch at the latest, and asks no more often', async () => {
    await report('rotation within the cool-down', async (row) => {
      await world.emulator.rotateKeys();
      const fresh = await withToken(world, 'new');
      const early = await askMany([old, fresh]);
      expect(early.kinds).toEqual(['new 401 TOKEN_KEY_UNKNOWN', 'old 200']);
      expect([early.cookies, await countFetches()]).toEqual([0, 1]);
      await world.advance(COOLDOWN_MS);
      const late = await askMany([old, fresh]);
      early.join(late);
      Object.assign(row, { seen: String(early), upstream: String(await countFetches()) });
      expect(late.kinds).toEqual(['new 200', 'old 200']);
      expect(await countFetches()).toBe(2);
    });
  });

  it('rejects a withdrawn key after the max age and one fetch, although it was good a moment before', async () => {
    await report('withdrawn key, nobody has the new one', async (row) => {
      await world.emulator.rotateKeys({ revoke: true });
      await world.advance(10 * MINUTE + 1_000);
      const seen = await askMany([old], 60);
      Object.assign(row, { seen: String(seen), upstream: String(await countFetches()) });
      expect(seen.kinds).toEqual(['old 401 TOKEN_KEY_UNKNOWN']);
      expect(await countFetches()).toBe(2);
    });
  });

  it('rejects a withdrawn key as soon as a token of the next one was seen', async () => {
    await report('withdrawn key, the new one is seen', async (row) => {
      await world.emulator.rotateKeys({ revoke: true });
      await world.advance(COOLDOWN_MS);
      const fresh = await withToken(world, 'new');
      expect((await askMany([fresh], 1)).kinds).toEqual(['new 200']);
      const seen = await askMany([old, fresh]);
      Object.assign(row, { seen: String(seen), upstream: String(await countFetches()) });
      expect(seen.kinds).toEqual(['new 200', 'old 401 TOKEN_KEY_UNKNOWN']);
    });
  });

  it('uses a withdrawn key during an outage for the stale hour, and no longer', async () => {
    await report('withdrawn key, key server down', async (row) => {
      await world.emulator.rotateKeys({ revoke: true });
      const fresh = await withToken(world, 'new');
      await world.gate.reject();
      await world.advance(50 * MINUTE);
      const seen = await askMany([old]);
      expect(seen.kinds).toEqual(['old 200']);
      await world.advance(HOUR);
      seen.join(await askMany([old]));
      expect(seen.kinds).toEqual(['old 200', 'old 503 KEYS_UNAVAILABLE']);
      await heal(world);
      const recoveryMs = await timeToRecover(world.app, fresh);
      const healed = await askMany([old, fresh]);
      seen.join(healed);
      Object.assign(row, { seen: String(seen), recovery: `${Math.round(recoveryMs)} ms` });
      row.upstream = String(await countFetches());
      expect(healed.kinds).toEqual(['new 200', 'old 401 TOKEN_KEY_UNKNOWN']);
    });
  });
});
