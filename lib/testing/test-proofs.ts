// A caller in a test whose token is bound to a key: the key, and a new proof for each request.
import type { KeyObject } from 'node:crypto';
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { systemClock } from '../core/clock.js';

/** The headers of one request: the token, and its proof. A type, which unlike an interface fits `.set()` of supertest. */
export type TestProofHeaders = {
  /** The `Authorization` header: `DPoP …`. */
  readonly authorization: string;
  /** The `DPoP` header: the proof, which counts once. */
  readonly dpop: string;
};

/**
 * A caller whose token is bound to a key of its own.
 * @see https://www.rfc-editor.org/rfc/rfc9449
 */
export interface TestBoundCaller {
  /** The session token. */
  readonly token: string;
  /**
   * Makes the headers of one request.
   * @param method the HTTP method
   * @param url the URL of the request at the option `publicOrigin`
   * @param claims further claims of the proof, such as a `nonce`, or others in place of its own; `undefined` leaves one out
   * @returns the headers, which count once
   * @example `await request(server).get('/orders').set(ada.prove('GET', 'https://api.example.com/orders'))`
   */
  prove(method: string, url: string, claims?: Readonly<Record<string, unknown>>): TestProofHeaders;
}

/** A key pair that makes proofs by ES256. */
export class TestProofKey {
  readonly #privateKey: KeyObject;
  readonly #jwk: Readonly<Record<string, string | undefined>>;

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
    this.#privateKey = privateKey;
    this.#jwk = { crv, kty, x, y }; // in the order of RFC 7638 §3.2
  }

  /** The claim of a token that is bound to this key. */
  get confirmation(): { readonly jkt: string } {
    return { jkt: toHash(JSON.stringify(this.#jwk)) };
  }

  /** Creates the caller of a token that is bound to this key. */
  toCaller(token: string): TestBoundCaller {
    const prove: TestBoundCaller['prove'] = (method, url, claims = {}) => {
      const htu = url.replace(/[?#].*$/, '');
      const iat = Math.floor(systemClock() / 1000);
      const own = { jti: randomUUID(), htm: method, htu, iat, ath: toHash(token) };
      return { authorization: `DPoP ${token}`, dpop: this.#sign({ ...own, ...claims }) };
    };
    return { token, prove };
  }

  #sign(claims: object): string {
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.#jwk };
    const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
    const text = input.join('.');
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  }
}

function toHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
