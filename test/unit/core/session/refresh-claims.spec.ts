// Who refreshes a token: one instance at a time, and nobody for good.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RefreshClaims } from '#lib/core/session/refresh-claims.js';
import { toTokenDigest } from '#lib/core/store/token-encryption.js';
import { FullMemoryStore, MemoryStore } from '../../../support/memory-store.js';
import { codeLater, createClock } from '../../../support/tokens.js';

const ISSUED = { sessionToken: 'session', refreshToken: undefined };
const KEY = `nestjs-descope:refreshing:${toTokenDigest('token')}`;
const nothing = async () => undefined;

function create(store: MemoryStore | undefined, callTimeMs = 100) {
  const clock = createClock();
  const notices: string[] = [];
  const notify = ({ code }: { code: string }) => void notices.push(code);
  return { clock, notices, claims: new RefreshClaims({ clock, store, callTimeMs, notify }) };
}

describe('RefreshClaims', () => {
  it('gives the turn to one instance after the other, and to several at once for different tokens', async () => {
    const store = new FullMemoryStore();
    const [one, two] = [create(store).claims, create(store).claims];
    const turn = await one.take('token', nothing);
    expect([turn.isAlone, turn.found]).toEqual([true, undefined]);
    expect((await two.take('other', nothing)).isAlone).toBe(true);
    let isOver = false;
    const next = two.take('token', nothing).finally(() => (isOver = true));
    await sleep(120);
    expect(isOver).toBe(false);
    await turn.release();
    expect((await next).isAlone).toBe(true);
    expect(store.entries.get(KEY)?.ttlMs).toBe(5_100);
  });

  it('gives the result of the other instance in place of a turn, and keeps no claim then', async () => {
    const store = new FullMemoryStore();
    const turn = await create(store).claims.take('token', nothing);
    const other: { result?: typeof ISSUED } = {};
    const next = create(store).claims.take('token', async () => other.result);
    other.result = ISSUED;
    expect((await next).found).toBe(ISSUED); // while the claim is there
    await turn.release();
    expect((await create(store).claims.take('token', async () => other.result)).found).toBe(ISSUED);
    expect(store.entries.size).toBe(0);
  });

  it('is an outage, and no second turn, if the claim of another instance stays without a result', async () => {
    const store = new FullMemoryStore();
    await create(store).claims.take('token', nothing);
    const { claims, notices } = create(store);
    const startedAt = performance.now();
    const taken = codeLater(() => claims.take('token', nothing));
    expect(await Promise.race([taken, sleep(2_000, 'late', { ref: false })])).toBe('DESCOPE_UNAVAILABLE');
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(notices).toEqual(['DESCOPE_UNAVAILABLE']);
  });

  it('is an outage, and no second turn, if the store fails while another instance has the turn', async () => {
    const store = new FullMemoryStore();
    await create(store).claims.take('token', nothing);
    const next = create(store).claims.take('token', nothing);
    await sleep(50);
    store.isDown = true;
    expect(await codeLater(() => next)).toBe('DESCOPE_UNAVAILABLE');
  });

  it('gives the turn once the claim of a process that is gone has ended', async () => {
    const store = new FullMemoryStore();
    await store.set(KEY, '1', 300);
    expect((await create(store).claims.take('token', nothing)).isAlone).toBe(true);
  });

  it('deletes no claim that may be of another instance by now', async () => {
    const store = new FullMemoryStore();
    const { claims, clock } = create(store);
    const turn = await claims.take('token', nothing);
    clock.advance(5_100);
    await turn.release();
    expect([...store.entries.keys()]).toEqual([KEY]);
  });

  it.each([
    ['no store', undefined],
    ['a store without setIfAbsent', new MemoryStore()],
    ['a store that is down', Object.assign(new FullMemoryStore(), { isDown: true })],
  ])('lets each instance refresh on its own with %s', async (_name, store) => {
    for (const { claims } of [create(store), create(store)]) {
      const turn = await claims.take('token', nothing);
      expect([turn.isAlone, turn.found]).toEqual([false, undefined]);
      await turn.release();
    }
  });
});
