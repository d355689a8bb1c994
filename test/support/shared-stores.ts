// Stores that two instances of an application share, in front of one server that a test can disturb.
import { createCache } from 'cache-manager';
import Keyv from 'keyv';
import type { DescopeModuleOptions } from 'nestjs-descope';
import type { GivenStore } from '#lib/core/store/key-value-store.js';

/** What a server of stores does with a call. */
export type ServerMood = 'answers' | 'rejects' | 'hangs';

/** The server behind the stores: texts by key, each until its end. */
export class StoreServer {
  mood: ServerMood = 'answers';
  readonly #kept = new Map<string, { readonly value: unknown; readonly endMs: number }>();

  get(key: string): Promise<unknown> {
    return this.#answer(() => {
      const kept = this.#kept.get(key);
      return kept !== undefined && kept.endMs > performance.now() ? kept.value : undefined;
    });
  }

  set(key: string, value: unknown, ttlMs = Number.POSITIVE_INFINITY): Promise<unknown> {
    return this.#answer(() => void this.#kept.set(key, { value, endMs: performance.now() + ttlMs }));
  }

  setIfAbsent(key: string, value: unknown, ttlMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    return this.#answer(() => {
      if ((this.#kept.get(key)?.endMs ?? 0) > performance.now()) return false;
      this.#kept.set(key, { value, endMs: performance.now() + ttlMs });
      return true;
    });
  }

  delete(key: string): Promise<unknown> {
    return this.#answer(() => this.#kept.delete(key));
  }

  async #answer<T>(run: () => T): Promise<T> {
    if (this.mood === 'hangs') return new Promise<never>(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    if (this.mood === 'rejects') throw new Error('NOPERM User default has no permissions');
    return run();
  }
}

/** A store as an instance of an application opens it. */
export interface StoreKind {
  readonly name: string;
  readonly connect: (server: StoreServer) => GivenStore;
}

/** Kinds of stores that must do. */
export const FIT_STORES: readonly StoreKind[] = [
  { name: 'an object with get, set and delete', connect: toPlainStore },
  { name: 'Keyv', connect: (server) => toKeyv(server, { throwOnErrors: true }) },
  {
    name: 'cache-manager',
    connect: (server) => createCache({ stores: [toKeyv(server, { throwOnErrors: true })] }),
  },
  {
    name: 'an object with del, getMany and setIfAbsent',
    connect: (server) => toFullStore(server),
  },
  { name: 'a store that gives bytes', connect: (server) => reading(server, (text) => Buffer.from(text)) },
  { name: 'a store that gives null for nothing', connect: (server) => nullish(server) },
];

/** Kinds of stores that must stop the boot, each with what is said of it. */
export const UNFIT_STORES: readonly (StoreKind & { readonly says: RegExp })[] = [
  {
    name: 'a Map',
    connect: () => new Map() as unknown as GivenStore,
    says: /got a Map.*expected an object with get/,
  },
  {
    name: 'Keyv that swallows errors',
    connect: (server) => toKeyv(server, {}),
    says: /got a Keyv that hides its errors; expected new Keyv\(\{ store: .*throwOnErrors: true \}\)/,
  },
  {
    name: 'Keyv over an adapter that swallows them',
    connect: (server) => {
      const adapter = Object.assign(toAdapter(server), { throwOnErrors: false });
      return new Keyv<string>({ store: adapter, throwOnErrors: true });
    },
    says: /got an adapter that hides its errors; expected new Keyv/,
  },
  {
    name: 'cache-manager over such a Keyv',
    connect: (server) => createCache({ stores: [toKeyv(server, {})] }),
    says: /got a Keyv that hides its errors/,
  },
  {
    name: 'cache-manager with a memory of its own in front',
    connect: (server) => createCache({ stores: [new Keyv(), toKeyv(server, { throwOnErrors: true })] }),
    says: /got a cache with several stores; expected the one store that all instances share/,
  },
  {
    name: 'a Redis client itself',
    connect: (server) => Object.assign(toPlainStore(server), { sendCommand: () => undefined }),
    says: /got a Redis client; expected \{ get: \(key\) => client\.get\(key\)/,
  },
  {
    name: 'a store that ignores the ttl',
    connect: (server) => ({ ...toPlainStore(server), set: (key, value) => server.set(key, value) }),
    says: /got a store that still returns an expired entry/,
  },
  {
    name: 'a store that takes milliseconds for seconds',
    connect: (server) => ({
      ...toPlainStore(server),
      set: (key, value, ttl) => server.set(key, value, ttl * 1000),
    }),
    says: /got a store that still returns an expired entry/,
  },
  {
    name: 'a store that keeps nothing and says nothing',
    connect: () => ({ get: async () => undefined, set: async () => 'OK', delete: async () => true }),
    says: /got a store that loses what is written/,
  },
  {
    name: 'a store that deserialises',
    connect: (server) => reading(server, deserialise),
    says: /got a store that does not return the string that was written.*expected a get that returns the string/,
  },
  {
    name: 'a store that deserialises objects alone',
    connect: (server) => reading(server, (text) => (text.startsWith('{') ? deserialise(text) : text)),
    says: /got a store that does not return the string that was written/,
  },
  {
    name: 'a getMany that leaves out what is not there',
    connect: (server) => ({
      ...toPlainStore(server),
      getMany: async (keys) =>
        (await Promise.all(keys.map((key) => server.get(key)))).filter((value) => value !== undefined),
    }),
    says: /got a getMany that returns other values than get; expected a getMany\(keys\)/,
  },
  {
    name: 'a getMany in another order',
    connect: (server) => ({
      ...toPlainStore(server),
      getMany: (keys) => Promise.all([...keys].reverse().map((key) => server.get(key))),
    }),
    says: /got a getMany that returns other values than get/,
  },
  {
    name: 'a setIfAbsent that is no function',
    connect: (server) => ({ ...toPlainStore(server), setIfAbsent: true as never }),
    says: /got an object whose setIfAbsent is no function/,
  },
  {
    name: 'a setIfAbsent that always writes',
    connect: (server) => ({
      ...toPlainStore(server),
      setIfAbsent: async (key, value, ttlMs) => {
        await server.set(key, value, ttlMs);
        return true;
      },
    }),
    says: /got a setIfAbsent that does not do what it says; expected a setIfAbsent\(key, value, ttlMs\)/,
  },
  {
    name: 'a setIfAbsent that returns the answer of Redis',
    connect: (server) => ({
      ...toPlainStore(server),
      setIfAbsent: async (key, value, ttlMs) =>
        ((await server.setIfAbsent(key, value, ttlMs)) ? 'OK' : null) as never,
    }),
    says: /got a setIfAbsent that does not do what it says/,
  },
  {
    name: 'a setIfAbsent that ignores the ttl',
    connect: (server) => ({
      ...toPlainStore(server),
      setIfAbsent: (key, value) => server.setIfAbsent(key, value),
    }),
    says: /got a setIfAbsent that does not do what it says/,
  },
  {
    name: 'a store that deletes nothing',
    connect: (server) => ({ ...toPlainStore(server), delete: async () => true }),
    says: /got a store that still returns a deleted entry/,
  },
];

/** The options that share a store, which every request asks. */
export function shareThrough(store: GivenStore): DescopeModuleOptions {
  return { session: { refresh: true }, shared: { store, maxStaleMs: 0 } };
}

/** A store as one writes it by hand. */
export function toPlainStore(server: StoreServer) {
  return {
    get: (key: string) => server.get(key),
    set: (key: string, value: string, ttlMs: number) => server.set(key, value, ttlMs),
    delete: (key: string) => server.delete(key),
  };
}

/** A store as one writes it by hand, with all that a store may have. */
export function toFullStore(server: StoreServer) {
  const { delete: del, ...store } = toPlainStore(server);
  return {
    ...store,
    del,
    getMany: (keys: readonly string[]) => Promise.all(keys.map((key) => server.get(key))),
    setIfAbsent: (key: string, value: string, ttlMs: number) => server.setIfAbsent(key, value, ttlMs),
  };
}

function reading(server: StoreServer, read: (text: string) => unknown): GivenStore {
  const get = async (key: string) => {
    const value = await server.get(key);
    return typeof value === 'string' ? read(value) : value;
  };
  return { ...toPlainStore(server), get };
}

function nullish(server: StoreServer): GivenStore {
  return { ...toPlainStore(server), get: async (key) => (await server.get(key)) ?? null };
}

function deserialise(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toKeyv(server: StoreServer, options: { readonly throwOnErrors?: boolean }): Keyv<string> {
  return new Keyv<string>({ store: toAdapter(server), ...options });
}

function toAdapter(server: StoreServer) {
  return {
    opts: {},
    get: (key: string) => server.get(key),
    set: (key: string, value: unknown, ttlMs?: number) => server.set(key, value, ttlMs),
    delete: (key: string) => server.delete(key),
    clear: async () => undefined,
    on: () => undefined,
  };
}
