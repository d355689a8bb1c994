// Profiles are kept for a minute, and no longer.
import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { resolveConfig } from '../../../lib/core/config/config.js';
import { Profiles } from '../../../lib/routes/session/profiles.js';
import { createClock } from '../../support/tokens.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MINUTE = 60_000;

function create() {
  const clock = createClock();
  const profiles = new Profiles(resolveConfig({ projectId: `P${'2'.repeat(27)}`, audience: null, clock }));
  const world = { calls: 0, clock, profiles };
  const get = (userId: string) =>
    profiles.get(userId, async () => {
      world.calls += 1;
      return { userId };
    });
  return Object.assign(world, { get });
}

describe('Profiles', () => {
  it('are asked for once a minute per user', async () => {
    const world = create();
    expect(await Promise.all([world.get('anna'), world.get('anna'), world.get('bob')])).toEqual([
      { userId: 'anna' },
      { userId: 'anna' },
      { userId: 'bob' },
    ]);
    world.clock.advance(MINUTE - 1);
    await world.get('anna');
    expect(world.calls).toBe(2);
    world.clock.advance(1);
    await world.get('anna');
    expect(world.calls).toBe(3);
  });

  it('leave memory when their minute is over', async () => {
    const { profiles, clock, get } = create();
    const bring = async (userId: string) => new WeakRef((await get(userId)) as object);
    const kept = [await bring('anna'), await bring('bob')];
    clock.advance(MINUTE);
    await profiles.get('eve', async () => ({}));
    await new Promise((resolve) => setTimeout(resolve, 0)); // a WeakRef holds on until the turn is over
    collectGarbage();
    expect(kept.map((reference) => reference.deref())).toEqual([undefined, undefined]);
  });

  it('are forgotten when their user signs out', async () => {
    const world = create();
    await Promise.all([world.get('anna'), world.get('bob')]);
    world.profiles.forget('anna');
    await Promise.all([world.get('anna'), world.get('bob')]);
    expect(world.calls).toBe(3);
  });

  it('are at most a thousand, and the oldest goes first', async () => {
    const world = create();
    for (let count = 0; count <= 1_000; count += 1) await world.get(`user ${count}`);
    await world.get('user 1');
    expect(world.calls).toBe(1_001);
    await world.get('user 0');
    expect(world.calls).toBe(1_002);
  });
});
