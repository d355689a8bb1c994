// Keys that must not count, and a key server that answers badly or not at all.
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync } from 'node:crypto';
import type { Emulator } from 'nestjs-descope/emulator';
import type { Attack } from './stage/attack.js';
import { bearer } from './stage/attack.js';
import type { Stage } from './stage/stage.js';

const sound = ({ ada }: Stage) => ({ path: '/me', lines: [bearer(ada.session)] });

type Fault = Parameters<Emulator['faults']['add']>[0];

const BODIES: readonly string[] = [
  ...[
    '',
    'null',
    '{}',
    '[]',
    '"keys"',
    '{"keys":null}',
    '{"keys":{}}',
    '{"keys":[]}',
    '{"keys":[null]}',
    '{"keys":[[]]}',
  ],
  ...[
    '{"keys":[{}]}',
    '{"keys":[',
    '<!doctype html><title>Down</title>',
    '{"keys":"none"}',
    '{"Keys":[]}',
    '{"__proto__":{"keys":[]}}',
  ],
  ...[
    '\u0000',
    '{"keys":[{"kid":"SK","kty":"RSA","n":"AQ","e":"AQAB"}]}',
    `{"keys":[],"x":"${'x'.repeat(300_000)}"}`,
  ],
];
const FAULTS: readonly (readonly [string, Omit<Fault, 'path'>])[] = [
  ...[201, 204, 400, 401, 403, 404, 429, 500, 502, 503].map(
    (status) => [`status ${status}`, { status, body: {} }] as const,
  ),
  ...BODIES.map((body) => [`the body ${JSON.stringify(body.slice(0, 60))}`, { body }] as const),
  ['a redirect', { redirect: 'https://evil.example/keys' }],
  ['a connection that breaks', { reset: true }],
  ['no answer', { hang: true }],
  ['an answer byte by byte', { body: '{"keys":[]}', dripMs: 500 }],
];

const outages = FAULTS.map(([name, fault]): Attack => ({
  name: `a key server with ${name}`,
  prepare: ({ faults }) => faults.add({ path: '/v2/keys', ...fault }),
  waits: 'hang' in fault || 'dripMs' in fault,
  attack: sound,
  control: sound,
  status: [503],
  code: 'KEYS_UNAVAILABLE',
}));

// A redirect to the very keys must not be followed either.
const redirected: Attack = {
  name: 'a key server that redirects to the right keys',
  prepare: (emulator) => {
    const target = `${emulator.url}/v2/keys/${emulator.projectId}?moved`;
    emulator.faults.add({ path: '/v2/keys', redirect: target, times: 1 });
    emulator.faults.add({ path: '/v2/keys', status: 503 });
  },
  attack: sound,
  control: sound,
  status: [503],
  code: 'KEYS_UNAVAILABLE',
};

const rsa = (modulusLength = 2048) => generateKeyPairSync('rsa', { modulusLength });
const [ODD, OTHER, SMALL] = [rsa(), rsa(), rsa(1024)];
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY_ID = 'SKodd';
const jwk = (key: KeyObject, members: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid: KEY_ID,
  alg: 'RS256',
  use: 'sig',
  ...members,
});

interface OddKey {
  readonly name: string;
  readonly published: readonly object[];
  readonly key?: KeyObject;
  readonly signedWith?: string;
  readonly code?: string;
}

/** The same key as it should be published, for the controls. */
export const SOUND_KEY = jwk(ODD.publicKey, { kid: 'SKsound' });
const bySoundKey = ({ forge }: Stage) => ({
  path: '/me',
  lines: [bearer(forge({ key: ODD.privateKey, header: { kid: 'SKsound' } }))],
});

const ODD_KEYS: readonly OddKey[] = [
  { name: 'of 1024 bit', published: [jwk(SMALL.publicKey)], key: SMALL.privateKey },
  ...['enc', 'SIG', 'sig ', '', null, ['sig']].map((use) => ({
    name: `for use ${JSON.stringify(use)}`,
    published: [jwk(ODD.publicKey, { use })],
  })),
  ...[['sign'], ['encrypt'], [], 'verify', null].map((key_ops) => ({
    name: `for ${JSON.stringify(key_ops)}`,
    published: [jwk(ODD.publicKey, { key_ops })],
  })),
  ...['HS256', 'none', 'rs256', '', null, 1].map((alg) => ({
    name: `of the algorithm ${JSON.stringify(alg)}`,
    published: [jwk(ODD.publicKey, { alg })],
  })),
  ...['RS512', 'PS256'].map((alg) => ({
    name: `for ${alg}, used with RS256`,
    published: [jwk(ODD.publicKey, { alg })],
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
  })),
  {
    name: 'with its private half',
    published: [{ ...ODD.privateKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256' }],
  },
  { name: 'that calls itself symmetric', published: [jwk(ODD.publicKey, { kty: 'oct', k: 'c2VjcmV0' })] },
  { name: 'with another of its id', published: [jwk(ODD.publicKey), jwk(OTHER.publicKey)] },
  { name: 'with another of its id before it', published: [jwk(OTHER.publicKey), jwk(ODD.publicKey)] },
  { name: 'whose e is 1', published: [jwk(ODD.publicKey, { e: 'AQ' })] },
  { name: 'without n', published: [jwk(ODD.publicKey, { n: undefined })] },
  {
    name: 'of a curve that calls itself RS256',
    published: [jwk(P256.publicKey)],
    key: P256.privateKey,
    signedWith: 'ES256',
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
  },
  {
    name: 'of a curve, with a token that calls itself RS256',
    published: [jwk(P256.publicKey, { alg: 'ES256' })],
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
  },
  ...[1, null, [KEY_ID], { toString: KEY_ID }].map((kid) => ({
    name: `with the id ${JSON.stringify(kid)}`,
    published: [jwk(ODD.publicKey, { kid })],
  })),
];

const oddKeys = ODD_KEYS.map(
  ({ name, published, key = ODD.privateKey, signedWith = 'RS256', code }): Attack => ({
    name: `a token by a key ${name}`,
    prepare: (emulator) => published.forEach((one) => emulator.publishKey(one as Record<string, unknown>)),
    attack: ({ forge }) => ({
      path: '/me',
      lines: [bearer(forge({ key, signedWith, header: { kid: KEY_ID } }))],
    }),
    control: bySoundKey,
    status: [401],
    code: code ?? 'TOKEN_KEY_UNKNOWN',
  }),
);

const revoked: Attack = {
  name: 'a token by a key that was revoked',
  prepare: (emulator) => emulator.rotateKeys({ revoke: true }),
  attack: sound,
  control: sound,
  status: [401],
  code: 'TOKEN_KEY_UNKNOWN',
};

export const keyAttacks: readonly Attack[] = [...outages, redirected, ...oddKeys, revoked];
