// Sign-ins that wait for their code or link to come back.
import { DescopeError } from '../http/descope-error.js';
import type { LoginOptions } from '../sign-in/login-options.js';
import { createCode, createSecret } from '../store/ids.js';
import type { UserRecord } from '../store/users.js';

/** What happens once the code or the link has come back. */
export interface PendingSignIn {
  readonly loginId: string;
  readonly deliveryMethod: string;
  readonly options: LoginOptions;
  /** The user to make, if none has the login id by then. */
  readonly newUser?: UserRecord | undefined;
  /** The changes to an existing user that the code confirms. */
  readonly changes?: Partial<UserRecord> | undefined;
  readonly expiresMs: number;
}

/** A code that came back. */
interface ReturnedCode {
  readonly deliveryMethod: string;
  readonly loginId: string;
  readonly code: string;
}

// A code that management has generated stays good when a sign-in is started after it.
const SOURCES = ['generated', 'sent'] as const;

/** Where a code came from: management, or a sign-in that was started. */
export type CodeSource = (typeof SOURCES)[number];

/** How many wrong codes are borne before the right one counts no more. */
const MAX_TRIES = 5;

/** Keeps pending sign-ins: codes by login id and method, links by their token. */
export class PendingSignIns {
  readonly #byCode = new Map<string, PendingSignIn & { readonly code: string; tries: number }>();
  readonly #byLink = new Map<string, PendingSignIn>();

  /** Issues a code, in place of an earlier one of the same login id, method and source. */
  issueCode(pending: PendingSignIn, source: CodeSource = 'sent'): string {
    const code = createCode();
    this.#byCode.set(keyOf(source, pending), { ...pending, code, tries: 0 });
    return code;
  }

  /** Issues the token of a link. */
  issueLink(pending: PendingSignIn): string {
    const token = createSecret();
    this.#byLink.set(token, pending);
    return token;
  }

  /** Takes what a code was for; a code counts once. */
  takeCode(call: ReturnedCode, nowMs: number): PendingSignIn {
    const keys = SOURCES.map((source) => keyOf(source, call));
    const waiting = keys.flatMap((key) => this.#byCode.get(key) ?? []).filter((one) => one.expiresMs > nowMs);
    const open = waiting.filter(({ tries }) => tries < MAX_TRIES);
    if (waiting.length > 0 && open.length === 0) {
      throw new DescopeError('tooManyTries', 'Too many wrong codes');
    }
    const pending = open.find(({ code }) => code === call.code);
    if (!pending) {
      for (const one of open) one.tries += 1;
      throw new DescopeError('wrongCode', 'The code is wrong or old');
    }
    for (const key of keys) this.#byCode.delete(key);
    return pending;
  }

  /** Takes what a link was for; a link counts once. */
  takeLink(token: string, nowMs: number): PendingSignIn {
    const pending = this.#byLink.get(token);
    this.#byLink.delete(token);
    if (!pending || pending.expiresMs <= nowMs)
      throw new DescopeError('invalidToken', 'The link is wrong or old');
    return pending;
  }
}

function keyOf(source: CodeSource, { deliveryMethod, loginId }: Omit<ReturnedCode, 'code'>): string {
  return JSON.stringify([source, deliveryMethod, loginId]);
}
