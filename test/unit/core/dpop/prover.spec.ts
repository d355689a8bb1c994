// Proofs of the application's own calls: what they contain, and what a server's nonce leads to.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, EmbeddedJWK, jwtVerify } from 'jose';
import { DpopProver } from '#lib/core/dpop/prover.js';
import { createClock } from '../../../support/tokens.js';

const URL_OF = 'https://orders.internal/orders';

/** A server at the network edge: each response has the next of these nonces, and may demand it. */
function create(nonces: readonly (string | undefined)[] = [], demands = false) {
  const clock = createClock();
  const prover = new DpopProver(clock);
  const proofs: string[] = [];
  const exchange = (url = URL_OF, token?: string) =>
    prover.exchange(
      { method: 'GET', url, token },
      {
        send: async (proof) => {
          const nonce = nonces[Math.min(proofs.push(proof), nonces.length) - 1];
          return { headers: new Headers(nonce === undefined ? {} : { 'dpop-nonce': nonce }) };
        },
        demandsNonce: () => demands,
      },
    );
  const readNonces = () => proofs.map((proof) => decodeJwt(proof)['nonce']);
  return { clock, prover, proofs, exchange, readNonces };
}

describe('A proof', () => {
  it('is signed by the key that it contains, for one request, and says when', async () => {
    const { clock, prover, proofs, exchange } = create();
    await exchange(`${URL_OF}?page=2#top`, 'the token');
    const { payload, protectedHeader } = await jwtVerify(proofs[0] ?? '', EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
      currentDate: new Date(clock()),
    });
    expect(payload).toEqual({
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      htm: 'GET',
      htu: URL_OF,
      iat: Math.floor(clock() / 1000),
      ath: createHash('sha256').update('the token').digest('base64url'),
    });
    const { jwk = {} } = protectedHeader;
    expect(Object.keys(jwk).sort()).toEqual(['crv', 'kty', 'x', 'y']);
    expect(await calculateJwkThumbprint(jwk)).toBe(prover.thumbprint);
  });

  it('is another one each time, by the same key', async () => {
    const { prover, proofs, exchange } = create();
    await Promise.all(Array.from({ length: 100 }, () => exchange()));
    expect(new Set(proofs.map((proof) => decodeJwt(proof).jti)).size).toBe(100);
    const keys = proofs.map((proof) => JSON.stringify(decodeProtectedHeader(proof).jwk));
    expect(new Set(keys).size).toBe(1);
    expect(new DpopProver(createClock()).thumbprint).not.toBe(prover.thumbprint);
  });

  it('for a token request has no hash of a token', async () => {
    const { proofs, exchange } = create();
    await exchange();
    expect(decodeJwt(proofs[0] ?? '')).not.toHaveProperty('ath');
  });

  it('shows no private key of its prover', () => {
    const shown = inspect(create().prover, { showHidden: true, depth: 9 });
    expect(shown).not.toContain('PRIVATE');
    expect(JSON.stringify(create().prover)).toMatch(/^\{"thumbprint":"[\w-]{43}"\}$/);
  });
});

describe('A nonce', () => {
  it('that is demanded is sent at once, and once', async () => {
    const { exchange, readNonces } = create(['n-1', 'n-2'], true);
    await exchange();
    expect(readNonces()).toEqual([undefined, 'n-1']);
    await exchange();
    expect(readNonces().slice(2)).toEqual(['n-2']); // the server gives the same again, and sending it again would not help
  });

  it('of a response that demands none is for the next request', async () => {
    const { exchange, readNonces } = create(['n-1']);
    await exchange();
    await exchange();
    expect(readNonces()).toEqual([undefined, 'n-1']);
  });

  it('that many requests get at once is sent by each of them', async () => {
    const { exchange, readNonces } = create(['n-1'], true);
    await Promise.all([exchange(), exchange(), exchange()]);
    expect(readNonces().filter((nonce) => nonce === 'n-1')).toHaveLength(3);
  });

  it('is for its origin alone', async () => {
    const { exchange, readNonces } = create(['n-1', undefined]);
    await exchange();
    await exchange('https://orders.internal:8443/orders');
    await exchange('https://orders.internal/other');
    expect(readNonces()).toEqual([undefined, undefined, 'n-1']);
  });

  it.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['has a quotation mark', 'a"b'],
    ['has a space', 'a b'],
    ['is as long as a token', 'x'.repeat(1025)],
  ])('that %s is not sent', async (_what, nonce) => {
    const { exchange, readNonces } = create([nonce], true);
    await exchange();
    await exchange();
    expect(readNonces()).toEqual([undefined, undefined]);
  });

  it('is forgotten above a hundred origins, the oldest first', async () => {
    const { exchange, readNonces } = create(['n-1']);
    for (let index = 0; index <= 100; index += 1) await exchange(`https://s${index}.internal/`);
    await exchange('https://s0.internal/');
    await exchange('https://s2.internal/');
    expect(readNonces().slice(101)).toEqual([undefined, 'n-1']);
  });
});
