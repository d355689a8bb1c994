// Descope's no to a refresh token: how long it is remembered, and that nobody can push out another's.
import { describe, expect, it } from '@jest/globals';
import { DescopeApiError } from '#lib/core/api/descope-api.js';
import { RejectedTokens } from '#lib/core/api/descope-calls.js';
import { createClock, createSigningKey, mint, NOW_SECONDS } from '../../../support/tokens.js';

const key = createSigningKey();
const token = (jti: number | string, claims = {}) =>
  mint(key, { claims: { drn: 'DSR', exp: NOW_SECONDS + 86_400, jti: String(jti), ...claims } });
const no = new DescopeApiError(401, 'E061005');

describe('RejectedTokens', () => {
  it('recalls a no for ten minutes, a doubtful one for one, and nothing of another token', () => {
    const clock = createClock();
    const ended = new RejectedTokens(clock);
    ended.remember(token(1), no);
    ended.remember(token(2), new DescopeApiError(403, 'E1'));
    const recall = () => [token(1), token(2), token(3)].map((one) => ended.recall(one)?.errorCode);
    expect(recall()).toEqual(['E061005', 'E1', undefined]);
    expect([no.isRecalled, ended.recall(token(1))?.isRecalled]).toEqual([false, true]);
    clock.advance(60_000);
    expect(recall()).toEqual(['E061005', undefined, undefined]);
    clock.advance(540_000);
    expect(recall()).toEqual([undefined, undefined, undefined]);
  });

  it('recalls none beyond the token’s own end, and none longer because the clock was set back', () => {
    const clock = createClock();
    const ended = new RejectedTokens(clock);
    const [short, long] = [token(1, { exp: NOW_SECONDS + 30 }), token(2)];
    for (const one of [short, long]) ended.remember(one, no);
    clock.advance(30_000);
    expect([ended.recall(short), ended.recall(long)?.status]).toEqual([undefined, 401]);
    clock.advance(-3_600_000);
    expect(ended.recall(long)).toBeUndefined();
  });

  it('makes room among the same user’s: 20 000 of one push out nobody else’s', () => {
    const ended = new RejectedTokens(createClock());
    ended.remember(token('anna'), no);
    const bobs = Array.from({ length: 300 }, (_, count) => token(count, { sub: 'U2bob' }));
    for (let round = 0; round < 67; round += 1) for (const one of bobs) ended.remember(one, no);
    expect(ended.recall(token('anna'))?.status).toBe(401);
    expect(bobs.filter((one) => ended.recall(one) !== undefined)).toHaveLength(100);
  });

  it('holds 10 000, and lets the oldest go', () => {
    const ended = new RejectedTokens(createClock());
    const [first, second] = [token(1, { sub: 'U2first' }), token(2, { sub: 'U2second' })];
    ended.remember(first, no);
    ended.remember(second, no);
    const other = token(3).split('.');
    const body = (count: number) =>
      Buffer.from(JSON.stringify({ sub: `U${count}`, exp: NOW_SECONDS + 60 })).toString('base64url');
    for (let count = 0; count < 9_999; count += 1)
      ended.remember([other[0], body(count), other[2]].join('.'), no);
    expect([ended.recall(first), ended.recall(second)?.status]).toEqual([undefined, 401]);
  });
});
