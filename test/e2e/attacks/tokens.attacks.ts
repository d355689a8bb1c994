// Tokens that must be rejected anyone who asks: algorithms, keys, encodings, claims, issuers, kinds.
import { createPublicKey } from 'node:crypto';
import type { Attack } from './stage/attack.js';
import { forged } from './stage/attack.js';
import type { Forgery, Stage } from './stage/stage.js';
import { decode, THEIRS } from './stage/stage.js';

const unsigned = (alg: unknown) => (stage: Stage) => cut(stage.forge({ header: { alg } }), 2, '');
const mislabelled = (alg: unknown) => (stage: Stage) => stage.forge({ header: { alg } });
const make = (forgery: Forgery) => (stage: Stage) => stage.forge(forgery);
const claiming = (claims: Record<string, unknown>) => make({ claims });
const heading = (header: Record<string, unknown>) => make({ header });
const raw = (write: (json: string) => string | Buffer) => (stage: Stage) =>
  stage.forge({ claims: write(JSON.stringify(stage.claims)) });

// Replaces one of the three parts.
function cut(token: string, index: number, part: string): string {
  return token
    .split('.')
    .map((old, at) => (at === index ? part : old))
    .join('.');
}

const signature = (change: (bytes: Buffer) => Buffer) => (stage: Stage) => {
  const token = stage.forge();
  const bytes = Buffer.from(token.split('.')[2] ?? '', 'base64url');
  return cut(token, 2, change(bytes).toString('base64url'));
};

const ALGORITHMS = [
  ...['none', 'None', 'NONE', 'nOnE', 'none '].flatMap((alg) => [
    ...forged(`alg ${JSON.stringify(alg)} without a signature`, 'TOKEN_ALGORITHM_NOT_ALLOWED', unsigned(alg)),
    ...forged(
      `alg ${JSON.stringify(alg)} with a genuine signature`,
      'TOKEN_ALGORITHM_NOT_ALLOWED',
      mislabelled(alg),
    ),
  ]),
  ...['rs256', 'RS256 ', 'RS384', 'PS256', 'ES256', 'EdDSA', 'HS256', 'RSA', 'toString'].flatMap((alg) =>
    forged(
      `alg ${JSON.stringify(alg)} over an RS256 signature`,
      'TOKEN_ALGORITHM_NOT_ALLOWED',
      mislabelled(alg),
    ),
  ),
  ...['', null, 256, ['RS256'], { RS256: true }, undefined].flatMap((alg) =>
    forged(`alg ${JSON.stringify(alg) ?? 'missing'}`, 'TOKEN_MALFORMED', mislabelled(alg)),
  ),
  ...['RS384', 'RS512', 'PS256', 'PS384', 'PS512'].flatMap((signedWith) =>
    forged(
      `a good ${signedWith} signature, which is not allowed`,
      'TOKEN_ALGORITHM_NOT_ALLOWED',
      make({ signedWith }),
    ),
  ),
  ...['PS256', 'RS512'].flatMap((signedWith) =>
    forged(
      `a ${signedWith} signature that calls itself RS256`,
      'TOKEN_SIGNATURE_INVALID',
      make({ signedWith, header: { alg: 'RS256' } }),
    ),
  ),
];

const publicKey = ({ emulator }: Stage) =>
  createPublicKey(emulator.signingKey.publicKey.export({ type: 'spki', format: 'pem' }));
const SECRETS: Readonly<Record<string, (stage: Stage) => string | Buffer>> = {
  'its PEM': (stage) => publicKey(stage).export({ type: 'spki', format: 'pem' }),
  'its PEM, trimmed': (stage) => String(publicKey(stage).export({ type: 'spki', format: 'pem' })).trim(),
  'its PKCS#1 PEM': (stage) => publicKey(stage).export({ type: 'pkcs1', format: 'pem' }),
  'its DER': (stage) => publicKey(stage).export({ type: 'spki', format: 'der' }),
  'its JWK': ({ emulator }) => JSON.stringify(emulator.signingKey.publicJwk),
  'its modulus as text': ({ emulator }) => String(emulator.signingKey.publicJwk['n']),
  'its modulus as bytes': ({ emulator }) =>
    Buffer.from(String(emulator.signingKey.publicJwk['n']), 'base64url'),
  nothing: () => '',
};
const HMACS = ['HS256', 'HS384', 'HS512'].flatMap((algorithm) =>
  Object.entries(SECRETS).flatMap(([what, secret]) =>
    forged(`${algorithm} with ${what} for a secret`, 'TOKEN_ALGORITHM_NOT_ALLOWED', (stage) =>
      stage.forgeHmac(algorithm, secret(stage)),
    ),
  ),
);

const theirJwk = { ...THEIRS.publicKey.export({ format: 'jwk' }), kid: 'SKtheirs', alg: 'RS256', use: 'sig' };
const SOURCES_OF_KEYS: readonly Record<string, unknown>[] = [
  { jwk: theirJwk },
  { jku: 'https://evil.example/keys' },
  { x5u: 'https://evil.example/x5u' },
  { x5c: [THEIRS.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
  { keys: [theirJwk] },
];
const KEYS = [
  ...SOURCES_OF_KEYS.flatMap((header) => {
    const name = Object.keys(header)[0];
    const key = THEIRS.privateKey;
    return [
      ...forged(`their key in "${name}" under our key id`, 'TOKEN_SIGNATURE_INVALID', make({ key, header })),
      ...forged(
        `their key in "${name}" under theirs`,
        'TOKEN_KEY_UNKNOWN',
        make({ key, header: { ...header, kid: 'SKtheirs' } }),
      ),
    ];
  }),
  ...forged('their key under our key id', 'TOKEN_SIGNATURE_INVALID', make({ key: THEIRS.privateKey })),
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '../../../etc/passwd',
    'https://evil.example/keys',
    "' OR 1=1 --",
    '*',
    'k'.repeat(256),
  ].flatMap((kid) =>
    forged(`kid ${JSON.stringify(kid.slice(0, 40))}`, 'TOKEN_KEY_UNKNOWN', heading({ kid })),
  ),
  ...forged('a kid in other letters', 'TOKEN_KEY_UNKNOWN', (stage) =>
    stage.forge({ header: { kid: stage.keyId.toLowerCase() } }),
  ),
  ...forged('a kid and a blank', 'TOKEN_KEY_UNKNOWN', (stage) =>
    stage.forge({ header: { kid: `${stage.keyId} ` } }),
  ),
  ...forged('a kid and a NUL', 'TOKEN_KEY_UNKNOWN', (stage) =>
    stage.forge({ header: { kid: `${stage.keyId}\u0000` } }),
  ),
  ...[undefined, null, '', 0, [], {}, true, 'k'.repeat(257), 'k'.repeat(5000)].flatMap((kid) =>
    forged(
      `a kid that is ${typeof kid === 'string' ? `${kid.length} characters long` : (JSON.stringify(kid) ?? 'missing')}`,
      'TOKEN_MALFORMED',
      heading({ kid }),
    ),
  ),
];

const EXTENSIONS = [
  ...(
    [
      { crit: ['exp'] },
      { crit: [] },
      { crit: 'b64' },
      { crit: ['b64'], b64: false },
      { b64: true },
      { zip: 'DEF' },
      { enc: 'A256GCM' },
    ] as const
  ).flatMap((header) =>
    forged(`a header with ${JSON.stringify(header)}`, 'TOKEN_HEADER_UNSUPPORTED', heading(header)),
  ),
  ...['JWE', 'dpop+jwt', 'logout+jwt', 'JWT ', '', null, 1, ['JWT']].flatMap((typ) =>
    forged(`typ ${JSON.stringify(typ)}`, 'TOKEN_HEADER_UNSUPPORTED', heading({ typ })),
  ),
];

const ENCODINGS = [
  ...forged('one part', 'TOKEN_MALFORMED', (stage) => stage.ada.session.split('.')[1] ?? ''),
  ...forged('two parts', 'TOKEN_MALFORMED', (stage) => stage.ada.session.split('.').slice(0, 2).join('.')),
  ...forged('four parts', 'TOKEN_MALFORMED', (stage) => `${stage.ada.session}.e30`),
  ...forged('five parts, as a JWE', 'TOKEN_MALFORMED', (stage) => `${stage.ada.session}.e30.e30`),
  ...[0, 1].flatMap((index) =>
    forged(`part ${index} empty`, 'TOKEN_MALFORMED', (stage) => cut(stage.ada.session, index, '')),
  ),
  ...[0, 1, 2].flatMap((index) => padded(index)),
  ...forged('loose bits at the end of the signature', 'TOKEN_MALFORMED', (stage) =>
    loosen(stage.ada.session),
  ),
  ...['[]', '"text"', 'null', '1', 'true', '', '{', '{"a":1}}', "{'a':1}", '\ufeff{}'].flatMap((json) =>
    forged(`claims ${JSON.stringify(json)}`, 'TOKEN_MALFORMED', make({ claims: json })),
  ),
  ...['[]', 'null', '{"alg":"RS256"'].flatMap((json) =>
    forged(`a header ${json}`, 'TOKEN_MALFORMED', make({ header: json })),
  ),
  ...forged(
    'claims in UTF-16',
    'TOKEN_MALFORMED',
    raw((json) => Buffer.from(json, 'utf16le')),
  ),
  ...forged(
    'a byte that is no UTF-8',
    'TOKEN_MALFORMED',
    raw((json) =>
      Buffer.concat([Buffer.from(json.replace('}', ',"x":"')), Buffer.from([0xff]), Buffer.from('"}')]),
    ),
  ),
  ...forged('a token in a token', 'TOKEN_MALFORMED', (stage) =>
    stage.forge({ header: { cty: 'JWT' }, claims: stage.ada.session }),
  ),
];

function padded(index: number): Attack[] {
  const pad = ({ ada }: Stage) => cut(ada.session, index, `${ada.session.split('.')[index]}=`);
  return [...forged(`part ${index} padded`, 'TOKEN_MALFORMED', pad)];
}

// 256 bytes leave two loose bits in the last character: the next letter decodes to the same.
function loosen(token: string): string {
  return token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
}

const SIGNATURES = [
  ...forged(
    'no signature',
    'TOKEN_SIGNATURE_INVALID',
    signature(() => Buffer.alloc(0)),
  ),
  ...forged(
    'a signature of zeros',
    'TOKEN_SIGNATURE_INVALID',
    signature((bytes) => Buffer.alloc(bytes.length)),
  ),
  ...forged(
    'a signature cut by a byte',
    'TOKEN_SIGNATURE_INVALID',
    signature((bytes) => bytes.subarray(0, -1)),
  ),
  ...forged(
    'a signature and a zero',
    'TOKEN_SIGNATURE_INVALID',
    signature((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
  ),
  ...forged(
    'a zero and a signature',
    'TOKEN_SIGNATURE_INVALID',
    signature((bytes) => Buffer.concat([Buffer.alloc(1), bytes])),
  ),
  ...forged(
    'a signature with a bit turned',
    'TOKEN_SIGNATURE_INVALID',
    signature((bytes) => Buffer.from(bytes.map((byte, at) => (at === 9 ? byte ^ 1 : byte)))),
  ),
  ...forged('the signature of another token', 'TOKEN_SIGNATURE_INVALID', (stage) =>
    cut(stage.ada.session, 2, stage.bob.session.split('.')[2] ?? ''),
  ),
  ...forged('the claims of another token', 'TOKEN_SIGNATURE_INVALID', (stage) =>
    cut(stage.bob.session, 1, stage.ada.session.split('.')[1] ?? ''),
  ),
  ...forged('one more role in the claims', 'TOKEN_SIGNATURE_INVALID', ({ bob }) =>
    cut(
      bob.session,
      1,
      Buffer.from(decode(bob.session.split('.')[1]).replace('"editor"', '"admin"')).toString('base64url'),
    ),
  ),
];

const TIMES = [
  ...['exp', 'nbf', 'iat'].flatMap((name) =>
    [null, '', 'tomorrow', true, [], {}, -1, 1e20].flatMap((value) =>
      forged(`${name} ${JSON.stringify(value)}`, 'TOKEN_CLAIM_INVALID', claiming({ [name]: value })),
    ),
  ),
  ...forged('no exp', 'TOKEN_CLAIM_INVALID', claiming({ exp: undefined })),
  ...forged('exp as text', 'TOKEN_CLAIM_INVALID', (stage) =>
    stage.forge({ claims: { exp: String(stage.now + 600) } }),
  ),
  ...forged(
    'exp 1e400',
    'TOKEN_CLAIM_INVALID',
    raw((json) => json.replace(/"exp":\d+/, '"exp":1e400')),
  ),
  ...forged('exp long ago', 'TOKEN_EXPIRED', claiming({ exp: 1 })),
  ...forged('exp 0', 'TOKEN_EXPIRED', claiming({ exp: 0 })),
  ...forged('exp beyond the leeway', 'TOKEN_EXPIRED', (stage) =>
    stage.forge({ claims: { exp: stage.now - 30 } }),
  ),
  ...forged(
    'exp twice, the last long ago',
    'TOKEN_EXPIRED',
    raw((json) => json.replace(/}$/, ',"exp":1}')),
  ),
  ...forged('nbf to come', 'TOKEN_NOT_YET_VALID', (stage) =>
    stage.forge({ claims: { nbf: stage.now + 300 } }),
  ),
  ...forged('iat to come', 'TOKEN_ISSUED_IN_FUTURE', (stage) =>
    stage.forge({ claims: { iat: stage.now + 300 } }),
  ),
];

const ISSUERS: readonly ((id: string) => unknown)[] = [
  () => 'P2anotherproject000000000000',
  (id) => `${id}0`,
  (id) => `x${id}`,
  (id) => id.toLowerCase(),
  (id) => ` ${id}`,
  (id) => `${id}/`,
  (id) => `https://${id}`,
  (id) => `https://${id}/`,
  (id) => `https://api.descope.com/?p=/${id}`,
  (id) => `https://api.descope.com/#/${id}`,
  (id) => `https://api.descope.com/${id}/`,
  (id) => `https://api.descope.com/${id}/..`,
  (id) => `https://api.descope.com/x/../${id}`,
  (id) => `https://api.descope.com/%2f${id}`,
  (id) => `https://user@api.descope.com/${id}`,
  (id) => `ftp://api.descope.com/${id}`,
  (id) => `//api.descope.com/${id}`,
  (id) => `https://api.descope.com/${id}\n`,
  (id) => `https://api.descope.com/v1/${id}/${id}x`.replace(`/${id}/`, '/y/'),
];
const IDENTITIES = [
  ...ISSUERS.flatMap((write) =>
    forged(`the issuer ${JSON.stringify(write('<id>'))}`, 'TOKEN_ISSUER_MISMATCH', (stage) =>
      stage.forge({ claims: { iss: write(stage.emulator.projectId) } }),
    ),
  ),
  ...[
    (id: string) => `https://api.descope.com/v1/apps/${id}`,
    (id: string) => `https://api.descope.com/v1/apps/agentic/${id}/MS1`,
    (id: string) => `https://api.descope.com/${id}/x`,
  ].flatMap((write) =>
    forged(`the issuer ${write('<id>')} of an app or agent`, 'TOKEN_KIND_NOT_ACCEPTED', (stage) =>
      stage.forge({ claims: { iss: write(stage.emulator.projectId) } }),
    ),
  ),
  ...['iss', 'sub'].flatMap((name) =>
    [undefined, null, '', 1, [], {}, ['U2ada']].flatMap((value) =>
      forged(
        `${name} ${JSON.stringify(value) ?? 'missing'}`,
        'TOKEN_CLAIM_INVALID',
        claiming({ [name]: value }),
      ),
    ),
  ),
  ...forged(
    'half a surrogate pair in sub',
    'TOKEN_CLAIM_INVALID',
    raw((json) => json.replace(/"sub":"/, '"sub":"\\ud800')),
  ),
  ...[1, null, {}, [1], [['api']]].flatMap((aud) =>
    forged(`aud ${JSON.stringify(aud)}`, 'TOKEN_CLAIM_INVALID', claiming({ aud })),
  ),
  ...['', null, 1, ['DS']].flatMap((drn) =>
    forged(`drn ${JSON.stringify(drn)}`, 'TOKEN_CLAIM_INVALID', claiming({ drn })),
  ),
  ...['DSR', 'ds', 'DS ', 'xDS', 'dsr'].flatMap((drn) =>
    forged(`drn ${JSON.stringify(drn)}`, 'TOKEN_NOT_A_SESSION', claiming({ drn })),
  ),
  ...forged(
    'drn twice, the last a refresh token',
    'TOKEN_NOT_A_SESSION',
    raw((json) => json.replace(/}$/, ',"drn":"DSR"}')),
  ),
  ...forged('a refresh token', 'TOKEN_NOT_A_SESSION', (stage) => stage.ada.refresh),
  ...[undefined, { amr: ['pwd'] }, { sub: `K2${'k'.repeat(26)}` }, { dsub: 'U2ada' }, { aud: 'x' }].flatMap(
    (claims) =>
      forged(
        `no drn under the issuer https://api.descope.com/<id>, and ${JSON.stringify(claims) ?? 'nothing else'}`,
        'TOKEN_DRN_MISSING',
        (stage) => stage.forge({ claims: { ...toIdToken(stage), nonce: undefined, ...claims } }),
      ),
  ),
  ...forged('an ID token of another application', 'TOKEN_IS_ID_TOKEN', (stage) =>
    stage.forge({ claims: { ...toIdToken(stage), at_hash: 'x' } }),
  ),
  ...['nonce', 'at_hash', 'c_hash', 's_hash'].flatMap((mark) =>
    ['x', '', null].flatMap((value) =>
      forged(
        `a session with ${mark} ${JSON.stringify(value)}`,
        'TOKEN_IS_ID_TOKEN',
        claiming({ [mark]: value }),
      ),
    ),
  ),
  ...[null, {}, { jkt: 'x' }, { 'x5t#S256': 'x' }].flatMap((cnf) =>
    forged(`bound to a key by cnf ${JSON.stringify(cnf)}`, 'TOKEN_SENDER_CONSTRAINED', claiming({ cnf })),
  ),
];

// What OIDC's code flow gives an application that uses the project as its identity provider (OIDC Core §2).
function toIdToken({ emulator }: Stage): Record<string, unknown> {
  const iss = `https://api.descope.com/${emulator.projectId}`;
  return { iss, aud: emulator.projectId, nonce: 'n-0S6_WzA2Mj', drn: undefined };
}

export const tokenAttacks: readonly Attack[] = [
  ...ALGORITHMS,
  ...HMACS,
  ...KEYS,
  ...EXTENSIONS,
  ...ENCODINGS,
  ...SIGNATURES,
  ...TIMES,
  ...IDENTITIES,
];
