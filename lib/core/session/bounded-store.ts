// A shared store that answers soon or fails: clients of Redis wait for a lost server as long as it takes.
import { withDeadline } from '../api/deadline.js';
import type { Notice, Notify } from '../notice.js';
import { toReason } from '../reason.js';
import type { KeyValueStore } from './key-value-store.js';

const TIMEOUT_MS = 1_000;

/** Bounds every call in time, and tells the operator of failures; the caller gets them as they are. */
export function boundStore(store: KeyValueStore, failure: Notice, notify: Notify): KeyValueStore {
  const bound = async (call: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await withDeadline(call(), TIMEOUT_MS, 'The store');
    } catch (error) {
      notify({ ...failure, message: `${failure.message} (${toReason(error)})` });
      throw error;
    }
  };
  return {
    get: (key) => bound(() => store.get(key)),
    set: (key, value, ttlMs) => bound(() => store.set(key, value, ttlMs)),
    delete: (key) => bound(() => store.delete(key)),
  };
}
