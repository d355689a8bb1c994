// What several instances share: a connection to Redis.
import type { OnApplicationShutdown } from '@nestjs/common';
import type { KeyValueStore } from 'nestjs-descope';
import { createClient } from 'redis';

const CONNECT_MS = 3000;

const open = (url: string) => createClient({ url, socket: { connectTimeout: CONNECT_MS } });

type Client = ReturnType<typeof open>;

export class Redis implements OnApplicationShutdown {
  private constructor(readonly client: Client) {}

  /** Connects; throws when Redis cannot be reached. It reconnects by itself later on. */
  static async connect(url: string): Promise<Redis> {
    const client = open(url);
    const failure = new Promise<never>((_resolve, reject) => client.once('error', reject));
    failure.catch(() => undefined);
    client.on('error', () => undefined); // commands fail by themselves; without a listener the process would
    try {
      await Promise.race([client.connect(), failure]);
    } catch (error) {
      client.destroy();
      const why = error instanceof Error ? error.message || error.name : 'unknown reason';
      throw new Error(`Redis cannot be reached where REDIS_URL says: ${why}`, { cause: error });
    }
    return new Redis(client);
  }

  /** Makes a store for what instances share, under a prefix of its own. */
  toKeyValueStore(prefix: string): KeyValueStore {
    const { client } = this;
    const toExpiration = (ttlMs: number) => ({ type: 'PX', value: Math.max(1, Math.ceil(ttlMs)) }) as const;
    return {
      get: async (key) => (await client.get(prefix + key)) ?? undefined,
      getMany: (keys) => client.mGet(keys.map((key) => prefix + key)),
      set: (key, value, ttlMs) => client.set(prefix + key, value, { expiration: toExpiration(ttlMs) }),
      setIfAbsent: async (key, value, ttlMs) => {
        const options = { expiration: toExpiration(ttlMs), condition: 'NX' } as const;
        return (await client.set(prefix + key, value, options)) === 'OK';
      },
      delete: (key) => client.del(prefix + key),
    };
  }

  onApplicationShutdown(): void {
    this.client.destroy();
  }
}
