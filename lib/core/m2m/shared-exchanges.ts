// Sessions of access keys in the store that instances share, each encrypted with a key from the access key itself.
import type { Clock } from '../clock.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { decryptToken, encryptToken, toTokenDigest } from '../store/token-encryption.js';
import { isJsonObject, readText } from '../token/claims.js';

const PREFIX = 'nestjs-descope:exchanged:';

/** The session of an access key as it is stored. */
export interface StoredExchange {
  readonly token: string;
  readonly keyId?: string | undefined;
  /** The end of its use, in epoch milliseconds: a later instance does not prolong it. */
  readonly endsAtMs: number;
}

/** The sessions that other instances got for access keys. No method rejects: without the store, each asks Descope. */
export class SharedExchanges {
  readonly #store: KeyValueStore | undefined;
  readonly #clock: Clock;

  constructor(store: KeyValueStore | undefined, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads the session of a key, unverified. Without the key it cannot be decrypted. */
  async read(key: string): Promise<StoredExchange | undefined> {
    return this.#ask(async (store) => {
      const text = decryptToken(await store.get(toName(key)), key, 'exchange');
      return text === undefined ? undefined : readExchange(JSON.parse(text));
    });
  }

  /** Keeps the session of a key until its end. */
  async keep(key: string, { token, keyId, endsAtMs }: StoredExchange): Promise<void> {
    const ttlMs = Math.floor(endsAtMs - this.#clock());
    if (ttlMs < 1) return;
    const encrypted = encryptToken(JSON.stringify({ token, keyId, endsAtMs }), key, 'exchange');
    await this.#ask((store) => store.set(toName(key), encrypted, ttlMs));
  }

  /** Deletes the session of a key that Descope rejected. */
  async forget(key: string): Promise<void> {
    await this.#ask((store) => store.delete(toName(key)));
  }

  async #ask<T>(call: (store: KeyValueStore) => Promise<T>): Promise<T | undefined> {
    try {
      return this.#store && (await call(this.#store));
    } catch {
      return undefined; // logged by the bounded store
    }
  }
}

function toName(key: string): string {
  return PREFIX + toTokenDigest(key);
}

function readExchange(value: unknown): StoredExchange | undefined {
  if (!isJsonObject(value)) return undefined;
  const [token, endsAtMs] = [readText(value, 'token'), value['endsAtMs']];
  if (token === undefined || typeof endsAtMs !== 'number') return undefined;
  return { token, keyId: readText(value, 'keyId'), endsAtMs };
}
