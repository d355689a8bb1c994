// A bound token with its proof: what RFC 9449 §4.3 and §7.1 ask for, each point by itself.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DpopConfig } from '#lib/core/dpop/create-proof-verifier.js';
import { createProofVerifier } from '#lib/core/dpop/create-proof-verifier.js';
import type { DescopeError } from '#lib/core/errors.js';
import type { RequestLike } from '#lib/core/http/request.js';
import type { ProofInput, Sender } from '../../../support/dpop.js';
import { createSender, toBinding } from '../../../support/dpop.js';
import {
  codeLater,
  codeOf,
  createClock,
  createSigningKey,
  createVerifier,
  mint,
  NOW_SECONDS,
  PROJECT_ID,
} from '../../../support/tokens.js';

const issuer = createSigningKey('RS256', 'SK1');
const anna = await createSender();
const eve = await createSender();
const bound = mint(issuer, { claims: { cnf: anna.cnf } });
const unbound = mint(issuer);

const CONFIG: DpopConfig = {
  isRequired: false,
  algorithms: ['ES256', 'ES384', 'PS256', 'RS256'],
  baseUrl: 'https://api.example.com',
  maxAgeSeconds: 60,
  leewaySeconds: 5,
  isShared: false,
  hasNonces: false,
  readNonceSecret: () => undefined,
};

function createProofs(config: Partial<DpopConfig> = {}, clock = createClock()) {
  const verifier = createVerifier([issuer.jwk]);
  const services = { verifier, store: undefined, clock, projectId: PROJECT_ID };
  return createProofVerifier({ ...CONFIG, ...config }, services);
}

function request(dpop: string | readonly string[], others: Partial<RequestLike> = {}): RequestLike {
  const proofs = [dpop].flat();
  return {
    method: 'GET',
    originalUrl: '/orders?page=2',
    headers: { dpop: proofs.join(', ') },
    rawHeaders: proofs.flatMap((proof) => ['DPoP', proof]),
    ...others,
  };
}

interface Asked {
  readonly token?: string;
  readonly sender?: Sender;
  readonly proof?: ProofInput;
  readonly request?: Partial<RequestLike>;
  readonly config?: Partial<DpopConfig>;
}

function judge({ token = bound, sender = anna, proof = {}, request: others, config }: Asked = {}): string {
  const sent = request(sender.prove({ token, ...proof }), others);
  return codeOf(() => createProofs(config).verify(token, sent));
}

describe('A bound token', () => {
  it('is accepted with a proof by its key, synchronously', () => {
    expect(judge()).toBe('accepted');
  });

  it.each(['ES256', 'ES384', 'PS256', 'RS256'])('is accepted with a proof by %s', async (algorithm) => {
    const sender = await createSender(algorithm);
    const token = mint(issuer, { claims: { cnf: sender.cnf } });
    expect(judge({ token, sender })).toBe('accepted');
  });

  it('is verified with its claims and kind, also when it is cached', () => {
    const proofs = createProofs();
    for (let round = 0; round < 4; round += 1)
      expect(proofs.verify(bound, request(anna.prove({ token: bound })))).toMatchObject({
        kind: 'user',
        claims: { sub: 'U2anna', cnf: anna.cnf },
      });
  });

  it('is rejected for what is wrong with it before its proof is decoded', () => {
    const expired = mint(issuer, { claims: { exp: 1_000, cnf: anna.cnf } });
    expect(codeOf(() => createProofs().verify(expired, request('no proof')))).toBe('TOKEN_EXPIRED');
    expect(codeOf(() => createProofs().verify(bound, request('no proof')))).toBe('DPOP_PROOF_INVALID');
  });

  it('is rejected without a proof', () => {
    for (const headers of [{}, { dpop: '' }])
      expect(judge({ request: { headers, rawHeaders: undefined } })).toBe('DPOP_PROOF_MISSING');
  });

  it('is rejected with two proofs, even if the framework keeps one of them, and with one proof twice', () => {
    const [one, two] = [anna.prove({ token: bound }), anna.prove({ token: bound })];
    const verify = (sent: RequestLike) => codeOf(() => createProofs().verify(bound, sent));
    expect(verify(request([one, two]))).toBe('DPOP_PROOF_INVALID');
    expect(verify(request([one, one]))).toBe('DPOP_PROOF_INVALID');
    expect(verify({ ...request([one, two]), headers: { dpop: one } })).toBe('DPOP_PROOF_INVALID');
    expect(verify({ ...request(one), headers: { dpop: [one, two] }, rawHeaders: undefined })).toBe(
      'DPOP_PROOF_INVALID',
    );
  });

  it('is rejected with the proof of another key, also if that proof claims the right thumbprint', () => {
    expect(judge({ sender: eve })).toBe('DPOP_KEY_MISMATCH');
    expect(judge({ sender: eve, proof: { header: { kid: anna.thumbprint, jkt: anna.thumbprint } } })).toBe(
      'DPOP_KEY_MISMATCH',
    );
  });

  it('is rejected with a proof that names its key and is signed by another', () => {
    expect(judge({ proof: { signer: eve.key } })).toBe('DPOP_PROOF_INVALID');
  });

  it('is rejected if it is bound by something else, or by more, and an unbound one with a proof is rejected', () => {
    const cases: readonly unknown[] = [
      {},
      { 'x5t#S256': 'x' },
      { ...anna.cnf, 'x5t#S256': 'x' },
      { jkt: 7 },
      { jkt: '' },
      { jkt: [anna.thumbprint] },
      anna.thumbprint,
      null,
      [],
    ];
    for (const cnf of cases)
      expect([cnf, judge({ token: mint(issuer, { claims: { cnf } }) })]).toEqual([
        cnf,
        'TOKEN_SENDER_CONSTRAINED',
      ]);
    expect(judge({ token: unbound })).toBe('DPOP_TOKEN_UNBOUND');
  });

  it('is rejected where a bearer token of the kind would be, with the same code', () => {
    const of = (claims: Record<string, unknown>) =>
      judge({ token: mint(issuer, { claims: { cnf: anna.cnf, ...claims } }) });
    expect(of({ exp: NOW_SECONDS - 60 })).toBe('TOKEN_EXPIRED');
    expect(of({ drn: 'DSR' })).toBe('TOKEN_NOT_A_SESSION');
    expect(of({ iss: 'P2other' })).toBe('TOKEN_ISSUER_MISMATCH');
    expect(of({ nonce: 'x' })).toBe('TOKEN_IS_ID_TOKEN');
    expect(judge({ token: 'x' })).toBe('TOKEN_MALFORMED');
  });

  it('is rejected without a URL or a method, as messages have none, before anything is read', () => {
    for (const others of [
      { originalUrl: undefined },
      { method: undefined },
      { originalUrl: 'https://x/orders' },
    ])
      expect(judge({ request: others })).toBe('TOKEN_SENDER_CONSTRAINED');
  });

  it('is rejected by the verifier of other tokens, which also never finds it in a cache', () => {
    const verifier = createVerifier([issuer.jwk]);
    const services = { verifier, store: undefined, clock: createClock(), projectId: PROJECT_ID };
    const proofs = createProofVerifier(CONFIG, services);
    for (let round = 0; round < 4; round += 1) {
      expect(codeOf(() => proofs.verify(bound, request(anna.prove({ token: bound }))))).toBe('accepted');
      expect(codeOf(() => verifier.verify(bound))).toBe('TOKEN_SENDER_CONSTRAINED');
      expect(codeOf(() => verifier.verify(unbound))).toBe('accepted');
      expect(codeOf(() => proofs.verify(unbound, request(anna.prove({ token: unbound }))))).toBe(
        'DPOP_TOKEN_UNBOUND',
      );
    }
  });
});

describe('The header of a proof', () => {
  const rejects = (header: Record<string, unknown>) => judge({ proof: { header } });

  it('needs the type dpop+jwt', () => {
    for (const typ of [undefined, 'JWT', 'at+jwt', 'dpop+jwt ', 'DPOP+JWT', ['dpop+jwt'], null, 1])
      expect([typ, rejects({ typ })]).toEqual([typ, 'DPOP_PROOF_INVALID']);
  });

  it('needs an asymmetric algorithm of the list, which is that of the key', async () => {
    const rsa = await createSender('RS256');
    for (const alg of [
      undefined,
      'none',
      'HS256',
      'ES384',
      'ES512',
      'RS256',
      'EdDSA',
      'es256',
      ['ES256'],
      null,
    ])
      expect([alg, rejects({ alg })]).toEqual([alg, 'DPOP_PROOF_INVALID']);
    const token = mint(issuer, { claims: { cnf: rsa.cnf } });
    expect(judge({ token, sender: rsa, config: { algorithms: ['ES256'] } })).toBe('DPOP_PROOF_INVALID');
    expect(judge({ token, sender: rsa, proof: { header: { alg: 'PS256' } } })).toBe('DPOP_PROOF_INVALID');
  });

  it('may carry nothing that changes what is signed, even if it is empty', () => {
    for (const name of ['crit', 'b64', 'zip', 'enc'])
      for (const value of [[], ['jwk'], false, null, ''])
        expect([name, rejects({ [name]: value })]).toEqual([name, 'DPOP_PROOF_INVALID']);
  });

  it('ignores where else a key could be', () => {
    const elsewhere = { kid: 'SK1', jku: 'https://evil.example', x5u: 'https://evil.example', x5c: ['x'] };
    expect(rejects(elsewhere)).toBe('accepted');
  });

  it('needs a public key: no private or symmetric member, of whatever value', () => {
    for (const name of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'])
      for (const value of ['x', '', null, 0])
        expect([name, rejects({ jwk: { ...anna.jwk, [name]: value } })]).toEqual([
          name,
          'DPOP_PROOF_INVALID',
        ]);
    const { privateKey } = anna.key;
    expect(rejects({ jwk: privateKey.export({ format: 'jwk' }) })).toBe('DPOP_PROOF_INVALID');
    const secret = { kty: 'oct', k: 'AAAA' };
    expect(rejects({ jwk: secret })).toBe('DPOP_PROOF_INVALID');
  });

  it('needs a key that may verify: its use, operations and algorithm', () => {
    for (const members of [{ use: 'enc' }, { key_ops: ['sign'] }, { key_ops: 'verify' }, { alg: 'ES384' }])
      expect([members, rejects({ jwk: { ...anna.jwk, ...members } })]).toEqual([
        members,
        'DPOP_PROOF_INVALID',
      ]);
    expect(rejects({ jwk: { ...anna.jwk, use: 'sig', key_ops: ['verify'], alg: 'ES256', kid: 'x' } })).toBe(
      'accepted',
    );
  });

  it('needs an RSA key of 2048 to 4096 bits whose exponent makes no verification slow', async () => {
    const judgeKey = async (modulusLength: number, publicExponent: number) => {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
      const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'x', alg: 'RS256', use: 'sig' };
      const sender = await createSender({ algorithm: 'RS256', keyId: 'x', jwk, privateKey });
      return judge({ sender, token: mint(issuer, { claims: { cnf: sender.cnf } }) });
    };
    expect(await judgeKey(2_048, 3)).toBe('accepted');
    expect(await judgeKey(2_056, 65_537)).toBe('accepted');
    expect(await judgeKey(2_040, 65_537)).toBe('DPOP_PROOF_INVALID');
    expect(await judgeKey(2_048, 65_539)).toBe('DPOP_PROOF_INVALID');
    const long = await createSender('RS256');
    const jwk = { ...long.jwk, e: long.jwk['n'] };
    const token = mint(issuer, { claims: toBinding(jwk) });
    expect(judge({ sender: long, token, proof: { header: { jwk } } })).toBe('DPOP_PROOF_INVALID');
    expect(judge({ sender: long, proof: { header: { jwk } } })).toBe('DPOP_KEY_MISMATCH');
  });

  // By the message: to make a real key takes seconds.
  it('needs an RSA key of at most 4096 bits', () => {
    const toMessage = (bits: number) => {
      const n = Buffer.alloc(bits / 8, 0xff).toString('base64url');
      const jwk = { kty: 'RSA', n, e: 'AQAB' };
      const token = mint(issuer, { claims: toBinding(jwk) });
      const proof = anna.prove({ token, header: { alg: 'RS256', jwk } });
      return () => createProofs().verify(token, request(proof));
    };
    expect(toMessage(4_096)).toThrow('is not signed by the key');
    expect(toMessage(4_104)).toThrow('it has more than 4096 bits');
  });

  it('needs a whole key on its curve, in its canonical form', () => {
    const { jwk } = anna;
    const x = String(jwk['x']);
    const zero = Buffer.concat([Buffer.alloc(1), Buffer.from(x, 'base64url')]).toString('base64url');
    const broken: readonly unknown[] = [
      undefined,
      null,
      'x',
      [],
      [jwk],
      {},
      { ...jwk, x: undefined },
      { ...jwk, x: 7 },
      { ...jwk, x: `${x}=` },
      { ...jwk, x: `${x}A` },
      { ...jwk, x: ` ${x}` },
      { ...jwk, x: zero },
      { ...jwk, x: jwk['y'] },
      { ...jwk, crv: 'P-384' },
      { ...jwk, crv: 'secp256k1' },
      { ...jwk, kty: 'RSA' },
      { ...jwk, kty: 'OKP', crv: 'Ed25519' },
      { ...jwk, kty: 'constructor' },
      { ...jwk, kty: '__proto__' },
      JSON.parse(`{"__proto__":${JSON.stringify(jwk)}}`),
      { jwk },
    ];
    for (const one of broken) {
      const asItIs = mint(issuer, { claims: { cnf: anna.cnf, ...toBinding(one) } });
      const verdict = judge({ token: asItIs, proof: { header: { jwk: one } } });
      expect([one, verdict]).toEqual([one, 'DPOP_PROOF_INVALID']);
      expect([one, rejects({ jwk: one })]).not.toEqual([one, 'accepted']);
    }
  });
});

describe('The size of a proof', () => {
  // With the typ, the algorithm and the key that is 7 values; with the claims of a proof 5.
  it.each([
    ['header', 7],
    ['claims', 5],
  ])('is bounded by the values in its %s, however they nest', (part, own) => {
    const rejects = (value: unknown) => judge({ proof: { [part]: { x: value } } });
    const toFlat = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, 1]));
    const toNested = (depth: number) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown;
    const most = 64 - own - 1;
    expect([toFlat(most), toNested(most)].map(rejects)).toEqual(['accepted', 'accepted']);
    expect([toFlat(most + 1), toNested(most + 1)].map(rejects)).toEqual(Array(2).fill('DPOP_PROOF_INVALID'));
  });

  it('is not that of its strings, with whatever they hold', () => {
    for (const text of [',[{'.repeat(100), '",'.repeat(100), `${'\\'.repeat(99)}",[`, '\\', '"'])
      expect(judge({ proof: { header: { text }, claims: { text } } })).toBe('accepted');
  });

  it('is told before its JSON is parsed', () => {
    const nested = JSON.parse(`${'['.repeat(600)}${']'.repeat(600)}`) as unknown;
    const proofs = createProofs();
    for (const proof of [{ header: { nested } }, { claims: { nested } }]) {
      const sent = request(anna.prove({ token: bound, ...proof }));
      expect(() => proofs.verify(bound, sent)).toThrow('more than 64 values');
    }
  });
});

describe('A proof', () => {
  const rejects = (claims: Record<string, unknown>, others: Asked = {}) =>
    judge({ ...others, proof: { claims } });

  it('is for one method, in the case of HTTP', () => {
    for (const htm of [undefined, 'POST', 'get', 'GET ', '', ['GET'], null])
      expect([htm, rejects({ htm })]).toEqual([htm, 'DPOP_PROOF_INVALID']);
  });

  it('is for one URL at the public origin, whatever its query and fragment', () => {
    for (const htu of [
      'https://api.example.com/orders',
      'https://api.example.com/orders?page=1',
      'https://api.example.com/orders#top',
      'HTTPS://API.example.com:443/orders',
      'https://api.example.com/x/../orders',
    ])
      expect([htu, rejects({ htu })]).toEqual([htu, 'accepted']);
    for (const htu of [
      undefined,
      null,
      ['https://api.example.com/orders'],
      '',
      '/orders',
      'api.example.com/orders',
      'http://api.example.com/orders',
      'https://api.example.com:8443/orders',
      'https://api.example.com.evil.example/orders',
      'https://evil.example/orders',
      'https://user@api.example.com/orders',
      'https://api.example.com/orders/',
      'https://api.example.com/Orders',
      'https://api.example.com/orders/1',
      'https://api.example.com',
      'https://api.example.com/%6frders',
    ])
      expect([htu, rejects({ htu })]).toEqual([htu, 'DPOP_PROOF_INVALID']);
  });

  it('is for the path that the router saw: one that it reads otherwise does not count', () => {
    const at = (originalUrl: string, url: string) =>
      judge({ proof: { url: `https://api.example.com${url}` }, request: { originalUrl } });
    expect(at('/a/../orders', '/orders')).toBe('DPOP_PROOF_INVALID');
    expect(at('/a/..%2forders', '/orders')).toBe('DPOP_PROOF_INVALID');
    expect(at('//evil.example/orders', '/orders')).toBe('DPOP_PROOF_INVALID');
    expect(at('\\orders', '/orders')).toBe('TOKEN_SENDER_CONSTRAINED');
    expect(at('/orders\\x', '/orders/x')).toBe('DPOP_PROOF_INVALID');
    expect(at('/a%20b?c=d', '/a%20b')).toBe('accepted');
    expect(at('/', '')).toBe('accepted');
  });

  it('is for the URL that the client calls, if a proxy removes the beginning of its path', () => {
    const config = { baseUrl: 'https://api.example.com/v1' };
    const at = (url: string) => judge({ config, proof: { url } });
    expect(at('https://api.example.com/v1/orders')).toBe('accepted');
    expect(at('https://api.example.com/orders')).toBe('DPOP_PROOF_INVALID');
  });

  it('is for one access token', () => {
    const other = mint(issuer, { claims: { cnf: anna.cnf, sub: 'U2other' } });
    expect(judge({ proof: { token: other } })).toBe('DPOP_PROOF_INVALID');
    for (const ath of [undefined, null, '', 7, ['x']])
      expect([ath, rejects({ ath })]).toEqual([ath, 'DPOP_PROOF_INVALID']);
  });

  it('is accepted for a minute and the leeway after it was made, and not before', () => {
    const ages: readonly (readonly [number, string])[] = [
      [0, 'accepted'],
      [65, 'accepted'],
      [66, 'DPOP_PROOF_INVALID'],
      [-5, 'accepted'],
      [-6, 'DPOP_PROOF_INVALID'],
      [1e9, 'DPOP_PROOF_INVALID'],
      [-1e9, 'DPOP_PROOF_INVALID'],
    ];
    for (const [age, verdict] of ages)
      expect([age, rejects({ iat: NOW_SECONDS - age })]).toEqual([age, verdict]);
    for (const iat of [undefined, null, String(NOW_SECONDS), [NOW_SECONDS], true])
      expect([iat, rejects({ iat })]).toEqual([iat, 'DPOP_PROOF_INVALID']);
  });

  it('is rejected by a clock that returns no time', () => {
    const proofs = createProofs(
      {},
      Object.assign(() => NaN, { advance: () => NaN }),
    );
    expect(codeOf(() => proofs.verify(bound, request(anna.prove({ token: bound }))))).toBe(
      'DPOP_PROOF_INVALID',
    );
  });

  it('is held to the times that it adds, and to the types of what else it says', () => {
    const flaws: readonly Record<string, unknown>[] = [
      { exp: NOW_SECONDS - 6 },
      { exp: 'never' },
      { exp: null },
      { nbf: NOW_SECONDS + 6 },
      { nbf: null },
      { iss: 7 },
      { aud: {} },
    ];
    for (const claims of flaws) expect([claims, rejects(claims)]).toEqual([claims, 'DPOP_PROOF_INVALID']);
    const sound = { exp: NOW_SECONDS + 60, nbf: NOW_SECONDS, iss: 'me', sub: 'me', aud: ['you'] };
    expect(rejects(sound)).toBe('accepted');
  });

  it('needs an id of a bounded length', () => {
    for (const jti of [undefined, null, '', 7, ['x'], 'x'.repeat(257)])
      expect([jti, rejects({ jti })]).toEqual([jti, 'DPOP_PROOF_INVALID']);
    expect(rejects({ jti: 'x'.repeat(256) })).toBe('accepted');
  });

  it('is a JWS of three parts in strict base64url, within 4096 characters', () => {
    const proof = anna.prove({ token: bound });
    const [header = '', payload = '', signature = ''] = proof.split('.');
    const spoilt = [
      'x',
      '..',
      '...',
      `${proof}.`,
      `${proof}.x`,
      ` ${proof}`,
      `${proof}=`,
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `.${payload}.${signature}`,
      `${header}..${signature}`,
      `${header}.${payload}.${signature}A`,
      `${header}.${payload}.${signature.slice(4)}`,
      `${header}.${payload.replace(/.$/, 'é')}.${signature}`,
      `${header}.${Buffer.from('[]').toString('base64url')}.${signature}`,
      `${header}.${Buffer.from('null').toString('base64url')}.${signature}`,
      `${Buffer.from('"x"').toString('base64url')}.${payload}.${signature}`,
      `${proof}, ${proof}`,
      JSON.stringify({ payload, protected: header, signature }),
      'x'.repeat(100_000),
    ];
    for (const one of spoilt)
      expect([one, codeOf(() => createProofs().verify(bound, request(one)))]).toEqual([
        one,
        'DPOP_PROOF_INVALID',
      ]);
    const deep = `${'['.repeat(1500)}${']'.repeat(1500)}`;
    const nested = Buffer.from(`{"typ":"dpop+jwt","alg":"ES256","jwk":${deep}}`).toString('base64url');
    expect(codeOf(() => createProofs().verify(bound, request(`${nested}.${payload}.${signature}`)))).toBe(
      'DPOP_PROOF_INVALID',
    );
  });

  it('is used up when all else holds, and then rejected, also in another spelling and for another URL', () => {
    const proofs = createProofs();
    const jti = 'once';
    const of = (claims: Record<string, unknown>, others: Partial<RequestLike> = {}) =>
      codeOf(() =>
        proofs.verify(bound, request(anna.prove({ token: bound, claims: { jti, ...claims } }), others)),
      );
    expect(of({ htm: 'POST' })).toBe('DPOP_PROOF_INVALID'); // uses up nothing
    expect(of({})).toBe('accepted');
    expect(of({})).toBe('DPOP_PROOF_REPLAYED');
    expect(of({ other: 1 })).toBe('DPOP_PROOF_REPLAYED');
    const url = 'https://api.example.com/users';
    expect(of({ htu: url }, { originalUrl: '/users' })).toBe('DPOP_PROOF_REPLAYED');
    expect(of({ jti: 'twice' })).toBe('accepted');
  });

  it('is rejected until it can be accepted no longer', () => {
    const clock = createClock();
    const proofs = createProofs({}, clock);
    const proof = request(anna.prove({ token: bound, claims: { iat: NOW_SECONDS + 5 } }));
    const seen = new Set<string>([codeOf(() => proofs.verify(bound, proof))]);
    for (let second = 0; second < 200; second += 1) {
      clock.advance(1000);
      seen.add(codeOf(() => proofs.verify(bound, proof)));
    }
    expect([...seen]).toEqual(['accepted', 'DPOP_PROOF_REPLAYED', 'DPOP_PROOF_INVALID']);
  });

  it('of one client does not use up the ids of another', async () => {
    const proofs = createProofs();
    const of = (sender: Sender) => {
      const token = mint(issuer, { claims: { cnf: sender.cnf } });
      return codeLater(async () =>
        proofs.verify(token, request(sender.prove({ token, claims: { jti: 'same' } }))),
      );
    };
    expect([await of(eve), await of(anna), await of(eve)]).toEqual([
      'accepted',
      'accepted',
      'DPOP_PROOF_REPLAYED',
    ]);
  });
});

describe('With nonces, a proof', () => {
  it('needs one that was given out in the last minutes, which the rejection has', () => {
    const clock = createClock();
    const proofs = createProofs({ hasNonces: true }, clock);
    const ask = (nonce: unknown) => {
      const iat = Math.floor(clock() / 1000);
      return proofs.verify(bound, request(anna.prove({ token: bound, claims: { nonce, iat } })));
    };
    const readOffered = (nonce: unknown) => {
      try {
        void ask(nonce); // synchronous
        return 'accepted';
      } catch (error) {
        const { code, details } = error as DescopeError;
        expect(code).toBe('DPOP_NONCE_REQUIRED');
        return details['nonce'];
      }
    };
    const offered = readOffered(undefined);
    expect(offered).toMatch(/^[\w-]{22}$/);
    expect(offered).toBe(proofs.readNonce());
    for (const wrong of ['', 'x', null, [offered]]) expect(readOffered(wrong)).toBe(offered);
    expect(readOffered(offered)).toBe('accepted');
    clock.advance(60_000);
    expect(readOffered(offered)).toBe('accepted');
    clock.advance(60_000);
    const next = readOffered(offered);
    expect(next).not.toBe(offered);
    expect(readOffered(next)).toBe('accepted');
  });

  it('is accepted with the nonce of another instance that has the same secret, and of no other', () => {
    const secret = () => 's'.repeat(32);
    const nonce = createProofs({ hasNonces: true, readNonceSecret: secret }).readNonce();
    const at = (readNonceSecret: DpopConfig['readNonceSecret']) =>
      judge({ config: { hasNonces: true, readNonceSecret }, proof: { claims: { nonce } } });
    expect(at(secret)).toBe('accepted');
    expect(at(() => undefined)).toBe('DPOP_NONCE_REQUIRED');
  });

  it('is not used up by a rejection for its nonce', () => {
    const proofs = createProofs({ hasNonces: true });
    const of = (nonce?: string) =>
      codeOf(() => proofs.verify(bound, request(anna.prove({ token: bound, claims: { jti: 'n', nonce } }))));
    expect([of(), of(proofs.readNonce())]).toEqual(['DPOP_NONCE_REQUIRED', 'accepted']);
  });
});
