// What the emulator changes reaches the instances of an application by its webhook, and each handler runs in one of them.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import type { DescopeClient } from 'nestjs-descope';
import { DescopeModule, InjectDescope } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { DescopeAuditEvent } from 'nestjs-descope/events';
import { OnDescopeEvent } from 'nestjs-descope/events';
import type { KeyValueStore } from '#lib/core/store/key-value-store.js';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { toDelivery, WEBHOOK_SECRET } from '../../support/descope-webhook.js';
import { MemoryStore } from '../../support/memory-store.js';
import { bearer, WhoController } from '../../support/who.controller.js';

class SharedStore extends MemoryStore implements KeyValueStore {
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<boolean> {
    const isFirst = !this.entries.has(key);
    return isFirst ? this.set(key, value, ttlMs).then(() => true) : Promise.resolve(false);
  }
}

const ANNA = 'anna@example.com';
const BOB = 'bob@example.com';

@Injectable()
class Listener {
  readonly heard: string[] = [];
  failures = 0;

  constructor(@InjectDescope() readonly client: DescopeClient) {}

  @OnDescopeEvent('UserDeleted', 'UserModified', 'AccessKeyDeleted', 'TenantDeleted')
  hear({ action }: DescopeAuditEvent) {
    this.heard.push(action);
    if (this.failures-- > 0) throw new Error('Not this time.');
  }
}

describe.each(ADAPTERS)('With the webhook of the emulator, on %s,', (adapter) => {
  let emulator: Emulator;
  let running: RunningApplication[] = [];

  beforeEach(async () => {
    emulator = await startEmulator({
      seed: {
        users: [{ loginId: ANNA }, { loginId: BOB, tenants: [{ tenantId: 'acme' }] }],
        tenants: [{ id: 'acme' }],
      },
    });
  });
  afterEach(async () => {
    for (const application of running) await application.close();
    running = [];
    await emulator.close();
  });

  const boot = async (options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, clock, managementKey } = emulator;
    const module = DescopeModule.forRoot({
      projectId,
      baseUrl,
      managementKey,
      audience: null,
      clock: () => clock.now(),
      events: { secret: WEBHOOK_SECRET },
      ...options,
    });
    const parts = { imports: [module], controllers: [WhoController], providers: [Listener] };
    const application = await start(adapter, parts);
    running.push(application);
    return { ...application, listener: application.app.get(Listener) };
  };
  const listen = (url: string, further: object = {}) =>
    emulator.webhooks.add({ url: `${url}/auth/events`, secret: WEBHOOK_SECRET, ...further });
  const codeAt = async ({ request }: Pick<RunningApplication, 'request'>, token: string) => {
    const { status, body } = await request('/who', { headers: bearer(token) });
    return status === 200 ? 200 : body['code'];
  };

  it.each([{}, { body: 'event' }, { signed: 'json' }])(
    'a deleted user, a disabled user, a deleted key and a deleted tenant are out (%j)',
    async (further) => {
      const app = await boot();
      const { management } = app.listener.client;
      const anna = await emulator.signIn(ANNA);
      const bob = await emulator.signIn(BOB);
      const key = await management.accessKey.create('new', 0);
      const exchanged = await app.listener.client.exchangeAccessKey(key.data?.cleartext ?? '');
      const ofKey = exchanged.jwt;
      listen(app.url, further);
      emulator.clock.advance(1_000);
      const all = () =>
        Promise.all([anna.sessionJwt, bob.sessionJwt, ofKey].map((token) => codeAt(app, token)));
      expect(await all()).toEqual([200, 200, 200]);
      await management.user.deactivate(ANNA);
      await emulator.webhooks.settled();
      expect(await all()).toEqual(['SESSION_SIGNED_OUT', 200, 200]);
      await management.accessKey.delete(key.data?.key.id ?? '');
      await emulator.webhooks.settled();
      expect(await all()).toEqual(['SESSION_SIGNED_OUT', 200, 'SESSION_SIGNED_OUT']);
      await management.tenant.delete('acme');
      await emulator.webhooks.settled();
      expect(await all()).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT']);
      await management.user.activate(ANNA);
      emulator.clock.advance(1_000);
      const again = await emulator.signIn(ANNA);
      expect(await codeAt(app, again.sessionJwt)).toBe(200);
      await management.user.delete(ANNA);
      await emulator.webhooks.settled();
      expect(await codeAt(app, again.sessionJwt)).toBe('SESSION_SIGNED_OUT');
      expect(app.listener.heard).toEqual([
        'UserModified',
        'AccessKeyDeleted',
        'TenantDeleted',
        'UserModified',
        'UserDeleted',
      ]);
      expect(new Set(emulator.webhooks.deliveries.map(({ state }) => state))).toEqual(new Set(['delivered']));
    },
  );

  it('a handler that fails runs again at the retry, and access ends nevertheless', async () => {
    const app = await boot();
    const anna = await emulator.signIn(ANNA);
    listen(app.url);
    app.listener.failures = 2;
    await app.listener.client.management.user.delete(ANNA);
    await emulator.webhooks.settled();
    expect(app.listener.heard).toEqual(['UserDeleted', 'UserDeleted', 'UserDeleted']);
    expect(await codeAt(app, anna.sessionJwt)).toBe('SESSION_SIGNED_OUT');
    emulator.webhooks.redeliver(-1);
    await emulator.webhooks.settled();
    expect(app.listener.heard).toHaveLength(3);
  });

  it('instances that share a store run a handler once, and reject the same users', async () => {
    const shared = { store: new SharedStore(), maxStaleMs: 0 };
    const [one, two] = [await boot({ shared }), await boot({ shared })];
    const anna = await emulator.signIn(ANNA);
    listen(one.url);
    await one.listener.client.management.user.delete(ANNA);
    await emulator.webhooks.settled();
    const [delivery] = emulator.webhooks.deliveries;
    const repeated = await two.request('/auth/events', toDelivery(delivery?.body ?? ''));
    expect(repeated.status).toBe(200);
    expect([one.listener.heard, two.listener.heard]).toEqual([['UserDeleted'], []]);
    expect(await Promise.all([one, two].map((app) => codeAt(app, anna.sessionJwt)))).toEqual([
      'SESSION_SIGNED_OUT',
      'SESSION_SIGNED_OUT',
    ]);
  });

  it('is asked to send it again while the end is not stored for the other instances', async () => {
    const store = new SharedStore();
    const app = await boot({ shared: { store, maxStaleMs: 0 } });
    const anna = await emulator.signIn(ANNA);
    listen(app.url);
    store.isDown = true;
    await app.listener.client.management.user.delete(ANNA);
    const status = async () => emulator.webhooks.deliveries[0]?.status;
    expect(await askUntil(status, (answered) => answered !== undefined)).toBe(500);
    store.isDown = false;
    await emulator.webhooks.settled();
    const [delivery] = emulator.webhooks.deliveries;
    expect([delivery?.state, delivery?.status, (delivery?.attempts ?? 0) > 1]).toEqual([
      'delivered',
      200,
      true,
    ]);
    expect(app.listener.heard).toEqual(['UserDeleted']);
    expect(await codeAt(app, anna.sessionJwt)).toBe('SESSION_SIGNED_OUT');
  });
});
