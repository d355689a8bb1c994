// The shape of a store that an application gives: whether it is complete and reports its errors, and its one form.
import type { GivenStore, KeyValueStore } from './key-value-store.js';

/** The flaw of a store, as a mistake in the options. */
export interface StoreMistake {
  readonly got: string;
  readonly wants: string;
}

type Layer = Readonly<Record<string, unknown>>;

const WANTS = 'an object with get, set(key, value, ttlMs) and delete (or del)';
const OPTIONAL = ['getMany', 'setIfAbsent'];
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
  const wrong = OPTIONAL.find((name) => store[name] !== undefined && !isFunction(store[name]));
  if (wrong !== undefined) return { got: `an object whose ${wrong} is no function`, wants: WANTS };
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
  const store: KeyValueStore = {
    get: async (key) => toText(await given.get(key)),
    set: (key, value, ttlMs) => given.set(key, value, ttlMs),
    delete: (key) => ('delete' in given ? given.delete(key) : given.del(key)),
  };
  if (reportsErrorsOfMany(given)) store.getMany = async (keys) => toTexts(await given.getMany?.([...keys]));
  if (hasMethod(given, 'setIfAbsent'))
    store.setIfAbsent = async (...entry) => given.setIfAbsent?.(...entry) as Promise<boolean>;
  return store;
}

// Without a `getMany` of its adapter, the one of a Keyv makes single calls and hides their errors.
function reportsErrorsOfMany(given: GivenStore): boolean {
  const below = readBelow(given as unknown as Layer);
  return (
    hasMethod(given, 'getMany') && (below === undefined || (isLayer(below) && isFunction(below['getMany'])))
  );
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

function toTexts(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? values.map(toText) : []; // too few, which the bounded store reports
}

function readStores(layer: Layer): readonly Layer[] | undefined {
  const { stores } = layer;
  return isFunction(layer['del']) && Array.isArray(stores) ? stores : undefined;
}

function hasMethod(given: GivenStore, name: string): boolean {
  return isFunction((given as unknown as Layer)[name]);
}

function isLayer(value: unknown): value is Layer {
  return typeof value === 'object' && value !== null;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
