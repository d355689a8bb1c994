// A key pair that signs sessions as Descope does: 1.5 KB, three tenants.
import { generateKeyPairSync, sign } from 'node:crypto';

export const PROJECT_ID = 'P2benchbenchbenchbenchbenchb';
export const ISSUER = `https://api.descope.com/${PROJECT_ID}`;
export const TOKEN_LENGTH = 1536;

const KINDS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
};

/** Makes an issuer. `published` is all that a verifier may know of it. */
export function createIssuer(algorithm = 'RS256') {
  const { privateKey, publicKey } = KINDS[algorithm]();
  const keyId = 'SK2benchbenchbenchbenchbench';
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: algorithm, kid: keyId, use: 'sig' };
  const published = { algorithm, jwk, pem: publicKey.export({ format: 'pem', type: 'spki' }) };
  const mint = (claims, kid = keyId) => {
    const input = `${toPart({ alg: algorithm, kid, typ: 'JWT' })}.${toPart(claims)}`;
    const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
  const signatureLength = algorithm === 'RS256' ? 342 : 86;
  const mintSession = (index, tenants = 3, others = {}) =>
    mint(toClaims(index, { tenants, signatureLength, others }));
  return { published, mint, mintSession };
}

/** Tokens as a network hands them over: each reading is a text of its own, so that none is found by its address. */
export function toTokenSource(tokens) {
  const stored = tokens.map((token) => Buffer.from(token, 'latin1'));
  let index = 0;
  return () => {
    const bytes = stored[index];
    index = index + 1 === stored.length ? 0 : index + 1;
    return bytes.latin1Slice(0, bytes.length);
  };
}

export function mintSessions(issuer, count, first = 0) {
  return Array.from({ length: count }, (_, index) => issuer.mintSession(first + index));
}

function toClaims(index, { tenants, signatureLength, others }) {
  const now = Math.floor(Date.now() / 1000);
  const name = `user${String(index).padStart(8, '0')}`;
  const claims = {
    amr: ['email', 'mfa'],
    aud: [PROJECT_ID],
    drn: 'DS',
    email: `${name}@example.com`,
    exp: now + 3600,
    iat: now,
    iss: ISSUER,
    name,
    permissions: ['reports:read', 'reports:write', 'orders:read'],
    roles: ['member', 'editor', 'admin'],
    sub: `U2${name.padEnd(25, 'a')}`,
    tenants: Object.fromEntries(Array.from({ length: tenants }, (_, place) => toTenant(place))),
    ...others,
  };
  const wanted = TOKEN_LENGTH - 90 - signatureLength - toPart(claims).length;
  return wanted > 40 ? { ...claims, note: 'x'.repeat(Math.floor(wanted * 0.75) - 10) } : claims;
}

// Two hundred of them still fit into the headers that Node accepts.
function toTenant(place) {
  const grants = place < 3 ? { roles: ['lead'], permissions: ['orders:read'] } : { roles: ['lead'] };
  return [`T2tenant${String(place).padStart(4, '0')}`, grants];
}

function toPart(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
