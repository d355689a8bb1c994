// Sends the requests of one webhook, one after the other, with retries; and stops at once.
import { setTimeout as wait } from 'node:timers/promises';
import type { SignedRequest } from './webhook-options.js';

/** A request that an audit webhook was sent, or will be. */
export interface WebhookDelivery {
  /** The action of the event, such as `UserDeleted`. */
  readonly action: string;
  /** The URL of the webhook. */
  readonly url: string;
  /** The body, as it is sent. */
  readonly body: string;
  /** How far it is: `failed` after the last attempt, or when the emulator was closed or reset. */
  readonly state: 'waiting' | 'delivered' | 'failed';
  /** The status of the last response; undefined as long as there is none. */
  readonly status: number | undefined;
  /** How many times it was sent. */
  readonly attempts: number;
}

/** A delivery that is under way. */
export class Delivery implements WebhookDelivery {
  state: WebhookDelivery['state'] = 'waiting';
  status: number | undefined;
  attempts = 0;

  constructor(
    readonly action: string,
    readonly request: SignedRequest,
  ) {}

  get url(): string {
    return this.request.url;
  }

  get body(): string {
    return this.request.body;
  }
}

const MAX_WAITING = 10_000;
const MAX_WAITING_CHARACTERS = 32 * 1024 * 1024;

// Descope documents neither a time-out nor retries: these are a few, with growing pauses.
const TIMING = { timeoutMs: 5000, pausesMs: [0, 100, 400, 1600] };

/** Sends deliveries in their order; one that fails in the end does not hold up the next. */
export class DeliveryQueue {
  #waiting: Delivery[] = [];
  #characters = 0;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly onEnd: (delivery: WebhookDelivery) => void,
    private readonly timing = TIMING,
  ) {}

  /** Adds a delivery; one that finds the queue full or stopped fails unsent. */
  push(delivery: Delivery): void {
    const characters = this.#characters + delivery.body.length;
    const isFull = this.#waiting.length >= MAX_WAITING || characters > MAX_WAITING_CHARACTERS;
    if (this.#stop.signal.aborted || isFull) {
      this.#end(delivery, 'failed');
      return;
    }
    this.#characters = characters;
    this.#waiting.push(delivery);
    this.#running ??= this.#run();
  }

  /** Resolves when nothing waits any more; never rejects. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Breaks off what is under way; what waits fails unsent. */
  stop(): void {
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    // The request that caused the event is answered first.
    await wait(0);
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#characters -= next.body.length;
      this.#end(next, (await this.#deliver(next)) ? 'delivered' : 'failed');
    }
    this.#running = undefined;
  }

  async #deliver(delivery: Delivery): Promise<boolean> {
    const { signal } = this.#stop;
    const { timeoutMs, pausesMs } = this.timing;
    for (const pauseMs of pausesMs) {
      if (pauseMs > 0) await wait(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (signal.aborted) return false;
      delivery.attempts += 1;
      delivery.status = await post(
        delivery.request,
        AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      );
      if (isAccepted(delivery.status)) return true;
      if (!isWorthRetrying(delivery.status)) return false;
    }
    return false;
  }

  #end(delivery: Delivery, state: WebhookDelivery['state']): void {
    delivery.state = state;
    this.onEnd(delivery);
  }
}

// A redirect is not followed: it counts as a failure.
async function post({ url, headers, body }: SignedRequest, signal: AbortSignal): Promise<number | undefined> {
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined; // No response: the next attempt follows.
  }
}

function isAccepted(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

// A rejection such as 401 stays one.
function isWorthRetrying(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 429 || status >= 500;
}
