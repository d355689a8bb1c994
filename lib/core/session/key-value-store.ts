// A store that several instances share: what Keyv and cache-manager have in common.

/**
 * Anything that keeps texts by key for a time, and rejects when it cannot: what answers as if it were empty lets in who
 * signed out. Keyv is of this shape with `throwOnErrors: true` on itself and on its adapter.
 */
export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  /** Keeps a text; `ttlMs` in milliseconds. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}
