// Our check of bound tokens against oauth4webapi's: we accept nothing that it rejects, and what else we reject is listed.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as oauth from 'oauth4webapi';
import { createProofVerifier } from '#lib/core/dpop/create-proof-verifier.js';
import { DescopeError } from '#lib/core/errors.js';
import { createSender } from '../../../support/dpop.js';
import {
  createClock,
  createSigningKey,
  createVerifier,
  mint,
  NOW_SECONDS as NOW,
  PROJECT_ID,
} from '../../../support/tokens.js';

// By what the message says: what we reject and oauth4webapi does not.
const STRICTER: readonly RegExp[] = [
  /"typ" dpop\+jwt/, // it takes other cases, and `application/` before it
  /carries "(?:b64|zip|enc)"/, // and a "crit" that is undefined
  /may not verify it/, // a "use", "key_ops" or spelling that does not fit
  /base64url of a JSON object/, // white space, padding, byte order marks
  /was made in the future|is too old/, // it allows five minutes, both ways
  /has expired|is not valid yet/, // it allows thirty seconds
  /needs a "jti"/, // an empty one, or a very long one
  /does not have an "alg"/,
];

const issuer = createSigningKey('RS256', 'SK1');
const [anna, eve] = [await createSender(), await createSender()];
const URL_ = 'https://api.example.com/orders';
const token = mint(issuer, {
  header: { typ: 'at+jwt' },
  claims: { cnf: anna.cnf, aud: 'api', client_id: 'c', jti: 't', exp: NOW + 600 },
});

const proofs = () =>
  createProofVerifier(
    {
      isRequired: false,
      algorithms: ['ES256', 'PS256', 'RS256'],
      baseUrl: 'https://api.example.com',
      maxAgeSeconds: 60,
      leewaySeconds: 5,
      isShared: false,
      hasNonces: false,
      readNonceSecret: () => undefined,
    },
    {
      verifier: createVerifier([issuer.jwk]),
      store: undefined,
      clock: createClock(),
      projectId: PROJECT_ID,
    },
  );

function ourVerdict(method: string, path: string, dpop: string): string {
  try {
    void proofs().verify(token, { method, originalUrl: path, headers: { dpop } }); // synchronous
    return 'accepted';
  } catch (error) {
    if (error instanceof DescopeError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

async function theirVerdict(method: string, path: string, dpop: string): Promise<string> {
  try {
    const headers = { authorization: `DPoP ${token}`, dpop };
    const request = new Request(`https://api.example.com${path}`, { method, headers });
    const server = { issuer: PROJECT_ID, jwks_uri: 'https://as.example.com/jwks' };
    await oauth.validateJwtAccessToken(server, request, 'api', {
      requireDPoP: true,
      [oauth.clockSkew]: NOW - Math.floor(Date.now() / 1000),
      [oauth.customFetch]: async () => Response.json({ keys: [issuer.jwk] }),
    });
    return 'accepted';
  } catch {
    return 'rejected';
  }
}

const seen = new Map<string, number>();

async function compare(dpop: string, { method = 'GET', path = '/orders' } = {}): Promise<void> {
  const [ours, theirs] = [ourVerdict(method, path, dpop), await theirVerdict(method, path, dpop)];
  const both = `${ours === 'accepted' ? ours : 'rejected'}/${theirs}`;
  seen.set(both, (seen.get(both) ?? 0) + 1);
  if (ours === 'accepted') expect([dpop, theirs]).toEqual([dpop, 'accepted']);
  else if (theirs === 'accepted')
    expect([dpop, ours, STRICTER.some((rule) => rule.test(ours))]).toEqual([dpop, ours, true]);
}

const odd = fc.oneof(
  fc.constantFrom<unknown[]>(
    null,
    true,
    '',
    0,
    NOW,
    NOW + 5,
    NOW - 65,
    NOW - 66,
    String(NOW),
    'GET',
    URL_,
    `${URL_}?a=b`,
  ),
  fc.constantFrom<unknown[]>(
    'dpop+jwt',
    'DPOP+JWT',
    'application/dpop+jwt',
    'ES256',
    'none',
    anna.jwk,
    eve.jwk,
  ),
  fc.constantFrom<unknown[]>(
    { ...anna.jwk, use: 'sig' },
    { ...anna.jwk, d: 'x' },
    { ...anna.jwk, alg: 'ES256' },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const members = (...names: string[]) =>
  fc
    .array(fc.tuple(fc.constantFrom(...names), odd), { maxLength: 3 })
    .map((list) => Object.fromEntries(list));
const run = (property: fc.IAsyncProperty<never> | fc.IAsyncProperty<unknown[]>, numRuns: number) =>
  fc.assert(property as fc.IAsyncProperty<unknown[]>, { seed: 7, numRuns });

describe('Our check of proofs and that of oauth4webapi', () => {
  it('agree on a sound proof', async () => {
    const dpop = anna.prove({ token });
    expect([ourVerdict('GET', '/orders', dpop), await theirVerdict('GET', '/orders', dpop)]).toEqual([
      'accepted',
      'accepted',
    ]);
  });

  it('are compared on signed proofs with any header and claims, by either key', () =>
    run(
      fc.asyncProperty(
        fc.constantFrom(anna, anna, eve),
        members('alg', 'typ', 'jwk', 'crit', 'b64', 'kid', '__proto__'),
        members('jti', 'htm', 'htu', 'iat', 'ath', 'exp', 'nbf', 'iss', 'aud', 'nonce', '__proto__'),
        (sender, header, claims) => compare(sender.prove({ token, header, claims })),
      ),
      700,
    ));

  it('are compared on URLs written in other ways', () =>
    run(
      fc.asyncProperty(
        fc.constantFrom(
          '',
          '/',
          '/orders',
          '/orders/',
          '/a/../orders',
          '/%6frders',
          '//orders',
          '/orders?x=/y',
          '/ä',
        ),
        fc.constantFrom('/', '/orders', '/orders/', '/%6frders', '//orders', '/orders?x=1', '/%C3%A4'),
        fc.constantFrom(
          'https://api.example.com',
          'HTTPS://API.example.com:443',
          'http://api.example.com',
          'https://a@api.example.com',
          '',
        ),
        (htu, path, origin) => compare(anna.prove({ token, url: origin + htu }), { path }),
      ),
      250,
    ));

  it('are compared on damaged proofs', () => {
    const sound = anna.prove({ token });
    const character = fc.constantFrom('A', '-', '+', '/', '=', '.', ' ', ',', '');
    return run(
      fc.asyncProperty(fc.nat(sound.length), fc.nat(2), character, (at, count, text) =>
        compare(sound.slice(0, at) + text + sound.slice(at + count)),
      ),
      400,
    );
  });

  it('have met both verdicts of each', () => {
    expect([...seen.keys()].sort()).toEqual(['accepted/accepted', 'rejected/accepted', 'rejected/rejected']);
  });
});
