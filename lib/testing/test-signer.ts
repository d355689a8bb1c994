// A real key pair that signs test tokens on node:crypto: jose is ESM-only, and Jest in CommonJS cannot load it.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Signs tokens with RS256 under one key id. */
export class TestSigner {
  readonly keyId = `SK${randomUUID().replaceAll('-', '')}`;
  readonly #privateKey: KeyObject;
  /** The public key as Descope publishes it. */
  readonly publicJwk: Readonly<Record<string, unknown>>;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#privateKey = privateKey;
    const jwk = publicKey.export({ format: 'jwk' });
    this.publicJwk = { ...jwk, alg: 'RS256', kid: this.keyId, use: 'sig' };
  }

  /** Signs claims; `undefined` members are left out. */
  sign(claims: Readonly<Record<string, unknown>>): string {
    const header = { alg: 'RS256', kid: this.keyId, typ: 'JWT' };
    const input = `${toPart(header)}.${toPart(claims)}`;
    const signature = sign('sha256', Buffer.from(input), this.#privateKey);
    return `${input}.${signature.toString('base64url')}`;
  }
}

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
