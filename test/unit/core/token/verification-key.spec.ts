// One JWK → a key that may verify, or the reason why not; and a list of them → keys by id.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import { readVerificationKey } from '#lib/core/token/signature.js';
import { codeOf, createSigningKey } from '../../../support/tokens.js';

const rsa = createSigningKey('RS256').jwk;
const otherRsa = createSigningKey('RS256').jwk; // made next to it: keys that are asked for in turn differ
const ec = createSigningKey('ES256').jwk;
const p384 = createSigningKey('ES384').jwk;
const exported = (type: 'ed25519' | 'x25519') =>
  generateKeyPairSync(type as 'ed25519').publicKey.export({ format: 'jwk' });
const rsaOf = (modulusLength: number, publicExponent = 65537) =>
  generateKeyPairSync('rsa', { modulusLength, publicExponent }).publicKey.export({ format: 'jwk' });
const modulusOf = (bits: number) =>
  Buffer.from(`${bits % 8 === 0 ? '' : '01'}${'ff'.repeat(Math.floor(bits / 8))}`, 'hex').toString(
    'base64url',
  );
const withExponent = (bytes: number[]) => ({ ...rsa, e: Buffer.from(bytes).toString('base64url') });

describe('readVerificationKey', () => {
  it('reads a public RSA or EC key with its id and its algorithm', () => {
    expect(readVerificationKey(rsa)).toMatchObject({ keyId: 'SK-RS256', algorithm: 'RS256' });
    expect(readVerificationKey(ec)).toMatchObject({ keyId: 'SK-ES256', algorithm: 'ES256' });
    const bare = { kty: rsa.kty, n: rsa.n, e: rsa.e, kid: 'bare' };
    expect(readVerificationKey(bare)).toMatchObject({ keyId: 'bare', algorithm: undefined });
    expect(readVerificationKey({ ...rsa, key_ops: ['verify'] })).toMatchObject({ keyId: 'SK-RS256' });
  });

  it('reads a key at the bounds: of 2048 and 8192 bit, with the exponent 3, and an id of 256 characters', () => {
    const usable = [{ n: modulusOf(2048) }, { n: modulusOf(8192) }, { e: 'Aw' }, { kid: 'k'.repeat(256) }];
    for (const member of usable)
      expect(readVerificationKey({ ...rsa, ...member })).toHaveProperty('keyObject');
  });

  it.each([
    ['null', null],
    ['a text', JSON.stringify(rsa)],
    ['a list', [rsa]],
    ['no id', { ...rsa, kid: undefined }],
    ['an empty id', { ...rsa, kid: '' }],
    ['a number as id', { ...rsa, kid: 1 }],
    ['an id of 257 characters', { ...rsa, kid: 'k'.repeat(257) }],
    ['a use for encryption', { ...rsa, use: 'enc' }],
    ['a use that is null', { ...rsa, use: null }],
    ['operations without `verify`', { ...rsa, key_ops: ['encrypt'] }],
    ['no operations', { ...rsa, key_ops: [] }],
    ['operations as a text', { ...rsa, key_ops: 'verify' }],
    ['`none` as algorithm', { ...rsa, alg: 'none' }],
    ['HMAC as algorithm', { ...rsa, alg: 'HS256' }],
    ['encryption as algorithm', { ...rsa, alg: 'RSA-OAEP' }],
    ['an algorithm in another case', { ...rsa, alg: 'rs256' }],
    ['an empty algorithm', { ...rsa, alg: '' }],
    ['several algorithms', { ...rsa, alg: ['RS256'] }],
    ['an algorithm of the other type', { ...rsa, alg: 'ES256' }],
    ['an RSA algorithm on a curve', { ...ec, alg: 'RS256' }],
    ['another curve’s algorithm', { ...p384, alg: 'ES256' }],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', kid: 'a', alg: 'HS256' }],
    ['a symmetric key without algorithm', { kty: 'oct', k: 'c2VjcmV0', kid: 'a' }],
    ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'].map((name): [string, object] => [
      `the private member ${name}`,
      { ...rsa, [name]: 'AQAB' },
    ]),
    ['a symmetric member beside a public key', { ...rsa, k: 'c2VjcmV0' }],
    ['1024 bit', { ...rsaOf(1024), kid: 'a', alg: 'RS256' }],
    ['2047 bit', { ...rsaOf(2047), kid: 'a' }],
    ['a modulus of 8193 bit', { ...rsa, n: modulusOf(8193) }],
    ['a modulus of 16 384 bit', { ...rsa, n: Buffer.alloc(2048, 0xff).toString('base64url') }],
    ['the exponent 1', withExponent([1])],
    ['the exponent 0', withExponent([0])],
    ['an even exponent', withExponent([4])],
    ['no modulus', { ...rsa, n: undefined }],
    ['a modulus that is a number', { ...rsa, n: 7 }],
    ['a point that is not on the curve', { ...ec, x: ec.y }],
    ['a coordinate missing', { ...ec, y: undefined }],
    ['a curve that the coordinates are not of', { ...ec, crv: 'P-384', alg: 'ES384' }],
    ['an unknown curve', { ...ec, crv: 'P-999' }],
    ['Ed25519', { ...exported('ed25519'), kid: 'a' }],
    ['X25519', { ...exported('x25519'), kid: 'a' }],
    ['an unknown type', { ...rsa, kty: 'XYZ' }],
    ['no type', { ...rsa, kty: undefined }],
    ['a certificate instead of a key', { kty: 'RSA', kid: 'a', x5c: ['MIIB'] }],
  ])('rejects %s, and says why without quoting the key', (_, jwk) => {
    const reason = readVerificationKey(jwk);
    expect(reason).toMatch(/^it(s)? /);
    for (const secret of [rsa.n, ec.x, 'c2VjcmV0']) expect(reason).not.toContain(secret);
  });
});

describe('toKeysById', () => {
  const weak = { ...rsaOf(1024), kid: 'weak', alg: 'RS256' };

  it('leaves out keys that may not verify, and they spoil no other', () => {
    const list = [
      null,
      weak,
      { ...rsa, use: 'enc', kid: 'enc' },
      'x',
      rsa,
      { kty: 'oct', k: 'a', kid: 'b' },
      ec,
    ];
    expect([...toKeysById(list).keys()]).toEqual(['SK-RS256', 'SK-ES256']);
  });

  it('lets no key count under an id that two different keys claim, and the same key twice is one', () => {
    expect([...toKeysById([rsa, ec, otherRsa]).keys()]).toEqual(['SK-ES256']);
    expect([...toKeysById([rsa, otherRsa, rsa]).keys()]).toEqual([]);
    expect([...toKeysById([rsa, { ...rsa, alg: 'PS256' }]).keys()]).toEqual([]);
    expect([...toKeysById([rsa, { ...rsa }]).keys()]).toEqual(['SK-RS256']);
  });

  it('does not let an unusable key take the id of a usable one away', () => {
    expect([...toKeysById([rsa, { ...weak, kid: rsa.kid }]).keys()]).toEqual(['SK-RS256']);
  });
});

describe('StaticKeySet', () => {
  it.each([
    '',
    '__proto__',
    'constructor',
    'toString',
    '../keys',
    'https://evil.example/jwks',
    "' OR 1=1 --",
    'sk-rs256',
  ])('knows no key %j', (keyId) => {
    const keys = new StaticKeySet(toKeysById([rsa]));
    expect(codeOf(() => keys.find(keyId))).toBe('TOKEN_KEY_UNKNOWN');
  });

  it('finds its keys, also under an id that is a word of the language', () => {
    const keys = new StaticKeySet(toKeysById([{ ...rsa, kid: '__proto__' }, ec]));
    expect(keys.find('__proto__')).toMatchObject({ keyId: '__proto__', algorithm: 'RS256' });
    expect(keys.find('SK-ES256')).toMatchObject({ algorithm: 'ES256' });
  });
});
