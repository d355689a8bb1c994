// What was proven a moment ago: bounded, whole tokens only, and the sessions in use stay.
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { TokenCache } from '#lib/core/token/token-cache.js';

const LIMITS = { maxTokens: 4, maxBytes: 1_000_000 };
const over = new Set<string>();
const createCache = (limits = LIMITS) =>
  new TokenCache<{ readonly of: string; readonly bytes: number }>(limits, {
    toBytes: ({ bytes }) => bytes,
    isExpired: ({ of }) => over.has(of),
  });
const fill = (cache: ReturnType<typeof createCache>, tokens: readonly string[], bytes = 0) => {
  for (const token of tokens) {
    cache.remember(token, { of: token, bytes }); // the first proof is only noted
    cache.remember(token, { of: token, bytes });
  }
};
const tokens = (count: number, prefix = 't') =>
  Array.from({ length: count }, (_, index) => `header.payload.${String(index).padStart(20, '0')}${prefix}`);
const known = (cache: ReturnType<typeof createCache>, list: readonly string[]) =>
  list.filter((token) => cache.recall(token)?.of === token);

describe('TokenCache', () => {
  it('returns exactly what was stored', () => {
    const cache = createCache();
    const [one = '', two = ''] = tokens(2);
    const proof = { of: one, bytes: 0 };
    cache.remember(one, { of: one, bytes: 0 });
    cache.remember(one, proof);
    expect(cache.recall(one)).toBe(proof);
    expect(cache.recall(two)).toBeUndefined();
  });

  it('keeps a token when it is proven for the second time', () => {
    const cache = createCache();
    const [token = ''] = tokens(1);
    cache.remember(token, { of: token, bytes: 0 });
    expect(cache.recall(token)).toBeUndefined();
    cache.remember(token, { of: token, bytes: 0 });
    expect(known(cache, [token])).toEqual([token]);
  });

  it('lets tokens that come once pass without a trace', () => {
    const cache = createCache();
    const inside = tokens(4, 'inside');
    fill(cache, inside);
    const once = tokens(50_000, 'once');
    for (const token of once) cache.remember(token, { of: token, bytes: 0 });
    expect(known(cache, [...inside, ...once])).toEqual(inside);
  });

  it('takes no other text with the same end for a token: longer, shorter or different anywhere', () => {
    const cache = createCache();
    const [token = ''] = tokens(1);
    fill(cache, [token]);
    for (const other of [`x${token}`, token.slice(1), token.slice(-12), token.replace('payload', 'Payload')])
      expect(cache.recall(other)).toBeUndefined();
    expect(cache.recall('')).toBeUndefined();
  });

  it('keeps the later of two tokens with one end, and counts one', () => {
    const list = [
      'the-header.one.same-signature',
      'the-header.two.same-signature',
      'the-header.one.another-signature',
    ];
    for (const maxTokens of [2, 3]) {
      const cache = createCache({ maxTokens, maxBytes: 1_000_000 });
      fill(cache, list);
      expect(known(cache, list)).toEqual(list.slice(1));
    }
  });

  it('forgets', () => {
    const cache = createCache();
    const list = tokens(2);
    fill(cache, list);
    cache.forget(list[0] ?? '');
    cache.forget('never.known.at-all-and-nothing');
    expect(known(cache, list)).toEqual(list.slice(1));
  });

  it('keeps no more tokens than it may, and the newest of them', () => {
    const cache = createCache();
    fill(cache, tokens(10));
    expect(known(cache, tokens(10))).toEqual(tokens(10).slice(6));
  });

  it('keeps no more bytes than it may, counting the tokens and their claims', () => {
    const cache = createCache({ maxTokens: 1000, maxBytes: 20_000 });
    fill(cache, tokens(100), 1500);
    const kept = known(cache, tokens(100)).length;
    expect(kept).toBeGreaterThan(5);
    expect(kept * 1500).toBeLessThan(20_000);
    fill(cache, tokens(100, 'small'));
    expect(known(cache, tokens(100, 'small')).length).toBeGreaterThan(kept); // what was dropped is given back
  });

  it('uses its bytes to the last one, and not one more', () => {
    const list = tokens(3);
    const bytes = (list[0] ?? '').length + 1000 + 400; // the token, its claims, and the entry around them
    const exact = createCache({ maxTokens: 10, maxBytes: 2 * bytes });
    fill(exact, list, 1000);
    expect(known(exact, list)).toEqual(list.slice(1));
    const short = createCache({ maxTokens: 10, maxBytes: 2 * bytes - 1 });
    fill(short, list, 1000);
    expect(known(short, list)).toEqual(list.slice(2));
    const alone = createCache({ maxTokens: 10, maxBytes: bytes });
    fill(alone, list.slice(0, 1), 1000);
    expect(known(alone, list)).toEqual(list.slice(0, 1));
  });

  it('does not keep what alone is more than it may keep, and loses nothing for it', () => {
    const cache = createCache({ maxTokens: 10, maxBytes: 20_000 });
    fill(cache, tokens(1));
    fill(cache, ['a.b.huge'], 20_000);
    expect(known(cache, ['a.b.huge', ...tokens(1)])).toEqual(tokens(1));
  });

  it('makes room for what is larger than one that goes, again and again', () => {
    const cache = createCache({ maxTokens: 10, maxBytes: 20_000 });
    fill(cache, tokens(10), 1000);
    const large = tokens(5, 'large');
    for (const token of large) {
      fill(cache, [token], 15_000);
      expect(known(cache, [...tokens(10), ...large]).at(-1)).toBe(token);
    }
    expect(known(cache, large)).toEqual(large.slice(-1));
  });

  it('knows most tokens again of as many as it may keep, that come in turn', () => {
    const cache = createCache({ maxTokens: 1000, maxBytes: 1_000_000 });
    const list = tokens(1000);
    for (const token of [...list, ...list]) cache.remember(token, { of: token, bytes: 0 });
    expect(known(cache, list).length).toBeGreaterThan(700);
  });

  it('looks at two places for each newcomer, whether what stands there is over', () => {
    const cache = createCache({ maxTokens: 1000, maxBytes: 1_000_000 });
    const ended = tokens(10, 'two places');
    fill(cache, ended);
    for (const token of ended) over.add(token);
    const before = known(cache, ended).length;
    fill(cache, tokens(1, 'newcomer'));
    over.clear();
    expect(before - known(cache, ended).length).toBe(2);
  });

  it('lets go of what is over as others come, in use or not, and long before its room is needed', () => {
    const cache = createCache({ maxTokens: 1000, maxBytes: 1_000_000 });
    const [ended, alive] = [tokens(50, 'ended'), tokens(50, 'alive')];
    fill(cache, [...ended, ...alive]);
    known(cache, ended); // in use
    for (const token of ended) over.add(token);
    fill(cache, tokens(50, 'new'));
    over.clear();
    expect(known(cache, [...ended, ...alive])).toEqual(alive);
  });

  it('keeps the tokens in use through a crowd of others', () => {
    const cache = createCache({ maxTokens: 100, maxBytes: 1_000_000 });
    const inUse = tokens(50, 'use');
    fill(cache, inUse);
    for (const [index, token] of tokens(5000, 'new').entries()) {
      fill(cache, [token]);
      cache.recall(inUse[index % inUse.length] ?? '');
    }
    expect(known(cache, inUse)).toEqual(inUse);
  });

  it('removes entries that are no longer used', () => {
    const cache = createCache({ maxTokens: 100, maxBytes: 1_000_000 });
    const once = tokens(100, 'once');
    fill(cache, once);
    known(cache, once); // used once more, and never again
    fill(cache, tokens(300, 'new'));
    expect(known(cache, once)).toEqual([]);
  });

  it('gives a hundred second chances for each newcomer, so that none pays for the whole cache', () => {
    const cache = createCache({ maxTokens: 300, maxBytes: 1_000_000 });
    const list = tokens(300);
    fill(cache, list);
    known(cache, list);
    fill(cache, ['header.payload.the-newcomer']);
    expect(list.filter((token) => cache.recall(token) === undefined)).toEqual([list[100]]);
  });

  it('makes room without end where everything is in use', () => {
    const cache = createCache({ maxTokens: 1000, maxBytes: 1_000_000 });
    const list = tokens(1000);
    fill(cache, list);
    for (const token of tokens(500, 'new')) {
      known(cache, list);
      fill(cache, [token]);
    }
    expect(known(cache, [...list, ...tokens(500, 'new')]).length).toBe(1000);
  });

  it('shows nothing of a token, however it is printed', () => {
    const cache = createCache();
    fill(cache, tokens(3));
    const said = [
      inspect(cache, { showHidden: true, depth: 9, getters: true }),
      JSON.stringify(cache),
      Object.keys(cache),
    ];
    expect(said.join()).not.toMatch(/payload|0000/);
    expect(Reflect.ownKeys(cache)).toEqual([]);
  });
});
