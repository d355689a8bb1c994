// What was revoked stays rejected, until it would have ended.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { toTokenKey } from '#lib/core/revocation/ahead-tokens.js';
import type { Revocation } from '#lib/core/revocation/revocation.js';
import type { RevocationsInput } from '#lib/core/revocation/revocations.js';
import { Revocations } from '#lib/core/revocation/revocations.js';
import { StoreSharing } from '#lib/core/revocation/store-sharing.js';
import type { VerifiedToken } from '#lib/core/token/token-verifier.js';
import { MemoryStore } from '../../../support/memory-store.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  createVerifier,
  mint,
  NOW_MS,
  NOW_SECONDS,
  PROJECT_ID,
} from '../../../support/tokens.js';

const key = createSigningKey('ES256');
const verifier = createVerifier([key.jwk], { algorithms: ['ES256'] });
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function issue(claims: Record<string, unknown> = {}) {
  const token = mint(key, { claims });
  const { claims: verified, kind } = verifier.verify(token) as VerifiedToken;
  return { token, claims: verified, kind };
}
type Issued = ReturnType<typeof issue>;

function create(input: Partial<RevocationsInput> = {}) {
  return new Revocations({ clock: () => NOW_MS, projectId: PROJECT_ID, notify: () => undefined, ...input });
}

// As two requests with different copies of the token: nothing is remembered between the calls.
const judge = (list: Revocations, { token, claims, kind }: Issued) =>
  codeLater(() => list.assertActive(token, { claims, kind }));
const revoke = (list: Revocations, { token, claims }: Issued) => list.revokeToken(token, claims);
const revokeUser = (list: Revocations, id: string, ms = NOW_MS, untilMs?: number) =>
  list.revokeBefore({ scope: 'user', id, issuedBeforeMs: ms, ...(untilMs !== undefined && { untilMs }) });

// In place of the listeners of the test runner, for which it would be a failure.
async function catchUncaught(): Promise<Error> {
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const thrown = await new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
  for (const listener of listeners) process.on('uncaughtException', listener);
  return thrown;
}

describe('Revocations', () => {
  it('rejects a token that was revoked, and no other', async () => {
    const list = create();
    const [anna, again] = [issue(), issue({ jti: 'another' })];
    expect(codeOf(() => list.assertActive(anna.token, anna))).toBe('accepted');
    await revoke(list, anna);
    expect([await judge(list, anna), await judge(list, again)]).toEqual(['SESSION_SIGNED_OUT', 'accepted']);
  });

  it('rejects it in the second form that its ECDSA signature has', async () => {
    const list = create();
    const anna = issue();
    const twin = { ...anna, token: toTwin(anna.token) };
    expect(twin.token).not.toBe(anna.token);
    expect(codeOf(() => verifier.verify(twin.token))).toBe('accepted'); // it is genuine
    await revoke(list, anna);
    expect(await judge(list, twin)).toBe('SESSION_SIGNED_OUT');
  });

  it("rejects all of a user's tokens issued up to now, not later ones, and no other user's", async () => {
    const list = create();
    await revokeUser(list, 'U2anna');
    expect(await judge(list, issue({ jti: 'other device', iat: NOW_SECONDS - 500 }))).toBe(
      'SESSION_SIGNED_OUT',
    );
    expect(await judge(list, issue({ drn: 'DS', iat: undefined }))).not.toBe('accepted');
    expect(await judge(list, issue({ dsub: 'U2anna', sub: 'anna@example.com' }))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, issue({ iat: NOW_SECONDS + 1 }))).toBe('accepted');
    expect(await judge(list, issue({ sub: 'U2bob' }))).toBe('accepted');
  });

  it('rejects the tokens of a tenant: with it among others, as the current one, and as the only one', async () => {
    const list = create();
    await list.revokeBefore({ scope: 'tenant', id: 'T2acme', issuedBeforeMs: NOW_MS });
    for (const claims of [
      { tenants: { T2other: {}, T2acme: { roles: ['admin'] } } },
      { dct: 'T2acme' },
      { dct: 'T2acme', tenants: { T2other: {} } },
    ])
      expect(await judge(list, issue(claims))).toBe('SESSION_SIGNED_OUT');
    for (const claims of [{}, { tenants: { T2other: {} } }, { tenants: ['T2acme'] }, { sub: 'T2acme' }])
      expect(await judge(list, issue(claims))).toBe('accepted');
    expect(await judge(list, issue({ dct: 'T2acme', iat: NOW_SECONDS + 1 }))).toBe('accepted');
  });

  it('rejects the sessions of an access key, also one that names the user of the key', async () => {
    const list = create();
    const id = 'K2cccccccccccccccccccccccccc';
    await list.revokeBefore({ scope: 'accessKey', id, issuedBeforeMs: NOW_MS });
    expect(await judge(list, issue({ sub: id, amr: undefined }))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, issue())).toBe('accepted');
    const bind = (issued: Issued, keyId: string) => {
      list.bindKey(issued, keyId);
      return issued;
    };
    expect(await judge(list, bind(issue(), id))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, bind(issue({ iat: NOW_SECONDS + 1 }), id))).toBe('accepted');
    expect(await judge(list, bind(issue(), `${id}x`))).toBe('accepted');
    const bare: Issued & VerifiedToken = issue();
    expect(codeOf(() => list.assertActive(bare.token, bare))).toBe('accepted'); // without its key, and remembered
    expect(codeOf(() => list.assertActive(bare.token, bind(bare, id)))).toBe('SESSION_SIGNED_OUT');
  });

  it('calls those who watch a token once: when it is revoked in any of its scopes, or at once if it is', async () => {
    const list = create();
    const [anna, bob] = [issue({ dct: 'T2acme' }), issue({ sub: 'U2bob' })];
    list.bindKey(bob, 'K2bobs');
    const called: string[] = [];
    const watch = (name: string, { token, claims }: Issued) =>
      list.watch(token, claims, () => called.push(name));
    watch('anna', anna);
    watch('bob', bob);
    const cancel = watch('bob, who left', bob);
    expect(list.watchedCount).toBe(3);
    cancel();
    await list.revokeBefore({ scope: 'tenant', id: 'T2acme', issuedBeforeMs: NOW_MS });
    await list.revokeBefore({ scope: 'tenant', id: 'T2acme', issuedBeforeMs: NOW_MS + 5_000 });
    await nextTurn();
    expect([called, list.watchedCount]).toEqual([['anna'], 1]);
    watch('anna, late', anna)();
    await list.revokeBefore({ scope: 'accessKey', id: 'K2bobs', issuedBeforeMs: NOW_MS });
    await nextTurn();
    expect([called, list.watchedCount]).toEqual([['anna', 'anna, late', 'bob'], 0]);
  });

  it('rejects every token of the project, and no new one', async () => {
    const list = create();
    await list.revokeBefore({ scope: 'project', issuedBeforeMs: NOW_MS });
    for (const claims of [{}, { sub: 'U2bob' }, { drn: 'DS', iat: NOW_SECONDS - 3_000 }])
      expect(await judge(list, issue(claims))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, issue({ iat: NOW_SECONDS + 1 }))).toBe('accepted');
  });

  it('keeps scopes and projects apart', async () => {
    const [list, other] = [create(), create({ projectId: 'P2otherotherotherotherother' })];
    for (const scope of ['tenant', 'accessKey'] as const)
      await list.revokeBefore({ scope, id: 'U2anna', issuedBeforeMs: NOW_MS });
    await revokeUser(other, 'U2anna');
    other.apply([...list.list()]);
    list.apply([...other.list()]);
    expect(await judge(list, issue())).toBe('SESSION_SIGNED_OUT'); // in the scope of access keys, by its subject
    expect(await judge(list, issue({ sub: 'U2bob' }))).toBe('accepted');
    expect(await judge(other, issue({ sub: 'U2bob', dct: 'U2anna' }))).toBe('accepted');
  });

  it('forgets a token when no leeway accepts it any more', async () => {
    const clock = createClock();
    const list = create({ clock });
    const anna = issue();
    await revoke(list, anna);
    clock.advance(600_000 + 59_999);
    expect(await judge(list, anna)).toBe('SESSION_SIGNED_OUT');
    clock.advance(1);
    expect(await judge(list, anna)).toBe('accepted'); // the verifier rejects it
  });

  it('keeps rejecting what an earlier revocation rejects for longer, or up to a later second', async () => {
    const clock = createClock();
    const list = create({ clock });
    await revokeUser(list, 'U2anna', NOW_MS, NOW_MS + 3_600_000);
    for (const untilMs of [NOW_MS + 1_000, NOW_MS - 3_600_000])
      await revokeUser(list, 'U2anna', NOW_MS - 60_000, untilMs);
    clock.advance(300_000);
    expect(await judge(list, issue())).toBe('SESSION_SIGNED_OUT');
  });

  it('judges a cached token again only when something new was heard', async () => {
    const list = create();
    const anna = issue();
    let reads = 0;
    const verified: VerifiedToken = {
      kind: 'user',
      get claims() {
        reads += 1;
        return anna.claims;
      },
    };
    const judged = () => codeOf(() => list.assertActive(anna.token, verified));
    await revoke(list, issue({ sub: 'U2bob' }));
    expect([judged(), reads > 0]).toEqual(['accepted', true]);
    reads = 0;
    expect([judged(), judged(), reads]).toEqual(['accepted', 'accepted', 0]);
    list.apply([...list.list()]); // nothing new
    expect([judged(), reads]).toEqual(['accepted', 0]);
    await revokeUser(list, 'U2anna');
    expect([judged(), judged()]).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT']);
  });

  it('calls those who watch a token once, when it is revoked, in whatever scope, and no others', async () => {
    const list = create();
    const tokens = {
      anna: issue({ tenants: { T2acme: {} } }),
      later: issue({ iat: NOW_SECONDS + 3, tenants: { T2acme: {} } }),
      bob: issue({ sub: 'U2bob' }),
      cancelled: issue({ tenants: { T2acme: {} }, jti: 'cancelled' }),
    };
    const called: string[] = [];
    const cancels = Object.entries(tokens).map(([name, { token, claims }]) =>
      list.watch(token, claims, () => void called.push(name)),
    );
    cancels.at(-1)?.();
    await list.revokeBefore({ scope: 'tenant', id: 'T2acme', issuedBeforeMs: NOW_MS });
    await nextTurn();
    expect(called).toEqual(['anna']);
    await revokeUser(list, 'U2anna');
    await revoke(list, tokens.bob);
    await nextTurn();
    expect(called).toEqual(['anna', 'bob']);
    list.apply([...list.list()]);
    await list.revokeBefore({ scope: 'project', issuedBeforeMs: NOW_MS + 3_000 });
    await nextTurn();
    expect(called).toEqual(['anna', 'bob', 'later']);
  });

  it('tells the other instances, and calls the others who watch, where one of these throws', async () => {
    const sent: Revocation[] = [];
    const list = create({
      createSharing: () => ({ publish: async (revocations) => void sent.push(...revocations) }),
    });
    const called: string[] = [];
    const anna = issue();
    list.watch(anna.token, anna.claims, () => {
      throw new Error('a listener of the application');
    });
    list.watch(anna.token, anna.claims, () => void called.push('another'));
    const thrown = catchUncaught();
    await revoke(list, anna);
    expect((await thrown).message).toBe('a listener of the application');
    expect([called, sent.length]).toEqual([['another'], 1]);
  });

  it('lets requests in between while it calls very many who watch', async () => {
    const list = create();
    const anna = issue();
    let [called, turns] = [0, 0];
    for (let count = 0; count < 5_000; count += 1)
      list.watch(anna.token, anna.claims, () => void (called += 1));
    await revoke(list, anna);
    for (; called < 5_000 && turns < 10_000; turns += 1) await nextTurn();
    expect([called, turns]).toEqual([5_000, expect.any(Number)]);
    expect(turns).toBeGreaterThan(10);
  });

  it('hands what it revokes to other instances, which reject it then, and what they hear back changes nothing', async () => {
    const sent: Revocation[] = [];
    const one = create({
      createSharing: () => ({ publish: async (revocations) => void sent.push(...revocations) }),
    });
    const two = create();
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    await revoke(one, anna);
    await revokeUser(one, 'U2bob');
    two.apply(sent);
    one.apply(sent);
    expect([await judge(two, anna), await judge(two, bob), sent.length]).toEqual([
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
      2,
    ]);
  });

  it('rejects here what could not be handed to other instances, and says that it could not', async () => {
    const publish = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const list = create({ createSharing: () => ({ publish }) });
    const anna = issue();
    await expect(revoke(list, anna)).rejects.toThrow('ECONNREFUSED');
    expect(await judge(list, anna)).toBe('SESSION_SIGNED_OUT');
  });

  it('asks on each call whether it still hears of revocations', () => {
    let isDeaf = false;
    const assertHearing = () => {
      if (isDeaf) throw new Error('deaf');
    };
    const list = create({ createSharing: () => ({ publish: async () => undefined, assertHearing }) });
    const { token, ...verified } = issue();
    void list.assertActive(token, verified);
    isDeaf = true;
    expect(() => list.assertActive(token, verified)).toThrow('deaf');
  });
});

describe('Revocations, full', () => {
  it("make room at the user who has the most, and accept no token that was revoked, nor reject the user's new ones", async () => {
    const notices: string[] = [];
    const notify = ({ level, code }: { level: string; code: string }) =>
      void notices.push(`${level} ${code}`);
    const list = create({ maxEntries: 1_000, notify });
    const [anna, bob] = [issue(), issue({ sub: 'U2bob', jti: 'last' })];
    await revoke(list, anna);
    const mallory = Array.from({ length: 100 }, (_, age) =>
      issue({ sub: 'U2mallory', iat: NOW_SECONDS - age }),
    );
    for (const one of mallory) await revoke(list, one);
    const { claims } = issue({ sub: 'U2mallory', iat: NOW_SECONDS });
    for (let count = 101; count < 1_000; count += 1) await list.revokeToken(`${count}.`, claims);
    expect(notices).toEqual([]);
    await revoke(list, bob);
    for (let count = 1_000; count < 3_000; count += 1) await list.revokeToken(`${count}.`, claims);
    expect(new Set(notices)).toEqual(new Set(['warn SIGN_OUT_LIST_FULL']));
    for (const revoked of [anna, bob, ...mallory])
      expect(await judge(list, revoked)).toBe('SESSION_SIGNED_OUT');
    expect(codeOf(() => list.assertActive('101.', { claims, kind: 'user' }))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, issue({ jti: 'another' }))).toBe('accepted');
    expect(await judge(list, issue({ sub: 'U2mallory', iat: NOW_SECONDS + 1 }))).toBe('accepted');
  });

  it('accept a new sign-in after the tokens of old sign-ins, known by digest alone, were merged', async () => {
    const list = create({ maxEntries: 1_000 });
    const mallory = issue({ sub: 'U2mallory' });
    const untilMs = NOW_MS + 3_600_000;
    const chained = Array.from({ length: 1_001 }, (_, count) => {
      return { key: `token:${count}`, untilMs, issuedAt: NOW_SECONDS - 10 };
    });
    await list.revokeDigested(chained, mallory.claims);
    const of = (age: number) => issue({ sub: 'U2mallory', iat: NOW_SECONDS + age });
    expect([await judge(list, of(-10)), await judge(list, of(1))]).toEqual([
      'SESSION_SIGNED_OUT',
      'accepted',
    ]);
  });

  it('of revocations of different users forget those that end first, and say so', async () => {
    const notices: string[] = [];
    const list = create({ maxEntries: 1_000, notify: ({ code }) => void notices.push(code) });
    const { claims } = issue();
    const of = (count: number) => ({ ...claims, sub: `U2user${count}`, exp: claims.exp + count });
    for (let count = 0; count < 1_000; count += 1) await list.revokeToken(`${count}.`, of(count));
    expect(notices).toEqual([]);
    await list.revokeToken('1000.', of(1_000));
    expect(notices).toEqual(['SIGN_OUT_LIST_FULL']);
    const codeOfToken = (count: number) =>
      codeOf(() => list.assertActive(`${count}.`, { claims: of(count), kind: 'user' }));
    expect([0, 62, 63, 999, 1_000].map(codeOfToken)).toEqual([
      'accepted',
      'accepted',
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
    ]);
  });
});

describe('Revocations, on all tokens of a user', () => {
  it('count the whole second of the revocation as before it, and nothing later', async () => {
    for (const cut of [NOW_SECONDS - 4, NOW_SECONDS, NOW_SECONDS + 4]) {
      const list = create();
      await revokeUser(list, 'U2anna', cut * 1000 + 999);
      const codes = [cut - 1, cut, cut + 1].map((iat) => judge(list, issue({ iat })));
      expect(await Promise.all(codes)).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT', 'accepted']);
    }
  });

  it('know by digest what was dated ahead and seen before, of this user alone', async () => {
    const list = create({ clock: createClock() });
    const ahead = issue({ iat: NOW_SECONDS + 3, jti: 'seen' });
    const bobs = issue({ iat: NOW_SECONDS + 3, sub: 'U2bob' });
    for (const { token, claims, kind } of [ahead, bobs]) await list.assertActive(token, { claims, kind });
    await revokeUser(list, 'U2anna');
    const codes = [ahead, bobs, issue({ iat: NOW_SECONDS + 3, jti: 'new' })].map((one) => judge(list, one));
    expect(await Promise.all(codes)).toEqual(['SESSION_SIGNED_OUT', 'accepted', 'accepted']);
  });

  it("spare what was dated ahead, where the moment is of Descope's clock as its date is", async () => {
    const list = create({ clock: createClock() });
    const [before, ahead] = [issue({ iat: NOW_SECONDS }), issue({ iat: NOW_SECONDS + 3 })];
    await list.assertActive(ahead.token, { claims: ahead.claims, kind: ahead.kind });
    const dated = { scope: 'user', id: 'U2anna', issuedBeforeMs: NOW_MS, isByDescopesClock: true } as const;
    await list.revokeBefore(dated);
    expect([await judge(list, before), await judge(list, ahead)]).toEqual(['SESSION_SIGNED_OUT', 'accepted']);
  });
});

describe('Revocations in a store that instances share', () => {
  const share = (store: MemoryStore, clock: () => number = () => NOW_MS, maxStaleMs = 0) =>
    create({
      clock,
      createSharing: () =>
        new StoreSharing({ store, clock, projectId: PROJECT_ID, notify: () => undefined, maxStaleMs }),
    });

  it('reach the other instance, are kept for as long as they matter, and show no token or id there', async () => {
    const store = new MemoryStore();
    const [one, two] = [share(store), share(store)];
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    await revoke(one, anna);
    await revokeUser(one, 'U2bob', NOW_MS, NOW_MS + 3_600_000);
    expect([await judge(two, anna), await judge(two, bob)]).toEqual([
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
    ]);
    expect(await judge(two, issue({ sub: 'U2bob', iat: NOW_SECONDS + 1 }))).toBe('accepted');
    expect([...store.entries.values()].map(({ ttlMs }) => ttlMs)).toEqual([660_000, 3_660_000]);
    expect(store.text).not.toMatch(/eyJ[\w-]+\.|U2(?:anna|bob)/);
  });

  it('never replace one that rejects more, or for longer, by one that rejects less', async () => {
    const store = new MemoryStore();
    await revokeUser(share(store), 'U2anna', NOW_MS, NOW_MS + 3_600_000);
    await revokeUser(share(store), 'U2anna', NOW_MS - 60_000, NOW_MS + 1_000);
    expect(await judge(share(store), issue())).toBe('SESSION_SIGNED_OUT');
    expect([...store.entries.values()].map(({ ttlMs }) => ttlMs)).toEqual([3_660_000]);
  });

  it('are asked for at most once in maxStaleMs for a session, whose parallel requests share the answer', async () => {
    const store = new MemoryStore();
    const clock = createClock();
    const list = share(store, clock, 1_000);
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    const asked = async (one: Issued) => {
      const before = store.calls;
      await Promise.all(Array.from({ length: 20 }, () => judge(list, one)));
      return store.calls - before;
    };
    const [first, second] = [await asked(anna), await asked(bob)];
    expect([first, second]).toEqual([4, 4]); // its session, its user, its access key and the project, once
    clock.advance(999);
    expect(await asked(anna)).toBe(0);
    clock.advance(1);
    expect(await asked(anna)).toBe(4);
  });

  it('reject what this instance revoked while the store is down, and answer every other session with 503', async () => {
    const store = new MemoryStore();
    store.isDown = true;
    const list = share(store);
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    await expect(revoke(list, anna)).rejects.toThrow('ECONNREFUSED');
    expect([await judge(list, anna), await judge(list, bob)]).toEqual([
      'SESSION_SIGNED_OUT',
      'SIGN_OUTS_UNAVAILABLE',
    ]);
  });

  it('that cannot be understood reject every session with 503', async () => {
    const store = new MemoryStore();
    const one = share(store);
    await revokeUser(one, 'U2anna');
    for (const [name] of store.entries) await store.set(name, 'yes', 60_000);
    expect(await judge(share(store), issue())).toBe('SIGN_OUTS_UNAVAILABLE');
  });
});

// (r, s) and (r, n - s) are both signatures of the same text.
function toTwin(token: string): string {
  const dot = token.lastIndexOf('.') + 1;
  const bytes = Buffer.from(token.slice(dot), 'base64url');
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  expect(toTokenKey(token)).toMatch(/^token:[\w-]{43}$/);
  return token.slice(0, dot) + Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url');
}
