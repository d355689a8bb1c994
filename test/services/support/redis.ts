// A real Redis, and the two ways in which an application hands it to the package.
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import type { KeyValueStore } from 'nestjs-descope';
import { createClient } from 'redis';
import { startService } from './service.js';

export interface Redis {
  readonly url: string;
  /** Every value that it keeps, by key. */
  readAll(): Promise<Record<string, string>>;
  /** Makes a store through the `redis` client, with a connection of its own. */
  connect(): Promise<KeyValueStore>;
  /** Makes a store through Keyv, with a connection of its own. */
  connectKeyv(): KeyValueStore;
  /** Sends a command, such as one that changes what it answers. */
  command(...words: string[]): Promise<unknown>;
  /** Lets it answer nothing any more, with its connections open; `resume` wakes it. */
  halt(): void;
  resume(): void;
  /** Takes it away; `restart` brings it back, with what a Redis that keeps a log has kept. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis that keeps nothing on disk, or every write at once; with `isCluster` a cluster of one node. */
export async function startRedis({ keepsLog = false, isCluster = false } = {}): Promise<Redis> {
  const service = await startService({
    command: 'redis-server',
    packageName: 'redis-server',
    toArguments: (folder, port) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
      ...(keepsLog ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']),
      ...(isCluster ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : []),
    ],
  });
  const url = `redis://127.0.0.1:${service.port}`;
  const closers: (() => unknown)[] = [];
  const open = async () => {
    const client = createClient({ url });
    client.on('error', () => undefined); // the store's caller is told
    await client.connect();
    closers.push(() => client.destroy());
    return client;
  };
  if (isCluster) await (await open()).sendCommand(['CLUSTER', 'ADDSLOTSRANGE', '0', '16383']);
  return {
    url,
    readAll: async () => {
      const client = await open();
      const keys = await client.keys('*');
      return Object.fromEntries(
        await Promise.all(keys.map(async (key) => [key, (await client.get(key)) ?? ''])),
      );
    },
    connect: async () => {
      const client = await open();
      return {
        get: (key) => client.get(key),
        getMany: (keys) => client.mGet([...keys]),
        set: (key, value, ttlMs) => client.set(key, value, { expiration: { type: 'PX', value: ttlMs } }),
        setIfAbsent: async (key, value, ttlMs) => {
          const expiration = { type: 'PX', value: ttlMs } as const;
          return (await client.set(key, value, { expiration, condition: 'NX' })) === 'OK';
        },
        delete: (key) => client.del(key),
      };
    },
    connectKeyv: () => {
      const keyv = new Keyv<string>({
        store: new KeyvRedis(url, { throwOnErrors: true }),
        throwOnErrors: true,
      });
      keyv.on('error', () => undefined);
      closers.push(() => keyv.disconnect());
      return keyv;
    },
    command: async (...words) => (await open()).sendCommand(words),
    halt: () => service.signal('SIGSTOP'),
    resume: () => service.signal('SIGCONT'),
    kill: () => service.kill(),
    restart: () => service.restart(),
    stop: async () => {
      service.signal('SIGCONT');
      for (const close of closers) await close();
      await service.stop();
    },
  };
}
