// The channel on Redis or Valkey, through the client that the application has.
import type { ChannelStore, RevocationChannel } from '../core/channel/channel.js';
import { isText } from '../core/config/option-reader.js';
import { DescopeConfigError } from '../core/errors.js';
import type { RedisClient, RedisConnection } from './redis-client.js';
import { toRedisConnection } from './redis-client.js';
import { RedisLog } from './redis-log.js';
import { readReplyText } from './redis-replies.js';

/** Options of `redisChannel`. */
export interface RedisChannelOptions {
  /**
   * What every key begins with, for applications of the same project that are not to share anything.
   * @defaultValue `''`
   */
  readonly prefix?: string;
}

/** A channel that has a store on the same server. */
export interface RedisChannel extends RevocationChannel {
  /** The store, whose keys begin with the prefix. */
  readonly store: ChannelStore;
}

/**
 * Creates the channel that carries revocations between instances, on Redis 6.2 or Valkey 7.2, or later. Commands go through
 * the client, which the application connects and closes; each application opens one further connection, as `duplicate()` of the
 * client gives it.
 * @param client a client or cluster of `ioredis` 5 or later, or of `redis` 4 or later
 * @returns the channel, for the option `shared`
 * @throws {DescopeConfigError} CONFIG_INVALID for anything else
 * @example
 * const client = createClient({ url: process.env.REDIS_URL });
 * client.on('error', (error) => logger.error(error));
 * await client.connect();
 * const shared = { channel: redisChannel(client) };
 */
export function redisChannel(client: RedisClient, options: RedisChannelOptions = {}): RedisChannel {
  const connection = toRedisConnection(client);
  const { prefix = '', ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    const message = `redisChannel(): got the unknown option ${unknown}; expected none but prefix.`;
    throw new DescopeConfigError('CONFIG_INVALID', message);
  }
  if (typeof prefix !== 'string' || /[{}]/.test(prefix)) {
    const message = `redisChannel(): prefix: got ${isText(prefix) ? prefix : typeof prefix}; expected a string without braces, which decide on the node of a cluster.`;
    throw new DescopeConfigError('CONFIG_INVALID', message);
  }
  return {
    open: (projectId) => {
      const common = `${prefix}{nestjs-descope:${projectId}}`;
      return new RedisLog(connection, {
        meta: `${common}:meta`,
        log: `${common}:log`,
        live: `${common}:live`,
      });
    },
    store: toStore(connection, prefix),
  };
}

function toStore(connection: RedisConnection, prefix: string): ChannelStore {
  const run = (name: string, key: string, ...args: string[]) =>
    connection.run(prefix + key, [name, prefix + key, ...args]);
  const get = async (key: string) => readReplyText(await run('GET', key));
  const set = (key: string, value: string, rest: readonly string[]) => run('SET', key, value, ...rest);
  const toTtl = (ttlMs: number) => ['PX', String(Math.max(1, Math.ceil(ttlMs)))];
  return {
    get,
    getMany: (keys) => Promise.all(keys.map(get)), // in one round trip, and on any node of a cluster
    set: (key, value, ttlMs) => set(key, value, toTtl(ttlMs)),
    setIfAbsent: async (key, value, ttlMs) =>
      readReplyText(await set(key, value, [...toTtl(ttlMs), 'NX'])) === 'OK',
    delete: (key) => run('DEL', key),
  };
}
