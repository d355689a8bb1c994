// A store that several instances share: what Keyv and cache-manager have in common.

/** Anything that keeps texts by key for a time. Keyv and cache-manager (5 and newer) are of this shape. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  /** Keeps a text; `ttlMs` in milliseconds. */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
}
