// Revocations through a store alone: what is written, how often a session asks, and what a failing store leads to.
import { describe, expect, it } from '@jest/globals';
import type { Revocation, RevocationScope } from '#lib/core/revocation/revocation.js';
import { NO_OWNER, toRevocationKey } from '#lib/core/revocation/revocation.js';
import type { JudgedToken } from '#lib/core/revocation/sharing.js';
import { StoreSharing } from '#lib/core/revocation/store-sharing.js';
import { MemoryStore } from '../../../support/memory-store.js';
import { codeLater, createClock, NOW_MS } from '../../../support/tokens.js';

const PROJECT = 'P2abc00000000000000000000000';
const NOW = Math.floor(NOW_MS / 1000);
const USER = toRevocationKey(PROJECT, 'user', 'U1');

function create(store: MemoryStore, maxStaleMs = 1_000) {
  const clock = createClock();
  const notices: string[] = [];
  const notify = ({ code }: { code: string }) => void notices.push(code);
  const sharing = new StoreSharing({ store, clock, projectId: PROJECT, notify, maxStaleMs });
  return { clock, notices, sharing };
}

function revoke(scope: RevocationScope, id: string, issuedBefore = NOW, until = NOW + 600): Revocation {
  return { scope, key: toRevocationKey(PROJECT, scope, id), owner: NO_OWNER, issuedBefore, until };
}

function judge(session: string, issuedAt = NOW - 60): JudgedToken {
  const keys = [toRevocationKey(PROJECT, 'session', session), USER, toRevocationKey(PROJECT, 'tenant', 'T1')];
  return { keys, issuedAt };
}

describe('StoreSharing', () => {
  it.each(['session', 'user', 'tenant'] as const)(
    'rejects at another instance what names a %s',
    async (scope) => {
      const store = new MemoryStore();
      const id = { session: 'S1', user: 'U1', tenant: 'T1' }[scope];
      const revocation = revoke(scope, id);
      expect(await create(store).sharing.isRevoked(judge('S1'))).toBe(false);
      await create(store).sharing.publish([revocation]);
      const { sharing } = create(store);
      expect(await sharing.isRevoked(judge('S1'))).toBe(true);
      expect(await sharing.isRevoked(judge('S3', NOW))).toBe(false); // issued in that second: let in again
      expect(await sharing.isRevoked(judge('S2'))).toBe(scope !== 'session');
    },
  );

  it('writes one entry for each, with its project, a digest and its end', async () => {
    const store = new MemoryStore();
    const { sharing } = create(store);
    await sharing.publish([revoke('user', 'U1'), revoke('session', 'S1', NOW, NOW - 1)]);
    const half = (value: number) => value.toString(16).padStart(8, '0');
    const key = `nestjs-descope:revoked:${PROJECT}:${half(USER.high)}${half(USER.low)}`;
    expect([...store.entries]).toEqual([[key, { value: `${NOW} ${NOW + 600}`, ttlMs: 600_000 }]]);
  });

  it('never lowers what another instance has written', async () => {
    const store = new MemoryStore();
    await create(store).sharing.publish([revoke('user', 'U1', NOW, NOW + 100)]);
    await create(store).sharing.publish([revoke('user', 'U1', NOW - 50, NOW + 900)]);
    await create(store).sharing.publish([revoke('user', 'U1', NOW - 70, NOW + 10)]);
    expect([...store.entries.values()]).toEqual([{ value: `${NOW} ${NOW + 900}`, ttlMs: 900_000 }]);
  });

  it('writes again when another instance has overwritten it at the same moment', async () => {
    const store = new MemoryStore();
    const { sharing } = create(store);
    const set = store.set.bind(store);
    let isFirst = true;
    store.set = async (key, value, ttlMs) => {
      await set(key, value, ttlMs);
      if (isFirst) await set(key, `${NOW - 9} ${NOW + 700}`, 700_000);
      isFirst = false;
    };
    await sharing.publish([revoke('user', 'U1')]);
    expect([...store.entries.values()]).toEqual([{ value: `${NOW} ${NOW + 700}`, ttlMs: 700_000 }]);
  });

  it('asks at most once a session and maxStaleMs, for parallel requests and for tokens that are not cached', async () => {
    const store = new MemoryStore();
    let calls = 0;
    const getMany = async (keys: readonly string[]) => {
      calls += 1;
      return Promise.all(keys.map((key) => store.get(key)));
    };
    const { sharing, clock } = create(Object.assign(store, { getMany }));
    for (let second = 0; second < 5; second += 1) {
      for (let request = 0; request < 100; request += 1) {
        await Promise.all(Array.from({ length: 10 }, async () => sharing.isRevoked(judge('S1'))));
        clock.advance(10);
      }
      expect(calls).toBe(second + 1);
    }
    expect(sharing.isRevoked(judge('S1'))).toBeInstanceOf(Promise);
    await sharing.isRevoked(judge('S1'));
    expect(sharing.isRevoked(judge('S1'))).toBe(false); // known: without a promise
    await sharing.isRevoked(judge('S2'));
    expect(calls).toBe(7);
  });

  it('counts an answer from when it was asked for', async () => {
    const store = new MemoryStore();
    const { sharing, clock } = create(store);
    const get = store.get.bind(store);
    store.get = async (key) => {
      const value = await get(key);
      clock.advance(300); // three keys
      return value;
    };
    expect(await sharing.isRevoked(judge('S1'))).toBe(false);
    await create(store).sharing.publish([revoke('session', 'S1')]);
    clock.advance(99);
    expect(await sharing.isRevoked(judge('S1'))).toBe(true);
  });

  it('rejects while the store fails, though a recent answer still counts, and recovers at once', async () => {
    const store = new MemoryStore();
    const { sharing, clock } = create(store);
    await sharing.isRevoked(judge('S1'));
    store.isDown = true;
    clock.advance(999);
    expect(sharing.isRevoked(judge('S1'))).toBe(false);
    clock.advance(1);
    for (const session of ['S1', 'S2'])
      expect(await codeLater(async () => sharing.isRevoked(judge(session)))).toBe('SIGN_OUTS_UNAVAILABLE');
    store.isDown = false;
    expect(await sharing.isRevoked(judge('S2'))).toBe(false);
  });

  it('rejects what it cannot read, and says so', async () => {
    const store = new MemoryStore();
    const { sharing, notices } = create(store);
    await sharing.publish([revoke('user', 'U1')]);
    const [key = ''] = store.entries.keys();
    for (const value of ['true', '', '1 2 3', '-1 5', 'NaN NaN']) {
      await store.set(key, value, 60_000);
      expect(await codeLater(async () => sharing.isRevoked(judge('S1')))).toBe('SIGN_OUTS_UNAVAILABLE');
    }
    expect(new Set(notices)).toEqual(new Set(['SHARED_STORE_FAILED']));
  });

  it('says that a revocation was not kept, and writes it once the store answers again', async () => {
    const store = new MemoryStore();
    const { sharing } = create(store);
    store.isDown = true;
    await expect(sharing.publish([revoke('session', 'S1')])).rejects.toThrow('ECONNREFUSED');
    store.isDown = false;
    await sharing.isRevoked(judge('S2'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await create(store).sharing.isRevoked(judge('S1'))).toBe(true);
  });

  it('tries once a second what a store that answers does not keep, however many ask', async () => {
    const store = new MemoryStore();
    const { sharing, clock } = create(store);
    const set = store.set.bind(store);
    let tries = 0;
    store.set = () => {
      tries += 1;
      return Promise.reject(new Error('READONLY'));
    };
    await expect(sharing.publish([revoke('session', 'S1')])).rejects.toThrow('READONLY');
    const ask = async (from: number) => {
      for (let count = from; count < from + 20; count += 1) await sharing.isRevoked(judge(`T${count}`));
      await new Promise((resolve) => setImmediate(resolve));
    };
    await ask(0);
    expect(tries).toBe(2);
    clock.advance(1_000);
    await ask(20);
    expect(tries).toBe(3);
    store.set = set;
    clock.advance(1_000);
    await ask(40);
    expect(await create(store).sharing.isRevoked(judge('S1'))).toBe(true);
  });
});
