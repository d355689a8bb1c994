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
