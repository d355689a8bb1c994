// Records under a key of their own; a map, so that every name is just a name.

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
