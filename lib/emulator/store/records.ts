// Records under a key of their own; a map, so that every name is just a name.
import { createHash, randomBytes, randomInt } from 'node:crypto';

/** Keeps records by key, in the order in which they came. */
export class NamedRecords<T> {
  readonly #byKey = new Map<string, T>();

  constructor(private readonly keyOf: (record: T) => string) {}

  /** All records. */
  get all(): readonly T[] {
    return [...this.#byKey.values()];
  }

  /** The record of a key. */
  find(key: string): T | undefined {
    return this.#byKey.get(key);
  }

  /** Adds or replaces a record. */
  put(record: T): T {
    this.#byKey.set(this.keyOf(record), record);
    return record;
  }

  /** Removes a record. */
  remove(record: T): void {
    this.#byKey.delete(this.keyOf(record));
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A fresh identifier. */
export function createId(prefix: string): string {
  return prefix + toLetters(randomBytes(27));
}

/** The identifier that belongs to a name, the same at every start: seeded data keep theirs across a reset. */
export function toSeededId(prefix: string, name: string): string {
  return prefix + toLetters(createHash('sha256').update(`${prefix} ${name}`).digest().subarray(0, 27));
}

/** A fresh secret for links and access keys. */
export function createSecret(): string {
  return toLetters(randomBytes(48));
}

/** A fresh code of six digits. */
export function createCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

/** The digest under which a secret is kept and compared. */
export function toDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function toLetters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}
