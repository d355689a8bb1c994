// The project's keys: the one that signs, and all that are published.
import type { KeyObject } from 'node:crypto';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { JsonObject } from '../http/message.js';
import { createId } from './records.js';

/** Keeps the keys of the project. */
export class KeyRing {
  #earlier: readonly EmulatorKey[] = [];
  #extra: readonly JsonObject[] = [];

  constructor(private signingKey: EmulatorKey) {}

  /** The key that signs new tokens. */
  get current(): EmulatorKey {
    return this.signingKey;
  }

  /** All public keys, the signing one first. */
  get published(): readonly JsonObject[] {
    return [this.signingKey.publicJwk, ...this.#earlier.map((key) => key.publicJwk), ...this.#extra];
  }

  /** Finds a key that the project still trusts. */
  find(kid: string): EmulatorKey | undefined {
    return [this.signingKey, ...this.#earlier].find((key) => key.kid === kid);
  }

  /** Creates a key that signs from now on; with `revoke`, earlier keys are no longer published or trusted. */
  async rotate(revoke: boolean): Promise<EmulatorKey> {
    const next = await createKey(this.signingKey.algorithm);
    this.#earlier = revoke ? [] : [this.signingKey, ...this.#earlier];
    this.signingKey = next;
    return next;
  }

  /** Publishes one more key, without any check. */
  publish(jwk: JsonObject): void {
    this.#extra = [...this.#extra, jwk];
  }

  /** Undoes every `publish`. */
  unpublishExtra(): void {
    this.#extra = [];
  }
}

/** A key pair that signs tokens. */
export interface EmulatorKey {
  /** The key id, which is the header parameter `kid` of its tokens. */
  readonly kid: string;
  /** The algorithm it signs with. */
  readonly algorithm: KeyAlgorithm;
  /** The private key. */
  readonly privateKey: KeyObject;
  /** The public key. */
  readonly publicKey: KeyObject;
  /** The public key as a JWK. */
  readonly publicJwk: PublicJwk;
}

/** The signature algorithms of the emulator: RSA with SHA-256, or ECDSA on P-384 with SHA-384. */
export type KeyAlgorithm = 'RS256' | 'ES384';

/**
 * A public key as a JWK.
 *
 * @see RFC 7517, section 4
 */
export interface PublicJwk {
  /** The key type: `RSA` or `EC`. */
  readonly kty: string;
  /** The key id. */
  readonly kid: string;
  /** The algorithm. */
  readonly alg: KeyAlgorithm;
  /** The use: signatures. */
  readonly use: 'sig';
  /** The parameters of the key type, such as `n` and `e`, or `x` and `y`. */
  readonly [member: string]: unknown;
}

const generate = promisify(generateKeyPair);

/** Creates a key pair, which is not published. */
export async function createKey(algorithm: KeyAlgorithm = 'RS256'): Promise<EmulatorKey> {
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: 'P-384' });
  const kid = createId('SK');
  const { kty = '', ...members } = publicKey.export({ format: 'jwk' });
  const publicJwk = { ...members, kty, kid, alg: algorithm, use: 'sig' } as const;
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}
