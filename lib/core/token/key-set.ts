// Key sets: the interface for the verifier, and a set of fixed keys.
import { DescopeCredentialError } from '../errors.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { VerificationKey } from './signature.js';
import { readVerificationKey } from './signature.js';

/** The source of the verifier's keys. */
export interface KeySet {
  /** Finds the key of an id. Throws `TOKEN_KEY_UNKNOWN`, or `KEYS_UNAVAILABLE` if the keys cannot be fetched. */
  find(keyId: string): MaybePromise<VerificationKey>;
  /** Loads the keys before the first request. Throws `KEYS_UNAVAILABLE`. */
  hydrate(): Promise<void>;
  /** Returns the state of the keys, after a fetch if one is due; never rejects. */
  checkHealth(): Promise<KeyHealth>;
  /** Aborts a fetch that is under way. */
  close(): void;
}

/** The state of the keys: `stale` keys are usable, but could not be refreshed. */
export interface KeyHealth {
  readonly state: 'usable' | 'stale' | 'none';
  /** The number of keys in memory, usable or not. */
  readonly keyCount: number;
  /** Milliseconds since they were fetched; `undefined` if none were. */
  readonly keyAgeMs: number | undefined;
}

/** The keys of a project by id. A `Map`, so that no id can name an inherited member. */
export type KeysById = ReadonlyMap<string, VerificationKey>;

/** A fixed key set from `keys` or `publicKey`: without network and rotation. */
export class StaticKeySet implements KeySet {
  readonly #keys: KeysById;

  constructor(keys: KeysById) {
    this.#keys = keys;
  }

  find(keyId: string): VerificationKey {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw unknownKey();
    return key;
  }

  async hydrate(): Promise<void> {}

  async checkHealth(): Promise<KeyHealth> {
    return { state: 'usable', keyCount: this.#keys.size, keyAgeMs: undefined };
  }

  close(): void {}
}

/**
 * Reads the usable keys of a JWK set (RFC 7517 §5). A key that may not verify is left out, without effect on the others. If
 * two different keys have the same id, neither counts. A key that was known before stays the same object, so that a cached
 * token can compare it.
 */
export function toKeysById(jwks: readonly unknown[], before: KeysById = new Map()): KeysById {
  const keys = new Map<string, VerificationKey>();
  const ambiguous = new Set<string>();
  for (const jwk of jwks) {
    const key = readVerificationKey(jwk);
    if (typeof key === 'string') continue;
    const known = keys.get(key.keyId);
    if (known !== undefined && !isSameKey(known, key)) ambiguous.add(key.keyId);
    const earlier = before.get(key.keyId);
    keys.set(key.keyId, earlier !== undefined && isSameKey(earlier, key) ? earlier : key);
  }
  for (const keyId of ambiguous) keys.delete(keyId);
  return keys;
}

/** Creates the rejection of a key id that the project does not have. */
export function unknownKey(): DescopeCredentialError {
  const message = "The token's key id is not among the project's keys.";
  return new DescopeCredentialError('TOKEN_KEY_UNKNOWN', message);
}

function isSameKey(one: VerificationKey, other: VerificationKey): boolean {
  return one.algorithm === other.algorithm && one.keyObject.equals(other.keyObject);
}
