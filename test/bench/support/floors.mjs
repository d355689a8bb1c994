// What no verifier can do without: the signature alone, and the least that makes a token checked.
import { createPublicKey, verify } from 'node:crypto';
import { ISSUER } from './issuer.mjs';

export const RAW = 'node:crypto verify alone';
export const MINIMAL = 'minimal complete verifier';

/** Verifies signatures whose input is already split. */
export function createRawOperation(published, tokens) {
  const key = toKey(published);
  const parts = tokens.map((token) => {
    const end = token.lastIndexOf('.');
    return {
      input: Buffer.from(token.slice(0, end)),
      signature: Buffer.from(token.slice(end + 1), 'base64url'),
    };
  });
  let index = 0;
  return () => {
    const { input, signature } = parts[index];
    index = index + 1 === parts.length ? 0 : index + 1;
    if (!verify('sha256', input, key, signature)) throw new Error('The signature must be good.');
  };
}

/** Header by memory, signature, JSON, the three claims that every token needs. */
export function createMinimalVerify(published) {
  const key = toKey(published);
  const headers = new Map();
  return (token) => {
    const headerEnd = token.indexOf('.');
    const payloadEnd = token.lastIndexOf('.');
    const header = token.slice(0, headerEnd);
    if (!headers.has(header)) headers.set(header, JSON.parse(Buffer.from(header, 'base64url').toString()));
    if (headers.get(header).alg !== published.algorithm) throw new Error('The algorithm must be the key’s.');
    const input = Buffer.from(token.slice(0, payloadEnd), 'latin1');
    const signature = Buffer.from(token.slice(payloadEnd + 1), 'base64url');
    if (!verify('sha256', input, key, signature)) throw new Error('The signature must be good.');
    const claims = JSON.parse(Buffer.from(token.slice(headerEnd + 1, payloadEnd), 'base64url').toString());
    if (claims.iss !== ISSUER || !(claims.exp > Date.now() / 1000))
      throw new Error('The claims must be good.');
    return claims;
  };
}

function toKey({ jwk }) {
  return { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' };
}
