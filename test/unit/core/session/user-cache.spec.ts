// The application's users between requests: one for each session token, bounded, and none from before a change.
import { describe, expect, it } from '@jest/globals';
import { toRevocationKey } from '#lib/core/revocation/revocation.js';
import { Revocations } from '#lib/core/revocation/revocations.js';
import type { SignedInSession } from '#lib/core/session/session.js';
import { DescopeSession } from '#lib/core/session/session.js';
import { UserCache } from '#lib/core/session/user-cache.js';
import type { VerifiedToken } from '#lib/core/token/token-verifier.js';
import { DescopeUser } from '#lib/core/user/descope-user.js';
import {
  createClock,
  createSigningKey,
  createVerifier,
  mint,
  NOW_MS,
  PROJECT_ID,
} from '../../../support/tokens.js';

const TTL_MS = 60_000;
const EARLIER = NOW_MS / 1000 - 60;
const key = createSigningKey();
const verifier = createVerifier([key.jwk]);
const ROLES = { staffRole: 'is_staff', superuserRole: 'is_superuser', actorClaim: 'act' };

/** The session of a token with these claims. */
function toSession(claims: Record<string, unknown> = {}, token = mint(key, { claims })): SignedInSession {
  const verified = verifier.verify(mint(key, { claims })) as VerifiedToken;
  return DescopeSession.of(new DescopeUser(verified, verified.claims.sub, ROLES), token);
}

function create({ maxEntries = 100 } = {}) {
  const clock = createClock();
  const cache = new UserCache({ config: { ttlMs: TTL_MS, maxEntries }, clock, projectId: PROJECT_ID });
  const notify = () => undefined;
  const onHeard = cache.hear.bind(cache);
  const revocations = new Revocations({ clock, projectId: PROJECT_ID, notify, onHeard });
  let loads = 0;
  const load = async () => ({ number: ++loads });
  const get = async (session: SignedInSession) => cache.getOrLoad(session, load);
  return { clock, cache, revocations, get, countLoads: () => loads };
}

/** A load that ends when the test says so. */
function createLoad() {
  const settled: { resolve: (user: unknown) => void; reject: (error: Error) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const user = new Promise((resolve, reject) => Object.assign(settled, { resolve, reject }));
  return { ...settled, load: async () => user, end: settled };
}

describe('UserCache', () => {
  it('returns a remembered user at once, the same object, until its time is over', async () => {
    const { clock, cache, get, countLoads } = create();
    const anna = toSession();
    const first = await get(anna);
    clock.advance(TTL_MS - 1);
    expect(cache.getOrLoad(anna, async () => 'other')).toBe(first);
    clock.advance(1);
    expect([await get(anna), countLoads()]).toEqual([{ number: 2 }, 2]);
  });

  it('remembers nobody for longer than the token is valid', async () => {
    const { clock, get, countLoads } = create();
    const anna = toSession({ exp: Math.floor(clock() / 1000) + 10 });
    await get(anna);
    clock.advance(10_000);
    await get(anna);
    expect(countLoads()).toBe(2);
  });

  it.each<[string, Record<string, unknown>]>([
    ['another tenant is selected', { dct: 'T2' }],
    ['a role was added', { roles: ['admin'] }],
    ['somebody acts as the user', { act: { sub: 'U2support' } }],
    ['the user signed in again', { iat: EARLIER }],
    ['another user has the same roles', { sub: 'U2bob' }],
    ['an access key names the user', { drn: 'DS', amr: undefined, sub: 'K2key', dsub: 'U2anna' }],
  ])('loads for itself a token with which %s', async (_, claims) => {
    const { get, countLoads } = create();
    expect(await get(toSession())).toEqual({ number: 1 });
    expect([await get(toSession(claims)), countLoads()]).toEqual([{ number: 2 }, 2]);
  });

  it('loads for itself the same token from a cookie, because a loader can tell', async () => {
    const { get } = create();
    const { user, token } = toSession();
    const [sent, ofBrowser] = [DescopeSession.of(user, token), DescopeSession.of(user, token, true)];
    for (let round = 0; round < 2; round += 1)
      expect([await get(sent), await get(ofBrowser)]).toEqual([{ number: 1 }, { number: 2 }]);
  });

  it('trusts no user and no load from a later time when the clock was set back', async () => {
    const { clock, cache, get, countLoads } = create();
    await get(toSession());
    const hung = cache.getOrLoad(toSession({ sub: 'U2bob' }), createLoad().load);
    clock.advance(-1);
    await get(toSession());
    expect(await get(toSession({ sub: 'U2bob' }))).not.toBe(hung);
    expect(countLoads()).toBe(3);
  });

  it.each(['', 'opaque', 'x'.repeat(100), 'a.b.c', 'a.b.short-signature'])(
    'remembers nothing for a session whose token was signed by nobody (%j)',
    async (token) => {
      const { cache, get, countLoads } = create();
      await get(toSession({}, token));
      await get(toSession({ dct: 'T2' }, token));
      expect([countLoads(), cache.size]).toEqual([2, 0]);
    },
  );

  it('loads once for all who wait', async () => {
    const { cache } = create();
    const { load, end } = createLoad();
    const anna = toSession();
    let calls = 0;
    const all = Array.from({ length: 50 }, () =>
      cache.getOrLoad(anna, () => {
        calls += 1;
        return load();
      }),
    );
    end.resolve('anna');
    expect([new Set(await Promise.all(all)), calls]).toEqual([new Set(['anna']), 1]);
  });

  it('passes a rejection on to all who wait, and loads again for the next', async () => {
    const { cache, get } = create();
    const { load, end } = createLoad();
    const anna = toSession();
    const all = Promise.allSettled([cache.getOrLoad(anna, load), cache.getOrLoad(anna, load)]);
    end.reject(new Error('The database is down.'));
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await get(anna)).toEqual({ number: 1 });
  });

  it('passes on what a loader throws at once, and keeps nothing of it', async () => {
    const { cache, get } = create();
    const fail = (): never => {
      throw new Error('A mistake.');
    };
    expect(() => cache.getOrLoad(toSession(), fail)).toThrow('A mistake.');
    expect(await get(toSession())).toEqual({ number: 1 });
  });

  it('waits no longer than ten seconds for a load of another request that hangs', async () => {
    const { clock, cache, get } = create();
    const { load, end } = createLoad();
    const anna = toSession();
    const hung = cache.getOrLoad(anna, load);
    clock.advance(9_999);
    expect(cache.getOrLoad(anna, load)).toBe(hung);
    clock.advance(1);
    expect(await get(anna)).toEqual({ number: 1 });
    end.resolve('late');
    expect([await hung, cache.getOrLoad(anna, load)]).toEqual(['late', { number: 1 }]);
  });

  describe('forgets', () => {
    type Step = (parts: ReturnType<typeof create>, anna: SignedInSession) => Promise<void>;
    const steps: [string, Step][] = [
      ['is announced to have changed', ({ revocations }) => revocations.announceChange('U2anna')],
      [
        'is revoked',
        ({ revocations, clock }) =>
          revocations.revokeBefore({ scope: 'user', id: 'U2anna', issuedBeforeMs: clock() - 10_000 }),
      ],
      ['signs out', ({ revocations }, { token, claims }) => revocations.revokeToken(token, claims)],
      [
        'loses a tenant',
        ({ revocations, clock }) =>
          revocations.revokeBefore({ scope: 'tenant', id: 'T1', issuedBeforeMs: clock() }),
      ],
      [
        'is one of all who are revoked',
        ({ revocations, clock }) => revocations.revokeBefore({ scope: 'project', issuedBeforeMs: clock() }),
      ],
    ];

    it.each(steps)('a user who %s', async (_, step) => {
      const parts = create();
      const anna = toSession();
      await parts.get(anna);
      await step(parts, anna);
      await parts.get(anna);
      expect(parts.countLoads()).toBe(2);
    });

    it.each(steps)('what was being loaded for a user who %s meanwhile', async (_, step) => {
      const parts = create();
      const anna = toSession();
      const { load, end } = createLoad();
      const before = parts.cache.getOrLoad(anna, load);
      await step(parts, anna);
      const after = parts.get(anna); // does not wait for the load from before the change
      end.resolve('old');
      expect([await before, await after, await parts.get(anna)]).toEqual([
        'old',
        { number: 1 },
        { number: 1 },
      ]);
    });

    it('all sessions of a user, and nobody else', async () => {
      const { revocations, get, countLoads } = create();
      const [phone, laptop, bob] = [toSession(), toSession({ iat: EARLIER }), toSession({ sub: 'U2bob' })];
      for (const session of [phone, laptop, bob]) await get(session);
      await revocations.announceChange('U2anna');
      for (const session of [bob, phone, laptop]) await get(session);
      expect(countLoads()).toBe(5);
    });

    it('a user whom another instance has revoked or announced', async () => {
      const { revocations, get, countLoads } = create();
      const anna = toSession();
      await get(anna);
      const userKey = toRevocationKey(PROJECT_ID, 'user', 'U2anna');
      const known = {
        scope: 'user' as const,
        key: userKey,
        owner: { high: 0, low: 0 },
        until: 4_000_000_000,
      };
      revocations.apply([{ ...known, issuedBefore: 5 }]);
      await get(anna);
      revocations.apply([{ ...known, issuedBefore: 0, until: 3_900_000_000 }]); // adds nothing to what is revoked
      await get(anna);
      expect(countLoads()).toBe(3);
    });
  });

  it('holds no more users than it may, and lets one with many tokens evict their own first', async () => {
    const { cache, get, countLoads } = create({ maxEntries: 10 });
    const bob = toSession({ sub: 'U2bob' });
    await get(bob);
    const tokens = Array.from({ length: 50 }, (_, index) => toSession({ iat: EARLIER - index }));
    for (const session of tokens) await get(session);
    await get(bob);
    expect([cache.size, countLoads()]).toEqual([10, 51]);
  });

  it('keeps the results of no more loads than users when very many hang', async () => {
    const { cache } = create({ maxEntries: 2 });
    const loads = ['U2a', 'U2b', 'U2c'].map((sub) => ({ session: toSession({ sub }), ...createLoad() }));
    const users = loads.map(({ session, load }) => cache.getOrLoad(session, load));
    for (const { end } of loads) end.resolve('user');
    expect([await Promise.all(users), cache.size]).toEqual([['user', 'user', 'user'], 2]);
  });

  it('announces a change as a revocation that rejects no token', async () => {
    const { revocations } = create();
    const token = mint(key);
    const verified = verifier.verify(token) as VerifiedToken;
    await revocations.announceChange('U2anna');
    revocations.apply([...revocations.list()]);
    expect(revocations.assertActive(token, verified)).toBeUndefined();
  });
});
