// The memory of used proofs: once each, bounded, with a share for each caller, and on all instances by the store.
import { hash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { ReplayMemory } from '#lib/core/dpop/replay-memory.js';
import type { ReplayStore } from '#lib/core/dpop/replays.js';
import { createReplays } from '#lib/core/dpop/replays.js';
import { boundStore, STORE_FAILED } from '#lib/core/store/key-value-store.js';
import { FullMemoryStore } from '../../../support/memory-store.js';
import { codeLater, codeOf, createClock, PROJECT_ID } from '../../../support/tokens.js';

const LIFETIME_MS = 1000;

function createMemory({ maxProofs = 100, maxPerOwner = 100 } = {}) {
  const clock = createClock();
  const memory = new ReplayMemory({ lifetimeMs: LIFETIME_MS, maxProofs, maxPerOwner }, clock);
  const see = (id: string | number, owner = 'U2anna') => memory.see(hash('sha256', String(id), 'hex'), owner);
  return { clock, see };
}

describe('The memory of used proofs', () => {
  it('knows a proof for at least its lifetime, at whatever moment it came', () => {
    for (let startMs = 0; startMs < 2 * LIFETIME_MS; startMs += 90) {
      const { clock, see } = createMemory();
      see('before');
      clock.advance(startMs);
      expect([startMs, see('x')]).toEqual([startMs, 'new']);
      for (let ageMs = 0; ageMs < LIFETIME_MS; ageMs += 90) {
        expect([startMs, ageMs, see('x')]).toEqual([startMs, ageMs, 'known']);
        clock.advance(90);
      }
    }
  });

  it('forgets a proof after two lifetimes, also when nothing came meanwhile', () => {
    const { clock, see } = createMemory({ maxProofs: 1 });
    expect([see('x'), see('y')]).toEqual(['new', 'full']);
    clock.advance(2 * LIFETIME_MS);
    expect([see('x'), see('x')]).toEqual(['new', 'known']);
  });

  it('forgets nothing when it is full, and takes nothing more', () => {
    const { see } = createMemory({ maxProofs: 10 });
    for (let id = 0; id < 10; id += 1) expect(see(id)).toBe('new');
    for (let id = 10; id < 1000; id += 1) expect(see(id, `U2${id}`)).toBe('full');
    for (let id = 0; id < 10; id += 1) expect(see(id)).toBe('known');
  });

  it('gives a caller a share, so that one cannot take the place of others', () => {
    const { clock, see } = createMemory({ maxProofs: 10, maxPerOwner: 3 });
    for (let id = 0; id < 3; id += 1) expect(see(id)).toBe('new');
    expect([see(3), see(0), see(4, 'U2bob')]).toEqual(['full', 'known', 'new']);
    clock.advance(LIFETIME_MS); // the share lasts as long as its proofs
    expect(see(3)).toBe('full');
    clock.advance(LIFETIME_MS);
    expect(see(3)).toBe('new');
  });

  it('does not forget sooner when the clock is set back', () => {
    const { clock, see } = createMemory();
    see('x');
    clock.advance(-10 * LIFETIME_MS);
    expect(see('x')).toBe('known');
    clock.advance(LIFETIME_MS);
    expect(see('x')).toBe('known');
  });
});

describe('Used proofs on several instances', () => {
  const used = (id: string) => ({ thumbprint: 'key', id, owner: 'U2anna' });

  function connect(store: FullMemoryStore) {
    const bounded = boundStore(store, { failure: STORE_FAILED, notify: () => undefined }) as ReplayStore;
    const clock = createClock();
    return createReplays({
      store: bounded,
      projectId: PROJECT_ID,
      clock,
      maxAgeSeconds: 60,
      leewaySeconds: 5,
    });
  }

  it('count once, however many come at once', async () => {
    const store = new FullMemoryStore();
    const instances = [connect(store), connect(store), connect(store)];
    for (let round = 0; round < 20; round += 1) {
      const calls = instances.flatMap((instance) => [instance, instance]);
      const codes = await Promise.all(
        calls.map((instance) => codeLater(async () => instance.use(used(`proof-${round}`)))),
      );
      expect(codes.sort()).toEqual([
        'DPOP_PROOF_REPLAYED',
        'DPOP_PROOF_REPLAYED',
        'DPOP_PROOF_REPLAYED',
        'DPOP_PROOF_REPLAYED',
        'DPOP_PROOF_REPLAYED',
        'accepted',
      ]);
    }
  });

  it('are kept as digests for longer than a proof can be accepted, by any clock within the leeway', async () => {
    const store = new FullMemoryStore();
    await connect(store).use(used('an-id-of-a-client'));
    const [[key, { ttlMs, value }] = ['', { ttlMs: 0, value: '' }]] = [...store.entries];
    expect(key).toBe(`nestjs-descope:dpop:${PROJECT_ID}:${hash('sha256', 'key.an-id-of-a-client', 'hex')}`);
    expect([value, ttlMs]).toEqual(['1', 76_000]);
    expect(store.text).not.toContain('an-id-of-a-client');
  });

  it('cost one call of the store, and a repeated one costs none', async () => {
    const store = new FullMemoryStore();
    const replays = connect(store);
    await replays.use(used('x'));
    expect(store.calls).toBe(1);
    for (let round = 0; round < 100; round += 1)
      expect(codeOf(() => replays.use(used('x')))).toBe('DPOP_PROOF_REPLAYED');
    expect(store.calls).toBe(1);
  });

  it('are rejected as an outage while the store fails, or gives another answer than yes or no', async () => {
    const store = new FullMemoryStore();
    const replays = connect(store);
    store.isDown = true;
    expect(await codeLater(async () => replays.use(used('a')))).toBe('DPOP_REPLAY_UNAVAILABLE');
    store.isDown = false;
    for (const answer of ['OK', 1, null, undefined, {}]) {
      store.setIfAbsent = async () => answer as boolean;
      expect(await codeLater(async () => replays.use(used(String(answer))))).toBe('DPOP_REPLAY_UNAVAILABLE');
    }
  });
});
