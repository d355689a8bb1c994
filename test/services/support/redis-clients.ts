// The Redis clients that an application may have, each with a connection of its own.
import { Cluster as IoRedisCluster, Redis as IoRedis } from 'ioredis';
import { Redis as IoRedis6 } from 'ioredis-6';
import type { RedisClient } from 'nestjs-descope/redis';
import { createClient as createClient6, createCluster } from 'redis';
import { createClient as createClient4 } from 'redis-4';
import { createClient as createClient5 } from 'redis-5';

export interface ConnectedClient {
  readonly client: RedisClient;
  close(): unknown;
}

export const CLIENTS = ['ioredis 5', 'ioredis 6', 'redis 4', 'redis 5', 'redis 6', 'redis 6, RESP3'] as const;

export type ClientName = (typeof CLIENTS)[number] | 'ioredis 5, cluster' | 'redis 6, cluster';

const ignore = () => undefined; // the callers of its commands are told

/** Makes a client. It need not be connected yet. */
export function createRedisClient(name: ClientName, url: string): ConnectedClient {
  if (name === 'ioredis 5') return closable(new IoRedis(url).on('error', ignore));
  if (name === 'ioredis 6') return closable(new IoRedis6(url).on('error', ignore));
  if (name === 'ioredis 5, cluster') return closable(new IoRedisCluster([url]).on('error', ignore));
  if (name === 'redis 6, cluster') {
    const client = createCluster({ rootNodes: [{ url }] }).on('error', ignore);
    client.connect().catch(ignore);
    return { client, close: () => client.destroy() };
  }
  if (name === 'redis 4') {
    const client = createClient4({ url }).on('error', ignore);
    client.connect().catch(ignore);
    return { client, close: () => client.disconnect().catch(ignore) };
  }
  if (name === 'redis 5') {
    const client = createClient5({ url }).on('error', ignore);
    client.connect().catch(ignore);
    return { client, close: () => client.destroy() };
  }
  const client = createClient6({ url, ...(name === 'redis 6' ? {} : { RESP: 3 }) }).on('error', ignore);
  client.connect().catch(ignore);
  return { client, close: () => client.destroy() };
}

function closable(client: RedisClient & { disconnect(): void }): ConnectedClient {
  return { client, close: () => client.disconnect() };
}
