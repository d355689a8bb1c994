// The project's keys over time: rotation, floods and outages, on a clock that the test moves.
import { describe, expect, it } from '@jest/globals';
import { DescopeUnavailableError } from '#lib/core/errors.js';
import { createWarmWorld, createWorld, one, POLICY, three, two } from '../../../support/key-world.js';
import { codeLater, codeOf } from '../../../support/tokens.js';

const MINUTE = 60_000;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('A cold key set', () => {
  it('answers 1000 requests with one fetch', async () => {
    const world = createWorld();
    const codes = await Promise.all(Array.from({ length: 1000 }, () => world.find('SK1')));
    expect([new Set(codes), world.fetches]).toEqual([new Set(['accepted']), 1]);
  });

  it('is filled by hydrate, which does nothing a second time', async () => {
    const world = await createWarmWorld();
    await world.keys.hydrate();
    expect(world.fetches).toBe(1);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
  });

  it('answers 503 with the seconds to wait while it cannot be filled, and recovers by itself', async () => {
    const world = createWorld();
    world.isDown = true;
    const error: unknown = await Promise.resolve(world.keys.find('SK1')).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DescopeUnavailableError);
    expect(error).toMatchObject({ code: 'KEYS_UNAVAILABLE', retryAfterSeconds: 1 });
    expect(await codeLater(() => world.keys.hydrate())).toBe('KEYS_UNAVAILABLE');
    world.isDown = false;
    world.clock.advance(4_000);
    expect(await world.find('SK1')).toBe('accepted');
    expect(world.notices).toEqual(['KEYS_UNAVAILABLE', 'KEYS_UNAVAILABLE', 'KEYS_RECOVERED']);
  });

  it('tries at most twice a second, then ever more slowly, however many ask', async () => {
    const world = createWorld();
    world.isDown = true;
    const times: number[] = [];
    for (let ms = 0; ms < 20_000; ms += 100) {
      const before = world.fetches;
      const codes = await Promise.all(['SK1', 'SK2', `x${ms}`].map(world.find));
      expect(new Set(codes)).toEqual(new Set(['KEYS_UNAVAILABLE']));
      if (world.fetches > before) times.push(ms);
      world.clock.advance(100);
    }
    expect(times).toEqual([0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500]);
  });

  it.each([
    [[]],
    [[null]],
    [[{ kty: 'oct', k: 'a', kid: 'SK1' }]],
    [{} as unknown[]],
    [undefined as unknown as unknown[]],
  ])('takes the key set %j for an outage', async (published) => {
    const world = createWorld();
    world.published = published;
    expect(await world.find('SK1')).toBe('KEYS_UNAVAILABLE');
  });
});

describe('An unknown key id', () => {
  const flood = (world: ReturnType<typeof createWorld>, length = 500) =>
    Promise.all(Array.from({ length }, (_, index) => world.find(`unknown-${index}-${world.clock()}`)));

  it.each([
    ['while Descope answers', false, ['TOKEN_KEY_UNKNOWN']],
    ['while Descope is down', true, ['KEYS_UNAVAILABLE']],
  ])('costs at most one fetch per cool-down, %s', async (_, isDown, expected) => {
    const world = await createWarmWorld();
    world.clock.advance(POLICY.cooldownMs);
    world.isDown = isDown;
    for (let second = 0; second < 60; second += 1) {
      expect(new Set(await flood(world))).toEqual(new Set(expected));
      expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted'); // at once, during the flood
      world.clock.advance(1000);
    }
    expect(world.fetches).toBe(1 + 6);
  });

  it('costs one fetch while that one hangs, and known ids do not wait for it', async () => {
    const world = await createWarmWorld();
    world.clock.advance(POLICY.cooldownMs);
    world.isHeld = true;
    const codes = flood(world, 1000);
    await settle();
    world.clock.advance(5 * POLICY.cooldownMs);
    const later = flood(world, 1000);
    expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted');
    world.release();
    expect(new Set([...(await codes), ...(await later)])).toEqual(new Set(['TOKEN_KEY_UNKNOWN']));
    expect(world.fetches).toBe(2);
  });

  it('is rejected without a fetch within the cool-down: 401, or 503 if the last fetch failed', async () => {
    const world = await createWarmWorld();
    expect(await world.find('x')).toBe('TOKEN_KEY_UNKNOWN');
    world.clock.advance(POLICY.cooldownMs);
    world.isDown = true;
    await world.find('x');
    world.clock.advance(POLICY.cooldownMs - 1);
    expect([await world.find('x'), world.fetches]).toEqual(['KEYS_UNAVAILABLE', 2]);
  });

  it('that was rotated in is accepted at first sight, or within one cool-down during a flood', async () => {
    const world = await createWarmWorld();
    world.clock.advance(POLICY.cooldownMs);
    world.published = [one, two];
    expect(await world.find('SK2')).toBe('accepted');
    world.published = [one, two, three];
    let waited = 0;
    while ((await world.find('SK3')) !== 'accepted') {
      await flood(world, 20);
      world.clock.advance(500);
      waited += 500;
      expect(waited).toBeLessThanOrEqual(POLICY.cooldownMs);
    }
    expect(world.fetches).toBe(3);
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', '../keys', 'https://evil.example', 'x'.repeat(256)])(
    'is unknown also when it is %j',
    async (keyId) => expect(await (await createWarmWorld()).find(keyId)).toBe('TOKEN_KEY_UNKNOWN'),
  );
});

describe('A withdrawn key', () => {
  it('is rejected after the max age and one fetch, also when nobody asked in between', async () => {
    const world = await createWarmWorld();
    world.published = [two];
    world.clock.advance(POLICY.maxAgeMs);
    expect([await world.find('SK1'), world.fetches]).toEqual(['TOKEN_KEY_UNKNOWN', 2]);
  });

  it('is rejected within the max age under steady traffic, by a refresh that nobody waits for', async () => {
    const world = await createWarmWorld();
    world.published = [two];
    let age = 0;
    while (world.fetches === 1) {
      world.clock.advance(MINUTE / 4);
      age += MINUTE / 4;
      expect(codeOf(() => world.keys.find('SK1'))).toBe('accepted'); // at once: nobody waits for the refresh
    }
    expect(age).toBeLessThan(POLICY.maxAgeMs);
    expect(age).toBeGreaterThan(POLICY.maxAgeMs * 0.7);
    await settle();
    expect(await world.find('SK1')).toBe('TOKEN_KEY_UNKNOWN');
  });

  it('is as old as the question for it: the time that the answer took counts', async () => {
    const world = createWorld();
    world.isHeld = true;
    const found = world.find('SK1');
    world.clock.advance(2000);
    world.release();
    expect(await found).toBe('accepted');
    world.published = [two];
    world.clock.advance(POLICY.maxAgeMs - 2000);
    expect([await world.find('SK1'), world.fetches]).toEqual(['TOKEN_KEY_UNKNOWN', 2]);
  });

  it('is rejected as soon as any fetch shows it gone', async () => {
    const world = await createWarmWorld();
    world.published = [two];
    world.clock.advance(POLICY.cooldownMs);
    expect(await world.find('SK2')).toBe('accepted');
    expect(await world.find('SK1')).toBe('TOKEN_KEY_UNKNOWN');
  });
});
