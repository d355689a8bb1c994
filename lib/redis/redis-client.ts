// A Redis client of the application, of whichever library, as the few functions that the channel needs.
import { describe, isFunction } from '../core/config/option-reader.js';
import { withDeadline } from '../core/deadline.js';
import { DescopeConfigError } from '../core/errors.js';

const OPEN_MS = 3_000;

/** A client or a cluster of `ioredis`, version 5 or later. */
export interface IoRedisClient {
  /** The state of its connection. */
  readonly status: string;
  /**
   * Runs a command.
   * @returns its reply
   */
  call(command: string, ...args: string[]): Promise<unknown>;
  /**
   * Makes a client with the same options.
   * @returns the client
   */
  duplicate(): unknown;
}

/** A client of `redis` (node-redis), version 4 or later. */
export interface NodeRedisClient {
  /** Whether it is connected. */
  readonly isReady: boolean;
  /**
   * Runs a command.
   * @returns its reply
   */
  sendCommand(args: string[]): Promise<unknown>;
  /**
   * Makes a client with the same options.
   * @returns the client
   */
  duplicate(): unknown;
}

/** A cluster of `redis` (node-redis), version 4 or later. */
export interface NodeRedisCluster {
  /** The nodes by slot. */
  readonly slots: unknown;
  /**
   * Runs a command on the node of its first key.
   * @returns its reply
   */
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>;
  /**
   * Makes a client with the same options.
   * @returns the client
   */
  duplicate(): unknown;
}

/** A client of the application. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster;

/** A connection to a server, or to a cluster. */
export interface RedisConnection {
  /** Runs a command whose first key is `key`. Rejects at once while the client has no connection. */
  run(key: string, args: readonly string[]): Promise<unknown>;
  /** Opens a connection of our own, which is not tried again once it is lost. */
  open(): Promise<RedisConnection>;
  /** Ends the connection. */
  close(): void;
}

const WANTS =
  'a client of ioredis (new Redis(…) or new Cluster(…)) or of redis 4 or later (createClient(…) or createCluster(…)), with its methods';

/** Converts a client by its shape: an application has a copy of its library of its own. Throws `CONFIG_INVALID`. */
export function toRedisConnection(client: unknown): RedisConnection {
  const connection = findConnection(client);
  if (connection !== undefined) return connection;
  const message = `redisChannel(): got ${describe(client)}; expected ${WANTS}. A pool or a store such as Keyv is none.`;
  throw new DescopeConfigError('CONFIG_INVALID', message);
}

function findConnection(client: unknown): RedisConnection | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  const members = client as Readonly<Record<string, unknown>>;
  if (!isFunction(members['duplicate'])) return undefined;
  if (isFunction(members['call']) && typeof members['status'] === 'string')
    return toConnection(client as IoRedisClient, {
      run: (_key, [command = '', ...args]) => (client as IoRedisClient).call(command, ...args),
      isReady: () => ['ready', 'wait'].includes((client as IoRedisClient).status), // `wait` connects with the first command
    });
  if (!isFunction(members['sendCommand'])) return undefined;
  if (isFunction(members['nodeClient']) && members['slots'] !== undefined)
    return toConnection(client as NodeRedisCluster, {
      run: (key, args) => (client as NodeRedisCluster).sendCommand(key, false, [...args]),
      isReady: () => (client as NodeRedisCluster & { readonly isOpen?: boolean }).isOpen !== false,
    });
  if (typeof members['isReady'] !== 'boolean') return undefined;
  return toConnection(client as NodeRedisClient, {
    run: (_key, args) => (client as NodeRedisClient).sendCommand([...args]),
    isReady: () => (client as NodeRedisClient).isReady,
  });
}

interface ClientCalls {
  readonly run: RedisConnection['run'];
  readonly isReady: () => boolean;
}

// Clients keep commands while they have no connection, without an end and without a limit.
function toConnection(client: RedisClient, { run, isReady }: ClientCalls): RedisConnection {
  return {
    run: async (key, args) => {
      if (!isReady()) throw new Error('The Redis client is not connected.');
      return run(key, args);
    },
    open: () => openDuplicate(client.duplicate() as Duplicate),
    close: () => close(client as unknown as Duplicate),
  };
}

/** A client that we have made: it must be listened to, or its errors end the process. */
interface Duplicate {
  readonly status?: string;
  on(event: string, listen: (error?: unknown) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): unknown;
  destroy?(): unknown;
}

async function openDuplicate(client: Duplicate): Promise<RedisConnection> {
  const opened = new Promise<void>((resolve, reject) => {
    client.on('error', reject); // the first failure is enough: the caller tries again, with another connection
    client.on('end', () => reject(new Error('The connection was ended.')));
    client.on('ready', () => resolve());
    // A client of ioredis connects by itself unless it is lazy.
    if (client.status === undefined || client.status === 'wait')
      client.connect().then(() => resolve(), reject);
  });
  try {
    await withDeadline(() => opened, { timeoutMs: OPEN_MS, who: 'Redis', inBackground: true });
    return toRedisConnection(client);
  } catch (error) {
    close(client);
    throw error;
  }
}

// `disconnect` of redis 5 waits for replies and is deprecated; that of redis 4 and of ioredis does what `destroy` does. Either may throw or
// reject if the connection is closed already.
function close(client: Duplicate): void {
  try {
    const ended: unknown = client.destroy === undefined ? client.disconnect() : client.destroy();
    void Promise.resolve(ended).catch(() => undefined);
  } catch {
    return; // closed
  }
}
