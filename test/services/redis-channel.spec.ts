// Instances that share revocations through a real Redis, each with a client of its own, through every fault that it has.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redisChannel } from 'nestjs-descope/redis';
import { encodeRevocation } from '#lib/core/revocation/revocation.js';
import { askUntil } from '../support/ask-until.js';
import type { ChannelInstance } from '../support/channel-instance.js';
import { createInstance, PROJECT, toRevocation } from '../support/channel-instance.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';
import type { ClientName } from './support/redis-clients.js';
import { CLIENTS, createRedisClient } from './support/redis-clients.js';
import { startTcpProxy } from './support/tcp-proxy.js';

const KEYS = `{nestjs-descope:${PROJECT}}`;

const until = async (isSo: () => boolean | Promise<boolean>) =>
  expect(
    await askUntil(
      async () => isSo(),
      (answer) => answer,
    ),
  ).toBe(true);
const state = ({ sharing }: ChannelInstance) => sharing.readHealth().state;

/** Starts instances with clients of one kind; `stop` stops what was started. */
function createFleet(name: ClientName) {
  const closers: (() => unknown)[] = [];
  const start = async (url: string, settings: Parameters<typeof createInstance>[1] = {}) => {
    const { client, close } = createRedisClient(name, url);
    const instance = createInstance(redisChannel(client), settings);
    closers.push(async () => {
      await instance.sharing.close();
      await close();
    });
    await instance.sharing.start();
    return instance;
  };
  const stop = async () => {
    await Promise.all(closers.splice(0).map((close) => close()));
  };
  return { start, stop };
}

// Every client has the first tests, and one of each library the others, which take longer.
const FAULTS: readonly ClientName[] = ['ioredis 5', 'redis 6'];

describe.each(CLIENTS)('Instances with %s', (name) => {
  const fleet = createFleet(name);
  let redis: Redis;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    redis.resume();
    await fleet.stop();
    await redis.stop();
  });
  const start = (settings: Parameters<typeof createInstance>[1] = {}) => fleet.start(redis.url, settings);

  it('hear what another revokes within a fraction of a second', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    const tookMs: number[] = [];
    for (let user = 0; user < 20; user += 1) {
      const startedAt = performance.now();
      await one.revoke(user);
      while (!two.holds(user) || !three.holds(user)) await sleep(1);
      tookMs.push(performance.now() - startedAt);
    }
    const [median] = tookMs.sort((a, b) => a - b).slice(10); // a busy machine makes some later
    expect(median).toBeLessThan(400);
    await until(() => [one, two, three].every((instance) => state(instance) === 'hearing'));
  });

  it('get all that counts when they start, and no more than that', async () => {
    const one = await start();
    const users = Array.from({ length: 3_000 }, (_, user) => user);
    await one.revoke(...users).catch(() => undefined); // it may take more than a second
    await until(() => one.sharing.readHealth().pendingCount === 0);
    const over = toRevocation('gone', Math.floor(Date.now() / 1000) + 1);
    await one.sharing.publish([over]);
    await sleep(2_500);
    const two = await start();
    await until(two.accepts); // it waits for a second at most
    expect(two.size()).toBe(3_000);
    expect(await redis.command('ZCARD', `${KEYS}:live`)).toBe(3_000);
  });

  it('fill a Redis that was killed and came back empty', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1, 2);
    await until(() => two.size() === 2);
    await redis.kill();
    await expect(one.revoke(3)).rejects.toMatchObject({ code: 'SIGN_OUTS_UNAVAILABLE' });
    await redis.restart();
    await until(() => two.holds(3));
    await until(async () => (await redis.command('ZCARD', `${KEYS}:live`)) === 3);
    expect((await start()).size()).toBe(3);
    for (const instance of [one, two]) await until(() => state(instance) === 'hearing');
  });

  if (!FAULTS.includes(name)) return;

  it('survive a Redis that stands still, and go on where it did', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1);
    await until(() => two.holds(1));
    redis.halt();
    const published = one.revoke(2);
    await expect(published).rejects.toMatchObject({ code: 'SIGN_OUTS_UNAVAILABLE' });
    for (const instance of [one, two]) await until(() => instance.codes().includes('CHANNEL_SILENT'));
    const three = await start();
    expect([two.accepts(), two.holds(2), three.accepts()]).toEqual([true, false, false]);
    redis.resume();
    await until(() => two.holds(2));
    await until(() => three.accepts() && three.holds(1) && three.holds(2));
    await until(() => state(one) === 'hearing' && state(two) === 'hearing');
    for (const { codes } of [one, two])
      await until(() => codes().join() === 'CHANNEL_SILENT,CHANNEL_RECOVERED');
  });

  it('fill what a Redis lacks that came back from an older snapshot', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1);
    await until(() => two.holds(1));
    await redis.command('SAVE');
    await one.revoke(2);
    await two.revoke(3);
    await until(() => one.size() === 3 && two.size() === 3);
    await redis.kill();
    await redis.restart();
    await until(async () => (await redis.command('ZCARD', `${KEYS}:live`)) === 3);
    await until(() => one.codes().includes('CHANNEL_RESET') && two.codes().includes('CHANNEL_RESET'));
    expect((await start()).size()).toBe(3);
  });

  it('start without a Redis, answer with 503, and serve once it is there', async () => {
    await redis.kill();
    const one = await Promise.race([start(), sleep(1_500, undefined, { ref: false })]);
    if (one === undefined) throw new Error('It waits for a second at most.');
    expect(one.accepts()).toBe(false);
    await until(() => one.codes().includes('CHANNEL_SILENT'));
    await redis.restart();
    await until(one.accepts);
    await until(() => state(one) === 'hearing');
  });

  it('are in order again after FLUSHALL', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1, 2, 3);
    await until(() => two.size() === 3);
    await redis.command('FLUSHALL');
    await until(async () => (await redis.command('ZCARD', `${KEYS}:live`)) === 3);
    expect((await start()).size()).toBe(3);
  });

  it('leave no connection behind', async () => {
    const count = async () =>
      String(await redis.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    const before = await count();
    await start();
    await start();
    await until(async () => (await count()) >= before + 4);
    await fleet.stop();
    await until(async () => (await count()) <= before + 3); // those of this test's own commands
  });
});

describe('One instance that is cut off', () => {
  const fleet = createFleet('ioredis 5');
  let redis: Redis;
  let proxy: Awaited<ReturnType<typeof startTcpProxy>>;
  beforeEach(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy(Number(new URL(redis.url).port));
  });
  afterEach(async () => {
    proxy.unblock();
    proxy.mend();
    await fleet.stop();
    await proxy.stop();
    await redis.stop();
  });

  it.each(['block', 'cut'] as const)(
    'rejects when it may not trust its knowledge, and has all of it once it is back: %s',
    async (how) => {
      const one = await fleet.start(redis.url);
      const two = await fleet.start(proxy.url, { maxSilenceMs: 2_000, whenIsolated: { acceptForMs: 1_000 } });
      proxy[how]();
      const cutAt = performance.now();
      let acceptedAt = cutAt;
      await one.revoke(1);
      while (two.accepts()) {
        acceptedAt = performance.now();
        await sleep(5);
      }
      expect(acceptedAt - cutAt).toBeLessThan(3_100);
      expect(two.holds(1)).toBe(false);
      const three = await fleet.start(redis.url);
      expect([three.holds(1), three.accepts()]).toEqual([true, true]);
      if (how === 'block') proxy.unblock();
      else proxy.mend();
      await until(two.accepts);
      expect(two.holds(1)).toBe(true);
      await until(() => two.codes().join().startsWith('CHANNEL_SILENT,CHANNEL_RECOVERED'));
      expect(one.codes()).toEqual([]);
    },
  );

  it('opens connections of its own where the network has forgotten those that it had', async () => {
    const one = await fleet.start(redis.url);
    const two = await fleet.start(proxy.url);
    await until(() => state(two) === 'hearing');
    proxy.forget();
    const startedAt = performance.now();
    await one.revoke(1);
    await expect(two.revoke(2)).rejects.toMatchObject({ code: 'SIGN_OUTS_UNAVAILABLE' });
    while (!two.holds(1)) await sleep(5);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
    while (!one.holds(2)) await sleep(5);
    expect(performance.now() - startedAt).toBeLessThan(13_000);
    await until(() => state(two) === 'hearing');
    await two.revoke(3);
    await until(() => one.holds(3));
  });

  it('writes back what it alone holds, if Redis came back empty meanwhile', async () => {
    const two = await fleet.start(proxy.url);
    await two.revoke(1);
    await until(() => state(two) === 'hearing');
    proxy.cut();
    await redis.kill();
    await redis.restart();
    const one = await fleet.start(redis.url);
    await one.revoke(2);
    expect(one.holds(1)).toBe(false);
    proxy.mend();
    await until(() => one.holds(1) && two.holds(2));
  });
});

describe.each(['ioredis 5, cluster', 'redis 6, cluster'] as const)('Instances with %s', (name) => {
  const fleet = createFleet(name);

  it('hear what another revokes', async () => {
    const redis = await startRedis({ isCluster: true });
    try {
      const [one, two] = [await fleet.start(redis.url), await fleet.start(redis.url)];
      await until(() => one.accepts() && two.accepts());
      await one.revoke(1);
      await until(() => two.holds(1));
      await until(() => state(one) === 'hearing' && state(two) === 'hearing');
    } finally {
      await fleet.stop();
      await redis.stop();
    }
  });
});

describe.each(CLIENTS)('The store with %s', (name) => {
  it('keeps strings for their time, and lets one instance claim a key', async () => {
    const redis = await startRedis();
    const { client, close } = createRedisClient(name, redis.url);
    try {
      const { store } = redisChannel(client, { prefix: 'shop:' });
      await until(async () => (await store.get('a').catch(() => 'not yet')) === undefined); // connected
      await store.set('a', 'é', 60_000);
      expect(await Promise.all([1, 2, 3].map((value) => store.setIfAbsent('b', `${value}`, 60_000)))).toEqual(
        [true, false, false],
      );
      await store.set('c', 'short', 20.5);
      expect(await store.getMany(['a', 'none', 'b'])).toEqual(['é', undefined, '1']);
      expect(await redis.readAll()).toMatchObject({ 'shop:a': 'é', 'shop:b': '1' });
      await store.delete('a');
      await until(async () => (await store.get('c')) === undefined);
      expect(await store.get('a')).toBeUndefined();
      expect(await store.setIfAbsent('a', 'again', 60_000)).toBe(true);
    } finally {
      await close();
      await redis.stop();
    }
  });
});

describe('The log', () => {
  const fleet = createFleet('redis 6');
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterEach(() => fleet.stop());
  afterAll(() => redis.stop());

  const countRecords = async () => Number(await redis.command('XLEN', `${KEYS}:log`));

  it('has one heartbeat a second by all instances together', async () => {
    await Promise.all(Array.from({ length: 12 }, () => fleet.start(redis.url)));
    const [before, startedAt] = [await countRecords(), performance.now()];
    let beats = 0;
    await until(async () => (beats = (await countRecords()) - before) >= 5);
    expect(beats).toBeLessThanOrEqual((performance.now() - startedAt) / 800 + 1);
  });

  it('has at most one record of an instance in 100 ms', async () => {
    const one = await fleet.start(redis.url);
    const before = await countRecords();
    const startedAt = performance.now();
    const published: Promise<void>[] = [];
    for (let user = 0; performance.now() - startedAt < 1_000; user += 1) {
      published.push(one.revoke(`batch ${user}`));
      await sleep(2);
    }
    await Promise.all(published);
    const most = (performance.now() - startedAt) / 100 + 3;
    expect((await countRecords()) - before).toBeLessThanOrEqual(most);
    expect(await redis.command('ZCARD', `${KEYS}:live`)).toBe(published.length);
  });

  it.each([
    ['an entry of another format', { entries: 'a-newer-text' }],
    ['no entries', {}],
  ])('counts as unheard from a record with %s on, until it is gone', async (_, fields) => {
    const one = await fleet.start(redis.url, { whenIsolated: { acceptForMs: 500 } });
    await until(() => state(one) === 'hearing');
    const head = await redis.command('HMGET', `${KEYS}:meta`, 'epoch', 'number', 'id');
    const [epoch, number, previous] = head as string[];
    const members = { epoch, number: String(Number(number) + 1), previous, ...fields };
    const record = Object.entries(members).flat().map(String);
    await redis.command('HINCRBY', `${KEYS}:meta`, 'number', '1');
    const id = String(await redis.command('XADD', `${KEYS}:log`, '*', ...record));
    await redis.command('HSET', `${KEYS}:meta`, 'id', id);
    await until(() => one.codes().includes('CHANNEL_UNREADABLE'));
    await until(() => !one.accepts());
    await until(one.accepts); // all living entries were read again, and can be read
  });

  it('begins a new epoch where somebody else removed living entries', async () => {
    const [one, two] = [await fleet.start(redis.url), await fleet.start(redis.url)];
    await one.revoke('removed');
    await until(() => two.holds('removed'));
    const text = encodeRevocation(toRevocation('removed'));
    await redis.command('ZREM', `${KEYS}:live`, text);
    await until(async () => (await redis.command('ZSCORE', `${KEYS}:live`, text)) !== null);
    expect((await fleet.start(redis.url)).holds('removed')).toBe(true);
  });

  // How long each waits before it writes is random: test/unit/core/channel/write-back.spec.ts says what it waits for.
  it('is not filled by all of many instances where very much is missing', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => fleet.start(redis.url)));
    const users = Array.from({ length: 20_000 }, (_, user) => `many ${user}`);
    await all[0]?.revoke(...users).catch(() => undefined); // it may take more than a second
    await until(() => all.every(({ size }) => size() >= users.length));
    const before = await countRecords();
    await redis.command('DEL', `${KEYS}:live`, `${KEYS}:meta`);
    await until(async () => Number(await redis.command('ZCARD', `${KEYS}:live`)) >= users.length);
    await sleep(1_000);
    expect((await countRecords()) - before).toBeLessThan(6 * 20); // of 1,000 entries each
  });

  it('keeps the records of about a minute', async () => {
    const old = String(Date.now() - 120_000);
    await redis.command('DEL', `${KEYS}:log`);
    for (let index = 1; index <= 500; index += 1)
      await redis.command('XADD', `${KEYS}:log`, `${old}-${index}`, 'a', 'b');
    const one = await fleet.start(redis.url);
    await one.revoke('trims');
    expect(await countRecords()).toBeLessThan(150);
  });
});
