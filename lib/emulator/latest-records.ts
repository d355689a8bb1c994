// Keeps the latest of what nobody may come back for: bounded in number, and in the size of all together.

/** How much is kept of one kind. */
interface Limits<Value> {
  readonly most: number;
  /** The characters that all of them have as JSON, together. */
  readonly mostCharacters?: number;
  readonly onForget?: (value: Value) => void;
}

// Some ten times as much as ten thousand records of common requests have.
const MOST_CHARACTERS = 8 * 1024 * 1024;

/** Keeps the latest records: above a number or a size of all together, the oldest are forgotten. */
export class LatestRecords<Key, Value> {
  readonly #byKey = new Map<Key, { readonly value: Value; readonly characters: number }>();
  #characters = 0;

  constructor(private readonly limits: Limits<Value>) {}

  /** All records, oldest first. */
  get all(): readonly Value[] {
    return Array.from(this.#byKey.values(), ({ value }) => value);
  }

  /** How many there are. */
  get count(): number {
    return this.#byKey.size;
  }

  /** Finds a record. */
  find(key: Key): Value | undefined {
    return this.#byKey.get(key)?.value;
  }

  /** Keeps a record as the latest, also one that is kept already and has changed. */
  put(key: Key, value: Value): void {
    this.remove(key);
    const characters = countCharacters(value);
    this.#byKey.set(key, { value, characters });
    this.#characters += characters;
    this.#forgetOldest();
  }

  /** Removes a record. */
  remove(key: Key): void {
    this.#characters -= this.#byKey.get(key)?.characters ?? 0;
    this.#byKey.delete(key);
  }

  /** Removes all. */
  clear(): void {
    this.#byKey.clear();
    this.#characters = 0;
  }

  // A single record that is too large for itself alone is forgotten too.
  #forgetOldest(): void {
    const { most, mostCharacters = MOST_CHARACTERS, onForget } = this.limits;
    for (const [key, { value }] of this.#byKey) {
      if (this.#byKey.size <= most && this.#characters <= mostCharacters) return;
      this.remove(key);
      onForget?.(value);
    }
  }
}

/** The size of a record: the characters that it has as JSON. */
export function countCharacters(value: unknown): number {
  return (JSON.stringify(value) ?? '').length;
}
