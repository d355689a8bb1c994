// A million calls of the guard beside a real Redis: none of them asks it.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { DescopeModule } from 'nestjs-descope';
import { redisChannel } from 'nestjs-descope/redis';
import { createTestDescope } from 'nestjs-descope/testing';
import { createClient } from 'redis';
import { CollectingLogger } from '../support/collecting-logger.js';
import { callGuard } from '../support/guarded-calls.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';

const CALLS = 1_000_000;
const TIMEOUT_MS = 600_000;

describe('The guard of an application with a channel on Redis', () => {
  let redis: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  it(
    `returns true, and no promise, ${CALLS} times, and Redis sees nothing but the reading of the channel`,
    async () => {
      const client = createClient({ url: redis.url });
      await client.connect();
      const descope = createTestDescope();
      const tokens = Array.from({ length: 50 }, (_, index) => descope.as({ sub: `U2user${index}` }).token);
      const imports = [DescopeModule.forRoot({ shared: { channel: redisChannel(client) } })];
      const builder = descope.override(Test.createTestingModule({ imports }));
      const app = await builder.setLogger(new CollectingLogger()).compile();
      await app.init();
      try {
        await callGuard(app, tokens, { count: 100 }); // a token is cached when it comes for the second time
        await redis.command('CONFIG', 'RESETSTAT');
        const startedAt = performance.now();
        const counts = await callGuard(app, tokens, { count: CALLS });
        const seconds = (performance.now() - startedAt) / 1000;
        const commands = readCommands(String(await redis.command('INFO', 'commandstats')));
        expect(counts).toEqual({ accepted: CALLS, waiting: 0 });
        for (const name of ['get', 'mget', 'set']) expect(commands).not.toHaveProperty(name);
        const calls = Object.values(commands).reduce((sum, count) => sum + count, 0);
        expect(calls).toBeLessThanOrEqual(20 * seconds + 40);
      } finally {
        await app.close();
        client.destroy();
      }
    },
    TIMEOUT_MS,
  );
});

function readCommands(info: string): Record<string, number> {
  return Object.fromEntries(
    [...info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]),
  );
}
