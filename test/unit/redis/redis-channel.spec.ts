// What redisChannel takes for a client, and the replies of Redis in every form that clients give them.
import { describe, expect, it } from '@jest/globals';
import { redisChannel } from 'nestjs-descope/redis';

type Client = Parameters<typeof redisChannel>[0];

const nothing = () => undefined;

describe('redisChannel()', () => {
  it.each([
    ['nothing', undefined],
    ['a URL', 'redis://localhost'],
    ['an empty object', {}],
    ['a Map', new Map()],
    ['a Keyv', { get: nothing, set: nothing, delete: nothing }],
    ['a pool, whose connections are shared', { sendCommand: nothing, duplicate: nothing, execute: nothing }],
    ['a client that cannot be duplicated', { call: nothing, status: 'ready' }],
  ])('refuses %s, and says what it wants', (_, client) => {
    expect(() => redisChannel(client as unknown as Client)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^redisChannel\(\): got .*; expected a client of ioredis .* or of redis 4/,
        ),
      }),
    );
  });

  it('refuses a prefix that would decide on the node of a cluster', () => {
    expect(() => redisChannel(createClient({}), { prefix: '{a}' })).toThrow(
      /prefix: got \{a\}; expected a string/,
    );
  });

  it('refuses an unknown option, which would leave the keys without a prefix', () => {
    const options = { prefixes: 'shop:' } as { prefix?: string };
    expect(() => redisChannel(createClient({}), options)).toThrow(
      'redisChannel(): got the unknown option prefixes; expected none but prefix.',
    );
  });

  it('sends nothing before it is used', () => {
    const client = createClient({});
    redisChannel(client).open('P1');
    expect(client.commands).toEqual([]);
  });

  it('separates projects, and applications by their prefix', async () => {
    const client = createClient({ EVALSHA: ['E', 1] });
    await redisChannel(client, { prefix: 'shop:' }).open('P1').append([]);
    const [command = []] = client.commands;
    expect(command.slice(2, 6)).toEqual([
      '3',
      ...['meta', 'log', 'live'].map((name) => `shop:{nestjs-descope:P1}:${name}`),
    ]);
  });

  it('sends no command while the client is not connected, because clients keep them without a limit', async () => {
    const client = createClient({ EVALSHA: ['E', 1] });
    client.isReady = false;
    await expect(redisChannel(client).open('P1').append([])).rejects.toThrow(/not connected/);
    expect(client.commands).toEqual([]);
  });

  it('sends the script where the server does not know it', async () => {
    const client = createClient({ EVALSHA: new Error('NOSCRIPT No matching script.'), EVAL: ['E', 1] });
    expect(await redisChannel(client).open('P1').append([])).toEqual({ epoch: 'E', number: 1 });
    expect(client.commands.map(([name]) => name)).toEqual(['EVALSHA', 'EVAL']);
  });

  it('passes on any other failure of the script', async () => {
    const client = createClient({ EVALSHA: new Error('OOM command not allowed') });
    await expect(redisChannel(client).open('P1').append([])).rejects.toThrow('OOM');
  });
});

const bytes = (text: string) => Buffer.from(text);
const FIELDS = ['epoch', 'E', 'number', '7', 'entries', 'one two'];

describe('The replies of Redis', () => {
  it.each([
    ['lists of texts', [['log', [['1-1', FIELDS]]]]],
    ['lists of bytes', [[bytes('log'), [[bytes('1-1'), FIELDS.map(bytes)]]]]],
    ['a map', new Map([['log', [['1-1', FIELDS]]]])],
    ['an object', { log: [['1-1', FIELDS]] }],
    ['a flat list', ['log', [['1-1', FIELDS]]]],
    [
      'fields in a map',
      [
        [
          'log',
          [
            [
              '1-1',
              new Map([
                ['epoch', 'E'],
                ['number', '7'],
                ['entries', 'one two'],
              ]),
            ],
          ],
        ],
      ],
    ],
    ['fields in an object', [['log', [['1-1', { epoch: 'E', number: '7', entries: 'one two' }]]]]],
  ])('are read as records: %s', async (_, reply) => {
    const log = redisChannel(createClient({ XREAD: reply })).open('P1');
    expect(await log.read({ epoch: 'E', number: 6, cursor: '1-0' }, 10)).toEqual({
      records: [{ position: { epoch: 'E', number: 7, cursor: '1-1' }, previous: '', texts: ['one', 'two'] }],
      hasMore: false,
    });
  });

  it.each([
    ['nothing', null, []],
    ['another field in place of the entries', ['epoch', 'E', 'number', '7', 'sealed', 'x'], undefined],
    ['no entries, as in a heartbeat', ['epoch', 'E', 'number', '7', 'entries', ''], []],
  ])('may bring %s', async (_, fields, texts) => {
    const reply = fields === null ? null : [['log', [['1-1', fields]]]];
    const log = redisChannel(createClient({ XREAD: reply })).open('P1');
    const { records } = await log.read({ epoch: 'E', number: 6, cursor: '1-0' }, 10);
    expect(records).toEqual(
      fields === null ? [] : [{ position: { epoch: 'E', number: 7, cursor: '1-1' }, previous: '', texts }],
    );
  });

  it('give a record without a number the position of another log', async () => {
    const log = redisChannel(createClient({ XREAD: [['log', [['1-1', ['a', 'b']]]]] })).open('P1');
    const { records } = await log.read({ epoch: 'E', number: 6, cursor: '1-0' }, 10);
    const position = { epoch: '', number: 0, cursor: '1-1' };
    expect(records).toEqual([{ position, previous: '', texts: undefined }]);
  });

  it.each([['EVALSHA'], ['ZRANGE']])('are refused where they are nothing of the kind: %s', async (name) => {
    const log = redisChannel(createClient({ [name]: 'OK', HMGET: [null, null, null] })).open('P1');
    const asking = name === 'EVALSHA' ? log.append([]) : log.readLiving(nothing);
    await expect(asking).rejects.toThrow(/something else than what was asked/);
  });
});

// A client of node-redis that replies as it is told, to itself and to its duplicate.
function createClient(replies: Readonly<Record<string, unknown>>) {
  const commands: string[][] = [];
  const client = {
    isReady: true,
    commands,
    sendCommand: async (args: string[]): Promise<unknown> => {
      commands.push(args);
      const reply = replies[args[0] ?? ''];
      if (reply instanceof Error) throw reply;
      return reply;
    },
    duplicate: () => ({ ...client, on: nothing, connect: async () => undefined, destroy: nothing }),
  };
  return client;
}
