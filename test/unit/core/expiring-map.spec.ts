// A full map loses what has ended, then what ends first.
import { describe, expect, it } from '@jest/globals';
import { ExpiringMap } from '#lib/core/expiring-map.js';
import { createClock, NOW_MS } from '../../support/tokens.js';

function create(maxEntries: number) {
  const clock = createClock();
  return { clock, map: new ExpiringMap<string>(maxEntries, clock) };
}

describe('ExpiringMap', () => {
  it('gives a value until its end', () => {
    const { clock, map } = create(2);
    map.set('one', '1', NOW_MS + 10);
    clock.advance(9);
    expect(map.get('one')).toBe('1');
    clock.advance(1);
    expect([map.get('one'), map.get('two')]).toEqual([undefined, undefined]);
  });

  it('loses what has ended before anything that counts, wherever it stands', () => {
    const { clock, map } = create(3);
    for (const [key, lifeMs] of [
      ['long', 300],
      ['short', 10],
      ['middle', 200],
    ] as const)
      expect(map.set(key, key, NOW_MS + lifeMs)).toBe(true);
    clock.advance(10);
    expect([map.set('new', 'new', NOW_MS + 100), map.size]).toEqual([true, 3]);
    expect(['long', 'middle', 'new'].map((key) => map.get(key))).toEqual(['long', 'middle', 'new']);
  });

  it('loses what ends first when everything counts, and says so', () => {
    const { map } = create(2);
    map.set('long', 'long', NOW_MS + 300);
    map.set('short', 'short', NOW_MS + 100);
    expect(map.set('middle', 'middle', NOW_MS + 200)).toBe(false);
    expect(['long', 'short', 'middle'].map((key) => map.get(key))).toEqual(['long', undefined, 'middle']);
  });

  it('needs no room for a key that it holds', () => {
    const { map } = create(2);
    map.set('one', '1', NOW_MS + 100);
    map.set('two', '2', NOW_MS + 200);
    expect([map.set('one', '3', NOW_MS + 300), map.get('one'), map.get('two')]).toEqual([true, '3', '2']);
    expect([map.set('four', '4', NOW_MS + 400), map.get('two')]).toEqual([false, undefined]);
  });

  it('loses entries in the order of their ends, in whatever order they came and were changed', () => {
    const { map } = create(500);
    const ends = new Map<string, number>();
    let seed = 7;
    const pick = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 3_000; step += 1) {
      const key = `key ${pick(900)}`;
      if (!ends.has(key) && ends.size === 500) ends.delete(toFirst(ends));
      ends.set(key, NOW_MS + 1 + step + 5_000 * pick(1_000));
      map.set(key, key, ends.get(key) ?? 0);
    }
    const held = Array.from({ length: 900 }, (_, index) => `key ${index}`).filter((key) => map.get(key));
    expect([held.length, new Set(held)]).toEqual([500, new Set(ends.keys())]);
  });
});

describe('ExpiringMap with owners', () => {
  const toKeys = (map: ExpiringMap<string>, keys: readonly string[]) =>
    keys.filter((key) => map.get(key) !== undefined);

  it('makes room at anyone who holds the most, the oldest first, and at nobody who holds less', () => {
    const map = new ExpiringMap<string>(5, createClock(), (owner) => owner);
    for (const key of ['m1', 'm2', 'm3']) map.set(key, 'mallory', NOW_MS + 900);
    for (const key of ['a1', 'a2']) map.set(key, 'anna', NOW_MS + 10);
    expect(map.set('b1', 'bob', NOW_MS + 10)).toBe(false);
    expect(toKeys(map, ['m1', 'm2', 'm3', 'a1', 'a2', 'b1'])).toEqual(['m2', 'm3', 'a1', 'a2', 'b1']);
    map.set('m4', 'mallory', NOW_MS + 900);
    map.set('m5', 'mallory', NOW_MS + 900);
    expect(toKeys(map, ['m2', 'm3', 'm4', 'm5', 'a1', 'a2', 'b1'])).toEqual(['m4', 'm5', 'a1', 'a2', 'b1']);
  });

  it('loses what ends first where nobody holds two', () => {
    const map = new ExpiringMap<string>(2, createClock(), (owner) => owner);
    map.set('one', 'one', NOW_MS + 20);
    map.set('two', 'two', NOW_MS + 10);
    map.set('three', 'three', NOW_MS + 30);
    expect(toKeys(map, ['one', 'two', 'three'])).toEqual(['one', 'three']);
  });

  it('counts right through any order of changes', () => {
    const clock = createClock();
    const map = new ExpiringMap<string>(50, clock, (owner) => owner);
    let seed = 11;
    const pick = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 2_000; step += 1) {
      const owner = `owner ${pick(4)}`;
      map.set(`${owner}, ${pick(200)}`, owner, clock() + 1 + pick(90));
      if (pick(3) === 0) clock.advance(1);
      if (pick(5) === 0) map.delete(`owner ${pick(4)}, ${pick(200)}`);
      expect(map.size).toBeLessThanOrEqual(50);
    }
    clock.advance(1_000);
    map.set('only', 'owner 9', clock() + 1);
    expect([map.size, map.get('only')]).toEqual([1, 'owner 9']);
  });
});

function toFirst(ends: ReadonlyMap<string, number>): string {
  const [first] = [...ends].sort((one, other) => one[1] - other[1]);
  return first?.[0] ?? '';
}
