// What is known of one sign-in: linked, shared, bounded, and never another's.
import { describe, expect, it } from '@jest/globals';
import { toTokenKey } from '#lib/core/revocation/ahead-tokens.js';
import { SignInChains } from '#lib/core/session/sign-in-chains.js';
import { MemoryStore } from '../../../support/memory-store.js';
import { createClock, createSigningKey, mint, NOW_MS, NOW_SECONDS } from '../../../support/tokens.js';

const key = createSigningKey();
const token = (name: string, exp = NOW_SECONDS + 600) => mint(key, { claims: { jti: name, exp } });
const refresh = (name: string) => token(name, NOW_SECONDS + 86_400);
const namesOf = (found: readonly { readonly key: string }[]) => found.map((one) => one.key).sort();
const keysOf = (...tokens: string[]) => tokens.map(toTokenKey).sort();

describe('SignInChains', () => {
  it('finds from any token all that came together, through rotations, and nothing of another sign-in', async () => {
    const chains = new SignInChains(() => NOW_MS, undefined);
    const [r1, r2, s1, s2] = [refresh('r1'), refresh('r2'), token('s1'), token('s2')];
    await chains.link('U1', { refresh: [r1], sessions: [s1] });
    await chains.link('U1', { refresh: [refresh('other')], sessions: [token('other s')] });
    await chains.link('U1', { refresh: [r1, r2], sessions: [s2] });
    for (const one of [r1, r2, s1, s2]) expect(namesOf(chains.find([one]))).toEqual(keysOf(r1, r2, s1, s2));
    expect(chains.find([token('unknown')])).toEqual([]);
  });

  it('joins no sign-ins of two users, and none by a token that cannot be read', async () => {
    const chains = new SignInChains(() => NOW_MS, undefined);
    await chains.link('U1', { refresh: [refresh('r1')], sessions: [token('s1')] });
    await chains.link('U2', { refresh: [refresh('r2')], sessions: [token('s2'), 'garbage'] });
    await chains.link('U1', { refresh: ['garbage'], sessions: [token('s1')] });
    expect(namesOf(chains.find([token('s1')]))).toEqual(keysOf(refresh('r1'), token('s1')));
  });

  it('makes room among the same user’s: 200 000 tokens of one push out nobody else’s', async () => {
    const chains = new SignInChains(() => NOW_MS, undefined);
    await chains.link('U1', { refresh: [refresh('anna')], sessions: [token('anna s')] });
    const own = Array.from(
      { length: 600 },
      (_, count) => [refresh(`r${count}`), token(`s${count}`)] as const,
    );
    for (let round = 0; round < 20; round += 1)
      for (const [r, s] of own) await chains.link('U2', { refresh: [r], sessions: [s] });
    expect(chains.find([refresh('anna')])).toHaveLength(2);
    expect(own.filter(([r]) => chains.find([r]).length > 0)).toHaveLength(250);
  });

  it('keeps a hundred sessions of a sign-in, those that end last, and its newest refresh tokens', async () => {
    const chains = new SignInChains(() => NOW_MS, undefined);
    for (let count = 0; count < 120; count += 1) {
      const [old, newer] = [count, count + 1].map((at) => token(`r${at}`, NOW_SECONDS + 86_400 + at));
      const sessions = [token(`s${count}`, NOW_SECONDS + 600 + count)];
      await chains.link('U1', { refresh: [old as string, newer as string], sessions });
    }
    const found = chains.find([token('r120', NOW_SECONDS + 86_400 + 120)]);
    expect([found.filter((one) => one.isRefresh).length, found.length]).toEqual([10, 110]);
    expect(namesOf(found)).toContain(toTokenKey(token('s119', NOW_SECONDS + 719)));
  });

  it('forgets what is over, in memory and in the store', async () => {
    const [clock, store] = [createClock(), new MemoryStore()];
    const chains = new SignInChains(clock, store);
    await chains.link('U1', { refresh: [refresh('r')], sessions: [token('old')] });
    clock.advance(660_000); // with the most leeway that there is
    const later = token('new', NOW_SECONDS + 1_200);
    await chains.link('U1', { refresh: [refresh('r')], sessions: [later] });
    expect(namesOf(chains.find([refresh('r')]))).toEqual(keysOf(refresh('r'), later));
    const shared = await new SignInChains(clock, store).findShared([refresh('r')]);
    expect(namesOf(shared)).toEqual(keysOf(refresh('r'), later));
  });

  it('loses nothing where two instances write at once', async () => {
    const store = new MemoryStore();
    const tokens = Array.from({ length: 2 }, (_, count) => token(`s${count}`));
    const instances = tokens.map(() => new SignInChains(() => NOW_MS, store));
    await Promise.all(
      instances.map((chains, at) =>
        chains.link('U1', { refresh: [refresh('r')], sessions: [tokens[at] as string] }),
      ),
    );
    const found = await new SignInChains(() => NOW_MS, store).findShared([refresh('r')]);
    expect(namesOf(found)).toEqual(keysOf(refresh('r'), ...tokens));
  });

  it('says so where the store gives back something else, and goes on where it is down', async () => {
    const store = new MemoryStore();
    const chains = new SignInChains(() => NOW_MS, store);
    await chains.link('U1', { refresh: [refresh('r')], sessions: [token('s')] });
    for (const name of store.entries.keys()) store.entries.set(name, { value: '[object Object]', ttlMs: 1 });
    await expect(chains.findShared([refresh('r')])).rejects.toThrow(
      'a value other than the one that was written',
    );
    store.isDown = true;
    await chains.link('U1', { refresh: [refresh('r')], sessions: [token('s2')] });
    expect(chains.find([refresh('r')])).toHaveLength(3);
    await expect(chains.findShared([refresh('r')])).rejects.toThrow('ECONNREFUSED');
  });
});
