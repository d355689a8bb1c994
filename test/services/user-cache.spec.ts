// Remembered users of two applications behind a real Redis: what one hears of a changed user, the other hears too.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import type { SignedInSession } from 'nestjs-descope';
import { CurrentUser, DescopeModule, DescopeService } from 'nestjs-descope';
import { redisChannel } from 'nestjs-descope/redis';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../support/application.js';
import { start } from '../support/application.js';
import { askUntil } from '../support/ask-until.js';
import { toDelivery, WEBHOOK_SECRET } from '../support/descope-webhook.js';
import { bearer } from '../support/who.controller.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';
import type { ConnectedClient } from './support/redis-clients.js';
import { createRedisClient } from './support/redis-clients.js';

const names = new Map<string, string>();
const loadUser = ({ user }: SignedInSession) => ({ name: names.get(user.id) });

@Controller()
class NameController {
  @Get('name')
  name(@CurrentUser() account: unknown) {
    return account;
  }
}

describe('Two applications behind one Redis', () => {
  const descope = createTestDescope();
  const { token } = descope.as({ sub: 'U2anna' });
  const clients: ConnectedClient[] = [];
  let redis: Redis;
  let one: RunningApplication;
  let two: RunningApplication;

  beforeEach(async () => {
    redis = await startRedis();
    [one, two] = [await boot(), await boot()];
    names.set('U2anna', 'Anna');
  });
  afterEach(async () => {
    await two.close();
    await one.close();
    for (const { close } of clients.splice(0)) await close();
    await redis.stop();
  });

  function boot() {
    const client = createRedisClient('ioredis 5', redis.url);
    clients.push(client);
    const module = DescopeModule.forRoot({
      audience: null,
      loadUser,
      userCache: { ttlMs: 600_000 },
      events: { secret: WEBHOOK_SECRET },
      shared: { channel: redisChannel(client.client) },
    });
    const metadata = { imports: [module], controllers: [NameController] };
    return start('express', metadata, { override: (builder) => descope.override(builder) });
  }
  const nameAt = async ({ request }: RunningApplication) =>
    (await request('/name', { headers: bearer(token) })).body['name'];

  it('both load a user again whom either forgets, as often as that happens, and reject nobody', async () => {
    for (const [round, [here, there]] of [
      [one, two] as const,
      [two, one] as const,
      [one, two] as const,
    ].entries()) {
      expect(await nameAt(there)).toBe(names.get('U2anna'));
      const name = `Anna ${round}`;
      names.set('U2anna', name);
      await here.app.get(DescopeService).forgetUser('U2anna');
      await here.app.get(DescopeService).forgetUser('U2anna');
      expect(await nameAt(here)).toBe(name);
      expect(
        await askUntil(
          () => nameAt(there),
          (found) => found === name,
        ),
      ).toBe(name);
    }
  });

  it('both load a user again of whom one receives an event', async () => {
    expect([await nameAt(one), await nameAt(two)]).toEqual(['Anna', 'Anna']);
    names.set('U2anna', 'Anne');
    const event = JSON.stringify({ action: 'UserModified', userId: 'U2anna' });
    expect((await one.request('/auth/events', toDelivery(event))).status).toBe(200);
    expect(await nameAt(one)).toBe('Anne');
    expect(
      await askUntil(
        () => nameAt(two),
        (found) => found === 'Anne',
      ),
    ).toBe('Anne');
  });

  it('forget a user also while Redis is gone, the other one at the latest when it is back', async () => {
    expect([await nameAt(one), await nameAt(two)]).toEqual(['Anna', 'Anna']);
    await redis.kill();
    names.set('U2anna', 'Anne');
    await one.app.get(DescopeService).forgetUser('U2anna');
    expect(await nameAt(one)).toBe('Anne');
    await redis.restart();
    expect(
      await askUntil(
        () => nameAt(two),
        (found) => found === 'Anne',
      ),
    ).toBe('Anne');
  });
});
