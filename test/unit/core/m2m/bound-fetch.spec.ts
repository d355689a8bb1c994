// A token that is bound to a key: each request has its proof, and a service that demands a nonce gets it.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { DpopProver } from '#lib/core/dpop/prover.js';
import { createBearerFetch } from '#lib/core/m2m/bearer-fetch.js';
import { codeLater, createClock } from '../../../support/tokens.js';

const ORIGIN = 'https://orders.internal';
const toResponse = (status: number, error?: string, nonce?: string) =>
  new Response('', {
    status,
    headers: {
      ...(error === undefined ? {} : { 'www-authenticate': `Bearer, DPoP error="${error}", algs="ES256"` }),
      ...(nonce === undefined ? {} : { 'dpop-nonce': nonce }),
    },
  });

/** A service at the network edge that answers these in turn, then 200; and a supply of numbered tokens. */
function create(answers: Response[] = []) {
  const calls: { method: string | undefined; authorization: string | null; proof: string; body: unknown }[] =
    [];
  let supplied = 1;
  const prover = new DpopProver(createClock());
  const fetch = createBearerFetch({
    tokens: { find: () => `token-${supplied}`, replace: () => `token-${++supplied}` },
    origins: [ORIGIN],
    findProver: async () => prover,
    fetch: async (target, init = {}) => {
      const headers = new Headers(init.headers);
      const method = init.method ?? (target instanceof Request ? target.method : 'GET');
      const proof = headers.get('dpop') ?? '';
      calls.push({ method, authorization: headers.get('authorization'), proof, body: init.body });
      return answers.shift() ?? new Response('fine');
    },
  });
  const shown = () =>
    calls.map(({ authorization, proof }) => `${authorization} ${String(decodeJwt(proof)['nonce'] ?? '')}`);
  return { calls, fetch, shown };
}

describe('A fetch with a bound token', () => {
  it.each([
    ['a URL', `${ORIGIN}/orders?page=2`, undefined, 'GET'],
    ['a request', new Request(`${ORIGIN}/orders`, { method: 'delete' }), undefined, 'DELETE'],
    ['a method in lower case', new URL(`${ORIGIN}/orders`), { method: 'post' }, 'POST'],
    ['a method that fetch leaves as it is', `${ORIGIN}/orders`, { method: 'patch' }, 'patch'],
    ['a request with another method', new Request(`${ORIGIN}/orders`), { method: 'PUT' }, 'PUT'],
  ])('sends a proof for %s', async (_what, target, init, htm) => {
    const { calls, fetch } = create();
    await fetch(target, init);
    expect(calls[0]?.authorization).toBe('DPoP token-1');
    expect(decodeJwt(calls[0]?.proof ?? '')).toMatchObject({ htm, htu: `${ORIGIN}/orders` });
  });

  it('answers the nonce of a service once, with the same token and body', async () => {
    const { calls, fetch, shown } = create([toResponse(401, 'use_dpop_nonce', 'n-1')]);
    expect(await (await fetch(ORIGIN, { method: 'POST', body: '{}' })).text()).toBe('fine');
    expect(shown()).toEqual(['DPoP token-1 ', 'DPoP token-1 n-1']);
    expect(calls.map(({ body }) => body)).toEqual(['{}', '{}']);
    await fetch(ORIGIN);
    expect(shown().at(-1)).toBe('DPoP token-1 n-1');
  });

  it('gives the 401 itself where the service demands one nonce after another', async () => {
    const demand = (nonce: string) => toResponse(401, 'use_dpop_nonce', nonce);
    const { fetch, shown } = create([demand('n-1'), demand('n-2'), demand('n-3')]);
    expect((await fetch(ORIGIN)).status).toBe(401);
    expect(shown()).toEqual(['DPoP token-1 ', 'DPoP token-1 n-1']);
  });

  it('tries once more with another token where the token is rejected, after a nonce too', async () => {
    const { fetch, shown } = create([
      toResponse(401, 'use_dpop_nonce', 'n-1'),
      toResponse(401, 'invalid_token'),
    ]);
    expect((await fetch(ORIGIN)).status).toBe(200);
    expect(shown()).toEqual(['DPoP token-1 ', 'DPoP token-1 n-1', 'DPoP token-2 n-1']);
  });

  it('gets no other token where it is the proof that is rejected', async () => {
    const { fetch, shown } = create([toResponse(401, 'invalid_dpop_proof')]);
    expect((await fetch(ORIGIN)).status).toBe(401);
    expect(shown()).toEqual(['DPoP token-1 ']);
  });

  it.each([400, 403, 200])(
    'does not answer a nonce of a %d, and sends it with the next request',
    async (status) => {
      const { fetch, shown } = create([toResponse(status, 'use_dpop_nonce', 'n-1')]);
      expect((await fetch(ORIGIN)).status).toBe(status);
      await fetch(ORIGIN);
      expect(shown()).toEqual(['DPoP token-1 ', 'DPoP token-1 n-1']);
    },
  );

  it('does not send a stream twice, and has the nonce for the next request', async () => {
    const { fetch, shown } = create([toResponse(401, 'use_dpop_nonce', 'n-1')]);
    const body = new Blob(['x']).stream();
    expect((await fetch(ORIGIN, { method: 'POST', body })).status).toBe(401);
    await fetch(ORIGIN);
    expect(shown()).toEqual(['DPoP token-1 ', 'DPoP token-1 n-1']);
  });

  it('sends no proof to another origin, and none beside an Authorization header of the caller', async () => {
    const { calls, fetch } = create();
    expect(await codeLater(() => fetch('https://evil.example'))).toBe('M2M_ORIGIN_NOT_ALLOWED');
    await fetch(ORIGIN, { headers: { authorization: 'Basic eDp5' } });
    expect(calls).toMatchObject([{ authorization: 'Basic eDp5', proof: '' }]);
  });

  it('replaces a proof that the caller sends', async () => {
    const { calls, fetch } = create();
    await fetch(ORIGIN, { headers: { DPoP: 'stale' } });
    expect(calls[0]?.proof.split('.')).toHaveLength(3);
  });
});
