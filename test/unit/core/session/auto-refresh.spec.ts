// When a browser's session is refreshed on the way, and when it is left alone.
import { describe, expect, it } from '@jest/globals';
import { DescopeApiError } from '#lib/core/api/descope-api.js';
import type { RequestLike } from '#lib/core/http/request.js';
import type { TokenStore } from '#lib/core/http/token-store.js';
import { CookieTokenStore, ServerSessionStore } from '#lib/core/http/token-store.js';
import { Revocations } from '#lib/core/revocation/revocations.js';
import { AutoRefresh } from '#lib/core/session/auto-refresh.js';
import { RefreshCache } from '#lib/core/session/refresh-cache.js';
import { RefreshClaims } from '#lib/core/session/refresh-claims.js';
import { Refresher } from '#lib/core/session/refresher.js';
import { SignInChains } from '#lib/core/session/sign-in-chains.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import { TokenVerifier } from '#lib/core/token/token-verifier.js';
import { AUTHENTICATION, COOKIES, keysAway } from '../../../support/session-world.js';
import {
  codeLater,
  createSigningKey,
  mint,
  NOW_MS,
  NOW_SECONDS,
  POLICY,
  PROJECT_ID,
  toUnusable,
} from '../../../support/tokens.js';

const key = createSigningKey();
const clock = () => NOW_MS;
const fresh = mint(key);
const lapsed = mint(key, { claims: { exp: NOW_SECONDS - 60 } });
const refreshOf = (claims = {}) => mint(key, { claims: { drn: 'DSR', exp: NOW_SECONDS + 3600, ...claims } });
const refresh = refreshOf();

interface Setting {
  readonly tokenStore?: TokenStore;
  readonly areKeysAway?: boolean;
  readonly isRejected?: boolean;
}

function create({
  tokenStore = new CookieTokenStore(COOKIES, clock, () => undefined),
  areKeysAway = false,
  isRejected = false,
}: Setting = {}) {
  const world = { calls: 0 };
  const keys = areKeysAway ? keysAway : new StaticKeySet(toKeysById([key.jwk]));
  const verifier = new TokenVerifier({ config: POLICY, keys, clock });
  const refresher = new Refresher({
    verifier,
    refresh: async () => {
      world.calls += 1;
      if (isRejected) throw new DescopeApiError(401, 'E061105');
      return { sessionToken: fresh, refreshToken: undefined };
    },
    toUnusable,
    cache: new RefreshCache({ clock, store: undefined }),
    claims: new RefreshClaims({ clock, store: undefined, callTimeMs: 100, notify: () => undefined }),
    signIns: new SignInChains(clock, undefined),
    revocations: new Revocations({ clock, projectId: PROJECT_ID, notify: () => undefined }),
    isShared: false,
    clock,
  });
  const config = AUTHENTICATION;
  const keyHeader = 'x-api-key';
  const autoRefresh = new AutoRefresh({
    config,
    tokenStore,
    verifier,
    refresher,
    clock,
    keyHeader,
  });
  const refreshIfDue = async (request: RequestLike) => {
    const due = autoRefresh.findDue(request);
    return due === undefined ? undefined : autoRefresh.refreshIfLapsed(request, due);
  };
  return Object.assign(world, { refreshIfDue });
}
const toRequest = (cookie: string, rest: Partial<RequestLike> = {}): RequestLike => ({
  method: 'GET',
  ...rest,
  headers: { cookie, ...rest.headers },
});

describe('AutoRefresh', () => {
  it.each([
    ['a session that lapsed', `DS=${lapsed}; DSR=${refresh}`],
    ['an absent one', `DSR=${refresh}`],
  ])('refreshes %s', async (_name, cookie) => {
    const world = create();
    expect(await world.refreshIfDue(toRequest(cookie))).toMatchObject({ sessionToken: fresh });
    expect(world.calls).toBe(1);
  });

  const both = `DS=${lapsed}; DSR=${refresh}`;
  it.each<[string, RequestLike]>([
    ['a session in its time', toRequest(`DS=${fresh}; DSR=${refresh}`)],
    ['one without a refresh token', toRequest(`DS=${lapsed}`)],
    ['a session in its time, with two refresh tokens', toRequest(`DS=${fresh}; DSR=${refresh}; DSR=x`)],
    ['a bad signature, with two', toRequest(`DS=${lapsed.slice(0, -8)}AAAAAAAA; DSR=${refresh}; DSR=x`)],
    ['two session cookies', toRequest(`DS=${lapsed}; DS=x; DSR=${refresh}`)],
    ['a bad signature', toRequest(`DS=${lapsed.slice(0, -8)}AAAAAAAA; DSR=${refresh}`)],
    ['garbage', toRequest(`DS=garbage; DSR=${refresh}`)],
    ['a bearer header', toRequest(both, { headers: { authorization: `Bearer ${fresh}` } })],
    ['an access key in its header', toRequest(both, { headers: { 'x-api-key': 'revoked' } })],
    ['a malformed header', toRequest(both, { headers: { authorization: 'Bearer a, Bearer b' } })],
    [
      "another site's request",
      toRequest(both, { method: 'POST', headers: { origin: 'https://evil.example' } }),
    ],
    ['a request without a method', { headers: { cookie: both, 'sec-fetch-site': 'cross-site' } }],
  ])('leaves %s alone', async (_name, request) => {
    const world = create();
    expect([await world.refreshIfDue(request), world.calls]).toEqual([undefined, 0]);
  });

  it.each([
    ['a session that lapsed', `DS=${lapsed}; DSR=${refresh}; DSR=x`],
    ['an absent one', `DSR=${refresh}; DSR=x`],
  ])('refreshes %s with neither of two refresh tokens, and says why', async (_name, cookie) => {
    const world = create();
    expect(await codeLater(() => world.refreshIfDue(toRequest(cookie)))).toBe('COOKIE_AMBIGUOUS');
    expect(world.calls).toBe(0);
  });

  it('asks Descope nothing while the keys are away', async () => {
    const world = create({ areKeysAway: true });
    expect(await codeLater(() => world.refreshIfDue(toRequest(both)))).toBe('KEYS_UNAVAILABLE');
    expect(world.calls).toBe(0);
  });

  it("does not refresh one user's session with another's refresh token", async () => {
    const world = create();
    const request = toRequest(`DS=${lapsed}; DSR=${refreshOf({ sub: 'U2bob' })}`);
    expect(await codeLater(() => world.refreshIfDue(request))).toBe('TOKEN_SUBJECT_MISMATCH');
    expect(world.calls).toBe(0);
  });

  it('passes on that the session ended', async () => {
    const { refreshIfDue } = create({ isRejected: true });
    expect(await codeLater(() => refreshIfDue(toRequest(both)))).toBe('SESSION_ENDED');
  });
});

describe('AutoRefresh on a server-side session that another instance may have refreshed', () => {
  const refreshBeside = async (
    kept: { sessionToken: string; refreshToken: string } | undefined,
    reloads = 1,
  ) => {
    let count = 0;
    const request = { method: 'GET', headers: {}, session: {} as Record<string, unknown> };
    const reload = (done: () => void) => {
      count += 1;
      if (count >= reloads) request.session = { descope: kept, reload };
      done();
    };
    request.session = { descope: { sessionToken: lapsed, refreshToken: refresh }, reload };
    const { refreshIfDue } = create({
      tokenStore: new ServerSessionStore(() => undefined),
      isRejected: true,
    });
    let tokens: unknown;
    const code = await codeLater(async () => void (tokens = await refreshIfDue(request)));
    return { code, tokens };
  };

  it.each([1, 2, 3, 4])('takes what that one got (seen at look %d)', async (look) => {
    const newer = { sessionToken: fresh, refreshToken: refreshOf({ jti: 'newer' }) };
    expect(await refreshBeside(newer, look)).toMatchObject({ code: 'accepted', tokens: newer });
  });

  it.each([
    ['the same refresh token', 'SESSION_ENDED', { sessionToken: fresh, refreshToken: refresh }],
    ['none: signed out meanwhile', 'SESSION_ENDED', undefined],
    [
      "another user's",
      'TOKEN_SUBJECT_MISMATCH',
      { sessionToken: mint(key, { claims: { sub: 'U2bob' } }), refreshToken: refreshOf({ sub: 'U2bob' }) },
    ],
    ['garbage', 'TOKEN_MALFORMED', { sessionToken: 'garbage', refreshToken: 'garbage' }],
  ])('believes nothing else: %s (%s)', async (_name, code, kept) => {
    expect((await refreshBeside(kept)).code).toBe(code);
  });
});
