// Our verifier against jose: we accept nothing that jose rejects, and reject more only by rules that are listed here.
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SIGNATURE_ALGORITHMS } from '#lib/core/token/signature.js';
import { createJoseOracle } from '../support/jose-oracle.js';
import type { SigningKey } from '../support/tokens.js';
import {
  codeOf,
  createSigningKey,
  createVerifier,
  mint,
  NOW_SECONDS as NOW,
  PROJECT_ID,
  sessionClaims,
  signBytes,
  toPart,
} from '../support/tokens.js';

// By code: what we reject and jose, asked for algorithm, key and times, does not.
const STRICTER: Readonly<Record<string, string>> = {
  TOKEN_MALFORMED: 'strict base64url, UTF-8 and byte order marks; a "kid" must be there',
  TOKEN_TOO_LARGE: 'more than 16 KB',
  TOKEN_HEADER_UNSUPPORTED: 'an unknown "typ"; any "crit", "b64", "zip" or "enc"',
  TOKEN_CLAIM_INVALID: '"exp", "iss" and "sub" are required; times are in a sane range; types are checked',
  TOKEN_ISSUED_IN_FUTURE: '"iat" is never ahead of the clock',
  TOKEN_ISSUER_MISMATCH: 'the issuer is this project',
  TOKEN_NOT_A_SESSION: 'a refresh token is no session',
  TOKEN_SENDER_CONSTRAINED: 'no token that is bound to a key',
};

const rsa = createSigningKey('RS256', 'SK-RS');
const keys: readonly SigningKey[] = [
  rsa,
  createSigningKey('ES256'),
  createSigningKey('PS256'),
  createSigningKey('ES512'),
];
const verifier = createVerifier(
  keys.map(({ jwk }) => jwk),
  { algorithms: SIGNATURE_ALGORITHMS },
);
const verifyByJose = await createJoseOracle(keys, { algorithms: [...SIGNATURE_ALGORITHMS] });
const anyKey = fc.constantFrom(...keys);

async function joseSays(token: string): Promise<string> {
  return verifyByJose(token).then(
    () => 'accepted',
    () => 'rejected',
  );
}

const seen = new Map<string, number>();
async function compare(token: string): Promise<void> {
  const ours = codeOf(() => verifier.verify(token));
  const theirs = await joseSays(token);
  seen.set(`${ours}/${theirs}`, (seen.get(`${ours}/${theirs}`) ?? 0) + 1);
  if (ours === 'accepted') expect([theirs, token]).toEqual(['accepted', token]);
  else if (theirs === 'accepted')
    expect([Object.keys(STRICTER), token]).toEqual([expect.arrayContaining([ours]), token]);
}
const check = (property: fc.IAsyncProperty<never> | fc.IAsyncProperty<unknown[]>, numRuns = 1500) =>
  fc.assert(property as fc.IAsyncProperty<unknown[]>, { seed: 7, numRuns });

const odd = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    '',
    0,
    -1,
    1e308,
    NOW,
    NOW + 5,
    NOW + 6,
    NOW - 5,
    NOW - 4,
    String(NOW),
    PROJECT_ID,
    'DS',
    'DSR',
    'JWT',
    'RS256',
    'none',
  ),
  fc.jsonValue({ maxDepth: 2 }),
);
const headerName = fc.constantFrom(
  'alg',
  'kid',
  'typ',
  'crit',
  'b64',
  'cty',
  'jwk',
  'jku',
  'x5c',
  'zip',
  'enc',
  '__proto__',
  'constructor',
);
const claimName = fc.constantFrom(
  'iss',
  'sub',
  'exp',
  'nbf',
  'iat',
  'aud',
  'drn',
  'cnf',
  'dsub',
  '__proto__',
  'toString',
);
const members = (name: fc.Arbitrary<string>) =>
  fc.array(fc.tuple(name, odd), { maxLength: 3 }).map((list) => Object.fromEntries(list));

describe('Our verifier and jose', () => {
  it('agree on sound tokens of every key', async () => {
    for (const key of keys)
      expect([codeOf(() => verifier.verify(mint(key))), await joseSays(mint(key))]).toEqual([
        'accepted',
        'accepted',
      ]);
  });

  it('are compared on signed tokens with any header and claims', () =>
    check(
      fc.asyncProperty(anyKey, members(headerName), members(claimName), (key, header, claims) =>
        compare(mint(key, { header, claims })),
      ),
    ));

  it('are compared on times around now, whole and broken', () => {
    const time = fc.option(
      fc.oneof(fc.integer({ min: -12, max: 12 }), fc.double({ min: -12, max: 12, noNaN: true })),
      { nil: undefined },
    );
    const at = (offset: number | undefined) => (offset === undefined ? undefined : NOW + offset);
    return check(
      fc.asyncProperty(time, time, time, (exp, nbf, iat) =>
        compare(mint(rsa, { claims: { exp: at(exp) ?? NOW + 60, nbf: at(nbf), iat: at(iat) } })),
      ),
    );
  });

  it('are compared on JSON written in other ways: duplicates, white space, escapes, marks and bad UTF-8', () => {
    const json = JSON.stringify(sessionClaims());
    const head = JSON.stringify({ alg: 'RS256', kid: 'SK-RS', typ: 'JWT' });
    const rewrite = fc.constantFrom<((text: string) => string | Buffer)[]>(
      (text) => text,
      (text) => `\ufeff${text}`,
      (text) => ` \n\t${text}\r\n`,
      (text) => `${text}\u0000`,
      (text) => `${text},`,
      (text) => text.replace('{', '{"alg":"none","exp":1,'),
      (text) => text.replace('}', ',"alg":"none","exp":1}'),
      (text) => text.replace('}', ',"kid":"SK-ES256","sub":"U2eve"}'),
      (text) => text.replace('}', ',"\\u0065xp":1,"\\u0061lg":"none"}'),
      (text) => text.replace('}', ',"a":"\\ud800","sub":"\\udc00"}'),
      (text) => text.replace('}', ',"EXP":1,"Alg":"none"}'),
      (text) =>
        Buffer.concat([
          Buffer.from(text.slice(0, -1)),
          Buffer.from(',"a":"'),
          Buffer.from([0xff]),
          Buffer.from('"}'),
        ]),
      (text) => Buffer.from(text, 'utf16le'),
      (text) => text.replaceAll('"', "'"),
    );
    return check(
      fc.asyncProperty(rewrite, rewrite, (header, claims) =>
        compare(mint(rsa, { header: header(head), claims: claims(json) })),
      ),
      300,
    );
  });

  it('are compared on damaged text: cut, doubled, swapped, spaced, padded and changed characters', () => {
    const tokens = keys.map((key) => mint(key));
    const character = fc.constantFrom(
      'A',
      'Q',
      'w',
      '-',
      '_',
      '+',
      '/',
      '=',
      '.',
      ' ',
      '\n',
      '\t',
      '\u0000',
      'é',
      '\u{1f600}',
      '%2e',
      '',
    );
    const damage = fc.tuple(fc.constantFrom(...tokens), fc.nat(), fc.nat({ max: 3 }), character);
    return check(
      fc.asyncProperty(damage, ([token, place, cut, put]) => {
        const index = place % (token.length + 1);
        return compare(token.slice(0, index) + put + token.slice(index + cut));
      }),
      3000,
    );
  });

  it('are compared on parts that are mixed, repeated and loosely encoded', () => {
    const parts = [...keys.map((key) => mint(key)), mint(rsa, { claims: { sub: 'U2eve' } })].flatMap(
      (token) => token.split('.'),
    );
    const part = fc
      .tuple(fc.constantFrom(...parts, '', 'e30'), fc.constantFrom('', '=', '==', '\n', ' ', '.'))
      .map(([text, end]) => text + end);
    return check(
      fc.asyncProperty(fc.array(part, { minLength: 2, maxLength: 5 }), (list) => compare(list.join('.'))),
    );
  });

  it('are compared on signatures by any algorithm, under any name and any key id', () => {
    const names = fc.constantFrom(...SIGNATURE_ALGORITHMS, 'none', 'HS256');
    return check(
      fc.asyncProperty(anyKey, names, names, anyKey, (key, signed, named, owner) => {
        const isCurve = key.privateKey.asymmetricKeyType === 'ec';
        const input = `${toPart({ alg: named, kid: owner.keyId })}.${toPart(sessionClaims())}`;
        const algorithm =
          signed.startsWith('ES') === isCurve && /^(RS|PS|ES)/.test(signed) ? signed : key.algorithm;
        return compare(`${input}.${signBytes(algorithm, key.privateKey, input).toString('base64url')}`);
      }),
      1000,
    );
  });

  it('met each other on every side: accepted by both, rejected by both, and rejected by each stricter rule', () => {
    expect(seen.get('accepted/accepted')).toBeGreaterThan(200);
    const stricter = [...seen.keys()].filter(
      (pair) => pair.endsWith('/accepted') && !pair.startsWith('accepted'),
    );
    expect(stricter.map((pair) => pair.split('/')[0]).sort()).toEqual(
      Object.keys(STRICTER)
        .filter((code) => code !== 'TOKEN_TOO_LARGE')
        .sort(),
    );
    expect([...seen.keys()].filter((pair) => pair.endsWith('/rejected')).length).toBeGreaterThan(5);
  });
});
