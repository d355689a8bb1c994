// A shared store as it is handed over: is it of the right shape, and does it tell when something went wrong?
import type { KeyValueStore } from './key-value-store.js';

/** What may be handed over: a store with `delete`, or one that says `del`, as cache-manager does. */
export type GivenStore =
  | KeyValueStore
  | (Omit<KeyValueStore, 'delete'> & {
      /** Forgets a key. */
      del(key: string): Promise<unknown>;
    });

/** What is wrong with a store, in the words of a configuration mistake. */
export interface StoreMistake {
  readonly got: string;
  readonly wants: string;
}

type Layer = Readonly<Record<string, unknown>>;

const WANTS = 'an object with get, set(key, value, ttlMs) and delete (or del)';
const KEYV_CODE =
  'new Keyv({ store: new KeyvRedis(url, { throwOnErrors: true }), throwOnErrors: true }), ' +
  'because without it errors of the server look like an empty store';
const CLIENT_CODE =
  '{ get: (key) => client.get(key), set: (key, value, ttlMs) => …, delete: (key) => client.del(key) }, ' +
  'where set passes ttlMs on in the words of the client (PX)';

// The first of them may be this process's own memory, which does not hear of what another instance writes.
const SEVERAL = {
  got: 'a cache of several stores',
  wants: `the one of them that all instances share, such as ${KEYV_CODE}`,
};

/**
 * Finds what makes a store unfit; `undefined` for one that may be used. Asks for shapes, not for classes: an application
 * may have another copy of Keyv than ours.
 */
export function findStoreMistake(store: unknown): StoreMistake | undefined {
  if (!isLayer(store)) return { got: 'no store', wants: WANTS };
  if (store instanceof Map)
    return { got: 'a Map, which keeps for ever and is shared with nobody', wants: WANTS };
  if (isFunction(store['sendCommand'])) return { got: 'a Redis client itself', wants: CLIENT_CODE };
  const isComplete = isFunction(store['get']) && isFunction(store['set']);
  if (!isComplete || !(isFunction(store['delete']) || isFunction(store['del'])))
    return { got: 'an object without them', wants: WANTS };
  if (isLayer(store['primary']) && 'secondary' in store)
    return { got: 'a Cacheable, which hides its errors', wants: `the Keyv below it: ${KEYV_CODE}` };
  return findHiding(store);
}

/** Gives a store one form. A cache of cache-manager is used by the store below it: its own `get` hides errors in events. */
export function toKeyValueStore(given: GivenStore): KeyValueStore {
  const below = readStores(given as unknown as Layer)?.[0];
  if (below !== undefined) return toKeyValueStore(below as unknown as GivenStore);
  return {
    get: async (key) => toText(await given.get(key)),
    set: (key, value, ttlMs) => given.set(key, value, ttlMs),
    delete: (key) => ('delete' in given ? given.delete(key) : given.del(key)),
  };
}

// Keyv 5 and its adapters swallow errors unless told otherwise, each for itself; Keyv 4 never did.
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

// What stands below a Keyv; nothing does below an adapter.
function readBelow(layer: Layer): unknown {
  const { opts } = layer;
  return isLayer(opts) ? (layer['store'] ?? opts['store']) : undefined;
}

// A client may be set to give bytes.
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
