// Stores that several instances share: their interface and time limits, and the checks of a store's shape and behaviour at boot.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../api/http-client.js';
import { DescopeConfigError } from '../errors.js';
import type { Notice, Notify } from '../logging.js';
import { toReason } from '../request-failure.js';

const TIMEOUT_MS = 1_000;
const SILENT_TIMEOUT_MS = 200; // while a store does not respond, later calls wait less

/** Whether the stores of an application do not respond. They share this state, because they are often one server. */
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

/** Limits the time of every call, and reports and rethrows failures. Redis clients have no time limit of their own. */
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

// Any response, also a rejection, ends the silence.
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

// Keyv returns `false` if its adapter did not keep the value.
function assertKept(answer: unknown): unknown {
  if (answer === false) throw new Error('The store lost what was written to it.');
  return answer;
}

// The interface. Keyv has it; cache-manager has `del` in place of `delete`.

/**
 * A store of strings that expire. Its methods must reject on failure: if a failing store looked empty, signed-out tokens
 * would be accepted. A Keyv fits with `throwOnErrors: true` on itself and on its adapter.
 * @example
 * const store: KeyValueStore = {
 *   get: (key) => redis.get(key),
 *   set: (key, value, ttlMs) => redis.set(key, value, { PX: ttlMs }),
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
   * Keeps a string for `ttlMs` milliseconds.
   * @returns a promise that rejects, or resolves to `false`, if the store did not keep the value
   */
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
  /**
   * Deletes a value.
   * @returns a promise that rejects if the store failed; its value is ignored
   */
  delete(key: string): Promise<unknown>;
}

// The shape of a store: whether it is complete, and whether it reports its errors.

/** A store that the options accept: with `delete`, or with `del` as in cache-manager. */
export type GivenStore =
  | KeyValueStore
  | (Omit<KeyValueStore, 'delete'> & {
      /** Deletes a value. */
      del(key: string): Promise<unknown>;
    });

/** The flaw of a store, as a mistake in the options. */
export interface StoreMistake {
  readonly got: string;
  readonly wants: string;
}

type Layer = Readonly<Record<string, unknown>>;

const WANTS = 'an object with get, set(key, value, ttlMs) and delete (or del)';
const KEYV_CODE =
  'new Keyv({ store: new KeyvRedis(url, { throwOnErrors: true }), throwOnErrors: true }), ' +
  'because without throwOnErrors an error of the server looks like an empty store';
const CLIENT_CODE =
  '{ get: (key) => client.get(key), set: (key, value, ttlMs) => …, delete: (key) => client.del(key) }, ' +
  'where set passes ttlMs to the client in its own form (PX)';

// The first of them may be the memory of this process, which does not see what another instance writes.
const SEVERAL = {
  got: 'a cache with several stores',
  wants: `the one store that all instances share, such as ${KEYV_CODE}`,
};

/**
 * Returns the flaw of a store, if it has one. Checks shapes, not classes: an application may have its own copy of Keyv.
 */
export function findStoreMistake(store: unknown): StoreMistake | undefined {
  if (!isLayer(store)) return { got: 'no store', wants: WANTS };
  if (store instanceof Map)
    return { got: 'a Map, which never expires entries and is not shared between instances', wants: WANTS };
  if (isFunction(store['sendCommand'])) return { got: 'a Redis client', wants: CLIENT_CODE };
  const isComplete = isFunction(store['get']) && isFunction(store['set']);
  if (!isComplete || !(isFunction(store['delete']) || isFunction(store['del'])))
    return { got: 'an object without these methods', wants: WANTS };
  if (isLayer(store['primary']) && 'secondary' in store)
    return { got: 'a Cacheable, which hides its errors', wants: `the Keyv below it: ${KEYV_CODE}` };
  return findHiding(store);
}

/**
 * Converts a store to one form. Of a cache of cache-manager, the store below is used: the cache's own `get` hides
 * errors in events.
 */
export function toKeyValueStore(given: GivenStore): KeyValueStore {
  const below = readStores(given as unknown as Layer)?.[0];
  if (below !== undefined) return toKeyValueStore(below as unknown as GivenStore);
  return {
    get: async (key) => toText(await given.get(key)),
    set: (key, value, ttlMs) => given.set(key, value, ttlMs),
    delete: (key) => ('delete' in given ? given.delete(key) : given.del(key)),
  };
}

// Keyv 5 and its adapters hide errors by default, and each has its own setting; Keyv 4 never hides them.
function findHiding(layer: Layer): StoreMistake | undefined {
  const stores = readStores(layer);
  if (stores !== undefined) return stores.length === 1 ? findStoreMistake(stores[0]) : SEVERAL;
  const below = readBelow(layer);
  if (!isHiding(layer, below)) return isLayer(below) ? findHiding(below) : undefined;
  const got = `${below === undefined ? 'an adapter' : 'a Keyv'} that hides its errors`;
  return { got, wants: 'throwOnErrors' in layer ? KEYV_CODE : `a newer keyv, and then ${KEYV_CODE}` };
}

function isHiding(layer: Layer, below: unknown): boolean {
  if ('throwOnErrors' in layer) return layer['throwOnErrors'] !== true;
  return isLayer(layer['hooks']) && below !== undefined; // a Keyv 5 that has no such option yet
}

// The store below a Keyv; there is none below an adapter.
function readBelow(layer: Layer): unknown {
  const { opts } = layer;
  return isLayer(opts) ? (layer['store'] ?? opts['store']) : undefined;
}

// A client may be configured to return bytes.
function toText(value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
}

function readStores(layer: Layer): readonly Layer[] | undefined {
  const { stores } = layer;
  return isFunction(layer['del']) && Array.isArray(stores) ? stores : undefined;
}

function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

// The behaviour of a store, tested once at boot: it must keep entries, and expire them in time.

const PREFIX = 'nestjs-descope:probe:';
const VALUE = '1';
const LONG_MS = 60_000;
const VISIBLE_WAITS_MS = [5, 20, 75, 400]; // a replica may be late
// A store may count in milliseconds or round up to whole seconds; one that reads the number as seconds is detected.
const TRIES = [
  { ttlMs: 1, waitsMs: [5, 20, 40] },
  { ttlMs: 1_000, waitsMs: [1_050, 400, 750] },
];

const FORGETS: StoreMistake = {
  got: 'a store that loses what is written, without an error',
  wants: 'a store that rejects when it cannot write or read',
};
const KEEPS: StoreMistake = {
  got: 'a store that still returns a deleted entry',
  wants: 'a delete (or del) that removes the entry',
};
const IGNORES_TTL: StoreMistake = {
  got: 'a store that still returns an expired entry',
  wants: 'a set(key, value, ttlMs) that expires the entry after ttlMs milliseconds',
};

/** The stores of an application. */
export interface StoresToProbe {
  readonly renewalStore: KeyValueStore | undefined;
  readonly signOutStore: KeyValueStore | undefined;
}

/**
 * Asserts that the stores work. One that cannot be reached is reported and not checked: it may recover at any moment, and
 * the application must start without it. Throws `CONFIG_INVALID`.
 */
export async function assertStoresFit(stores: StoresToProbe, notify: Notify): Promise<void> {
  const found = await Promise.all([
    findLine('renewalStore', stores.renewalStore, { code: 'RENEWAL_STORE_FAILED', level: 'warn', notify }),
    findLine('signOutStore', stores.signOutStore, { code: 'SIGN_OUT_STORE_FAILED', level: 'error', notify }),
  ]);
  const mistakes = found.filter((line) => line !== undefined);
  if (mistakes.length === 0) return;
  const lines = mistakes.map((line) => `\n  - ${line}`).join('');
  const message = `DescopeModule is not configured correctly:${lines}`;
  throw new DescopeConfigError('CONFIG_INVALID', message, { mistakes });
}

async function findLine(
  name: keyof StoresToProbe,
  store: KeyValueStore | undefined,
  { notify, ...notice }: Omit<Notice, 'message'> & { readonly notify: Notify },
): Promise<string | undefined> {
  if (store === undefined) return undefined;
  const failure = {
    ...notice,
    message: `The ${name} cannot be reached, so it is not checked at boot.`,
  };
  try {
    const mistake = await findMistake(boundStore(store, { failure, notify }));
    return mistake && `session.${name}: got ${mistake.got}; wants ${mistake.wants}.`;
  } catch {
    return undefined; // reported by the bounded store
  }
}

async function findMistake(store: KeyValueStore): Promise<StoreMistake | undefined> {
  const key = PREFIX + randomUUID();
  await store.set(key, VALUE, LONG_MS);
  if (!(await becomes(store, key, { isThere: true, waitsMs: VISIBLE_WAITS_MS }))) return FORGETS;
  await store.delete(key);
  if (!(await becomes(store, key, { isThere: false, waitsMs: VISIBLE_WAITS_MS }))) return KEEPS;
  for (const { ttlMs, waitsMs } of TRIES) {
    await store.set(key, VALUE, ttlMs);
    if (await becomes(store, key, { isThere: false, waitsMs })) return undefined;
  }
  await store.delete(key);
  return IGNORES_TTL;
}

async function becomes(
  store: KeyValueStore,
  key: string,
  { isThere, waitsMs }: { readonly isThere: boolean; readonly waitsMs: readonly number[] },
): Promise<boolean> {
  for (const waitMs of [0, ...waitsMs]) {
    if (waitMs > 0) await sleep(waitMs);
    const value = await store.get(key);
    if ((value !== undefined && value !== null) === isThere) return true;
  }
  return false;
}
