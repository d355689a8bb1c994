// The project's keys: the one that signs, and all that are published.
import type { KeyObject } from 'node:crypto';
import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { JsonObject } from '../http/message.js';
import { createId } from '../store/records.js';

/** How the emulator can sign. */
export type KeyAlgorithm = 'RS256' | 'ES384';

/** A public key as it is published. */
export interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: KeyAlgorithm;
  readonly use: 'sig';
  readonly [member: string]: unknown;
}

/** A key pair that can sign tokens. */
export interface EmulatorKey {
  readonly kid: string;
  readonly algorithm: KeyAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public half, as it is published. */
  readonly publicJwk: PublicJwk;
}

const generate = promisify(generateKeyPair);

/** Makes a key pair that nobody has published. */
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

/** Keeps the project's keys. */
export class KeyRing {
  #earlier: readonly EmulatorKey[] = [];
  #extra: readonly JsonObject[] = [];

  constructor(private signingKey: EmulatorKey) {}

  /** The key that signs now. */
  get current(): EmulatorKey {
    return this.signingKey;
  }

  /** All public keys, the signing one first. */
  get published(): readonly JsonObject[] {
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
  publish(jwk: JsonObject): void {
    this.#extra = [...this.#extra, jwk];
  }

  /** Takes back what `publish` published. */
  unpublishExtra(): void {
    this.#extra = [];
  }
}

// Sees to it that no two tokens are alike, even when they carry the same claims within the same second.

const KEPT = 10_000;

/** Remembers when which claims were issued. */
export class IssueTimes {
  readonly #taken = new Map<string, Set<number>>();

  // RSA signatures are the same for the same claims, and then one logout would end two sign-ins. Descope's tokens
  // carry no id of their own, so the later token says that it was issued a second before any that is like it.
  /** The same claims, with an `iat` that no token like it has had. */
  distinguish(claims: JsonObject): JsonObject {
    const { iat, ...rest } = claims;
    if (typeof iat !== 'number') return claims;
    const taken = this.#takenFor(JSON.stringify(rest));
    let second = iat;
    while (taken.has(second)) second -= 1;
    taken.add(second);
    return { ...claims, iat: second };
  }

  #takenFor(key: string): Set<number> {
    const taken = this.#taken.get(key) ?? new Set<number>();
    if (this.#taken.size >= KEPT) this.#forgetOldest();
    this.#taken.set(key, taken);
    return taken;
  }

  #forgetOldest(): void {
    for (const oldest of this.#taken.keys()) {
      this.#taken.delete(oldest);
      return;
    }
  }
}
