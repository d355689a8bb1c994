// Connections that a user has asked for, and that wait for an answer on the page of the service.
import { LatestRecords } from '../latest-records.js';
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

/** Keeps the latest pending connections, 1000 at most, each by a secret that its page has. */
export class PendingConnections {
  readonly #byTicket = new LatestRecords<string, PendingConnection & { readonly endsMs: number }>({
    most: 1000,
  });

  /** Keeps one, and returns its ticket. */
  add(pending: PendingConnection, nowMs: number): string {
    const ticket = createSecret();
    this.#byTicket.put(ticket, { ...pending, endsMs: nowMs + PAGE_MS });
    return ticket;
  }

  /** Finds one whose page may still be open. */
  find(ticket: string, nowMs: number): PendingConnection | undefined {
    const pending = this.#byTicket.find(ticket);
    return pending && pending.endsMs > nowMs ? pending : undefined;
  }

  /** Finds and removes one: it is answered once. */
  take(ticket: string, nowMs: number): PendingConnection | undefined {
    const pending = this.find(ticket, nowMs);
    this.#byTicket.remove(ticket);
    return pending;
  }
}
