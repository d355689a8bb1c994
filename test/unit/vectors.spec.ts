// Published vectors: what others have found to go wrong with signatures, judged by our decoder, keys and verifier.
import { constants, createHash, privateEncrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { decodeToken } from '#lib/core/token/decode.js';
import { StaticKeySet, toKeysById } from '#lib/core/token/key-set.js';
import { assertSignature, readVerificationKey, SIGNATURE_ALGORITHMS } from '#lib/core/token/signature.js';
import { codeOf, createSigningKey, createVerifier, mint, sessionClaims, toPart } from '../support/tokens.js';

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly keyAlg?: string;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly jws: string;
  readonly jwk: Record<string, unknown>;
  readonly jwks?: { readonly keys: readonly Record<string, unknown>[] };
}
interface RfcVector {
  readonly source: string;
  readonly algorithm: string;
  readonly jws: string;
  readonly jwk: object;
}
interface Template {
  readonly tcId: number;
  readonly comment: string;
  readonly em: string;
  readonly digest: readonly { readonly from: number; readonly to: number; readonly at: number }[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

const jws = read<{ vectors: readonly Vector[] }>('wycheproof-jws').vectors;
const jwks = read<{ vectors: readonly Vector[] }>('wycheproof-jwks').vectors;
const rfc = read<{ vectors: readonly RfcVector[] }>('rfc-jws').vectors;
const { templates } = read<{ templates: readonly Template[] }>('pkcs1-padding-templates');

// Most payloads are no JSON object, so the decoder refuses them whatever the signature. To judge header, encoding and
// signature all the same, `{}` takes the payload's place, and the signature is checked over the original input.
function verifyBytes(token: string, keys: readonly unknown[]): void {
  const [header = '', payload = '', ...rest] = token.split('.');
  const decoded = decodeToken([header, toPart({}), ...rest].join('.'));
  decodeToken([header, toPart({}), payload].join('.')); // the payload's encoding, read where bytes may stand
  const key = new StaticKeySet(toKeysById(keys)).find(decoded.keyId);
  assertSignature({ ...decoded, signingInput: `${header}.${payload}` }, key);
}

const isSymmetric = ({ keyAlg, jwk }: Vector) => keyAlg?.startsWith('HS') === true || jwk?.['kty'] === 'oct';
const idsAccepted = (vectors: readonly Vector[]) =>
  vectors
    .filter(
      (vector) => codeOf(() => verifyBytes(vector.jws, vector.jwks?.keys ?? [vector.jwk])) === 'accepted',
    )
    .map(({ tcId }) => tcId);
const ids = (vectors: readonly Vector[]) => vectors.map(({ tcId }) => tcId);

describe('Wycheproof’s JWS vectors', () => {
  it('are 401, and all valid ones with a public key are accepted', () => {
    const valid = jws.filter((vector) => vector.result === 'valid' && !isSymmetric(vector));
    expect([jws.length, valid.length]).toEqual([401, 32]);
    expect(idsAccepted(valid)).toEqual(ids(valid));
  });

  it('are refused where they are invalid', () => {
    const invalid = jws.filter(({ result }) => result === 'invalid');
    expect(invalid.length).toBeGreaterThan(300);
    expect(idsAccepted(invalid)).toEqual([]);
  });

  it('are refused where they ask for HMAC, `none` or an algorithm that their key does not name', () => {
    const doubtful = jws.filter((vector) => isSymmetric(vector) || vector.result === 'acceptable');
    expect(doubtful.length).toBeGreaterThan(40);
    expect(idsAccepted(doubtful)).toEqual([]);
  });

  it('are all refused by the whole verifier, because none is a session', () => {
    for (const { jws: token, jwk } of jws) {
      const verifier = createVerifier([jwk], { algorithms: SIGNATURE_ALGORITHMS });
      expect(codeOf(() => verifier.verify(token))).toMatch(/^TOKEN_/);
    }
  });
});

describe('Wycheproof’s key set vectors', () => {
  it('are accepted only with a sound public key that names the algorithm', () => {
    const named = jwks.filter(({ comment }) => comment === 'rejectsKeyWithRocaVulnerability');
    // 5 is a valid RS256; 7 is a key of a generator known to be weak, which nothing in its form shows.
    expect(idsAccepted(jwks)).toEqual([5, ...ids(named)]);
    expect([jwks.length, named.length]).toEqual([26, 1]);
  });
});

describe.each(rfc)('$source', ({ algorithm, jws: token, jwk }) => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const key = readVerificationKey({ kid: 'rfc', ...jwk });
  const check = (bytes: Buffer, name = algorithm) => {
    if (typeof key === 'string') throw new Error(key);
    const signingInput = `${header}.${payload}`;
    assertSignature({ algorithm: name, signingInput, signature: bytes }, key);
  };
  const bytes = Buffer.from(signature, 'base64url');

  it('verifies, and not with one bit changed or by another algorithm', () => {
    expect(codeOf(() => check(bytes))).toBe('accepted');
    const changed = Buffer.from(bytes);
    changed[7] = (changed[7] ?? 0) ^ 1;
    expect(codeOf(() => check(changed))).toBe('TOKEN_SIGNATURE_INVALID');
    for (const other of SIGNATURE_ALGORITHMS.filter((name) => name !== algorithm)) {
      expect(codeOf(() => check(bytes, other))).toMatch(/^TOKEN_(ALGORITHM_NOT_ALLOWED|SIGNATURE_INVALID)$/);
    }
  });
});

describe('PKCS#1 v1.5 paddings', () => {
  const key = createSigningKey('RS256');
  const verifier = createVerifier([key.jwk]);
  const input = mint(key, { claims: sessionClaims() }).split('.').slice(0, 2).join('.');
  const digest = createHash('sha256').update(input).digest();
  const sha256Info = '3031300d060960864801650304020105000420';
  const forge = (em: Buffer) => {
    const raw = privateEncrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, em);
    return codeOf(() => verifier.verify(`${input}.${raw.toString('base64url')}`));
  };
  const encode = (info: string, hash: Buffer, { type = '01', fill = 'ff', tail = '' } = {}) => {
    const end = Buffer.concat([Buffer.from(`00${info}`, 'hex'), hash, Buffer.from(tail, 'hex')]);
    const start = Buffer.from(`00${type}`, 'hex');
    return Buffer.concat([start, Buffer.alloc(256 - end.length - 2, fill, 'hex'), end]);
  };

  it('are accepted in their one sound form, so that the forgeries are refused for their padding', () => {
    expect(forge(encode(sha256Info, digest))).toBe('accepted');
  });

  it.each(templates)('are refused: $tcId $comment', ({ em, digest: splices }) => {
    const message = Buffer.from(em, 'hex');
    for (const { from, to, at } of splices) digest.copy(message, at, from, to);
    expect(forge(message)).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it.each([
    ['block type 2', encode(sha256Info, digest, { type: '02' })],
    ['block type 0', encode(sha256Info, digest, { type: '00', fill: '00' })],
    ['a digest without its algorithm', encode('', digest)],
    ['the algorithm of SHA-1', encode('3021300906052b0e03021a05000414', digest.subarray(0, 20))],
    [
      'bytes after the digest, where a short padding left room',
      encode(sha256Info, digest, { tail: 'ab'.repeat(194) }),
    ],
    ['the algorithm without its NULL', encode('302f300b0609608648016503040201' + '0420', digest)],
  ])('are refused: %s', (_, message) => {
    expect(message).toHaveLength(256);
    expect(forge(message)).toBe('TOKEN_SIGNATURE_INVALID');
  });
});
