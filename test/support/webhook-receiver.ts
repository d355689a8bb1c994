// A receiver of audit webhooks: checks the signature by itself, and keeps what it was sent.
import { createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request that the receiver got. */
export interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Whether the signature is that of the body. */
  readonly isSigned: boolean;
  /** The event of the body: the only member of a list, or the body itself. */
  readonly event: Readonly<Record<string, unknown>>;
}

/** A running receiver. */
export interface WebhookReceiver {
  /** Another one after each `clear()`. */
  readonly url: string;
  readonly secret: string;
  readonly received: readonly Received[];
  /** The actions it was sent, in their order. */
  readonly actions: readonly unknown[];
  /** The statuses of the next responses; then 204. A status of 0 never responds. */
  respondWith(...statuses: number[]): void;
  /** Forgets what was received, and whatever is still sent to the `url` of before: a reset breaks off a request that may have been sent. */
  clear(): void;
  close(): Promise<void>;
}

/** Starts a receiver. */
export async function startWebhookReceiver(secret = 'webhook-secret'): Promise<WebhookReceiver> {
  const received: Received[] = [];
  let path = '/events';
  let statuses: number[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      if (request.url !== path) return void response.writeHead(204).end();
      received.push(read(request, body, secret));
      const status = statuses.shift() ?? 204;
      if (status !== 0) response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let clears = 0;
  return {
    get url() {
      return `${origin}${path}`;
    },
    secret,
    received,
    get actions() {
      return received.map(({ event }) => event.action);
    },
    respondWith: (...next) => void (statuses = next),
    clear: () => {
      received.splice(0);
      path = `/events/${(clears += 1)}`;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function read({ headers }: IncomingMessage, body: string, secret: string): Received {
  const value = JSON.parse(body);
  const signature = createHmac('sha256', secret).update(body).digest('base64');
  return {
    headers,
    body,
    isSigned: headers['x-descope-webhook-s256'] === signature,
    event: Array.isArray(value) && value.length === 1 ? value[0] : value,
  };
}
