// Those who want to know at once that a token was revoked: open sockets and streams.
import type { Revocation, RevocationKey } from './revocation.js';

const CALLED_AT_ONCE = 100;

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

  /** Calls those whose tokens are rejected now, soon: not within the call that revokes. */
  notify(revocations: readonly Revocation[]): void {
    if (this.#byKey.size === 0) return;
    const called: Watcher[] = [];
    for (const { key, issuedBefore } of revocations)
      for (const watcher of [...(this.#byKey.get(toId(key)) ?? [])])
        if (watcher.issuedAt < issuedBefore) {
          this.#remove(watcher);
          called.push(watcher);
        }
    if (called.length > 0) callSoon(called.values());
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

// A few in each turn, so that requests are answered meanwhile.
function callSoon(watchers: Iterator<Watcher>): void {
  setImmediate(() => {
    for (let count = 0; count < CALLED_AT_ONCE; count += 1) {
      const next = watchers.next();
      if (next.done === true) return;
      callAlone(next.value);
    }
    callSoon(watchers);
  });
}

// What it throws, such as a listener of the application for the end of a socket, is as uncaught as it is without us.
function callAlone({ run }: Watcher): void {
  try {
    run();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}

function toId({ high, low }: RevocationKey): string {
  return `${high}:${low}`;
}
