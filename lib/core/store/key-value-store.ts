// A store that several instances share: its interface, the time limit of its calls, and what it must answer.
import { withDeadline } from '../deadline.js';
import type { Notice, Notify } from '../logging.js';
import { toReason } from '../request-failure.js';

const TIMEOUT_MS = 1_000;
const SILENT_TIMEOUT_MS = 200; // while a store does not respond, later calls wait less

/**
 * A store of strings that expire. Its methods must reject on failure: if a failing store looked empty, signed-out tokens
 * would be accepted. A Keyv fits with `throwOnErrors: true` on itself and on its adapter.
 * @example
 * const store: KeyValueStore = {
 *   get: (key) => redis.get(key),
 *   getMany: (keys) => redis.mGet([...keys]),
 *   set: (key, value, ttlMs) => redis.set(key, value, { expiration: { type: 'PX', value: ttlMs } }),
 *   setIfAbsent: async (key, value, ttlMs) =>
 *     (await redis.set(key, value, { expiration: { type: 'PX', value: ttlMs }, condition: 'NX' })) === 'OK',
 *   delete: (key) => redis.del(key),
 * };
 */
export interface KeyValueStore {
  /**
   * Reads a value.
   * @returns the value; `undefined` or `null` if there is none
   */
  get(key: string): Promise<unknown>;
  /**
   * Reads several values in one call. Without it, each is read by a call of `get`.
   * @returns one value for each key, in the order of the keys; `undefined` or `null` for a key without a value
   */
  getMany?(keys: readonly string[]): Promise<readonly unknown[]>;
  /**
   * Keeps a string for `ttlMs` milliseconds.
   * @returns a promise that rejects, or resolves to `false`, if the store did not keep the value
   */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /**
   * Keeps a string for `ttlMs` milliseconds if the key has no value, in one atomic step. With it, two instances never
   * refresh one session at the same time.
   * @returns whether the value was kept: `false` if the key had one
   */
  setIfAbsent?(key: string, value: string, ttlMs: number): Promise<boolean>;
  /**
   * Deletes a value.
   * @returns a promise that rejects if the store failed; its value is ignored
   */
  delete(key: string): Promise<unknown>;
}

/** A store that the options accept: with `delete`, or with `del` as in cache-manager. */
export type GivenStore =
  | KeyValueStore
  | (Omit<KeyValueStore, 'delete'> & {
      /** Deletes a value. */
      del(key: string): Promise<unknown>;
    });

/** An answer of a store that its interface does not allow. */
export class UnfitAnswer extends Error {
  constructor(
    readonly method: 'getMany' | 'setIfAbsent',
    what: string,
  ) {
    super(`The ${method} of the store ${what}.`);
  }
}

/** Reads the values of several keys, in one call where the store can. */
export function readMany(store: KeyValueStore, keys: readonly string[]): Promise<readonly unknown[]> {
  return store.getMany === undefined ? Promise.all(keys.map((key) => store.get(key))) : store.getMany(keys);
}

/** Whether a store does not respond at present. */
export interface StoreSilence {
  isSilent: boolean;
}

/** The input of `boundStore` beside the store. */
export interface BoundStoreInput {
  /** The notice of a failure, without its reason. */
  readonly failure: Notice;
  readonly notify: Notify;
  readonly silence?: StoreSilence;
}

/** The notice of a store beside a channel. */
export const STORE_FAILED: Notice = {
  code: 'SHARED_STORE_FAILED',
  level: 'warn',
  message:
    'The shared store (shared.store, or else that of shared.channel) cannot be reached. Until it can, each instance refreshes sessions and exchanges access keys on its own.',
};

/** The notice of a store that is asked about sign-outs. */
export const SIGN_OUTS_FAILED: Notice = {
  code: 'SHARED_STORE_FAILED',
  level: 'error',
  message:
    'The shared.store cannot be reached. Until it can, requests with a session get 503, and each instance refreshes sessions and exchanges access keys on its own.',
};

/**
 * Limits the time of every call, and reports and rethrows failures, of which an answer of another form is one. Redis
 * clients have no time limit of their own.
 */
export function boundStore(store: KeyValueStore, input: BoundStoreInput): KeyValueStore {
  const { failure, notify, silence = { isSilent: false } } = input;
  const bound = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await unlessSilent(call, silence);
    } catch (error) {
      notify({ ...failure, message: `${failure.message} (${toReason(error)})` });
      throw error;
    }
  };
  const bounded: KeyValueStore = {
    get: (key) => bound(() => store.get(key)),
    set: (key, value, ttlMs) => bound(async () => assertKept(await store.set(key, value, ttlMs))),
    delete: (key) => bound(() => store.delete(key)),
  };
  if (store.getMany !== undefined)
    bounded.getMany = (keys) => bound(async () => assertComplete(await store.getMany?.(keys), keys));
  if (store.setIfAbsent !== undefined)
    bounded.setIfAbsent = (key, value, ttlMs) =>
      bound(async () => assertDecided(await store.setIfAbsent?.(key, value, ttlMs)));
  return bounded;
}

// Any response, also a rejection, ends the silence.
async function unlessSilent<T>(call: () => Promise<T>, silence: StoreSilence): Promise<T> {
  let isLate = true;
  const answer = (async () => call())().finally(() => {
    isLate = false;
    silence.isSilent = false;
  });
  try {
    const timeoutMs = silence.isSilent ? SILENT_TIMEOUT_MS : TIMEOUT_MS;
    return await withDeadline(() => answer, { timeoutMs, who: 'The store' });
  } finally {
    if (isLate) silence.isSilent = true;
  }
}

// Keyv returns `false` if its adapter did not keep the value.
function assertKept(answer: unknown): unknown {
  if (answer === false) throw new Error('The store lost what was written to it.');
  return answer;
}

function assertComplete(answer: unknown, keys: readonly string[]): readonly unknown[] {
  if (Array.isArray(answer) && answer.length === keys.length) return answer;
  throw new UnfitAnswer('getMany', 'did not return one value for each key');
}

function assertDecided(answer: unknown): boolean {
  if (typeof answer === 'boolean') return answer;
  throw new UnfitAnswer('setIfAbsent', 'returned neither true nor false');
}
