// Whole applications that share revocations through a real Redis.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { redisChannel } from 'nestjs-descope/redis';
import type { Answer } from '../support/application.js';
import { ADAPTERS } from '../support/application.js';
import { askUntil } from '../support/ask-until.js';
import { CookieJar } from '../support/cookie-jar.js';
import type { SessionApplication } from '../support/session-application.js';
import { BOB, startWithSessions } from '../support/session-application.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';
import type { ConnectedClient } from './support/redis-clients.js';
import { createRedisClient } from './support/redis-clients.js';

describe.each(ADAPTERS)('Two applications on %s behind one Redis', (adapter) => {
  let redis: Redis;
  let one: SessionApplication;
  let two: SessionApplication;
  const clients: ConnectedClient[] = [];
  beforeEach(async () => {
    redis = await startRedis();
    one = await startWithSessions(adapter, share('ioredis 5'));
    two = await startWithSessions(adapter, share('redis 6'), { emulator: one.emulator });
  });
  afterEach(async () => {
    redis.resume();
    await two.stop();
    await one.stop();
    for (const { close } of clients.splice(0)) await close();
    await redis.stop();
  });

  function share(name: 'ioredis 5' | 'redis 6') {
    const client = createRedisClient(name, redis.url);
    clients.push(client);
    const shared = { channel: redisChannel(client.client), whenIsolated: { acceptForMs: 500 } };
    return { shared, routes: {}, clock: Date.now };
  }
  const ask = (app: SessionApplication, { headers }: CookieJar): Promise<Answer> =>
    app.request('/me', { headers });
  const codeAt = async (app: SessionApplication, browser: CookieJar) =>
    (await ask(app, browser)).body['code'];
  const post = (app: SessionApplication, path: string, browser: CookieJar): Promise<Answer> =>
    app.request(path, { method: 'POST', headers: { origin: app.url, ...browser.headers } });
  const copyOf = (browser: CookieJar) =>
    new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');
  const becomes = async (app: SessionApplication, browser: CookieJar, code: string | undefined) =>
    expect(
      await askUntil(
        () => codeAt(app, browser),
        (found) => found === code,
      ),
    ).toBe(code);

  it('reject at one what was signed out at the other, either way, and nobody else', async () => {
    for (const [here, there] of [[one, two] as const, [two, one] as const]) {
      const [browser, other] = [await here.signIn(), await here.signIn(BOB)];
      const copy = copyOf(browser);
      expect((await ask(there, copy)).status).toBe(200);
      expect((await post(here, '/auth/logout', browser)).status).toBe(204);
      await becomes(there, copy, 'SESSION_SIGNED_OUT');
      for (const app of [here, there]) expect((await ask(app, other)).status).toBe(200);
    }
  });

  it('reject it still when Redis came back empty, and in an application that starts then', async () => {
    const [browser, other] = [await one.signIn(), await one.signIn(BOB)];
    const copy = copyOf(browser);
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    await becomes(two, copy, 'SESSION_SIGNED_OUT');
    await redis.kill();
    await redis.restart();
    await becomes(two, other, undefined); // it hears again
    const three = await startWithSessions(adapter, share('ioredis 5'), { emulator: one.emulator });
    try {
      await becomes(three, copy, 'SESSION_SIGNED_OUT');
      expect((await ask(three, other)).status).toBe(200);
    } finally {
      await three.stop();
    }
  });

  it('answer 503 while they do not hear what is revoked, and sign nobody out', async () => {
    const browser = await one.signIn();
    redis.halt();
    await becomes(one, browser, 'SIGN_OUTS_UNAVAILABLE');
    const answer = await ask(one, browser);
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.getSetCookie()]).toEqual([
      503,
      '1',
      [],
    ]);
    expect((await post(one, '/auth/logout', copyOf(browser))).status).toBe(503);
    redis.resume();
    await becomes(two, browser, 'SESSION_SIGNED_OUT'); // as soon as Redis has it
  });

  it('leave no connection to Redis behind but that of the application', async () => {
    const count = async () =>
      String(await redis.command('CLIENT', 'LIST'))
        .trim()
        .split('\n').length;
    expect(await count()).toBe(5); // two of each, and that of this command
    await two.app.close();
    expect(await askUntil(count, (found) => found === 5)).toBe(5); // one less, and another of this command
  });
});
