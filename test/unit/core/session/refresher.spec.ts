// Refresh token → new session: what is sent on, what is believed, what a rejection means.
import { describe, expect, it } from '@jest/globals';
import type { IssuedTokens } from '#lib/core/api/descope-api.js';
import { DescopeApiError } from '#lib/core/api/descope-api.js';
import { DescopeUnavailableError } from '#lib/core/errors.js';
import { Revocations } from '#lib/core/revocation/revocations.js';
import { RefreshCache } from '#lib/core/session/refresh-cache.js';
import { RefreshClaims } from '#lib/core/session/refresh-claims.js';
import { Refresher } from '#lib/core/session/refresher.js';
import { SignInChains } from '#lib/core/session/sign-in-chains.js';
import { FullMemoryStore, MemoryStore } from '../../../support/memory-store.js';
import {
  codeLater,
  createSigningKey,
  createVerifier,
  mint,
  NOW_MS,
  NOW_SECONDS,
  PROJECT_ID,
  toUnusable,
} from '../../../support/tokens.js';

const key = createSigningKey();
const session = (claims = {}) => mint(key, { claims });
const refreshOf = (claims = {}) => mint(key, { claims: { drn: 'DSR', exp: NOW_SECONDS + 3600, ...claims } });
const rejected = () => Promise.reject(new DescopeApiError(401, 'E061105'));

function create(refresh: () => Promise<IssuedTokens>, store?: MemoryStore) {
  const world = { calls: 0 };
  const verifier = createVerifier([key.jwk]);
  const revocations = new Revocations({
    clock: () => NOW_MS,
    projectId: PROJECT_ID,
    notify: () => undefined,
  });
  const memory = new RefreshCache({ clock: () => NOW_MS, store });
  const count = () => {
    world.calls += 1;
    return refresh();
  };
  const refresher = new Refresher({
    verifier,
    refresh: count,
    toUnusable,
    cache: memory,
    claims: new RefreshClaims({ clock: () => NOW_MS, store, callTimeMs: 100, notify: () => undefined }),
    signIns: new SignInChains(() => NOW_MS, undefined),
    revocations,
    isShared: store !== undefined,
    clock: () => NOW_MS,
  });
  return Object.assign(world, {
    refresher,
    revocations,
    verifier,
    refresh: (token: string) => codeLater(() => refresher.refresh(token)),
  });
}
const answer = (sessionToken: string, refreshToken?: string) => () =>
  Promise.resolve({ sessionToken, refreshToken });

describe('Refresher', () => {
  it('gives the tokens with their ends', async () => {
    const [newSession, newRefresh] = [session(), refreshOf({ jti: 'new' })];
    expect(await create(answer(newSession, newRefresh)).refresher.refresh(refreshOf())).toEqual({
      sessionToken: newSession,
      sessionEndsAtMs: NOW_MS + 600_000,
      refreshToken: newRefresh,
      refreshEndsAtMs: NOW_MS + 3_600_000,
    });
    expect(await create(answer(newSession)).refresher.refresh(refreshOf())).not.toHaveProperty(
      'refreshToken',
    );
  });

  it.each([
    ['garbage', 'TOKEN_MALFORMED', 'garbage'],
    ['a session token', 'TOKEN_NOT_A_REFRESH', session()],
    ['one that ended', 'TOKEN_EXPIRED', refreshOf({ exp: NOW_SECONDS - 60 })],
    ["a stranger's", 'TOKEN_SIGNATURE_INVALID', mint(createSigningKey(), { claims: { drn: 'DSR' } })],
    ["another project's", 'TOKEN_ISSUER_MISMATCH', refreshOf({ iss: 'P2otherotherotherotherother12' })],
  ])('does not send %s to Descope (%s)', async (_name, code, token) => {
    const world = create(answer(session()));
    expect([await world.refresh(token), world.calls]).toEqual([code, 0]);
  });

  it('does not refresh what was signed out', async () => {
    const world = create(answer(session()));
    const token = refreshOf();
    const { claims } = await world.verifier.verifyRefresh(token);
    await world.revocations.revokeToken(token, claims);
    expect([await world.refresh(token), world.calls]).toEqual(['SESSION_SIGNED_OUT', 0]);
  });

  it('keeps nothing of a call that a sign-out has overtaken', async () => {
    const token = refreshOf();
    const world = create(async () => {
      const { claims } = await world.verifier.verifyRefresh(token);
      await world.revocations.revokeToken(token, claims);
      return { sessionToken: session(), refreshToken: refreshOf({ jti: 'new' }) };
    });
    expect([await world.refresh(token), world.calls]).toEqual(['SESSION_SIGNED_OUT', 1]);
  });

  it.each([
    ['a session of another user', 'TOKEN_SUBJECT_MISMATCH', answer(session({ sub: 'U2bob' }))],
    [
      'a refresh token of another user',
      'TOKEN_SUBJECT_MISMATCH',
      answer(session(), refreshOf({ sub: 'U2bob' })),
    ],
    ['a refresh token as session', 'DESCOPE_UNAVAILABLE', answer(refreshOf())],
    ['a session as refresh token', 'DESCOPE_UNAVAILABLE', answer(session(), session())],
    ['a session that ended', 'DESCOPE_UNAVAILABLE', answer(session({ exp: NOW_SECONDS - 60 }))],
    ['a session of the future', 'DESCOPE_UNAVAILABLE', answer(session({ iat: NOW_SECONDS + 60 }))],
    ['garbage', 'DESCOPE_UNAVAILABLE', answer('garbage')],
  ])('believes Descope nothing unproven: %s (%s)', async (_name, code, refresh) => {
    expect(await create(refresh).refresh(refreshOf())).toBe(code);
  });

  it('takes a definite rejection for the end of the session', async () => {
    expect(await create(rejected).refresh(refreshOf())).toBe('SESSION_ENDED');
    expect(await create(rejected, new MemoryStore()).refresh(refreshOf())).toBe('SESSION_ENDED');
  });

  it('passes an outage on as an outage', async () => {
    const down = () =>
      Promise.reject(new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds: 1 }));
    expect(await create(down).refresh(refreshOf())).toBe('DESCOPE_UNAVAILABLE');
  });

  it('takes what another instance got, without a call; also when it comes just after the rejection', async () => {
    const [store, token] = [new MemoryStore(), refreshOf()];
    const fast = create(answer(session(), refreshOf({ jti: 'new' })), store);
    const slow = create(async () => {
      await fast.refresher.refresh(token); // rotates, while the slow one's call is on its way
      return rejected();
    }, store);
    expect([await slow.refresh(token), slow.calls]).toEqual(['accepted', 1]);
    const third = create(rejected, store);
    expect([await third.refresh(token), third.calls]).toEqual(['accepted', 0]);
  });

  it.each([1, 2, 3, 4])('takes what another instance got (seen at look %d)', async (look) => {
    const [store, token] = [new MemoryStore(), refreshOf()];
    const fast = create(answer(session(), refreshOf({ jti: 'new' })), store);
    const slow = create(async () => {
      await fast.refresher.refresh(token);
      const get = store.get.bind(store);
      let looks = 0;
      const isSeen = (key: string) => !/:refreshed:[\w-]+$/.test(key) || (looks += 1) >= look;
      store.get = async (key) => (isSeen(key) ? get(key) : undefined);
      return rejected();
    }, store);
    expect(await slow.refresh(token)).toBe('accepted');
  });

  it('tells a token that was refreshed long ago from one that ended', async () => {
    const [store, token] = [new MemoryStore(), refreshOf()];
    await create(answer(session(), refreshOf({ jti: 'new' })), store).refresher.refresh(token);
    for (const name of store.entries.keys()) if (!name.endsWith('superseded')) store.entries.delete(name);
    expect(await create(rejected, store).refresh(token)).toBe('SESSION_SUPERSEDED');
  });

  it('signs nobody out while the store is down', async () => {
    const store = new MemoryStore();
    store.isDown = true;
    expect(await create(rejected, store).refresh(refreshOf())).toBe('SESSION_SUPERSEDED');
    expect(await create(answer(session()), store).refresh(refreshOf())).toBe('accepted');
  });

  it('gives its claim back if what another instance got belongs to another user', async () => {
    const [store, token] = [new FullMemoryStore(), refreshOf()];
    const world = create(answer(session()), store);
    const foreign = { sessionToken: session({ sub: 'U2bob' }), refreshToken: refreshOf({ sub: 'U2bob' }) };
    const claim = store.setIfAbsent.bind(store);
    store.setIfAbsent = async (...given) => {
      await new RefreshCache({ clock: () => NOW_MS, store }).keep(token, foreign);
      return claim(...given);
    };
    const owner = await world.verifier.verifyRefresh(token);
    const issue = () => world.refresher.issue(token, owner, answer(session()));
    expect(await codeLater(issue)).toBe('TOKEN_SUBJECT_MISMATCH');
    expect([...store.entries.keys()].filter((key) => key.includes(':refreshing:'))).toEqual([]);
  });
});
