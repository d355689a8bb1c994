// Entry point './redis': the channel that carries revocations between instances, on Redis or Valkey.
export type {
  AppendOptions,
  ChannelEntry,
  ChannelStore,
  LogHead,
  LogPart,
  LogPosition,
  LogRecord,
  RevocationChannel,
  RevocationLog,
} from '../core/channel/channel.js';
export type { RedisChannel, RedisChannelOptions } from './redis-channel.js';
export { redisChannel } from './redis-channel.js';
export type { IoRedisClient, NodeRedisClient, NodeRedisCluster, RedisClient } from './redis-client.js';
