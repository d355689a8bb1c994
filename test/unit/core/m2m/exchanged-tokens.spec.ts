// Credential → token: one flight each, refreshed ahead, rejections and outages remembered, everything bounded.
import { describe, expect, it } from '@jest/globals';
import { DescopeCredentialError, DescopeUnavailableError } from '#lib/core/errors.js';
import type { ExchangedTokensInput } from '#lib/core/m2m/exchanged-tokens.js';
import { ExchangedTokens } from '#lib/core/m2m/exchanged-tokens.js';
import { whenReady } from '#lib/core/maybe-promise.js';
import { codeLater, createClock } from '../../../support/tokens.js';

const LIFE_MS = 600_000;
const rejected = new DescopeCredentialError('ACCESS_KEY_REFUSED', 'rejected');
const outage = (retryAfterSeconds = 1) =>
  new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds });

/** Descope at the network edge: answers a numbered token, fails with `error`, and hangs while `isHeld`. */
function create(input: Partial<ExchangedTokensInput> = {}) {
  const clock = createClock();
  const edge = { calls: 0, lifeMs: LIFE_MS, error: undefined as Error | undefined, isHeld: false };
  let waiting: (() => void)[] = [];
  const exchange = async () => {
    const number = (edge.calls += 1);
    if (edge.isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
    if (edge.error !== undefined) throw edge.error;
    return { token: `token ${number}`, endsAtMs: clock() + edge.lifeMs };
  };
  const release = async () => {
    edge.isHeld = false;
    for (const go of waiting) go();
    waiting = [];
    await settle();
  };
  const tokens = new ExchangedTokens({
    direction: 'incoming',
    clock,
    maxEntries: 10,
    rejectedMs: 60_000,
    ...input,
  });
  const find = (digest = 'a') => whenReady(tokens.find(digest, exchange), ({ token }) => token);
  const code = (digest = 'a') => codeLater(() => tokens.find(digest, exchange));
  return { clock, edge, tokens, exchange, find, code, release };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('ExchangedTokens', () => {
  it('exchanges a credential once, and answers at once from then on', async () => {
    const { edge, find } = create();
    expect(await find()).toBe('token 1');
    expect(find()).toBe('token 1');
    expect(await find('b')).toBe('token 2');
    expect(edge.calls).toBe(2);
  });

  it('makes one call for a thousand who ask at once', async () => {
    const { edge, find, release } = create();
    edge.isHeld = true;
    const all = Array.from({ length: 1000 }, async () => find());
    await release();
    expect(new Set(await Promise.all(all))).toEqual(new Set(['token 1']));
    expect(edge.calls).toBe(1);
  });

  it('refreshes ahead of the end, once, while the old token still serves', async () => {
    const { clock, edge, find, release } = create();
    await find();
    clock.advance(LIFE_MS * 0.9 - 1);
    expect(find()).toBe('token 1');
    expect(edge.calls).toBe(1);
    clock.advance(1);
    edge.isHeld = true;
    expect([find(), find(), find()]).toEqual(['token 1', 'token 1', 'token 1']);
    expect(edge.calls).toBe(2);
    await release();
    expect(find()).toBe('token 2');
  });

  it.each([
    [60_000, 30_000], // half a minute before the end
    [20_000, 10_000], // half of a short life
    [3_600_000, 3_240_000], // a tenth of a long one
  ])('refreshes a token that lives %d ms after %d ms', async (lifeMs, dueMs) => {
    const { clock, edge, find } = create();
    edge.lifeMs = lifeMs;
    await find();
    clock.advance(dueMs - 1);
    expect(find()).toBe('token 1');
    expect(edge.calls).toBe(1);
    clock.advance(1);
    expect(find()).toBe('token 1');
    expect(edge.calls).toBe(2);
  });

  it('serves the old token to its end while Descope is away, and asks again no more often than it is told', async () => {
    const { clock, edge, find, code } = create();
    await find();
    clock.advance(LIFE_MS - 10_000);
    edge.error = outage(4);
    expect(find()).toBe('token 1');
    await settle();
    clock.advance(3_999);
    expect(find()).toBe('token 1');
    expect(edge.calls).toBe(2);
    clock.advance(1);
    expect(find()).toBe('token 1');
    expect(edge.calls).toBe(3);
    await settle();
    clock.advance(6_000);
    expect(await code()).toBe('DESCOPE_UNAVAILABLE');
    edge.error = undefined;
    clock.advance(4_000);
    expect(await find()).toBe('token 5');
  });

  it('ends a token at once when its credential is rejected at the refresh', async () => {
    const { clock, edge, find, code } = create();
    await find();
    clock.advance(LIFE_MS - 1_000);
    edge.error = rejected;
    expect(find()).toBe('token 1');
    await settle();
    expect(await code()).toBe('ACCESS_KEY_REFUSED');
    expect(edge.calls).toBe(2);
  });

  it('remembers a rejection for its time, and not longer', async () => {
    const { clock, edge, find, code } = create();
    edge.error = rejected;
    for (let request = 0; request < 100; request += 1) expect(await code()).toBe('ACCESS_KEY_REFUSED');
    expect(edge.calls).toBe(1);
    edge.error = undefined;
    clock.advance(59_999);
    expect(await code()).toBe('ACCESS_KEY_REFUSED');
    clock.advance(1);
    expect(await find()).toBe('token 2');
  });

  it.each([
    [1, 1_000],
    [9999, 30_000], // hours of a garbled header are not believed
  ])(
    'remembers an outage that asks for %d s for %d ms, and never as a rejection',
    async (seconds, keptMs) => {
      const { clock, edge, find, code } = create();
      edge.error = outage(seconds);
      expect(await code()).toBe('DESCOPE_UNAVAILABLE');
      edge.error = undefined;
      clock.advance(keptMs - 1);
      expect(await code()).toBe('DESCOPE_UNAVAILABLE');
      expect(edge.calls).toBe(1);
      clock.advance(1);
      expect(await find()).toBe('token 2');
    },
  );

  it('remembers nothing of an error that is not ours', async () => {
    const { edge, find } = create();
    edge.error = new TypeError('a slip');
    await expect(find()).rejects.toThrow('a slip');
    edge.error = undefined;
    expect(await find()).toBe('token 2');
  });

  it('forgets what was exchanged longest ago beyond its bound', async () => {
    const { edge, find } = create({ maxEntries: 3 });
    for (const digest of ['a', 'b', 'c', 'd']) await find(digest);
    expect(['b', 'c', 'd'].map((digest) => find(digest))).toEqual(['token 2', 'token 3', 'token 4']);
    expect(await find('a')).toBe('token 5');
    expect(edge.calls).toBe(5);
  });

  it('bounds the rejections that it remembers, and drops the oldest', async () => {
    const { edge, code } = create();
    edge.error = rejected;
    for (let number = 0; number <= 10_000; number += 1) await code(`key ${number}`);
    expect(edge.calls).toBe(10_001);
    await code('key 1');
    expect(edge.calls).toBe(10_001);
    await code('key 0');
    expect(edge.calls).toBe(10_002);
  });

  it('asks for room for unknown credentials only: not for known ones, rejected ones, or those who wait', async () => {
    let asked = 0;
    const { clock, edge, find, code, release } = create({ assertRoom: () => void (asked += 1) });
    edge.isHeld = true;
    const flights = [async () => find(), async () => find()].map((ask) => ask());
    await release();
    await Promise.all(flights);
    clock.advance(LIFE_MS * 2); // long ended
    await find();
    edge.error = rejected;
    await code('b');
    await code('b');
    expect([asked, edge.calls]).toEqual([2, 3]);
  });

  it('starts nothing, and remembers nothing, where there is no room', async () => {
    const room = { isFull: true };
    const assertRoom = () => {
      if (room.isFull) throw outage();
    };
    const { edge, find, code } = create({ assertRoom });
    expect(await code()).toBe('DESCOPE_UNAVAILABLE');
    expect(edge.calls).toBe(0);
    room.isFull = false;
    expect(await find()).toBe('token 1');
  });

  it('lets no token and no rejection last because a clock was set back', async () => {
    const { clock, edge, find, code } = create();
    await find();
    clock.advance(-3_600_000);
    expect(await find()).toBe('token 2');
    edge.error = rejected;
    expect(await code('b')).toBe('ACCESS_KEY_REFUSED');
    edge.error = undefined;
    clock.advance(-3_600_000);
    expect(await find('b')).toBe('token 4');
  });

  it('replaces a token that was rejected elsewhere, once for all, and never a young one', async () => {
    const { clock, edge, tokens, exchange, find } = create();
    const replace = async (token: string) => (await tokens.replace('a', { token }, exchange))?.token;
    await find();
    expect(await replace('token 1')).toBeUndefined();
    clock.advance(5_000);
    expect(await Promise.all([replace('token 1'), replace('token 1')])).toEqual(['token 2', 'token 2']);
    expect(await replace('token 1')).toBe('token 2');
    expect(edge.calls).toBe(2);
    clock.advance(5_000);
    edge.error = outage();
    expect(await codeLater(() => replace('token 2'))).toBe('DESCOPE_UNAVAILABLE');
    expect(find()).toBe('token 2');
  });

  it('replaces a token that was revoked, unless it was issued within the last second', async () => {
    const { clock, tokens, exchange, find } = create();
    const replace = async (token: string) =>
      (await tokens.replace('a', { token, isRevoked: true }, exchange))?.token;
    await find();
    clock.advance(999);
    expect(await replace('token 1')).toBeUndefined();
    clock.advance(1);
    expect(await replace('token 1')).toBe('token 2');
  });
});
