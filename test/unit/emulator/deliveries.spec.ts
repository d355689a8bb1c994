// The queue of a webhook: its time-out, its bound, and what it does once it is stopped.
import { describe, expect, it } from '@jest/globals';
import { Delivery, DeliveryQueue } from '#lib/emulator/webhooks/delivery-queue.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

const TIMING = { timeoutMs: 400, pausesMs: [0, 1, 1, 1] };

const toDelivery = (url: string, action = 'UserDeleted') =>
  new Delivery(action, { url, headers: {}, body: JSON.stringify([{ action }]) });

describe('DeliveryQueue', () => {
  it('takes a receiver that does not respond in time for an outage, and goes on', async () => {
    const [silent, receiver] = [await startWebhookReceiver(), await startWebhookReceiver()];
    silent.respondWith(0, 0, 0, 0);
    const queue = new DeliveryQueue(() => undefined, TIMING);
    const [hung, next] = [toDelivery(silent.url), toDelivery(receiver.url)];
    queue.push(hung);
    queue.push(next);
    await queue.settled();
    expect([hung.state, hung.attempts, hung.status]).toEqual(['failed', 4, undefined]);
    expect([next.state, next.status]).toEqual(['delivered', 204]);
    await Promise.all([silent.close(), receiver.close()]);
  });

  it('fails what it cannot hold, and keeps what came first', async () => {
    const receiver = await startWebhookReceiver();
    receiver.respondWith(0);
    const ended: string[] = [];
    const queue = new DeliveryQueue(({ action }) => ended.push(action));
    for (let index = 0; index < 10_001; index += 1) queue.push(toDelivery(receiver.url, String(index)));
    expect(ended).toEqual(['10000']);
    queue.stop();
    await queue.settled();
    expect(ended).toHaveLength(10_001);
    expect(receiver.received.length).toBeLessThan(2);
    await receiver.close();
  });

  it('sends nothing once it is stopped', async () => {
    const queue = new DeliveryQueue(() => undefined);
    queue.stop();
    const delivery = toDelivery('http://127.0.0.1:1');
    queue.push(delivery);
    await queue.settled();
    expect([delivery.state, delivery.attempts]).toEqual(['failed', 0]);
  });
});
