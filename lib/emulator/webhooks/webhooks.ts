// The audit webhooks of the project, and the record of what they were sent.
import type { AuditEvent } from '../audit/audit-event.js';
import { EmulatorError } from '../errors.js';
import { LatestRecords } from '../latest-records.js';
import { findWebhookMistakes } from '../seed/seed-shape.js';
import type { WebhookDelivery } from './delivery-queue.js';
import { Delivery, DeliveryQueue } from './delivery-queue.js';
import type { EmulatorWebhook, WebhookTarget } from './webhook-options.js';
import { isSent, toSignedRequest, toTarget } from './webhook-options.js';

const DELIVERIES = { most: 10_000, mostCharacters: 32 * 1024 * 1024 };

interface Connector {
  readonly name: string | undefined;
  readonly target: WebhookTarget;
  readonly queue: DeliveryQueue;
}

/** Sends the events of the project to audit webhooks, in their order for each URL, and keeps the latest 10 000 deliveries. */
export class Webhooks {
  #connectors: Connector[] = [];
  readonly #deliveries = new LatestRecords<Delivery, Delivery>(DELIVERIES);
  readonly #queues = new Map<string, DeliveryQueue>();
  #listener: (delivery: WebhookDelivery) => void = () => undefined;

  /** The deliveries that are kept, oldest first; those that wait included. */
  get deliveries(): readonly WebhookDelivery[] {
    return this.#deliveries.all;
  }

  /**
   * Adds a webhook until the next `reset()`.
   *
   * @throws {EmulatorError} EMULATOR_OPTIONS_INVALID when a member is unknown or has a wrong value
   * @example emulator.webhooks.add({ url: `${await app.getUrl()}/auth/events`, secret: 'the-webhook-secret' });
   */
  add(webhook: EmulatorWebhook): void {
    const mistakes = findWebhookMistakes([webhook]);
    if (mistakes.length > 0) {
      const message = `The webhook cannot be added:\n- ${mistakes.join('\n- ')}`;
      throw new EmulatorError('EMULATOR_OPTIONS_INVALID', message);
    }
    this.set(undefined, toTarget(webhook));
  }

  /**
   * Waits until every delivery has arrived or failed.
   *
   * @example
   * await admin.management.user.delete('ada@example.com');
   * await emulator.webhooks.settled();
   */
  async settled(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.settled()));
  }

  /**
   * Sends a delivery once more, with the same body and signature: a duplicate, or later the replay of an old event.
   *
   * @param index The index in `deliveries`; a negative one counts from the end.
   * @throws {RangeError} There is no such delivery.
   * @example
   * emulator.webhooks.redeliver(-1); // the latest once more
   * await emulator.webhooks.settled();
   */
  redeliver(index: number): void {
    const delivery = this.#deliveries.all.at(index);
    const queue = delivery && this.#queues.get(delivery.url);
    if (!queue) throw new RangeError(`There is no delivery ${index}; there are ${this.#deliveries.count}.`);
    this.#send(queue, new Delivery(delivery.action, delivery.request));
  }

  /**
   * Calls a listener at the end of each delivery; it replaces the listener of an earlier call.
   *
   * @example emulator.webhooks.onDelivery(({ action, state, status }) => console.log(action, state, status));
   */
  onDelivery(listener: (delivery: WebhookDelivery) => void): void {
    this.#listener = listener;
  }

  /**
   * Adds a webhook; one of the same name is replaced.
   *
   * @internal
   */
  set(name: string | undefined, target: WebhookTarget): void {
    const queue = this.#queues.get(target.url) ?? new DeliveryQueue((delivery) => this.#listener(delivery));
    this.#queues.set(target.url, queue);
    const others = this.#connectors.filter((other) => name === undefined || other.name !== name);
    this.#connectors = [...others, { name, target, queue }];
  }

  /**
   * Sends an event to the webhooks that want it.
   *
   * @internal
   */
  publish(event: AuditEvent): void {
    for (const { target, queue } of this.#connectors) {
      if (isSent(target, event)) {
        this.#send(queue, new Delivery(event.action, toSignedRequest(target, event)));
      }
    }
  }

  /**
   * Breaks off every delivery, and removes all webhooks.
   *
   * @internal
   */
  stop(): void {
    for (const queue of this.#queues.values()) queue.stop();
    this.#queues.clear();
    this.#connectors = [];
  }

  /**
   * Goes back to the webhooks of the start, without any delivery.
   *
   * @internal
   */
  reset(webhooks: readonly EmulatorWebhook[]): void {
    this.stop();
    this.#deliveries.clear();
    for (const webhook of webhooks) this.set(undefined, toTarget(webhook));
  }

  #send(queue: DeliveryQueue, delivery: Delivery): void {
    this.#deliveries.put(delivery, delivery);
    queue.push(delivery);
  }
}
