// A store that two instances could share, which a test can look into and switch off.
import type { KeyValueStore } from '#lib/core/store/key-value-store.js';

export class MemoryStore implements KeyValueStore {
  readonly entries = new Map<string, { readonly value: string; readonly ttlMs: number }>();
  readonly #ends = new Map<string, number>(); // by the true clock, as a server's
  isDown = false;
  calls = 0;

  async get(key: string): Promise<unknown> {
    this.meet();
    return this.find(key);
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.meet();
    this.keep(key, value, ttlMs);
  }

  async delete(key: string): Promise<void> {
    this.meet();
    this.entries.delete(key);
  }

  /** Deletes the entries whose keys begin so. */
  forget(prefix: string): void {
    for (const key of this.entries.keys()) if (key.startsWith(prefix)) this.entries.delete(key);
  }

  /** All that it holds, keys included. */
  get text(): string {
    return JSON.stringify([...this.entries]);
  }

  protected find(key: string): string | undefined {
    if ((this.#ends.get(key) ?? Infinity) <= performance.now()) this.entries.delete(key);
    return this.entries.get(key)?.value;
  }

  protected keep(key: string, value: string, ttlMs: number): void {
    this.entries.set(key, { value, ttlMs });
    this.#ends.set(key, performance.now() + ttlMs);
  }

  protected meet(): void {
    this.calls += 1;
    if (this.isDown) throw new Error('connect ECONNREFUSED');
  }
}

/** The same with all that a store may have. */
export class FullMemoryStore extends MemoryStore {
  async getMany(keys: readonly string[]): Promise<readonly unknown[]> {
    this.meet();
    return keys.map((key) => this.find(key));
  }

  async setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    this.meet();
    if (this.find(key) !== undefined) return false;
    this.keep(key, value, ttlMs);
    return true;
  }
}
