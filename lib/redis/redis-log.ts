// The log on Redis or Valkey: a stream, and beside it the set of what still counts, which one script changes together.
import { createHash, randomUUID } from 'node:crypto';
import type {
  AppendOptions,
  ChannelEntry,
  LogHead,
  LogPart,
  LogPosition,
  RevocationLog,
} from '../core/channel/channel.js';
import { withDeadline } from '../core/deadline.js';
import { OwnConnection } from './own-connection.js';
import type { RedisConnection } from './redis-client.js';
import { readRecords, requireHead, requireTexts, toPosition } from './redis-replies.js';

const KEEP_RECORDS_MS = 60_000;
const PAGE = 1_000;
const MAX_RECORDS = 200;
const ANSWER_MS = 5_000;
const READ_GRACE_MS = 2_000; // beyond which a connection that does not answer is replaced

// KEYS: meta, log, live. ARGV: the name of a new epoch; how long the log must be silent, in milliseconds; the epoch to be
// replaced, or ''; how long records are kept; then the end and the text of each entry. Living entries that are not as many as the script left
// were removed by somebody else, as by an eviction: that is a new epoch, too. Numbers are formatted, because Lua would
// write those of the clock with an exponent.
const SCRIPT = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'number', 'at', 'living', 'id')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local epoch, number, at = meta[1], tonumber(meta[2]), tonumber(meta[3])
if not epoch or not number or not at or epoch == ARGV[3] or redis.call('ZCARD', KEYS[3]) ~= tonumber(meta[4]) then
  epoch, number = ARGV[1], 0
elseif ARGV[3] ~= '' or (now >= at and now - at < tonumber(ARGV[2])) then
  return { epoch, number }
end
number = number + 1
local texts = {}
for index = 5, #ARGV, 2 do
  redis.call('ZADD', KEYS[3], ARGV[index], ARGV[index + 1])
  texts[#texts + 1] = ARGV[index + 1]
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', time[1])
local oldest = string.format('%.0f', now - ARGV[4])
local id = redis.call('XADD', KEYS[2], 'MINID', '~', oldest, '*', 'epoch', epoch, 'number', number, 'previous', meta[5] or '', 'entries', table.concat(texts, ' '))
redis.call('HSET', KEYS[1], 'epoch', epoch, 'number', number, 'at', string.format('%.0f', now), 'id', id, 'living', redis.call('ZCARD', KEYS[3]))
return { epoch, number }
`;
const DIGEST = createHash('sha1').update(SCRIPT).digest('hex');

/** The keys of a project's log. They share a hash tag, so that they stand on one node of a cluster. */
export interface LogKeys {
  readonly meta: string;
  readonly log: string;
  readonly live: string;
}

export class RedisLog implements RevocationLog {
  readonly #connection: RedisConnection;
  readonly #keys: LogKeys;
  readonly #reading: OwnConnection; // a read that waits would hold up the commands of the application
  readonly #detour: OwnConnection;
  #isHung = false; // whether the client of the application does not answer

  constructor(connection: RedisConnection, keys: LogKeys) {
    this.#connection = connection;
    this.#keys = keys;
    this.#reading = new OwnConnection(connection);
    this.#detour = new OwnConnection(connection);
  }

  append(entries: readonly ChannelEntry[], { ifSilentMs = 0 }: AppendOptions = {}): Promise<LogHead> {
    return this.#write({ ifSilentMs, replaced: '', entries });
  }

  renew(epoch: string): Promise<LogHead> {
    return this.#write({ ifSilentMs: 0, replaced: epoch, entries: [] });
  }

  async readLiving(onPage: (texts: readonly unknown[]) => void): Promise<LogPosition> {
    const { meta, live } = this.#keys;
    this.#reading.drop(); // it may lead to a server that is not the same any more
    const position = toPosition(await this.#ask(meta, ['HMGET', meta, 'epoch', 'number', 'id']));
    // From the last to end, by rank: what is added meanwhile repeats some, and what is over is removed at the other end.
    for (let start = 0, isLast = false; !isLast; start += PAGE) {
      const ranks = [String(start), String(start + PAGE - 1)];
      const texts = requireTexts(await this.#ask(live, ['ZRANGE', live, ...ranks, 'REV']));
      onPage(texts);
      isLast = texts.length < PAGE;
    }
    return position;
  }

  async read({ cursor }: LogPosition, waitMs: number): Promise<LogPart> {
    const { log } = this.#keys;
    const command = ['XREAD', 'COUNT', String(MAX_RECORDS), 'BLOCK', String(waitMs), 'STREAMS', log, cursor];
    const reply = await this.#reading.use(
      (connection) => connection.run(log, command),
      waitMs + READ_GRACE_MS,
    );
    const records = readRecords(reply);
    return { records, hasMore: records.length >= MAX_RECORDS };
  }

  async close(): Promise<void> {
    this.#reading.close();
    this.#detour.close();
  }

  async #write(order: {
    readonly ifSilentMs: number;
    readonly replaced: string;
    readonly entries: readonly ChannelEntry[];
  }): Promise<LogHead> {
    const { meta, log, live } = this.#keys;
    const pairs = order.entries.flatMap(({ text, until }) => [String(until), text]);
    const options = [randomUUID(), String(order.ifSilentMs), order.replaced, String(KEEP_RECORDS_MS)];
    const args = ['3', meta, log, live, ...options, ...pairs];
    // A connection that a network has forgotten stays open for a quarter of an hour, and commands wait in it.
    if (this.#isHung) return this.#detour.use((connection) => evaluate(connection, meta, args), ANSWER_MS);
    const hanging = setTimeout(() => (this.#isHung = true), ANSWER_MS).unref();
    try {
      return await evaluate(this.#connection, meta, args);
    } finally {
      clearTimeout(hanging);
      this.#isHung = false;
      this.#detour.drop();
    }
  }

  #ask(key: string, args: readonly string[]): Promise<unknown> {
    if (this.#isHung) return this.#detour.use((connection) => connection.run(key, args), ANSWER_MS);
    return withDeadline(() => this.#connection.run(key, args), {
      timeoutMs: ANSWER_MS,
      who: 'Redis',
      inBackground: true,
    });
  }
}

async function evaluate(connection: RedisConnection, key: string, args: readonly string[]): Promise<LogHead> {
  try {
    return requireHead(await connection.run(key, ['EVALSHA', DIGEST, ...args]));
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return requireHead(await connection.run(key, ['EVAL', SCRIPT, ...args]));
  }
}
