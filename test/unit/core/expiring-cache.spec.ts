// A full cache removes what has ended first; of one key, many callers share a load.
import { describe, expect, it } from '@jest/globals';
import type { ExpiringCacheInput } from '#lib/core/expiring-cache.js';
import { ExpiringCache } from '#lib/core/expiring-cache.js';
import { createClock, NOW_MS } from '../../support/tokens.js';

function create(input: Partial<ExpiringCacheInput> = {}) {
  const clock = createClock();
  return { clock, cache: new ExpiringCache<string>({ clock, maxEntries: 2, ...input }) };
}

const until = (untilMs: number, owner?: string) => ({ untilMs, owner });

describe('ExpiringCache', () => {
  it('returns a value until its end', () => {
    const { clock, cache } = create();
    cache.set('one', '1', until(NOW_MS + 10));
    clock.advance(9);
    expect(cache.get('one')).toBe('1');
    clock.advance(1);
    expect([cache.get('one'), cache.get('two')]).toEqual([undefined, undefined]);
  });

  it('keeps nothing that ended already, and forgets what was there before it', () => {
    const { cache } = create();
    cache.set('one', '1', until(NOW_MS + 10));
    expect([cache.set('one', '2', until(NOW_MS)), cache.get('one'), cache.size]).toEqual([
      true,
      undefined,
      0,
    ]);
  });

  it('deletes all that one owner has, and nothing else', () => {
    const { cache } = create({ maxEntries: 9 });
    for (const name of ['one', 'two', 'three']) cache.set(name, name, until(NOW_MS + 10, 'anna'));
    cache.set('four', '4', until(NOW_MS + 10, 'bob'));
    cache.deleteOwned('anna');
    cache.deleteOwned('nobody');
    expect([cache.size, cache.get('four'), cache.readOwned('anna')]).toEqual([1, '4', []]);
  });

  it('removes what has ended before anything that counts, wherever it stands', () => {
    const { clock, cache } = create({ maxEntries: 3 });
    for (const [key, lifeMs] of [
      ['long', 300],
      ['short', 10],
      ['middle', 200],
    ] as const)
      expect(cache.set(key, key, until(NOW_MS + lifeMs))).toBe(true);
    clock.advance(10);
    expect([cache.set('new', 'new', until(NOW_MS + 100)), cache.size]).toEqual([true, 3]);
    expect(['long', 'middle', 'new'].map((key) => cache.get(key))).toEqual(['long', 'middle', 'new']);
  });

  it('removes what was set longest ago when everything counts, and says so', () => {
    const { cache } = create();
    cache.set('long', 'long', until(NOW_MS + 300));
    cache.set('short', 'short', until(NOW_MS + 100));
    expect(cache.set('middle', 'middle', until(NOW_MS + 200))).toBe(false);
    expect(['long', 'short', 'middle'].map((key) => cache.get(key))).toEqual([undefined, 'short', 'middle']);
  });

  it('removes what ends first when everything counts and that is asked for, and says so', () => {
    const { cache } = create({ evicts: 'first-to-end' });
    cache.set('long', 'long', until(NOW_MS + 300));
    cache.set('short', 'short', until(NOW_MS + 100));
    expect(cache.set('middle', 'middle', until(NOW_MS + 200))).toBe(false);
    expect(['long', 'short', 'middle'].map((key) => cache.get(key))).toEqual(['long', undefined, 'middle']);
  });

  it('needs no room for a key that it holds', () => {
    const { cache } = create({ evicts: 'first-to-end' });
    cache.set('one', '1', until(NOW_MS + 100));
    cache.set('two', '2', until(NOW_MS + 200));
    expect([cache.set('one', '3', until(NOW_MS + 300)), cache.get('one'), cache.get('two')]).toEqual([
      true,
      '3',
      '2',
    ]);
    expect([cache.set('four', '4', until(NOW_MS + 400)), cache.get('two')]).toEqual([false, undefined]);
  });

  it('removes entries in the order of their ends, in whatever order they came and were changed', () => {
    const { cache } = create({ maxEntries: 500, evicts: 'first-to-end' });
    const ends = new Map<string, number>();
    let seed = 7;
    const pick = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 3_000; step += 1) {
      const key = `key ${pick(900)}`;
      if (!ends.has(key) && ends.size === 500) ends.delete(toFirst(ends));
      ends.set(key, NOW_MS + 1 + step + 5_000 * pick(1_000));
      cache.set(key, key, until(ends.get(key) ?? 0));
    }
    const held = Array.from({ length: 900 }, (_, index) => `key ${index}`).filter((key) => cache.get(key));
    expect([held.length, new Set(held)]).toEqual([500, new Set(ends.keys())]);
  });

  it.each([
    [undefined, undefined],
    [true, '1'],
  ])(
    'with survivesClockReset: %s, returns %s of what was set, once the clock was set back',
    (survivesClockReset, found) => {
      const { clock, cache } = create(survivesClockReset === undefined ? {} : { survivesClockReset });
      cache.set('one', '1', until(NOW_MS + 10));
      clock.advance(-3_600_000);
      expect(cache.get('one')).toBe(found);
    },
  );
});

describe('ExpiringCache with owners', () => {
  const toKeys = (cache: ExpiringCache<string>, keys: readonly string[]) =>
    keys.filter((key) => cache.get(key) !== undefined);

  it('makes room at anyone who holds the most, the oldest first, and at nobody who holds less', () => {
    const { cache } = create({ maxEntries: 5 });
    for (const key of ['m1', 'm2', 'm3']) cache.set(key, key, until(NOW_MS + 900, 'mallory'));
    for (const key of ['a1', 'a2']) cache.set(key, key, until(NOW_MS + 10, 'anna'));
    expect(cache.readEvictable('bob').map(([key]) => key)).toEqual(['m1', 'm2', 'm3']);
    expect(cache.set('b1', 'b1', until(NOW_MS + 10, 'bob'))).toBe(false);
    expect(toKeys(cache, ['m1', 'm2', 'm3', 'a1', 'a2', 'b1'])).toEqual(['m2', 'm3', 'a1', 'a2', 'b1']);
    cache.set('m4', 'm4', until(NOW_MS + 900, 'mallory'));
    cache.set('m5', 'm5', until(NOW_MS + 900, 'mallory'));
    expect(toKeys(cache, ['m2', 'm3', 'm4', 'm5', 'a1', 'a2', 'b1'])).toEqual(['m4', 'm5', 'a1', 'a2', 'b1']);
    expect(cache.readOwned('mallory')).toEqual(['m4', 'm5']);
  });

  it('makes room among one owner’s own entries where each has a bound, however much room there is', () => {
    const { cache } = create({ maxEntries: 5, maxPerOwner: 2 });
    cache.set('a1', 'a1', until(NOW_MS + 10, 'anna'));
    for (const key of ['m1', 'm2', 'm3']) cache.set(key, key, until(NOW_MS + 900, 'mallory'));
    expect(toKeys(cache, ['a1', 'm1', 'm2', 'm3'])).toEqual(['a1', 'm2', 'm3']);
  });

  it('removes what ends first where nobody holds two', () => {
    const { cache } = create({ evicts: 'first-to-end' });
    cache.set('one', 'one', until(NOW_MS + 20, 'one'));
    cache.set('two', 'two', until(NOW_MS + 10, 'two'));
    cache.set('three', 'three', until(NOW_MS + 30, 'three'));
    expect(toKeys(cache, ['one', 'two', 'three'])).toEqual(['one', 'three']);
  });

  it('counts right through any order of changes', () => {
    const { clock, cache } = create({ maxEntries: 50 });
    let seed = 11;
    const pick = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let step = 0; step < 2_000; step += 1) {
      const owner = `owner ${pick(4)}`;
      cache.set(`${owner}, ${pick(200)}`, owner, until(clock() + 1 + pick(90), owner));
      if (pick(3) === 0) clock.advance(1);
      if (pick(5) === 0) cache.delete(`owner ${pick(4)}, ${pick(200)}`);
      expect(cache.size).toBeLessThanOrEqual(50);
    }
    clock.advance(1_000);
    cache.set('only', 'owner 9', until(clock() + 1, 'owner 9'));
    expect([cache.size, cache.get('only')]).toEqual([1, 'owner 9']);
  });
});

describe('ExpiringCache that loads', () => {
  const failures = { maxEntries: 10, toMemory: (error: unknown) => toMemory((error as Error).message) };

  function createLoader(input: Partial<ExpiringCacheInput> = {}) {
    const { clock, cache } = create(input);
    const edge = { loads: 0, error: undefined as Error | undefined };
    const load = async () => {
      edge.loads += 1;
      await Promise.resolve();
      if (edge.error !== undefined) throw edge.error;
      return { value: `value ${edge.loads}`, untilMs: clock() + 10 };
    };
    return { clock, cache, edge, load, get: async (key = 'one') => cache.getOrLoad(key, load) };
  }

  it('loads once for a thousand who ask meanwhile, and returns the value at once from then on', async () => {
    const { clock, cache, edge, load, get } = createLoader();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => get()));
    expect([new Set(all), edge.loads]).toEqual([new Set(['value 1']), 1]);
    expect(cache.getOrLoad('one', load)).toBe('value 1');
    clock.advance(10);
    expect(await get()).toBe('value 2');
  });

  it('loads anew in place of what is kept, which serves until the new value is there', async () => {
    const { cache, load, get } = createLoader();
    await get();
    const loading = cache.reload('one', load);
    expect(cache.get('one')).toBe('value 1');
    expect([await loading, cache.get('one')]).toEqual(['value 2', 'value 2']);
  });

  it('finds what is kept or under way, and nothing else', async () => {
    const { cache, get } = createLoader();
    expect(cache.getOrJoin('one')).toBeUndefined();
    const loading = get();
    expect(await cache.getOrJoin('one')).toBe(await loading);
    expect(cache.getOrJoin('one')).toBe('value 1');
  });

  it('does not let a load under way replace what was set or deleted meanwhile', async () => {
    const { clock, cache, get } = createLoader();
    const [first, second] = [get('one'), get('two')];
    cache.set('one', 'later', until(clock() + 10));
    cache.delete('two');
    expect(await Promise.all([first, second])).toEqual(['value 2', 'value 2']);
    expect([cache.get('one'), cache.get('two')]).toEqual(['later', undefined]);
  });

  it('stores no failure unless it is configured to', async () => {
    const { edge, get } = createLoader();
    edge.error = new Error('short');
    await expect(get()).rejects.toThrow('short');
    edge.error = undefined;
    expect(await get()).toBe('value 2');
  });

  it('throws a failure that it remembers in place of another load, for its time', async () => {
    const { clock, cache, edge, load, get } = createLoader({ failures });
    edge.error = new Error('short');
    await expect(get()).rejects.toThrow('short');
    edge.error = undefined;
    clock.advance(4);
    expect(() => cache.getOrLoad('one', load)).toThrow('short');
    expect(() => cache.getOrJoin('one')).toThrow('short');
    clock.advance(1);
    expect([await get(), edge.loads]).toEqual(['value 2', 2]);
  });

  it('forgets a failure where the key is deleted, and keeps none of another kind', async () => {
    const { cache, edge, get } = createLoader({ failures });
    edge.error = new Error('short');
    await expect(get()).rejects.toThrow('short');
    cache.delete('one');
    edge.error = new Error('other');
    await expect(get()).rejects.toThrow('other');
    edge.error = undefined;
    expect(await get()).toBe('value 3');
  });

  it('keeps the value through a failure, unless that says that the value is not good any more', async () => {
    const { cache, edge, load, get } = createLoader({ failures });
    await get('one');
    await get('two');
    edge.error = new Error('short');
    await expect(cache.reload('one', load)).rejects.toThrow('short');
    edge.error = new Error('final');
    await expect(cache.reload('two', load)).rejects.toThrow('final');
    expect([cache.get('one'), cache.get('two')]).toEqual(['value 1', undefined]);
  });

  it('remembers nothing of a load that did not start', async () => {
    const { cache, get } = createLoader({ failures });
    const start = () => {
      throw new Error('short');
    };
    expect(() => cache.getOrLoad('one', start)).toThrow('short');
    expect(await get()).toBe('value 1');
  });
});

function toMemory(message: string) {
  return message === 'other' ? undefined : { keepMs: 5, endsValue: message === 'final' };
}

function toFirst(ends: ReadonlyMap<string, number>): string {
  const [first] = [...ends].sort((one, other) => one[1] - other[1]);
  return first?.[0] ?? '';
}
