// Tokens that are bound to a key: without the proof, with a proof for something else, and with the key of somebody else.
import { generateKeyPairSync } from 'node:crypto';
import type { ProofInput, Sender } from '../../support/dpop.js';
import { createSender, toAth, toBinding } from '../../support/dpop.js';
import type { SigningKey } from '../../support/tokens.js';
import { createSigningKey, signBytes, toPart } from '../../support/tokens.js';
import type { Attack } from './stage/attack.js';
import { bearer, cookie } from './stage/attack.js';
import type { Ask } from './stage/exchange.js';
import { PUBLIC_ORIGIN } from './stage/proof-stage.js';
import type { Stage } from './stage/stage.js';
import { THEIRS } from './stage/stage.js';

const anna = await createSender();
const eve = await createSender();
const curve = await createSender('ES384');
const weak = await createSender(toKey(generateKeyPairSync('rsa', { modulusLength: 1024 })));
const odd = await createSender(
  toKey(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 65_539 })),
);

function toKey({ publicKey, privateKey }: typeof THEIRS): SigningKey {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'x', alg: 'RS256', use: 'sig' };
  return { algorithm: 'RS256', keyId: 'x', jwk, privateKey };
}

/** A request, and what differs from a sound one. */
interface Twist {
  readonly method?: string;
  readonly path?: string;
  readonly sender?: Sender;
  /** Members of the token's claims. */
  readonly claims?: Record<string, unknown>;
  readonly proof?: ProofInput;
  /** Makes the header lines of the token and its proof. */
  readonly lines?: (token: string, proof: string, stage: Stage) => readonly string[];
}

const proofLine = (proof: string): string => `DPoP: ${proof}`;
const dpop = (token: string): string => `Authorization: DPoP ${token}`;
const sound = (token: string, proof: string): readonly string[] => [dpop(token), proofLine(proof)];

function toAsk(stage: Stage, twist: Twist = {}): Ask {
  const { method = 'GET', path = '/me', sender = anna, claims, proof = {}, lines = sound } = twist;
  const token = stage.forge({ claims: { cnf: sender.cnf, ...claims } });
  const url = `${PUBLIC_ORIGIN}${path}`;
  const times = { iat: Math.floor(Date.now() / 1000) };
  const made = sender.prove({ method, url, token, ...proof, claims: { ...times, ...proof.claims } });
  return { method, path, lines: lines(token, made, stage) };
}

const control = (stage: Stage): Ask => toAsk(stage);

function twisted(name: string, code: string | undefined, twist: Twist | ((stage: Stage) => Twist)): Attack {
  const attack = (stage: Stage): Ask => toAsk(stage, typeof twist === 'function' ? twist(stage) : twist);
  return { name, attack, control, status: [code === 'CREDENTIAL_MALFORMED' ? 400 : 401], code };
}

const INVALID = 'DPOP_PROOF_INVALID';
const BOUND = 'TOKEN_SENDER_CONSTRAINED';
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

const DOWNGRADES: readonly Attack[] = [
  twisted('a bound token as bearer', BOUND, { lines: (token) => [bearer(token)] }),
  twisted('a bound token as bearer, with its proof', BOUND, {
    lines: (token, proof) => [bearer(token), proofLine(proof)],
  }),
  twisted('a bound token as bearer on an optional route', BOUND, {
    path: '/home',
    lines: (token) => [bearer(token)],
  }),
  twisted('a bound token as bearer beside a guard that lets everybody pass', BOUND, {
    path: '/own',
    lines: (token) => [bearer(token)],
  }),
  { ...twisted('a bound token as cookie', BOUND, { lines: (token) => [cookie(token)] }), mayClear: true },
  {
    ...twisted('a bound token as cookie, with its proof', BOUND, {
      lines: (token, proof) => [cookie(token), proofLine(proof)],
    }),
    mayClear: true,
  },
  twisted('a bearer token in the scheme DPoP', 'DPOP_TOKEN_UNBOUND', {
    lines: (_token, proof, { ada }) => sound(ada.session, proof),
  }),
  twisted('a bearer token in the scheme DPoP, with a proof for it', 'DPOP_TOKEN_UNBOUND', ({ ada }) => ({
    proof: { token: ada.session },
    lines: (_token, proof) => sound(ada.session, proof),
  })),
  twisted('a good bearer token where a bound one is demanded', 'DPOP_REQUIRED', {
    path: '/payments',
    lines: (_token, proof, { ada }) => [bearer(ada.session), proofLine(proof)],
  }),
  twisted('a good cookie where a bound token is demanded', 'DPOP_REQUIRED', {
    path: '/payments',
    lines: (_token, proof, { ada }) => [cookie(ada.session), proofLine(proof)],
  }),
  twisted('a proof alone', 'SESSION_MISSING', { lines: (_token, proof) => [proofLine(proof)] }),
  twisted('a proof in place of the token', 'TOKEN_HEADER_UNSUPPORTED', {
    lines: (_token, proof) => sound(proof, proof),
  }),
  twisted('a token in place of the proof', INVALID, { lines: (token) => sound(token, token) }),
];

const NEIGHBORS: readonly Attack[] = [
  ...['/me', '/home', '/own'].flatMap((path) => [
    twisted(`no proof on ${path}`, 'DPOP_PROOF_MISSING', { path, lines: (token) => [dpop(token)] }),
    twisted(`no proof and a good cookie on ${path}`, 'DPOP_PROOF_MISSING', {
      path,
      lines: (token, _proof, { ada }) => [dpop(token), cookie(ada.session)],
    }),
    twisted(`another URL and a good cookie on ${path}`, INVALID, {
      path,
      proof: { url: `${PUBLIC_ORIGIN}/elsewhere` },
      lines: (token, proof, { ada }) => [...sound(token, proof), cookie(ada.session)],
    }),
    twisted(`a token that is none and a good cookie on ${path}`, 'TOKEN_MALFORMED', {
      path,
      lines: (_token, proof, { ada }) => [...sound('opaque', proof), cookie(ada.session)],
    }),
    twisted(`the scheme alone and a good cookie on ${path}`, 'CREDENTIAL_MALFORMED', {
      path,
      lines: (_token, proof, { ada }) => ['Authorization: DPoP', proofLine(proof), cookie(ada.session)],
    }),
    twisted(`two Authorization headers, DPoP and Bearer, on ${path}`, 'CREDENTIAL_MALFORMED', {
      path,
      lines: (token, proof, { ada }) => [...sound(token, proof), bearer(ada.session)],
    }),
  ]),
  twisted('two Authorization headers, Bearer and DPoP', 'CREDENTIAL_MALFORMED', {
    lines: (token, proof, { ada }) => [bearer(ada.session), ...sound(token, proof)],
  }),
  twisted('two Authorization headers, both DPoP', 'CREDENTIAL_MALFORMED', {
    lines: (token, proof) => [dpop(token), ...sound(token, proof)],
  }),
  ...(
    [
      ['a list of DPoP and Bearer', (token, other) => `DPoP ${token}, Bearer ${other}`],
      ['a list of Bearer and DPoP', (token, other) => `Bearer ${other}, DPoP ${token}`],
      ['a list behind another scheme', (token) => `Basic eDp5, DPoP ${token}`],
      ['a comma behind the token', (token) => `DPoP ${token},`],
      ['more words', (token) => `DPoP ${token} extra`],
      ['a tab in place of the blank', (token) => `DPoP\t${token}`],
      ['a colon', (token) => `DPoP: ${token}`],
      ['quotes', (token) => `DPoP "${token}"`],
    ] as const satisfies readonly (readonly [string, (token: string, other: string) => string])[]
  ).map(([name, write]) =>
    twisted(`the scheme DPoP with ${name}`, 'CREDENTIAL_MALFORMED', {
      lines: (token, proof, { ada }) => [`Authorization: ${write(token, ada.session)}`, proofLine(proof)],
    }),
  ),
  ...(
    [
      ['two DPoP headers', (proof) => [proofLine(proof), proofLine('x')]],
      ['two DPoP headers that are the same', (proof) => [proofLine(proof), proofLine(proof)]],
      ['two DPoP headers, the first bad', (proof) => [`dpop: x`, proofLine(proof)]],
      ['two DPoP headers, the second empty', (proof) => [proofLine(proof), 'DPoP:']],
      ['a list of proofs', (proof) => [proofLine(`${proof}, ${proof}`)]],
      ['a proof with a blank in it', (proof) => [proofLine(proof.replace('.', '. '))]],
      ['a proof with a scheme before it', (proof) => [proofLine(`DPoP ${proof}`)]],
    ] as const satisfies readonly (readonly [string, (proof: string) => readonly string[]])[]
  ).map(([name, write]) =>
    twisted(name, INVALID, { lines: (token, proof) => [dpop(token), ...write(proof)] }),
  ),
  twisted('an empty DPoP header', 'DPOP_PROOF_MISSING', { lines: (token) => [dpop(token), 'DPoP:'] }),
  ...['X-DPoP', 'DPoP-Proof', 'DPoP_', 'D-PoP'].map((name) =>
    twisted(`the proof in the header ${name}`, 'DPOP_PROOF_MISSING', {
      lines: (token, proof) => [dpop(token), `${name}: ${proof}`],
    }),
  ),
];

const SWAPS: readonly Attack[] = [
  twisted('a stolen token with a proof of the thief', 'DPOP_KEY_MISMATCH', {
    lines: (token) => {
      const url = `${PUBLIC_ORIGIN}/me`;
      return sound(token, eve.prove({ url, token, claims: { iat: nowSeconds() } }));
    },
  }),
  twisted("a stolen token with a proof that names its key, signed by the thief's", INVALID, {
    proof: { signer: eve.key },
  }),
  twisted('a proof by a key of another curve, in the name of the right one', INVALID, {
    proof: { signer: curve.key, header: { alg: 'ES384' } },
  }),
  ...(
    [
      ['POST', 'GET'],
      ['HEAD', 'GET'],
      ['GET', 'get'],
      ['GET', 'POST'],
      ['GET', '*'],
      ['GET', 'GET,POST'],
    ] as const
  ).map(([method, htm]) =>
    twisted(`a proof for ${htm} with ${method}`, method === 'HEAD' ? undefined : INVALID, {
      method,
      proof: { claims: { htm } },
    }),
  ),
  ...[
    `${PUBLIC_ORIGIN}/payments`,
    `${PUBLIC_ORIGIN}/`,
    PUBLIC_ORIGIN,
    `${PUBLIC_ORIGIN}/me/`,
    `${PUBLIC_ORIGIN}/ME`,
    `${PUBLIC_ORIGIN}//me`,
    `${PUBLIC_ORIGIN}/%6de`,
    'http://api.example.com/me',
    'https://evil.example/me',
    'https://api.example.com.evil.example/me',
    'https://api.example.com@evil.example/me',
    'https://evil.example@api.example.com/me',
    'https://api.example.com:8443/me',
    '/me',
    'me',
    '*',
    '',
  ].map((htu) =>
    twisted(`a proof for the URL ${JSON.stringify(htu)}`, INVALID, { proof: { claims: { htu } } }),
  ),
  twisted('a list of URLs', INVALID, { proof: { claims: { htu: [`${PUBLIC_ORIGIN}/me`] } } }),
  ...['X-Forwarded-Host: evil.example', 'X-Original-URL: /me', 'Forwarded: host=evil.example'].map((line) =>
    twisted(`a proof for another host, beside ${line}`, INVALID, {
      proof: { url: 'https://evil.example/me' },
      lines: (token, proof) => [...sound(token, proof), line],
    }),
  ),
  twisted('a proof for another host, which is the Host of the request', INVALID, {
    proof: { url: 'https://evil.example/me' },
    lines: (token, proof) => [...sound(token, proof), 'Host: evil.example'],
  }),
  twisted('a proof for another method, beside X-HTTP-Method-Override', INVALID, {
    proof: { method: 'POST' },
    lines: (token, proof) => [...sound(token, proof), 'X-HTTP-Method-Override: POST'],
  }),
  ...['/%6de', '/ME', '/me/', '//me', '/x/../me', '/./me'].map((path): Attack => {
    const attack = (stage: Stage): Ask => ({ ...toAsk(stage), path });
    return { name: `a proof for /me at ${path}`, attack, control, status: [401, 404] };
  }),
  {
    name: 'a proof for /me at a target of the absolute form',
    attack: (stage) => ({ ...toAsk(stage), path: 'http://evil.example/me' }),
    control,
    status: [401, 404],
  },
  twisted('a proof for another token', INVALID, { proof: { token: 'another' } }),
  ...[undefined, '', 7, ['x'], null].map((ath) =>
    twisted(`an "ath" that is ${JSON.stringify(ath)}`, INVALID, { proof: { claims: { ath } } }),
  ),
  twisted('the hash of the token in hexadecimal', INVALID, (stage) => {
    const token = stage.forge({ claims: { cnf: anna.cnf } });
    const ath = Buffer.from(toAth(token), 'base64url').toString('hex');
    return { proof: { claims: { ath } }, lines: (_token, proof) => sound(token, proof) };
  }),
];

const TIMES: readonly Attack[] = [
  ...(
    [
      ['an hour old', () => nowSeconds() - 3_600],
      ['of the next hour', () => nowSeconds() + 3_600],
      ['in milliseconds', () => Date.now()],
      ['a text', () => String(nowSeconds())],
      ['missing', () => undefined],
      ['null', () => null],
      ['0', () => 0],
      ['below 0', () => -1],
    ] as const
  ).map(([name, make]) =>
    twisted(`an "iat" that is ${name}`, INVALID, () => ({ proof: { claims: { iat: make() } } })),
  ),
  twisted('a proof that has expired', INVALID, () => ({ proof: { claims: { exp: nowSeconds() - 60 } } })),
  twisted('a proof that is not valid yet', INVALID, () => ({
    proof: { claims: { nbf: nowSeconds() + 60 } },
  })),
  ...[undefined, '', null, 7, ['x'], { x: 1 }, 'x'.repeat(257)].map((jti) =>
    twisted(`a "jti" that is ${JSON.stringify(jti)?.slice(0, 20) ?? 'missing'}`, INVALID, {
      proof: { claims: { jti } },
    }),
  ),
  replayed('a proof that was used', {}, {}),
  replayed(
    'the id of a proof that was used, at another URL',
    { proof: { claims: { jti: 'a' } } },
    {
      path: '/home',
      proof: { claims: { jti: 'a' } },
    },
  ),
  replayed(
    'the id of a proof that was used, with another token of the key',
    { proof: { claims: { jti: 'b' } } },
    {
      claims: { sub: 'U2other' },
      proof: { claims: { jti: 'b' } },
    },
  ),
];

// The same request, unless the second differs.
function replayed(name: string, before: Twist, after: Twist): Attack {
  const made = new WeakMap<Stage, Ask>();
  const first = (stage: Stage): Ask => {
    const ask = made.get(stage) ?? toAsk(stage, before);
    made.set(stage, ask);
    return ask;
  };
  const isSame = Object.keys(after).length === 0;
  const attack = (stage: Stage): Ask => (isSame ? first(stage) : toAsk(stage, after));
  return { name, first, attack, control, status: [401], code: 'DPOP_PROOF_REPLAYED' };
}

// The token is bound to the key as it is spelled: another key is rejected before it is read.
const withJwk = (name: string, jwk: unknown, sender = anna): Attack =>
  twisted(`a "jwk" ${name}`, INVALID, { sender, claims: toBinding(jwk), proof: { header: { jwk } } });

function nest(depth: number): unknown {
  let value: unknown = anna.jwk;
  for (let level = 0; level < depth; level += 1) value = { jwk: value };
  return value;
}

const KEYS: readonly Attack[] = [
  withJwk('with the private key', anna.key.privateKey.export({ format: 'jwk' })),
  ...['d', 'p', 'k', 'oth'].map((member) => withJwk(`with "${member}"`, { ...anna.jwk, [member]: 'AQAB' })),
  withJwk('that is symmetric', { kty: 'oct', k: 'AAAA' }),
  withJwk('that is missing', undefined),
  withJwk('that is null', null),
  withJwk('that is a text', JSON.stringify(anna.jwk)),
  withJwk('in a list', [anna.jwk]),
  withJwk('in a set of keys', { keys: [anna.jwk] }),
  withJwk('within a "jwk"', nest(1)),
  withJwk('fifty levels down', nest(50)),
  withJwk('with a point that is not on its curve', { ...anna.jwk, x: anna.jwk['y'] }),
  withJwk('with a padded coordinate', { ...anna.jwk, x: `${String(anna.jwk['x'])}=` }),
  withJwk('of another curve', curve.jwk, curve),
  withJwk('of Ed25519', { kty: 'OKP', crv: 'Ed25519', x: anna.jwk['x'] }),
  withJwk('with the members in the prototype', JSON.parse(`{"__proto__":${JSON.stringify(anna.jwk)}}`)),
  withJwk('with a member of 8 KB', { ...anna.jwk, note: 'x'.repeat(8_000) }),
  withJwk('for encryption', { ...anna.jwk, use: 'enc' }),
  withJwk('with an RSA modulus of 8192 bits', {
    kty: 'RSA',
    e: 'AQAB',
    n: Buffer.alloc(1_024, 0xff).toString('base64url'),
  }),
  twisted('an RSA key of 1024 bits', INVALID, { sender: weak }),
  twisted('an RSA key with an exponent above 65537', INVALID, { sender: odd }),
  withJwk('with an RSA exponent as long as its modulus', { ...odd.jwk, e: odd.jwk['n'] }, odd),
  withJwk('with an RSA exponent of 1', { ...odd.jwk, e: 'AQ' }, odd),
  ...['none', 'None', 'HS256', 'ES384', 'RS256', 'EdDSA', 'ES256K', '', undefined, null, 256, ['ES256']].map(
    (alg) =>
      twisted(`a proof with the "alg" ${JSON.stringify(alg) ?? 'missing'}`, INVALID, {
        proof: { header: { alg } },
      }),
  ),
  ...['JWT', 'at+jwt', 'dpop', 'DPOP+JWT', 'application/dpop+jwt', '', undefined].map((typ) =>
    twisted(`a proof with the "typ" ${JSON.stringify(typ) ?? 'missing'}`, INVALID, {
      proof: { header: { typ } },
    }),
  ),
  ...[{ crit: ['b64'], b64: false }, { b64: true }, { zip: 'DEF' }, { crit: [] }].map((members) =>
    twisted(`a proof with ${JSON.stringify(members)} in its header`, INVALID, { proof: { header: members } }),
  ),
  ...(
    [
      ['without its signature', (proof) => `${proof.slice(0, proof.lastIndexOf('.'))}.`],
      ['with a signature of zeros', (proof) => `${proof.slice(0, proof.lastIndexOf('.'))}.${'A'.repeat(86)}`],
      ['with a part more', (proof) => `${proof}.x`],
      ['as JSON', (proof) => JSON.stringify({ payload: proof.split('.')[1] })],
      ['that is padded', (proof) => `${proof}=`],
      ['of 5000 characters', () => `${'x'.repeat(2_500)}.${'x'.repeat(2_499)}.x`],
    ] as const satisfies readonly (readonly [string, (proof: string) => string])[]
  ).map(([name, write]) =>
    twisted(`a proof ${name}`, INVALID, { lines: (token, proof) => sound(token, write(proof)) }),
  ),
  twisted('a proof whose header is a thousand lists deep', INVALID, {
    lines: (token) =>
      sound(
        token,
        signRaw(`{"typ":"dpop+jwt","alg":"ES256","jwk":${'['.repeat(1_000)}${']'.repeat(1_000)}}`),
      ),
  }),
];

function signRaw(header: string): string {
  const input = `${toPart(header)}.${toPart({ jti: 'raw' })}`;
  return `${input}.${signBytes('ES256', anna.key.privateKey, input).toString('base64url')}`;
}

const other = createSigningKey('ES256');

const TOKENS: readonly Attack[] = [
  ...(
    [
      ['empty', {}],
      ['null', null],
      ['a text', anna.thumbprint],
      ['a list', [anna.cnf]],
      ['a list of thumbprints', { jkt: [anna.thumbprint] }],
      ['a number', { jkt: 7 }],
      ['an empty thumbprint', { jkt: '' }],
      ['a certificate', { 'x5t#S256': anna.thumbprint }],
      ['a thumbprint and a certificate', { ...anna.cnf, 'x5t#S256': 'x' }],
      ['the key itself', { jwk: anna.jwk }],
      ['a member of its prototype', JSON.parse(`{"__proto__":{"jkt":"${anna.thumbprint}"}}`)],
    ] as const satisfies readonly (readonly [string, unknown])[]
  ).map(([name, cnf]) => twisted(`a "cnf" that is ${name}`, BOUND, { claims: { cnf } })),
  ...[
    `${anna.thumbprint}=`,
    ` ${anna.thumbprint}`,
    anna.thumbprint.toLowerCase(),
    anna.thumbprint.slice(0, -1),
    `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${anna.thumbprint}`,
  ].map((jkt, index) =>
    twisted(`another spelling of the thumbprint (${index + 1})`, 'DPOP_KEY_MISMATCH', {
      claims: { cnf: { jkt } },
    }),
  ),
  twisted('a bound token that has expired', 'TOKEN_EXPIRED', ({ now }) => ({ claims: { exp: now - 600 } })),
  twisted('a bound refresh token', 'TOKEN_NOT_A_SESSION', { claims: { drn: 'DSR' } }),
  twisted('a bound token that the client has signed itself', 'TOKEN_SIGNATURE_INVALID', (stage) => {
    const token = stage.forge({ claims: { cnf: anna.cnf }, key: THEIRS.privateKey });
    return { proof: { token }, lines: (_token, proof) => sound(token, proof) };
  }),
  twisted('a bound token that is signed by the key of its proof', undefined, (stage) => {
    const header = { kid: other.keyId, jwk: anna.jwk };
    const token = stage.forge({
      header,
      claims: { cnf: anna.cnf },
      signedWith: 'ES256',
      key: anna.key.privateKey,
    });
    return { proof: { token }, lines: (_token, proof) => sound(token, proof) };
  }),
];

export const proofAttacks: readonly Attack[] = [
  ...DOWNGRADES,
  ...NEIGHBORS,
  ...SWAPS,
  ...TIMES,
  ...KEYS,
  ...TOKENS,
];
