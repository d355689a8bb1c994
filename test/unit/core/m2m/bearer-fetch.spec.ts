// The token goes to the origins it was meant for, over no redirect, and once more where it is rejected.
import { describe, expect, it } from '@jest/globals';
import { DescopeError, DescopeM2mError, DescopeUnavailableError } from '#lib/core/errors.js';
import { createBearerFetch } from '#lib/core/m2m/bearer-fetch.js';
import { codeLater, codeOf } from '../../../support/tokens.js';

const ORIGIN = 'https://orders.internal';

/** A service at the network edge that answers these statuses in turn, then the last; and a supply of numbered tokens. */
function create(statuses: number[] = [200], origins: readonly string[] = [ORIGIN]) {
  const calls: { url: string; sent: string | null; init: RequestInit }[] = [];
  const state = { supplied: 1, error: undefined as DescopeError | undefined, isYoung: false };
  const tokens = {
    find: () => `token ${state.supplied}`,
    replace: async () => {
      if (state.error !== undefined) throw state.error;
      if (state.isYoung) return undefined;
      state.supplied += 1;
      return `token ${state.supplied}`;
    },
  };
  const fetch = createBearerFetch({
    tokens,
    origins,
    fetch: async (target, init = {}) => {
      const url = target instanceof Request ? target.url : String(target);
      const given = init.headers ?? (target instanceof Request ? target.headers : undefined);
      calls.push({ url, sent: new Headers(given).get('authorization'), init });
      const status = statuses[Math.min(calls.length, statuses.length) - 1] ?? 200;
      return new Response(`answer ${calls.length}`, { status });
    },
  });
  return { calls, state, fetch };
}

describe('A bearer fetch', () => {
  it('adds the token to what the caller sends, and follows no redirect', async () => {
    const { calls, fetch } = create([302]);
    const init = { method: 'POST', headers: { 'x-trace': '1' }, body: '{}' };
    expect((await fetch(`${ORIGIN}/orders?x=1`, init)).status).toBe(302);
    const [call] = calls;
    expect(call?.sent).toBe('Bearer token 1');
    expect(new Headers(call?.init.headers).get('x-trace')).toBe('1');
    expect(call?.init).toMatchObject({ method: 'POST', body: '{}', redirect: 'manual' });
    expect(init.headers).toEqual({ 'x-trace': '1' });
  });

  it.each([
    ['follow', 'manual'],
    ['manual', 'manual'],
    ['error', 'error'],
  ] as const)('makes of redirect: %s %s', async (asked, sent) => {
    const { calls, fetch } = create();
    await fetch(ORIGIN, { redirect: asked });
    expect(calls[0]?.init.redirect).toBe(sent);
  });

  it('takes URLs and requests, with their headers', async () => {
    const { calls, fetch } = create();
    await fetch(new URL('/a', ORIGIN));
    await fetch(new Request(`${ORIGIN}/b`, { headers: { 'x-trace': '1' } }));
    expect(calls.map(({ url, sent }) => [url, sent])).toEqual([
      [`${ORIGIN}/a`, 'Bearer token 1'],
      [`${ORIGIN}/b`, 'Bearer token 1'],
    ]);
    expect(new Headers(calls[1]?.init.headers).get('x-trace')).toBe('1');
  });

  it.each([
    'http://orders.internal/',
    'https://orders.internal:8443/',
    'https://orders.internal.evil.example/',
    'https://evil.example/?https://orders.internal',
    'https://orders.internal@evil.example/',
    'data:text/plain,x',
  ])('sends nothing to %s', async (url) => {
    const { calls, fetch } = create();
    expect(await codeLater(() => fetch(url))).toBe('M2M_ORIGIN_NOT_ALLOWED');
    expect(await codeLater(() => fetch(url, { headers: { authorization: 'x' } }))).toBe(
      'M2M_ORIGIN_NOT_ALLOWED',
    );
    expect(calls).toEqual([]);
  });

  it.each([
    [[]],
    [['orders.internal']],
    [['https://orders.internal/']],
    [['https://*.internal']],
    [['http://orders.internal']],
    [['*']],
    [[ORIGIN, 'null']],
    [null as unknown as string[]],
  ])('is not made for the origins %j', (origins) =>
    expect(codeOf(() => create([200], origins))).toBe('CONFIG_INVALID'),
  );

  it('is made for plain http on loopback', async () => {
    const { calls, fetch } = create([200], ['http://127.0.0.1:3000']);
    await fetch('http://127.0.0.1:3000/x');
    expect(calls[0]?.sent).toBe('Bearer token 1');
  });

  it("leaves a caller's own Authorization header alone, and its 401 too", async () => {
    const { calls, fetch } = create([401]);
    const headers = { Authorization: 'Basic eDp5' };
    await fetch(ORIGIN, { headers });
    await fetch(new Request(ORIGIN, { headers }));
    expect(calls.map(({ sent }) => sent)).toEqual(['Basic eDp5', 'Basic eDp5']);
    expect(calls[0]?.init.redirect).toBe('manual');
  });

  it('tries once more with another token where the first is rejected, and then leaves it', async () => {
    const { calls, fetch } = create([401, 401, 200]);
    const answer = await fetch(ORIGIN, { method: 'POST', body: new URLSearchParams({ a: 'b' }) });
    expect([answer.status, await answer.text()]).toEqual([401, 'answer 2']);
    expect(calls.map(({ sent }) => sent)).toEqual(['Bearer token 1', 'Bearer token 2']);
  });

  it.each([403, 400, 500, 200])('does not try again after %d', async (status) => {
    const { calls, fetch } = create([status, 200]);
    expect((await fetch(ORIGIN)).status).toBe(status);
    expect(calls).toHaveLength(1);
  });

  it('does not send a stream twice', async () => {
    const { calls, fetch } = create([401, 200]);
    const body = new Blob(['x']).stream();
    expect((await fetch(ORIGIN, { method: 'POST', body })).status).toBe(401);
    expect((await fetch(new Request(ORIGIN, { method: 'POST', body: 'x' }))).status).toBe(200);
    expect(calls).toHaveLength(2);
  });

  it('gives the 401 itself where no other token is to be had', async () => {
    const { calls, state, fetch } = create([401]);
    state.isYoung = true;
    expect(await (await fetch(ORIGIN)).text()).toBe('answer 1');
    state.error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'down', { retryAfterSeconds: 1 });
    expect(await (await fetch(ORIGIN)).text()).toBe('answer 2');
    state.error = new DescopeM2mError('M2M_CREDENTIALS_REFUSED', 'revoked');
    expect(await codeLater(() => fetch(ORIGIN))).toBe('M2M_CREDENTIALS_REFUSED');
    expect(calls).toHaveLength(3);
  });
});
