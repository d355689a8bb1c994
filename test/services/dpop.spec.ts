// Two applications behind one real Redis: a proof counts once on both together, whatever Redis does.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, DescopeUser } from 'nestjs-descope';
import { redisChannel } from 'nestjs-descope/redis';
import { createTestDescope } from 'nestjs-descope/testing';
import type { Answer, RunningApplication } from '../support/application.js';
import { ADAPTERS, start } from '../support/application.js';
import { askUntil } from '../support/ask-until.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';
import type { ConnectedClient } from './support/redis-clients.js';
import { createRedisClient } from './support/redis-clients.js';

const URL_OF_ORDERS = 'https://api.example.com/orders';
const WAYS = ['a channel', 'a store'] as const;
const CASES = ADAPTERS.flatMap((adapter) => WAYS.map((way) => [adapter, way] as const));

@Controller()
class OrdersController {
  @Get('orders') list(@CurrentUser() { id }: DescopeUser) {
    return { id };
  }
}

const descope = createTestDescope();
const prove = () => descope.asBound().prove('GET', URL_OF_ORDERS);
const verdictOf = ({ status, body }: Answer) => [status, body['code'] ?? ''].join(' ').trim();

describe.each(CASES)('Two applications on %s that share a Redis by %s', (adapter, way) => {
  let redis: Redis;
  let instances: RunningApplication[];
  const clients: ConnectedClient[] = [];
  beforeEach(async () => {
    redis = await startRedis();
    instances = [await open('ioredis 5'), await open('redis 6')];
  });
  afterEach(async () => {
    redis.resume();
    for (const { close } of [...instances, ...clients.splice(0)]) await close();
    await redis.stop();
  });

  async function open(client: 'ioredis 5' | 'redis 6'): Promise<RunningApplication> {
    const shared = way === 'a store' ? { store: await redis.connect() } : { channel: connect(client) };
    const options: DescopeModuleOptions = { publicOrigin: 'https://api.example.com', audience: null };
    const imports = [DescopeModule.forRoot({ ...options, dpop: 'allowed', shared })];
    const override = (builder: Parameters<typeof descope.override>[0]) => descope.override(builder);
    return start(adapter, { imports, controllers: [OrdersController] }, { override });
  }
  function connect(name: 'ioredis 5' | 'redis 6') {
    const connected = createRedisClient(name, redis.url);
    clients.push(connected);
    return redisChannel(connected.client);
  }
  const ask = (instance: RunningApplication | undefined, headers: object): Promise<Answer> =>
    (instance as RunningApplication).request('/orders', { headers: { ...headers } });

  it('accept a proof that comes to both at once exactly once, each time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const headers = prove();
      const answers = await Promise.all(instances.map((instance) => ask(instance, headers)));
      expect(answers.map(verdictOf).sort()).toEqual(['200', '401 DPOP_PROOF_REPLAYED']);
    }
  });

  it('accept no proof again at the other, also after a restart of an instance', async () => {
    const [one, two] = instances;
    const headers = prove();
    expect(verdictOf(await ask(one, headers))).toBe('200');
    expect(verdictOf(await ask(two, headers))).toBe('401 DPOP_PROOF_REPLAYED');
    const third = await open('ioredis 5');
    instances.push(third);
    expect(verdictOf(await ask(third, headers))).toBe('401 DPOP_PROOF_REPLAYED');
    const kept = JSON.stringify(await redis.command('KEYS', '*dpop*'));
    expect(kept).toContain('nestjs-descope:dpop:');
    for (const secret of [headers.dpop, headers.authorization.slice('DPoP '.length)])
      for (const part of secret.split('.')) expect(kept).not.toContain(part);
  });

  it('answer bound tokens with 503 while Redis stands still or is gone, and recover', async () => {
    const [one, two] = instances;
    const used = prove();
    expect(verdictOf(await ask(one, used))).toBe('200');
    redis.halt();
    await expectOutage(one);
    redis.resume();
    await expectRecovery();
    expect(verdictOf(await ask(two, used))).toBe('401 DPOP_PROOF_REPLAYED');
    await redis.kill();
    await expectOutage(two);
    await redis.restart();
    await expectRecovery();
  });

  it('remember a proof for as long as it counts, and not for ever', async () => {
    expect(verdictOf(await ask(instances[0], prove()))).toBe('200');
    const [key] = (await redis.command('KEYS', '*dpop*')) as string[];
    const ttlMs = Number(await redis.command('PTTL', key ?? ''));
    expect(ttlMs).toBeGreaterThan(60_000);
    expect(ttlMs).toBeLessThan(120_000);
  });

  async function expectOutage(instance: RunningApplication | undefined) {
    const answer = await ask(instance, prove());
    expect(verdictOf(answer)).toBe('503 DPOP_REPLAY_UNAVAILABLE');
    expect([answer.headers.get('retry-after'), answer.headers.get('www-authenticate')]).toEqual(['1', null]);
  }

  async function expectRecovery() {
    for (const instance of instances)
      expect(
        await askUntil(
          async () => verdictOf(await ask(instance, prove())),
          (verdict) => verdict === '200',
        ),
      ).toBe('200');
  }
});
