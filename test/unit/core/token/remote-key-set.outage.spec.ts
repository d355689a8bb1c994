// A key set in bad times: an outage with keys in memory, a clock that jumps, and the end.
import { describe, expect, it } from '@jest/globals';
import { createWarmWorld, createWorld, POLICY, two } from '../../../support/key-world.js';
import { codeOf } from '../../../support/tokens.js';

const HOUR = 3_600_000;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('A key set with keys in memory, while Descope is down', () => {
  it('answers without waiting up to the stale limit, and 503 after it', async () => {
    const world = await createWarmWorld();
    world.isDown = true;
    world.clock.advance(POLICY.maxAgeMs * 0.95);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
    await settle(); // the refresh behind that request fails
    for (let age = POLICY.maxAgeMs; age <= POLICY.maxStaleMs; age += 60_000) {
      world.clock.advance(age === POLICY.maxAgeMs ? POLICY.maxAgeMs * 0.05 : 60_000);
      expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
      await settle();
    }
    expect(world.notices).toContain('KEYS_STALE');
    world.clock.advance(5000);
    expect(await world.find('SK1')).toBe('KEYS_UNAVAILABLE');
    expect(world.notices.at(-1)).toBe('KEYS_UNAVAILABLE');
  });

  it('makes at most the first request after an idle hour wait for one fetch', async () => {
    const world = await createWarmWorld();
    world.isDown = true;
    world.clock.advance(POLICY.maxAgeMs);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('later');
    expect([await world.find('SK1'), world.fetches]).toEqual(['accepted', 2]);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
  });

  it('tries again behind the requests with back-off, and takes up the new set when it can', async () => {
    const world = await createWarmWorld();
    world.isDown = true;
    world.clock.advance(POLICY.maxAgeMs);
    await world.find('SK1');
    for (let ms = 0; ms < 60_000; ms += 100) {
      world.clock.advance(100);
      expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
      await settle();
    }
    expect(world.fetches).toBeLessThan(20);
    Object.assign(world, { isDown: false, published: [two] });
    world.clock.advance(4000);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
    await settle();
    expect(await world.find('SK1')).toBe('TOKEN_KEY_UNKNOWN');
    expect(await world.find('SK2')).toBe('accepted');
    expect(world.notices.at(-1)).toBe('KEYS_RECOVERED');
  });

  it('does not wait for a refresh that hangs while the keys are within their max age', async () => {
    const world = await createWarmWorld();
    world.isHeld = true;
    world.clock.advance(POLICY.maxAgeMs * 0.95);
    for (let request = 0; request < 100; request += 1) {
      expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
    }
    expect(world.fetches).toBe(2);
    world.release();
  });

  it('keeps its good keys when the answer holds none', async () => {
    const world = await createWarmWorld();
    for (const published of [[], [null], [{ kty: 'oct', k: 'a', kid: 'SK1' }]]) {
      world.published = published;
      world.clock.advance(POLICY.maxAgeMs);
      expect(await world.find('SK1')).toBe('accepted');
    }
    expect(world.fetches).toBeGreaterThan(1);
  });

  it('uses no stale key where the application allows none', async () => {
    const world = await createWarmWorld({ maxStaleMs: 0 });
    world.isDown = true;
    world.clock.advance(POLICY.maxAgeMs + 1);
    expect(await world.find('SK1')).toBe('KEYS_UNAVAILABLE');
  });

  it('rejects an id it does not have with 503, because it may have been rotated in', async () => {
    const world = await createWarmWorld();
    Object.assign(world, { isDown: true, published: [two] });
    world.clock.advance(POLICY.cooldownMs);
    expect([await world.find('SK2'), await world.find('SK2')]).toEqual([
      'KEYS_UNAVAILABLE',
      'KEYS_UNAVAILABLE',
    ]);
    world.isDown = false;
    world.clock.advance(POLICY.cooldownMs);
    expect(await world.find('SK2')).toBe('accepted');
  });
});

describe('A key set whose clock jumps', () => {
  it.each([-24 * HOUR, -HOUR, -6000, 2 * HOUR, 24 * HOUR, 365 * 24 * HOUR])(
    'by %d ms costs one fetch, and believes no key for longer than it may',
    async (jump) => {
      const world = await createWarmWorld();
      world.clock.advance(jump);
      world.published = [two];
      expect(await world.find('SK1')).toBe('TOKEN_KEY_UNKNOWN');
      expect([await world.find('SK2'), world.fetches]).toEqual(['accepted', 2]);
      world.clock.advance(1000);
      expect(codeOf(() => world.keys.find('SK2'))).toBe('accepted');
    },
  );

  it('by a correction of seconds goes on without a fetch', async () => {
    const world = await createWarmWorld();
    world.clock.advance(-4000);
    expect([codeOf(() => world.keys.find('SK1')), world.fetches]).toEqual(['accepted', 1]);
  });

  it('back during an outage does not put the next try off', async () => {
    const world = createWorld();
    world.isDown = true;
    await world.find('SK1');
    world.isDown = false;
    world.clock.advance(-HOUR);
    expect(await world.find('SK1')).toBe('accepted');
  });

  it('back during a fetch fetches again', async () => {
    const world = createWorld();
    world.isHeld = true;
    const found = world.find('SK1');
    world.clock.advance(-HOUR);
    world.release();
    expect(await found).toBe('accepted');
    world.published = [two];
    expect([await world.find('SK2'), world.fetches]).toEqual(['accepted', 2]);
  });

  it('to what is no time is taken for an outage', async () => {
    const world = await createWarmWorld();
    world.clock.advance(Number.NaN);
    expect(await world.find('SK1')).toBe('KEYS_UNAVAILABLE');
  });
});

describe('A closed key set', () => {
  it('calls off its fetch, says nothing in the log, and starts no other', async () => {
    const world = createWorld();
    world.isHeld = true;
    const found = world.find('SK1');
    world.keys.close();
    expect(world.aborted).toBe(1);
    world.isDown = true;
    world.release();
    expect([await found, world.notices]).toEqual(['KEYS_UNAVAILABLE', []]);
    world.clock.advance(HOUR);
    expect([await world.find('SK1'), world.fetches]).toEqual(['KEYS_UNAVAILABLE', 1]);
  });
});
