// Clients with keys, their bound tokens and their DPoP proofs, and the requests that carry them.
import { createHash, generateKeyPairSync, randomBytes, randomUUID, sign, verify } from 'node:crypto';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';

export const ORIGIN = 'https://api.example.com';
const PATH = '/orders';
const OTHERS = { host: 'api.example.com', 'user-agent': 'bench/1.0', accept: 'application/json' };

/** Makes a client with a key of its own; `cnf` is what binds a token to it. */
export function createClient() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { crv, kty, x, y };
  return { privateKey, publicKey, jwk, cnf: { jkt: toHash(JSON.stringify(jwk)) } };
}

/** A public RSA key of 4096 bits that nobody has the other half of. */
export function createLargeKey() {
  const modulus = randomBytes(512);
  modulus[0] |= 0x80;
  modulus[511] |= 1;
  return { e: 'AQAB', kty: 'RSA', n: modulus.toString('base64url') };
}

/** Makes a proof for the token, with what shall be otherwise. */
export function prove({ privateKey, jwk }, token, { header, claims } = {}) {
  const iat = Math.floor(Date.now() / 1000);
  const own = { jti: randomUUID(), htm: 'GET', htu: ORIGIN + PATH, iat, ath: toHash(token) };
  const parts = [
    { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
    { ...own, ...claims },
  ];
  const input = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** Makes a request as Node hands it on: each header a text of its own, and all once more in a list. */
export function toRequest(headers) {
  const own = Object.entries({ ...OTHERS, ...headers }).map(([name, value]) => [name, detach(value)]);
  return {
    method: 'GET',
    url: PATH,
    originalUrl: PATH,
    headers: Object.fromEntries(own),
    rawHeaders: own.flat(),
    params: {},
  };
}

function detach(text) {
  return Buffer.from(text, 'latin1').latin1Slice();
}

function toHash(text) {
  return createHash('sha256').update(text).digest('base64url');
}

/** Makes a client with a token that is bound to its key. */
export function createHolder(issuer, index) {
  const client = createClient();
  return { ...client, token: issuer.mintSession(index, 3, { cnf: client.cnf }) };
}

/** Makes a request of a client, with a new proof. */
export function withProof(holder, changes) {
  return toBound(holder.token, prove(holder, holder.token, changes));
}

/** Makes a request with a bound token. */
export function toBound(token, dpop) {
  return toRequest({ authorization: `DPoP ${token}`, ...(dpop === undefined ? {} : { dpop }) });
}

/** Makes a context as Nest hands it to a guard. */
export function toContext(request, { type, handler }) {
  const context = new ExecutionContextHost([request, RESPONSE], type, handler);
  context.setType('http');
  return context;
}

const RESPONSE = { setHeader() {}, appendHeader() {} };

/** The signatures of proofs alone, with the keys of these clients; what was signed is already split. */
export function createRawProofs(holders) {
  const parts = holders.map((holder) => {
    const [header, claims, signature] = prove(holder, holder.token).split('.');
    const key = { key: holder.publicKey, dsaEncoding: 'ieee-p1363' };
    return { key, input: Buffer.from(`${header}.${claims}`), signature: Buffer.from(signature, 'base64url') };
  });
  const operate = ({ key, input, signature }) => {
    if (!verify('sha256', input, key, signature)) throw new Error('The signature must be good.');
  };
  return { at: (place) => parts[place], operate };
}
