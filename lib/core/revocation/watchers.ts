// Those who want to know at once that a token was revoked: open sockets and streams.
import type { Revocation, RevocationKey } from './revocation.js';

/** A token that is watched. */
export interface Watcher {
  readonly keys: readonly RevocationKey[];
  /** `iat`; 0 without one. In epoch seconds. */
  readonly issuedAt: number;
  readonly run: () => void;
}

// By key, so that a revocation costs no more with many open sockets.
export class Watchers {
  readonly #byKey = new Map<string, Set<Watcher>>();
  readonly #all = new Set<Watcher>();

  /** The number of watchers. */
  get size(): number {
    return this.#all.size;
  }

  /** Adds a watcher, which is called once; returns a function that removes it. */
  add(watcher: Watcher): () => void {
    this.#all.add(watcher);
    for (const key of watcher.keys) {
      const id = toId(key);
      this.#byKey.set(id, (this.#byKey.get(id) ?? new Set<Watcher>()).add(watcher));
    }
    return () => this.#remove(watcher);
  }

  /** Calls those whose tokens are rejected now. */
  notify(revocations: readonly Revocation[]): void {
    if (this.#byKey.size === 0) return;
    for (const { key, issuedBefore } of revocations)
      for (const watcher of [...(this.#byKey.get(toId(key)) ?? [])])
        if (watcher.issuedAt < issuedBefore) {
          this.#remove(watcher);
          watcher.run();
        }
  }

  #remove(watcher: Watcher): void {
    this.#all.delete(watcher);
    for (const key of watcher.keys) {
      const id = toId(key);
      const watchers = this.#byKey.get(id);
      watchers?.delete(watcher);
      if (watchers?.size === 0) this.#byKey.delete(id);
    }
  }
}

function toId({ high, low }: RevocationKey): string {
  return `${high}:${low}`;
}
