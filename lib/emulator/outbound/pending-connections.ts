// Connections that a user has asked for, and that wait for an answer on the page of the service.
import { createSecret } from '../store/records.js';
import type { ConnectionOwner } from './connection.js';

/** A connection that waits for an answer. */
export interface PendingConnection extends ConnectionOwner {
  /** The user who asked for it. */
  readonly grantedBy: string;
  readonly scopes: readonly string[];
  readonly externalIdentifier: string;
  /** Where the browser goes after the answer. */
  readonly redirectUrl: string;
}

// As long as a page may stay open.
const PAGE_MS = 10 * 60 * 1000;
const MAX_PENDING = 1000;

/** Keeps the latest 1000 pending connections, each by a secret that its page has. */
export class PendingConnections {
  readonly #byTicket = new Map<string, PendingConnection & { readonly endsMs: number }>();

  /** Keeps one, and returns its ticket. */
  add(pending: PendingConnection, nowMs: number): string {
    const [oldest] = this.#byTicket.keys();
    if (oldest !== undefined && this.#byTicket.size >= MAX_PENDING) this.#byTicket.delete(oldest);
    const ticket = createSecret();
    this.#byTicket.set(ticket, { ...pending, endsMs: nowMs + PAGE_MS });
    return ticket;
  }

  /** Finds one whose page may still be open. */
  find(ticket: string, nowMs: number): PendingConnection | undefined {
    const pending = this.#byTicket.get(ticket);
    return pending && pending.endsMs > nowMs ? pending : undefined;
  }

  /** Finds and removes one: it is answered once. */
  take(ticket: string, nowMs: number): PendingConnection | undefined {
    const pending = this.find(ticket, nowMs);
    this.#byTicket.delete(ticket);
    return pending;
  }
}
