// The project's keys: the one that signs, and all that are published.
import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { exportJWK } from 'jose';
import type { JWK } from 'jose';
import { createId } from '../store/ids.js';

/** How the emulator can sign. */
export type KeyAlgorithm = 'RS256' | 'ES384';

/** A key pair that can sign tokens. */
export interface EmulatorKey {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half, as it is published. */
  readonly publicJwk: JWK;
}

const generate = promisify(generateKeyPair);

/** Makes a key pair that nobody has published. */
export async function createKey(algorithm: KeyAlgorithm = 'RS256'): Promise<EmulatorKey> {
  const { privateKey, publicKey } =
    algorithm === 'RS256'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: 'P-384' });
  const kid = createId('SK');
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
  return { kid, algorithm, privateKey, publicKey, publicJwk };
}

/** Keeps the project's keys. */
export class KeyRing {
  #earlier: readonly EmulatorKey[] = [];
  #extra: readonly JWK[] = [];

  constructor(private signingKey: EmulatorKey) {}

  /** The key that signs now. */
  get current(): EmulatorKey {
    return this.signingKey;
  }

  /** All public keys, the signing one first. */
  get published(): readonly JWK[] {
    return [this.signingKey.publicJwk, ...this.#earlier.map((key) => key.publicJwk), ...this.#extra];
  }

  /** The key of an id, if the project still trusts it. */
  find(kid: string): EmulatorKey | undefined {
    return [this.signingKey, ...this.#earlier].find((key) => key.kid === kid);
  }

  /** Signs with another key from now on; with `revoke` the earlier ones leave the published set. */
  async rotate(revoke: boolean): Promise<EmulatorKey> {
    const next = await createKey(this.signingKey.algorithm);
    this.#earlier = revoke ? [] : [this.signingKey, ...this.#earlier];
    this.signingKey = next;
    return next;
  }

  /** Publishes one more key, as it is, however odd. */
  publish(jwk: JWK): void {
    this.#extra = [...this.#extra, jwk];
  }

  /** Takes back what `publish` published. */
  unpublishExtra(): void {
    this.#extra = [];
  }
}
