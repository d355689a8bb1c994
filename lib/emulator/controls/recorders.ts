// What the emulator would have mailed or texted: codes and links, readable by a test.

/** A message that was not sent but kept. */
export interface OutboxMessage {
  readonly loginId: string;
  /** How it would have travelled: `email`, `sms`, `voice`, `whatsapp`, `im`. */
  readonly deliveryMethod: string;
  /** The one-time code, if it carries one. */
  readonly code?: string;
  /** The link with its token, if it carries one. */
  readonly link?: string;
  /** The token of the link, if it carries one. */
  readonly token?: string;
  /** The number that an enchanted link stands under. */
  readonly linkId?: string;
  /** When it was sent, in milliseconds of the emulator's clock. */
  readonly atMs: number;
}

const KEPT_MESSAGES = 1000;

/** Keeps the latest 1000 messages. */
export class Outbox {
  #messages: OutboxMessage[] = [];
  #tell: (message: OutboxMessage) => void = () => undefined;

  /** Every kept message, oldest first. */
  get all(): readonly OutboxMessage[] {
    return [...this.#messages];
  }

  /** The latest message, or the latest to one login id. */
  last(loginId?: string): OutboxMessage | undefined {
    return this.#messages.findLast((message) => loginId === undefined || message.loginId === loginId);
  }

  /** Forgets all messages. */
  clear(): void {
    this.#messages = [];
  }

  /** Tells of each message as it comes: one listener, the latest given. */
  onMessage(tell: (message: OutboxMessage) => void): void {
    this.#tell = tell;
  }

  /** Keeps a message; the routes call this. */
  add(message: OutboxMessage): void {
    if (this.#messages.length >= KEPT_MESSAGES) this.#messages.shift();
    this.#messages.push(message);
    this.#tell(message);
  }
}

// Which requests have come in: method, path and time, never a body, a query or a credential.

/** One request that has come in. */
export interface LoggedRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** When it came, in milliseconds of the emulator's clock. */
  readonly atMs: number;
}

const KEPT_REQUESTS = 20_000;

/** Remembers the latest requests (at least 10 000 of them). */
export class RequestLog {
  #entries: LoggedRequest[] = [];

  /** Every remembered request, oldest first. */
  get all(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  /** How many requests came for a path or below it (`/v2/keys` counts `/v2/keys/P…`); without one, how many in all. */
  count(path?: string): number {
    return path === undefined ? this.#entries.length : this.find(path).length;
  }

  /** The requests for a path or below it, oldest first. */
  find(path: string): readonly LoggedRequest[] {
    return this.#entries.filter((entry) => isAtOrBelow(entry.path, path));
  }

  /** Forgets all requests. */
  clear(): void {
    this.#entries = [];
  }

  /** Remembers a request; the server calls this. */
  add(entry: LoggedRequest): void {
    if (this.#entries.length >= KEPT_REQUESTS) this.#entries = this.#entries.slice(KEPT_REQUESTS / 2);
    this.#entries.push(entry);
  }
}

/** Says whether a path is another one or stands below it; whole segments only. */
export function isAtOrBelow(path: string, prefix: string): boolean {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === base || path.startsWith(`${base}/`);
}
