// What the emulator records for tests to read: the messages it would have sent, and the requests it received.
import { LatestRecords } from '../latest-records.js';

/** A message that Descope would have sent by mail or phone. */
export interface OutboxMessage {
  /** The login id of the recipient. */
  readonly loginId: string;
  /** How it would have been sent: `email`, `sms`, `voice`, `whatsapp` or `im`. */
  readonly deliveryMethod: string;
  /** The one-time code, where the message has one. */
  readonly code?: string;
  /** The link with its token, where the message has one. */
  readonly link?: string;
  /** The token of the link, where the message has one. */
  readonly token?: string;
  /** The number that identifies an enchanted link to the user. */
  readonly linkId?: string;
  /** When it was sent, in milliseconds of the emulator's clock. */
  readonly atMs: number;
}

const MESSAGES = { most: 1000 };

/** Who watches what is recorded, beside the one listener of a test. */
class Watchers<T> {
  readonly #all = new Set<(item: T) => void>();

  /** Adds one, and returns what ends it. */
  add(watch: (item: T) => void): () => void {
    this.#all.add(watch);
    return () => void this.#all.delete(watch);
  }

  tell(item: T): void {
    for (const watch of this.#all) watch(item);
  }
}

/** Keeps the latest messages, 1000 at most. */
export class Outbox {
  readonly #messages = new LatestRecords<OutboxMessage, OutboxMessage>(MESSAGES);
  #listener: (message: OutboxMessage) => void = () => undefined;
  readonly #watchers = new Watchers<OutboxMessage>();

  /** The messages that are kept, oldest first. */
  get all(): readonly OutboxMessage[] {
    return this.#messages.all;
  }

  /**
   * Finds the latest message, of all or to one login id.
   *
   * @returns The message, or undefined if there is none.
   * @example const { code } = emulator.outbox.last('ada@example.com') ?? {};
   */
  last(loginId?: string): OutboxMessage | undefined {
    return this.#messages.all.findLast((message) => loginId === undefined || message.loginId === loginId);
  }

  /** Deletes all messages. */
  clear(): void {
    this.#messages.clear();
  }

  /**
   * Calls a listener for each new message; it replaces the listener of an earlier call.
   *
   * @example emulator.outbox.onMessage(({ loginId, code }) => console.log(loginId, code));
   */
  onMessage(listener: (message: OutboxMessage) => void): void {
    this.#listener = listener;
  }

  /**
   * Keeps a message.
   *
   * @internal
   */
  add(message: OutboxMessage): void {
    this.#messages.put(message, message);
    this.#listener(message);
    this.#watchers.tell(message);
  }

  /**
   * Calls a function for each new message, beside the listener.
   *
   * @internal
   */
  watch(watch: (message: OutboxMessage) => void): () => void {
    return this.#watchers.add(watch);
  }
}

/** A request that the emulator received; never its body, query or credentials. */
export interface LoggedRequest {
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** When it was received, in milliseconds of the emulator's clock. */
  readonly atMs: number;
  /** What the emulator has ignored: fields of the body such as `user.nickname`, parameters of the query as `?page`. */
  readonly ignored?: readonly string[];
  /** The status of the response; undefined as long as there is none. */
  readonly status?: number | undefined;
  /** How long the response took, in milliseconds of real time; undefined as long as there is none. */
  readonly durationMs?: number | undefined;
}

const MAX_REQUESTS = 20_000;

/** Keeps the latest requests, at least 10 000 of them. */
export class RequestLog {
  #entries: LoggedRequest[] = [];
  #listener: (request: LoggedRequest) => void = () => undefined;
  readonly #watchers = new Watchers<LoggedRequest>();

  /** The requests that are kept, oldest first. */
  get all(): readonly LoggedRequest[] {
    return [...this.#entries];
  }

  /**
   * Counts the requests for a path or below it: `/v2/keys` includes `/v2/keys/P…`.
   *
   * @param path The path; left out, all requests count.
   * @returns The number of requests that are kept.
   */
  count(path?: string): number {
    return path === undefined ? this.#entries.length : this.find(path).length;
  }

  /**
   * Finds the requests for a path or below it.
   *
   * @returns The requests, oldest first.
   */
  find(path: string): readonly LoggedRequest[] {
    return this.#entries.filter((entry) => isAtOrBelow(entry.path, path));
  }

  /** Deletes all requests. */
  clear(): void {
    this.#entries = [];
  }

  /**
   * Calls a listener for each request of which something is ignored; it replaces the listener of an earlier call.
   *
   * @example emulator.requests.onIgnored(({ path, ignored }) => console.log(path, ignored));
   */
  onIgnored(listener: (request: LoggedRequest) => void): void {
    this.#listener = listener;
  }

  /**
   * Keeps a request.
   *
   * @internal
   */
  add(entry: LoggedRequest): LoggedRequest {
    if (this.#entries.length >= MAX_REQUESTS) this.#entries = this.#entries.slice(MAX_REQUESTS / 2);
    this.#entries.push(entry);
    this.#watchers.tell(entry);
    return entry;
  }

  /**
   * Notes what is ignored of a request that is kept.
   *
   * @internal
   */
  noteIgnored(entry: LoggedRequest, ignored: readonly string[]): void {
    Object.assign(entry, { ignored });
    this.#listener(entry);
  }

  /**
   * Notes the response to a request that is kept.
   *
   * @internal
   */
  finish(entry: LoggedRequest, response: Pick<LoggedRequest, 'status' | 'durationMs'>): void {
    Object.assign(entry, response);
    this.#watchers.tell(entry);
  }

  /**
   * Calls a function for each new request, and again when it has its response.
   *
   * @internal
   */
  watch(watch: (entry: LoggedRequest) => void): () => void {
    return this.#watchers.add(watch);
  }
}

/** Whether a path equals another one or lies below it; whole segments only. */
export function isAtOrBelow(path: string, prefix: string): boolean {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path === base || path.startsWith(`${base}/`);
}
