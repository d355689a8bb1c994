// DPoP proofs for the calls of the application (RFC 9449 §4.2): its key, and the nonce of each server.
import type { KeyObject } from 'node:crypto';
import { generateKeyPairSync, hash, randomUUID, sign } from 'node:crypto';
import type { Clock } from '../clock.js';

const MAX_ORIGINS = 100;
// RFC 9449 §8.1: a nonce is of these characters. No server needs one as long as a token.
const NONCE = /^[\x21\x23-\x5B\x5D-\x7E]{1,1024}$/;

/** The request that a proof is for. */
export interface ProvenRequest {
  readonly method: string;
  readonly url: string;
  /** The access token that is sent with the proof; without one, the request asks for a token. */
  readonly token?: string | undefined;
}

/** The part of a response that is read. */
export interface ProvenResponse {
  readonly headers: Headers;
}

/** How a request with a proof is sent, and what its response demands. */
export interface ProvenExchange<Response extends ProvenResponse> {
  readonly send: (proof: string) => Promise<Response>;
  /** Whether the response rejects the request for its nonce alone, and the request may be sent once more. */
  readonly demandsNonce: (response: Response) => boolean;
}

/** Signs proofs with an ES256 key that never leaves this object, and answers the nonces of servers. */
export class DpopProver {
  readonly #clock: Clock;
  readonly #privateKey: KeyObject;
  readonly #header: string;
  readonly #nonces = new Map<string, string>();
  /** The thumbprint of the key (RFC 7638). */
  readonly thumbprint: string;

  constructor(clock: Clock) {
    this.#clock = clock;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { crv, x, y } = publicKey.export({ format: 'jwk' });
    const jwk = { crv, kty: 'EC', x, y }; // in the order of RFC 7638 §3.3
    this.#privateKey = privateKey;
    this.#header = toPart({ typ: 'dpop+jwt', alg: 'ES256', jwk });
    this.thumbprint = hash('sha256', JSON.stringify(jwk), 'base64url');
  }

  /** Sends a request with a proof; once more with the nonce that the server demands. */
  async exchange<Response extends ProvenResponse>(
    request: ProvenRequest,
    { send, demandsNonce }: ProvenExchange<Response>,
  ): Promise<Response> {
    const { origin } = new URL(request.url);
    const known = this.#nonces.get(origin);
    const first = await send(this.#sign(request, known));
    const nonce = this.#keepNonce(origin, first.headers);
    if (nonce === undefined || nonce === known || !demandsNonce(first)) return first;
    const second = await send(this.#sign(request, nonce));
    this.#keepNonce(origin, second.headers);
    return second;
  }

  #sign({ method, url, token }: ProvenRequest, nonce: string | undefined): string {
    const { origin, pathname } = new URL(url);
    const claims = {
      jti: randomUUID(),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor(this.#clock() / 1000),
      ath: token === undefined ? undefined : hash('sha256', token, 'base64url'),
      nonce,
    };
    const input = `${this.#header}.${toPart(claims)}`;
    const key = { key: this.#privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }

  // RFC 9449 §8.2: any response may have the nonce of the next request.
  #keepNonce(origin: string, headers: Headers): string | undefined {
    const nonce = headers.get('dpop-nonce');
    if (nonce === null || !NONCE.test(nonce)) return undefined;
    this.#nonces.delete(origin);
    const [oldest] = this.#nonces.keys();
    if (this.#nonces.size >= MAX_ORIGINS && oldest !== undefined) this.#nonces.delete(oldest);
    this.#nonces.set(origin, nonce);
    return nonce;
  }
}

function toPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
