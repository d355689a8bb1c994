// Audit webhooks are signed, in order, retried and stopped; the record of deliveries shows how each ended.
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmulatorWebhook } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { findFreePort } from '../../support/free-port.js';
import { createSdk } from '../../support/node-sdk.js';
import { useEmulator } from '../../support/use-emulator.js';
import type { WebhookReceiver } from '../../support/webhook-receiver.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });
let receiver: WebhookReceiver;
beforeAll(async () => void (receiver = await startWebhookReceiver()));
afterAll(() => receiver.close());
beforeEach(() => receiver.clear());

const add = (options: Partial<EmulatorWebhook> = {}) =>
  bed.emulator.webhooks.add({ url: receiver.url, secret: receiver.secret, ...options });
const createUsers = async (...names: string[]) => {
  for (const name of names) await bed.admin.management.user.create(`${name}@example.com`, {});
};
const createdLogins = () => receiver.received.map(({ event }) => (event.externalIds as string[])[0]);

describe('an audit webhook', () => {
  it('is sent a list of one event as JSON, with the HMAC of the body', async () => {
    add();
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    const [received] = receiver.received;
    expect(JSON.parse(received?.body ?? '')).toEqual([received?.event]);
    expect(received?.headers['content-type']).toBe('application/json');
    expect(received?.headers['x-descope-webhook-s256']).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    expect(received?.isSigned).toBe(true);
    expect(bed.emulator.webhooks.deliveries).toMatchObject([
      {
        action: 'UserCreated',
        url: receiver.url,
        body: received?.body,
        state: 'delivered',
        status: 204,
        attempts: 1,
      },
    ]);
  });

  it('is sent the event alone, or without a signature, as it was ordered', async () => {
    add({ body: 'event', secret: undefined });
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    const [received] = receiver.received;
    expect(JSON.parse(received?.body ?? '')).toMatchObject({ action: 'UserCreated' });
    expect(received?.headers).not.toHaveProperty('x-descope-webhook-s256');
  });

  it('is signed over the JSON string where the body has line breaks', async () => {
    add({ signed: 'json' });
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    const [received] = receiver.received;
    const json = JSON.stringify(JSON.parse(received?.body ?? ''));
    const signature = createHmac('sha256', receiver.secret).update(json).digest('base64');
    expect(received?.body).not.toBe(json);
    expect(received?.isSigned).toBe(false);
    expect(received?.headers['x-descope-webhook-s256']).toBe(signature);
  });

  it('is sent only the actions that were ordered', async () => {
    add({ actions: ['UserDeleted'] });
    await createUsers('new');
    await bed.admin.management.user.delete('new@example.com');
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual(['UserDeleted']);
  });

  it('gets events in their order, and no call to the API waits for it', async () => {
    add();
    receiver.respondWith(0);
    const names = Array.from({ length: 20 }, (_, index) => `user${index}`);
    await createUsers(...names);
    expect(receiver.received.length).toBeLessThan(2);
    expect(bed.emulator.webhooks.deliveries.map(({ state }) => state)).toEqual(names.map(() => 'waiting'));
    bed.emulator.reset();
    receiver.clear();
    add();
    await createUsers(...names);
    await bed.emulator.webhooks.settled();
    expect(createdLogins()).toEqual(names.map((name) => `${name}@example.com`));
  });

  it('is tried again after an outage, with the same body and signature', async () => {
    add();
    receiver.respondWith(503, 429);
    await createUsers('first', 'second');
    await bed.emulator.webhooks.settled();
    const [once, twice, third] = receiver.received;
    expect(twice).toMatchObject({ body: once?.body, isSigned: true });
    expect(third?.body).toBe(once?.body);
    expect(createdLogins().at(-1)).toBe('second@example.com');
    expect(bed.emulator.webhooks.deliveries).toMatchObject([
      { state: 'delivered', status: 204, attempts: 3 },
      { state: 'delivered', status: 204, attempts: 1 },
    ]);
  });

  it.each([401, 302])('is not tried again after %d, and the next event follows', async (status) => {
    add();
    receiver.respondWith(status);
    await createUsers('first', 'second');
    await bed.emulator.webhooks.settled();
    expect(bed.emulator.webhooks.deliveries).toMatchObject([
      { state: 'failed', status, attempts: 1 },
      { state: 'delivered', status: 204, attempts: 1 },
    ]);
  });

  it('fails where nobody listens, after four attempts', async () => {
    add({ url: `http://127.0.0.1:${await findFreePort()}` });
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    expect(bed.emulator.webhooks.deliveries).toMatchObject([
      { state: 'failed', status: undefined, attempts: 4 },
    ]);
  });

  it('gets a delivery once more, also a late one', async () => {
    add();
    const ended: unknown[] = [];
    bed.emulator.webhooks.onDelivery(({ action, state }) => ended.push([action, state]));
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    await bed.admin.management.user.delete('new@example.com');
    bed.emulator.clock.advance(3_600_000);
    bed.emulator.webhooks.redeliver(0);
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual(['UserCreated', 'UserDeleted', 'UserCreated']);
    expect(receiver.received[2]).toMatchObject({ body: receiver.received[0]?.body, isSigned: true });
    expect(ended).toEqual(receiver.actions.map((action) => [action, 'delivered']));
    bed.emulator.webhooks.redeliver(-2);
    await bed.emulator.webhooks.settled();
    expect(receiver.actions.at(-1)).toBe('UserDeleted');
    expect(() => bed.emulator.webhooks.redeliver(9)).toThrow('There is no delivery 9; there are 4.');
  });
});

describe('a connector that a client of the vendor sets', () => {
  it('gets what its filters let through, and is replaced by one of the same name', async () => {
    const { audit, tenant } = bed.admin.management;
    const base = { name: 'nest', url: receiver.url, hmacSecret: receiver.secret };
    const headers = { 'x-custom': 'yes' };
    await audit.createAuditWebhook({
      ...base,
      headers,
      filters: [{ key: 'actions', operator: 'excludes', values: ['UserDeleted'] }],
    });
    await createUsers('new');
    await bed.admin.management.user.delete('new@example.com');
    await bed.emulator.webhooks.settled();
    expect(receiver.received).toMatchObject([{ isSigned: true, event: { action: 'UserCreated' }, headers }]);
    await audit.createAuditWebhook({
      ...base,
      filters: [{ key: 'tenants', operator: 'includes', values: ['acme'] }],
    });
    await createUsers('other');
    await tenant.createWithId('acme', 'Acme');
    await tenant.createWithId('globex', 'Globex');
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual(['UserCreated', 'TenantCreated']);
  });

  it('is rejected with a key or an operator that the emulator does not know, and a field where it is strict', async () => {
    bed.emulator.configure({ strict: true });
    const { audit } = bed.admin.management;
    const base = { name: 'nest', url: receiver.url };
    const wrong = [
      { ...base, authentication: { bearerToken: 'token' } },
      { ...base, filters: [{ key: 'users', operator: 'includes', values: ['U1'] }] },
      { ...base, filters: [{ key: 'actions', operator: 'are', values: ['UserDeleted'] }] },
      { name: 'nest' },
    ];
    const responses = await Promise.all(wrong.map((options) => audit.createAuditWebhook(options)));
    expect(responses.map(({ code }) => code)).toEqual([400, 400, 400, 400]);
    await createUsers('new');
    await bed.emulator.webhooks.settled();
    expect(receiver.received).toEqual([]);
  });
});

describe('the webhooks of an emulator', () => {
  it('are those of the options and of the seed, and again after a reset', async () => {
    const other = await startWebhookReceiver('other-secret');
    await using emulator = await startEmulator({
      webhooks: [{ url: receiver.url, secret: receiver.secret }],
      seed: { webhooks: [{ url: other.url, secret: other.secret, actions: ['UserCreated'] }] },
    });
    const { user } = createSdk(emulator, 'management').management;
    await user.create('new@example.com', {});
    await emulator.webhooks.settled();
    emulator.reset();
    expect(emulator.webhooks.deliveries).toEqual([]);
    await user.create('new@example.com', {});
    await user.delete('new@example.com');
    await emulator.webhooks.settled();
    expect(receiver.actions).toEqual(['UserCreated', 'UserCreated', 'UserDeleted']);
    expect(other.actions).toEqual(['UserCreated', 'UserCreated']);
    expect([...receiver.received, ...other.received].every(({ isSigned }) => isSigned)).toBe(true);
    await other.close();
  });

  it('end with it at once: what waits fails, and nothing is sent afterwards', async () => {
    const emulator = await startEmulator({ webhooks: [{ url: receiver.url, secret: receiver.secret }] });
    receiver.respondWith(0);
    const { user } = createSdk(emulator, 'management').management;
    await user.create('first@example.com', {});
    await user.create('second@example.com', {});
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    const settled = emulator.webhooks.settled();
    await emulator.close();
    await settled;
    expect(performance.now() - started).toBeLessThan(4_000); // an attempt has five seconds
    expect(emulator.webhooks.deliveries.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['failed', 1],
      ['failed', 0],
    ]);
    expect(receiver.received).toHaveLength(1);
  });

  it('are rejected with all mistakes at once, and without the secret', () => {
    const wrong = { url: 'ftp://user:password@example.com', secret: '', body: 'xml', other: 1 };
    expect(() => bed.emulator.webhooks.add(wrong as unknown as EmulatorWebhook)).toThrow(
      expect.objectContaining({
        code: 'EMULATOR_OPTIONS_INVALID',
        message: expect.not.stringContaining('password'),
      }),
    );
    expect(() => bed.emulator.webhooks.add(wrong as unknown as EmulatorWebhook)).toThrow(
      /url must be an http .*\n.*secret must be .*\n.*body must be one of list, event.*\n.*other is unknown/,
    );
  });
});
