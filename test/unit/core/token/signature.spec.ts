// Is this signature by this key? Every algorithm, and every way to be nearly right.
import { constants, createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SIGNATURE_ALGORITHMS } from '#lib/core/token/signature.js';
import type { SigningKey } from '../../../support/tokens.js';
import {
  codeOf,
  createSigningKey,
  createVerifier,
  mint,
  sessionClaims,
  signBytes,
  toPart,
} from '../../../support/tokens.js';

const rsa = createSigningKey('RS256', 'SK1');
const otherRsa = createSigningKey('RS256', 'SK1'); // made next to it: keys that are asked for in turn differ
const curves = ['ES256', 'ES384', 'ES512'].map((algorithm) => createSigningKey(algorithm, 'SK1'));
const keyFor = (algorithm: string): SigningKey =>
  curves.find((key) => key.algorithm === algorithm) ?? {
    ...rsa,
    algorithm,
    jwk: { ...rsa.jwk, alg: algorithm },
  };
const judge = (token: string, ...keys: SigningKey[]) =>
  codeOf(() =>
    createVerifier(
      keys.map(({ jwk }) => jwk),
      { algorithms: SIGNATURE_ALGORITHMS },
    ).verify(token),
  );
const resign = (token: string, change: (signature: Buffer) => Buffer) => {
  const [header, payload, signature = ''] = token.split('.');
  return `${header}.${payload}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`;
};

describe.each(SIGNATURE_ALGORITHMS)('A signature by %s', (algorithm) => {
  const key = keyFor(algorithm);
  const token = mint(key);

  it('is accepted, also where the key names no algorithm', () => {
    expect(judge(token, key)).toBe('accepted');
    const { alg: _, ...bare } = key.jwk;
    expect(judge(token, { ...key, jwk: bare })).toBe('accepted');
  });

  it('is rejected when empty, truncated, extended, doubled, zero, changed or another token’s', () => {
    const changes = [
      () => Buffer.alloc(0),
      (bytes: Buffer) => bytes.subarray(1),
      (bytes: Buffer) => bytes.subarray(0, -1),
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(1)]),
      (bytes: Buffer) => Buffer.concat([Buffer.alloc(1), bytes]),
      (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      (bytes: Buffer) => Buffer.alloc(bytes.length),
      (bytes: Buffer) => Buffer.alloc(bytes.length, 0xff),
      (bytes: Buffer) => Buffer.from(bytes).reverse(),
      (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 9 ? byte ^ 1 : byte))),
      () => Buffer.from(mint(key, { claims: { sub: 'U2eve' } }).split('.')[2] ?? '', 'base64url'),
    ];
    for (const change of changes) expect(judge(resign(token, change), key)).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('is rejected over other claims, another header or swapped parts', () => {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const other = toPart(sessionClaims({ sub: 'U2eve' }));
    expect(judge(`${header}.${other}.${signature}`, key)).toBe('TOKEN_SIGNATURE_INVALID');
    const spaced = toPart(JSON.stringify({ alg: algorithm, kid: 'SK1', typ: 'JWT' }, null, 1));
    expect(judge(`${spaced}.${payload}.${signature}`, key)).toBe('TOKEN_SIGNATURE_INVALID');
    expect(judge(`${payload}.${header}.${signature}`, key)).toBe('TOKEN_MALFORMED');
  });

  it('is rejected by another key of its kind, under our key’s id', () => {
    const theirs = algorithm.startsWith('ES')
      ? createSigningKey(algorithm, 'SK1')
      : { ...otherRsa, algorithm };
    expect(judge(mint(theirs), key)).toBe('TOKEN_SIGNATURE_INVALID');
  });

  it('does not pass as any other algorithm, with a key that names this one or none', () => {
    const { alg: _, ...bare } = key.jwk;
    for (const name of SIGNATURE_ALGORITHMS.filter((other) => other !== algorithm)) {
      const renamed = mint(key, { header: { alg: name } });
      expect(judge(renamed, key)).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
      const isRsaBoth = !algorithm.startsWith('ES') && !name.startsWith('ES'); // then the key could do either
      const code = isRsaBoth ? 'TOKEN_SIGNATURE_INVALID' : 'TOKEN_ALGORITHM_NOT_ALLOWED';
      expect(judge(renamed, { ...key, jwk: bare })).toBe(code);
    }
  });
});

describe('A signature', () => {
  const input = (header: object) =>
    `${toPart({ kid: 'SK1', typ: 'JWT', ...header })}.${toPart(sessionClaims())}`;

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    ' none',
    'HS256',
    'hs256',
    'EdDSA',
    'RS1',
    'rs256',
    'RSA',
    'ES256K',
    '__proto__',
    'constructor',
  ])('named %j is rejected, empty or not', (alg) => {
    for (const signature of ['', signBytes('RS256', rsa.privateKey, input({ alg })).toString('base64url')]) {
      expect(judge(`${input({ alg })}.${signature}`, rsa)).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    }
  });

  it.each(['none', 'HS256', 'EdDSA', 'constructor'])(
    'named %j is rejected also where the list of algorithms holds that name',
    (alg) => {
      const signature = signBytes('RS256', rsa.privateKey, input({ alg })).toString('base64url');
      const { alg: _, ...bare } = rsa.jwk;
      for (const jwk of [rsa.jwk, bare]) {
        const verifier = createVerifier([jwk], { algorithms: [alg] });
        expect(codeOf(() => verifier.verify(`${input({ alg })}.${signature}`))).toBe(
          'TOKEN_ALGORITHM_NOT_ALLOWED',
        );
      }
    },
  );

  it.each([['RS256'], [['RS256']], [{ a: 'RS256' }], [256], [null], [true], [undefined]])(
    'with the algorithm %j is rejected unless that is a text',
    (alg) => {
      const bytes = signBytes('RS256', rsa.privateKey, input({ alg })).toString('base64url');
      expect(judge(`${input({ alg })}.${bytes}`, rsa)).toBe(alg === 'RS256' ? 'accepted' : 'TOKEN_MALFORMED');
    },
  );

  it('made by HMAC with the public key as secret is rejected, in every form of the key', () => {
    const publicKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'SK1', alg: 'RS256' };
    const secrets = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'pkcs1', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
      String(jwk.n),
      Buffer.from(String(jwk.n), 'base64url'),
      '',
    ];
    for (const secret of secrets) {
      for (const alg of ['HS256', 'RS256']) {
        const hmac = createHmac('sha256', secret).update(input({ alg })).digest('base64url');
        const code = codeOf(() => createVerifier([jwk]).verify(`${input({ alg })}.${hmac}`));
        expect(code).toBe(alg === 'RS256' ? 'TOKEN_SIGNATURE_INVALID' : 'TOKEN_ALGORITHM_NOT_ALLOWED');
      }
    }
  });

  it('of ECDSA is rejected in DER, with its halves swapped or out of range', () => {
    for (const key of curves) {
      const token = mint(key);
      const half = (bytes: Buffer) => bytes.length / 2;
      const signingInput = token.slice(0, token.lastIndexOf('.'));
      const der = () => sign(`sha${key.algorithm.slice(2)}`, Buffer.from(signingInput), key.privateKey);
      const swap = (bytes: Buffer) =>
        Buffer.concat([bytes.subarray(half(bytes)), bytes.subarray(0, half(bytes))]);
      const noR = (bytes: Buffer) => Buffer.from(bytes).fill(0, 0, half(bytes));
      const noS = (bytes: Buffer) => Buffer.from(bytes).fill(0, half(bytes));
      const hugeS = (bytes: Buffer) => Buffer.from(bytes).fill(0xff, half(bytes));
      for (const change of [der, swap, noR, noS, hugeS]) {
        expect(judge(resign(token, change), key)).toBe('TOKEN_SIGNATURE_INVALID');
      }
    }
  });

  it('of PSS is rejected with a salt of another length', () => {
    const key = keyFor('PS256');
    for (const saltLength of [0, 20, 31, 33, constants.RSA_PSS_SALTLEN_MAX_SIGN]) {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const salted = resign(mint(key), () =>
        sign('sha256', Buffer.from(mint(key).split('.').slice(0, 2).join('.')), {
          key: key.privateKey,
          padding,
          saltLength,
        }),
      );
      expect(judge(salted, key)).toBe('TOKEN_SIGNATURE_INVALID');
    }
  });
});
