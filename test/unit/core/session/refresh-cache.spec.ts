// One flight per refresh token, and what is known of it afterwards.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { DescopeCredentialError, DescopeUnavailableError } from '#lib/core/errors.js';
import { RefreshCache } from '#lib/core/session/refresh-cache.js';
import { encryptToken, toTokenDigest } from '#lib/core/store/token-encryption.js';
import { MemoryStore } from '../../../support/memory-store.js';
import { codeLater, createClock, createSigningKey, mint } from '../../../support/tokens.js';

const ISSUED = { sessionToken: mint(createSigningKey()), refreshToken: 'eyJnew-refresh' };
const KEY = `nestjs-descope:refreshed:${toTokenDigest('old')}`;

function create(store?: MemoryStore) {
  const clock = createClock();
  const memory = new RefreshCache({ clock, store });
  const world = { flights: 0, outcome: async () => ISSUED };
  const share = (token = 'old') =>
    memory.share(token, () => {
      world.flights += 1;
      return world.outcome();
    });
  return Object.assign(world, { clock, memory, share });
}
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const outage = () => new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds: 1 });

describe('RefreshCache', () => {
  it('starts one flight for all who come with a token, and another for another token', async () => {
    const world = create();
    await Promise.all([world.share(), world.share(), world.share('other'), world.share()]);
    expect(world.flights).toBe(2);
  });

  it('keeps a result for 30 seconds', async () => {
    const world = create();
    await world.share();
    world.clock.advance(29_999);
    expect(await world.share()).toBe(ISSUED);
    expect(world.flights).toBe(1);
    world.clock.advance(1);
    await world.share();
    expect(world.flights).toBe(2);
  });

  it('remembers an outage for two seconds, and a rejection not at all', async () => {
    const world = create();
    world.outcome = () => Promise.reject(outage());
    for (let count = 0; count < 3; count += 1)
      expect(await codeLater(() => world.share())).toBe('DESCOPE_UNAVAILABLE');
    expect(world.flights).toBe(1);
    world.clock.advance(2_000);
    world.outcome = () => Promise.reject(new DescopeCredentialError('SESSION_ENDED', 'ended'));
    expect(await codeLater(() => world.share())).toBe('SESSION_ENDED');
    expect(await codeLater(() => world.share())).toBe('SESSION_ENDED');
    expect(world.flights).toBe(3);
  });

  it('remembers nothing longer because the clock was set back', async () => {
    const world = create();
    world.outcome = () => Promise.reject(outage());
    expect(await codeLater(() => world.share())).toBe('DESCOPE_UNAVAILABLE');
    world.clock.advance(-3_600_000);
    world.outcome = async () => ISSUED;
    expect(await world.share()).toBe(ISSUED);
    world.clock.advance(-3_600_000);
    await world.share();
    expect(world.flights).toBe(3);
  });

  it("keeps other users' flights and superseded tokens, however many one user has", async () => {
    const world = create();
    const signer = createSigningKey('ES256');
    const of = (sub: string, jti = '') => mint(signer, { claims: { sub, jti, drn: 'DSR' } });
    const anna = of('U2anna');
    await world.share(anna);
    await world.memory.keep(anna, ISSUED);
    const mallory = of('U2mallory');
    const [head, , signature] = mallory.split('.');
    for (let count = 0; count < 10_050; count += 1) {
      const payload = Buffer.from(JSON.stringify({ sub: 'U2mallory', jti: count })).toString('base64url');
      const token = `${head}.${payload}.${signature}`;
      void world.share(token);
      await world.memory.keep(token, { ...ISSUED, refreshToken: `${token}x` });
    }
    const before = world.flights;
    await world.share(anna);
    expect([world.flights - before, await world.memory.isSuperseded(anna)]).toEqual([0, true]);
  });

  it('holds at most 10 000 flights, and lets the oldest go', async () => {
    const world = create();
    for (let count = 0; count < 10_001; count += 1) void world.share(`token ${count}`);
    await world.share('token 10000');
    await world.share('token 1');
    expect(world.flights).toBe(10_001);
    await world.share('token 0');
    expect(world.flights).toBe(10_002);
  });

  it('removes tokens that no request can receive any more', async () => {
    const { memory, clock } = create();
    const bring = async (token: string): Promise<WeakRef<object>> => {
      const issued = { ...ISSUED };
      await memory.share(token, async () => issued);
      return new WeakRef(issued);
    };
    const kept = [await bring('one'), await bring('two'), await bring('three')];
    clock.advance(30_000);
    await bring('another');
    await new Promise((resolve) => setTimeout(resolve, 0)); // a WeakRef holds on until the turn is over
    collectGarbage();
    expect(kept.map((reference) => reference.deref())).toEqual([undefined, undefined, undefined]);
  });

  it('gives what a later call brought, here and through the store, and no older result', async () => {
    const store = new MemoryStore();
    const world = create(store);
    await world.share();
    await world.memory.keep('old', ISSUED);
    const later = { sessionToken: mint(createSigningKey()), refreshToken: 'eyJlater' };
    await world.memory.replace('old', later);
    expect([await world.share(), await world.memory.recall('old')]).toEqual([later, later]);
    expect(await create(store).memory.readShared('old')).toEqual(later);
    world.clock.advance(30_000);
    expect(await world.share()).toBe(ISSUED);
    expect(world.flights).toBe(2);
  });

  it('does not let a flight on its way overwrite what a later call brought', async () => {
    const world = create();
    const flight = world.share();
    const later = { ...ISSUED, refreshToken: 'eyJlater' };
    await world.memory.replace('old', later);
    await flight;
    expect(await world.share()).toBe(later);
  });

  it('forgets a result on demand, here and in the store', async () => {
    const store = new MemoryStore();
    const world = create(store);
    await world.share();
    await world.memory.keep('old', ISSUED);
    await world.memory.forget('old');
    expect([await world.memory.recall('old'), store.entries.has(KEY)]).toEqual([undefined, false]);
    await world.share();
    expect(world.flights).toBe(2);
  });

  it('shares a result through the store, encrypted, for a while', async () => {
    const store = new MemoryStore();
    await create(store).memory.keep('old', ISSUED);
    expect(await create(store).memory.readShared('old')).toEqual(ISSUED);
    expect(await create(store).memory.readShared('other')).toBeUndefined();
    expect(store.text).not.toMatch(/eyJ[\w-]+\.|eyJnew-refresh|sessionToken|old"/);
    expect(store.entries.get(KEY)?.ttlMs).toBe(30_000);
  });

  it.each([
    ['text', 'garbage'],
    ['a box of another token', encryptToken(JSON.stringify(ISSUED), 'other', 'refresh')],
    ['a box without tokens', encryptToken('{"refreshToken":"x"}', 'old', 'refresh')],
    ['a box with no object', encryptToken('[]', 'old', 'refresh')],
  ])('takes nothing from the store that is not a result: %s', async (_name, value) => {
    const store = new MemoryStore();
    await store.set(KEY, value, 1);
    expect(await create(store).memory.readShared('old')).toBeUndefined();
  });

  it('knows a token that rotated as superseded, here and through the store', async () => {
    const store = new MemoryStore();
    const { memory, clock } = create(store);
    expect(await memory.isSuperseded('old')).toBe(false);
    await memory.keep('old', ISSUED);
    expect([await memory.isSuperseded('old'), await create(store).memory.isSuperseded('old')]).toEqual([
      true,
      true,
    ]);
    store.entries.clear();
    clock.advance(3_600_000);
    expect(await memory.isSuperseded('old')).toBe(false);
  });

  it('does not take a token for superseded that did not rotate', async () => {
    const { memory } = create(new MemoryStore());
    await memory.keep('old', { sessionToken: 'new', refreshToken: undefined });
    await memory.keep('old', { sessionToken: 'new', refreshToken: 'old' });
    expect(await memory.isSuperseded('old')).toBe(false);
  });

  it('works without its store when that is down, and calls no token ended', async () => {
    const store = new MemoryStore();
    store.isDown = true;
    const { memory } = create(store);
    expect(await memory.readShared('old')).toBeUndefined();
    await memory.keep('other', ISSUED);
    expect(await memory.isSuperseded('old')).toBe(true); // may be: the store cannot say
  });
});
