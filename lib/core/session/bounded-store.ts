// A shared store that answers soon or fails: clients of Redis wait for a lost server as long as it takes.
import { withDeadline } from '../api/deadline.js';
import type { Notice, Notify } from '../notice.js';
import { toReason } from '../reason.js';
import type { KeyValueStore } from './key-value-store.js';

const TIMEOUT_MS = 1_000;
const SILENT_TIMEOUT_MS = 200; // while a store is silent, the next call need not find out for as long again

/** Whether the stores of an application have gone silent: where two are one server, one of them finds out for both. */
export interface StoreSilence {
  isSilent: boolean;
}

/** What bounding needs beside the store. */
export interface BoundStoreInput {
  /** What the operator is told of a failure. */
  readonly failure: Notice;
  readonly notify: Notify;
  readonly silence?: StoreSilence;
}

/** Bounds every call in time, and tells the operator of failures; the caller gets them as they are. */
export function boundStore(store: KeyValueStore, input: BoundStoreInput): KeyValueStore {
  const { failure, notify, silence = { isSilent: false } } = input;
  const bound = async (call: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await withinTime(call, silence);
    } catch (error) {
      notify({ ...failure, message: `${failure.message} (${toReason(error)})` });
      throw error;
    }
  };
  return {
    get: (key) => bound(() => store.get(key)),
    set: (key, value, ttlMs) => bound(async () => assertKept(await store.set(key, value, ttlMs))),
    delete: (key) => bound(() => store.delete(key)),
  };
}

// Any answer, also a refusal, ends the silence.
async function withinTime(call: () => Promise<unknown>, silence: StoreSilence): Promise<unknown> {
  let isLate = true;
  const answer = (async () => call())().finally(() => {
    isLate = false;
    silence.isSilent = false;
  });
  try {
    return await withDeadline(answer, silence.isSilent ? SILENT_TIMEOUT_MS : TIMEOUT_MS, 'The store');
  } finally {
    if (isLate) silence.isSilent = true;
  }
}

// Keyv says by `false` that its adapter did not keep what it was given.
function assertKept(answer: unknown): unknown {
  if (answer === false) throw new Error('The store did not keep what it was given.');
  return answer;
}
