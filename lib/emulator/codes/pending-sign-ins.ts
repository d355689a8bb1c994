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

/** How many wrong codes are borne before the right one counts no more. */
const MAX_TRIES = 5;

/** Keeps pending sign-ins: codes by login id and method, links by their token. */
export class PendingSignIns {
  readonly #byCode = new Map<string, PendingSignIn & { readonly code: string; tries: number }>();
  readonly #byLink = new Map<string, PendingSignIn>();

  /** Issues a code, in place of an earlier one of the same login id and method. */
  issueCode(pending: PendingSignIn): string {
    const code = createCode();
    this.#byCode.set(keyOf(pending.deliveryMethod, pending.loginId), { ...pending, code, tries: 0 });
    return code;
  }

  /** Issues the token of a link. */
  issueLink(pending: PendingSignIn): string {
    const token = createSecret();
    this.#byLink.set(token, pending);
    return token;
  }

  /** Takes what a code was for; a code counts once. */
  takeCode(call: { deliveryMethod: string; loginId: string; code: string }, nowMs: number): PendingSignIn {
    const key = keyOf(call.deliveryMethod, call.loginId);
    const pending = this.#byCode.get(key);
    if (!pending || pending.expiresMs <= nowMs)
      throw new DescopeError('wrongCode', 'The code is wrong or old');
    if (pending.tries >= MAX_TRIES) throw new DescopeError('tooManyTries', 'Too many wrong codes');
    if (pending.code !== call.code) {
      pending.tries += 1;
      throw new DescopeError('wrongCode', 'The code is wrong or old');
    }
    this.#byCode.delete(key);
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

function keyOf(deliveryMethod: string, loginId: string): string {
  return JSON.stringify([deliveryMethod, loginId]);
}
