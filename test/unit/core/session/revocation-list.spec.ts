// What was signed out stays out, until it would have ended.
import { describe, expect, it } from '@jest/globals';
import { RevocationList } from '#lib/core/session/revocation-list.js';
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
} from '../../../support/tokens.js';

const key = createSigningKey('ES256');
const verifier = createVerifier([key.jwk], { algorithms: ['ES256'] });
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function issue(claims: Record<string, unknown> = {}) {
  const token = mint(key, { claims });
  return { token, claims: (verifier.verify(token) as VerifiedToken).claims };
}
type Issued = ReturnType<typeof issue>;
const longer = ({ claims }: Issued, seconds: number) => ({ ...claims, exp: claims.exp + seconds });
const judge = (list: RevocationList, { token, claims }: Issued) =>
  codeLater(() => list.assertActive(token, claims));

describe('RevocationList', () => {
  it('rejects a token that was signed out, and no other', async () => {
    const list = new RevocationList(
      () => NOW_MS,
      undefined,
      () => undefined,
    );
    const [anna, again] = [issue(), issue({ jti: 'another' })];
    expect(codeOf(() => list.assertActive(anna.token, anna.claims))).toBe('accepted');
    await list.signOut(anna.token, anna.claims);
    expect([await judge(list, anna), await judge(list, again)]).toEqual(['SESSION_SIGNED_OUT', 'accepted']);
  });

  it('rejects it in the second form that its ECDSA signature has', async () => {
    const list = new RevocationList(
      () => NOW_MS,
      undefined,
      () => undefined,
    );
    const anna = issue();
    const twin = { ...anna, token: toTwin(anna.token) };
    expect(twin.token).not.toBe(anna.token);
    expect(codeOf(() => verifier.verify(twin.token))).toBe('accepted'); // it is genuine
    await list.signOut(anna.token, anna.claims);
    expect(await judge(list, twin)).toBe('SESSION_SIGNED_OUT');
  });

  it("rejects all of a subject's tokens issued up to now, not later ones, and nobody else's", async () => {
    const list = new RevocationList(
      () => NOW_MS,
      undefined,
      () => undefined,
    );
    await list.signOutEverywhere(issue().claims, NOW_MS + 3_600_000);
    expect(await judge(list, issue({ jti: 'other device', iat: NOW_SECONDS - 500 }))).toBe(
      'SESSION_SIGNED_OUT',
    );
    expect(await judge(list, issue({ drn: 'DS', iat: undefined }))).not.toBe('accepted');
    expect(await judge(list, issue({ iat: NOW_SECONDS + 1 }))).toBe('accepted');
    expect(await judge(list, issue({ sub: 'U2bob' }))).toBe('accepted');
  });

  it('forgets a token when no leeway accepts it any more', async () => {
    const clock = createClock();
    const list = new RevocationList(clock, undefined, () => undefined);
    const anna = issue();
    await list.signOut(anna.token, anna.claims);
    clock.advance(600_000 + 59_999);
    expect(await judge(list, anna)).toBe('SESSION_SIGNED_OUT');
    clock.advance(1);
    expect(await judge(list, anna)).toBe('accepted'); // the verifier rejects it
  });

  it('keeps rejecting what an earlier sign-out rejects for longer', async () => {
    const [clock, store] = [createClock(), new MemoryStore()];
    const list = new RevocationList(clock, store, () => undefined);
    const anna = issue();
    await list.signOutEverywhere(anna.claims, NOW_MS + 3_600_000);
    for (const untilMs of [NOW_MS + 1_000, NOW_MS - 3_600_000])
      await list.signOutEverywhere(anna.claims, untilMs);
    clock.advance(300_000);
    store.isDown = true; // what this process knows counts
    expect(await judge(list, anna)).toBe('SESSION_SIGNED_OUT');
    expect([...store.entries.values()].map(({ ttlMs }) => ttlMs)).toEqual([3_660_000]);
  });

  it("makes room for others' sign-outs at the user who has the most, and accepts no token that was signed out", async () => {
    const notices: string[] = [];
    const list = new RevocationList(
      () => NOW_MS,
      undefined,
      ({ level, code }) => void notices.push(`${level} ${code}`),
    );
    const [anna, bob] = [issue(), issue({ sub: 'U2bob', jti: 'last' })];
    await list.signOut(anna.token, anna.claims);
    const mallory = Array.from({ length: 100 }, (_, age) =>
      issue({ sub: 'U2mallory', iat: NOW_SECONDS - age }),
    );
    const { claims } = issue({ sub: 'U2mallory', iat: NOW_SECONDS, exp: NOW_SECONDS + 2_419_200 });
    for (const { token, claims: own } of mallory) await list.signOut(token, { ...own, exp: claims.exp });
    for (let count = 101; count < 100_000; count += 1) await list.signOut(`${count}.`, claims);
    expect(notices).toEqual([]);
    await list.signOut(bob.token, bob.claims);
    for (let count = 100_000; count < 150_000; count += 1) await list.signOut(`${count}.`, claims);
    expect(new Set(notices)).toEqual(new Set(['warn SIGN_OUT_LIST_FULL']));
    for (const signedOut of [anna, bob, ...mallory])
      expect(await judge(list, signedOut)).toBe('SESSION_SIGNED_OUT');
    expect(codeOf(() => list.assertActive('101.', claims))).toBe('SESSION_SIGNED_OUT');
    expect(await judge(list, issue({ jti: 'another' }))).toBe('accepted');
    expect(await judge(list, issue({ sub: 'U2mallory', iat: NOW_SECONDS + 1 }))).toBe('accepted');
  });

  it('accepts a new sign-in after the tokens of old sign-ins, known by name alone, were merged', async () => {
    const list = new RevocationList(
      () => NOW_MS,
      undefined,
      () => undefined,
    );
    const mallory = issue({ sub: 'U2mallory' });
    const untilMs = NOW_MS + 3_600_000;
    const chained = Array.from({ length: 100_001 }, (_, count) => {
      return { key: `token:${count}`, untilMs, isRefresh: false, issuedAt: NOW_SECONDS - 10 };
    });
    await list.signOutChained(chained, mallory.claims);
    const of = (age: number) => issue({ sub: 'U2mallory', iat: NOW_SECONDS + age });
    expect([await judge(list, of(-10)), await judge(list, of(1))]).toEqual([
      'SESSION_SIGNED_OUT',
      'accepted',
    ]);
  });

  it('tells the operator when it is full of sign-outs that still count, unless a store has them', async () => {
    const anna = issue();
    const others = (count: number) => ({ ...longer(anna, count), sub: `U2user${count}` });
    for (const [store, told] of [
      [undefined, ['SIGN_OUT_LIST_FULL']],
      [new MemoryStore(), []],
    ] as const) {
      const notices: string[] = [];
      const list = new RevocationList(
        () => NOW_MS,
        store,
        ({ code }) => void notices.push(code),
      );
      await list.signOut(anna.token, anna.claims);
      for (let count = 1; count < 100_000; count += 1) await list.signOut(`${count}.`, others(count));
      expect([notices, await judge(list, anna)]).toEqual([[], 'SESSION_SIGNED_OUT']);
      await list.signOut('one more.', others(100_001));
      expect(notices).toEqual(told);
    }
  });

  it('shares sign-outs through a store, for as long as they matter, and tells no token there', async () => {
    const store = new MemoryStore();
    const [one, two] = [
      new RevocationList(
        () => NOW_MS,
        store,
        () => undefined,
      ),
      new RevocationList(
        () => NOW_MS,
        store,
        () => undefined,
      ),
    ];
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    await one.signOut(anna.token, anna.claims);
    await one.signOutEverywhere(bob.claims, NOW_MS + 3_600_000);
    expect([await judge(two, anna), await judge(two, bob)]).toEqual([
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
    ]);
    expect(await judge(two, issue({ sub: 'U2bob', iat: NOW_SECONDS + 1 }))).toBe('accepted');
    expect([...store.entries.values()].map(({ ttlMs }) => ttlMs)).toEqual([660_000, 3_660_000]);
    expect(store.text).not.toMatch(/eyJ|U2/);
  });

  it('rejects its own signed-out sessions while the store is down, and answers every other session with 503', async () => {
    const store = new MemoryStore();
    store.isDown = true;
    const list = new RevocationList(
      () => NOW_MS,
      store,
      () => undefined,
    );
    const [anna, bob] = [issue(), issue({ sub: 'U2bob' })];
    await expect(list.signOut(anna.token, anna.claims)).rejects.toThrow('ECONNREFUSED');
    expect([await judge(list, anna), await judge(list, bob)]).toEqual([
      'SESSION_SIGNED_OUT',
      'SIGN_OUTS_UNAVAILABLE',
    ]);
  });
});

// (r, s) and (r, n - s) are both signatures of the same text.
function toTwin(token: string): string {
  const dot = token.lastIndexOf('.') + 1;
  const bytes = Buffer.from(token.slice(dot), 'base64url');
  const s = P256_ORDER - BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  return token.slice(0, dot) + Buffer.concat([bytes.subarray(0, 32), other]).toString('base64url');
}

describe('RevocationList, on all tokens of a subject', () => {
  const create = () => new RevocationList(createClock(), undefined, () => undefined);

  it('counts the whole second of the sign-out as before it, and nothing later', async () => {
    for (const cut of [NOW_SECONDS - 4, NOW_SECONDS, NOW_SECONDS + 4]) {
      const list = create();
      await list.signOutEverywhere(issue().claims, NOW_MS + 3_600_000, cut);
      const codes = [cut - 1, cut, cut + 1].map((iat) => judge(list, issue({ iat })));
      expect(await Promise.all(codes)).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT', 'accepted']);
    }
  });

  it('knows by name what was dated ahead and seen before, of this subject alone', async () => {
    const list = create();
    const ahead = issue({ iat: NOW_SECONDS + 3, jti: 'seen' });
    const bobs = issue({ iat: NOW_SECONDS + 3, sub: 'U2bob' });
    for (const { token, claims } of [ahead, bobs]) await list.assertActive(token, claims);
    await list.signOutEverywhere(issue().claims, NOW_MS + 3_600_000);
    const codes = [ahead, bobs, issue({ iat: NOW_SECONDS + 3, jti: 'new' })].map((one) => judge(list, one));
    expect(await Promise.all(codes)).toEqual(['SESSION_SIGNED_OUT', 'accepted', 'accepted']);
  });
});
