// Keeps records by key, and creates the identifiers and secrets of records.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { LatestRecords } from '../latest-records.js';

/** A change of a record: without `before` it was added, without `after` removed. */
export interface Change<T> {
  readonly before?: T | undefined;
  readonly after?: T | undefined;
}

/** Keeps records by key, in the order of their creation; in a map, so that `__proto__` is a key like any other. */
export class NamedRecords<T> {
  readonly #byKey = new Map<string, T>();

  constructor(
    private readonly keyOf: (record: T) => string,
    private readonly onChange: (change: Change<T>) => void = () => undefined,
  ) {}

  /** All records. */
  get all(): readonly T[] {
    return [...this.#byKey.values()];
  }

  /** Finds a record. */
  find(key: string): T | undefined {
    return this.#byKey.get(key);
  }

  /** Adds or replaces a record. */
  put(record: T): T {
    const key = this.keyOf(record);
    const before = this.#byKey.get(key);
    this.#byKey.set(key, record);
    this.onChange({ before, after: record });
    return record;
  }

  /** Removes a record. */
  remove(record: T): void {
    const key = this.keyOf(record);
    const before = this.#byKey.get(key);
    this.#byKey.delete(key);
    this.onChange({ before });
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Creates an identifier like Descope's: a prefix and 27 letters or digits. */
export function createId(prefix: string): string {
  return prefix + toLetters(randomBytes(27));
}

/** Derives an identifier from a name, so that seeded data keep theirs across resets and starts. */
export function toSeededId(prefix: string, name: string): string {
  return prefix + toLetters(createHash('sha256').update(`${prefix} ${name}`).digest().subarray(0, 27));
}

/** Creates a secret for a link or an access key. */
export function createSecret(): string {
  return toLetters(randomBytes(48));
}

/** Creates a code of six digits. */
export function createCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0');
}

/** The digest that is kept and compared in place of a secret. */
export function toDigest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Keeps a record, and returns the secret by whose digest it is found. */
export function keepBySecret<Value>(records: LatestRecords<string, Value>, value: Value): string {
  const secret = createSecret();
  records.put(toDigest(secret), value);
  return secret;
}

function toLetters(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
}
