// Enchanted links: one browser waits with a reference, the link is opened in another.
import { randomInt } from 'node:crypto';
import { DescopeError } from '../http/descope-error.js';
import { createSecret } from '../store/ids.js';
import type { CodeSource, PendingSignIn } from './pending-sign-ins.js';

/** A link that was sent: its token, the number shown to the user, and what the waiting browser asks with. */
export interface EnchantedLink {
  readonly token: string;
  readonly linkId: string;
  readonly pendingRef: string;
}

interface Waiting {
  readonly pending: PendingSignIn;
  readonly source: CodeSource;
  isVerified: boolean;
}

/** Keeps enchanted links by the reference of who waits. */
export class EnchantedLinks {
  readonly #byRef = new Map<string, Waiting>();
  readonly #refByToken = new Map<string, string>();

  /** Issues a link. */
  issue(pending: PendingSignIn, source: CodeSource = 'sent'): EnchantedLink {
    const link = { token: createSecret(), pendingRef: createSecret(), linkId: String(randomInt(10, 100)) };
    this.#byRef.set(link.pendingRef, { pending, source, isVerified: false });
    this.#refByToken.set(link.token, link.pendingRef);
    return link;
  }

  /** Notes that a link was opened; a link counts once. */
  verify(token: string, nowMs: number): void {
    const waiting = this.#byRef.get(this.#refByToken.get(token) ?? '');
    this.#refByToken.delete(token);
    if (!waiting || waiting.pending.expiresMs <= nowMs) {
      throw new DescopeError('invalidToken', 'The link is wrong or old');
    }
    waiting.isVerified = true;
    if (waiting.source === 'sent') return;
    // The link that management generated for a test user opens what that user waits for.
    for (const other of this.#byRef.values()) {
      if (other.pending.loginId === waiting.pending.loginId) other.isVerified = true;
    }
  }

  /** Takes what a link was for once it was opened; a reference counts once. */
  take(pendingRef: string, nowMs: number): PendingSignIn {
    const waiting = this.#byRef.get(pendingRef);
    if (!waiting || waiting.pending.expiresMs <= nowMs) {
      this.#byRef.delete(pendingRef);
      throw new DescopeError('invalidToken', 'The pending session is unknown or old');
    }
    if (!waiting.isVerified) throw new DescopeError('linkPending', 'The link was not opened yet');
    this.#byRef.delete(pendingRef);
    return waiting.pending;
  }
}
