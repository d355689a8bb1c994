// The keys of a test: found like the real ones, rotated and made unavailable on demand.
import { DescopeUnavailableError } from '../core/errors.js';
import { toKeysById, unknownKey } from '../core/keys/key-set.js';
import type { KeyHealth, KeySet, KeysById } from '../core/keys/key-set.js';
import type { VerificationKey } from '../core/keys/verification-key.js';

export class TestKeySet implements KeySet {
  #keys: KeysById = new Map();
  #isAvailable = true;

  publish(jwks: readonly unknown[]): void {
    this.#keys = toKeysById(jwks);
  }

  setAvailable(isAvailable: boolean): void {
    this.#isAvailable = isAvailable;
  }

  find(keyId: string): VerificationKey {
    if (!this.#isAvailable) {
      const message = 'The test made the keys unavailable.';
      throw new DescopeUnavailableError('KEYS_UNAVAILABLE', message, { retryAfterSeconds: 1 });
    }
    const key = this.#keys.get(keyId);
    if (key === undefined) throw unknownKey();
    return key;
  }

  async hydrate(): Promise<void> {}

  async checkHealth(): Promise<KeyHealth> {
    const keyCount = this.#keys.size;
    return { state: this.#isAvailable ? 'usable' : 'none', keyCount, keyAgeMs: undefined };
  }

  close(): void {}
}
