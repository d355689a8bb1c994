// Sign-ins that wait for their code or link to come back.
import { randomInt } from 'node:crypto';
import { DescopeError } from '../errors.js';
import type { UserRecord } from './project.js';
import { createCode, createId, createSecret } from './records.js';
import type { LoginOptions } from './sign-ins.js';

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
type CodeSource = (typeof SOURCES)[number];

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

/** A link that was sent: its token, the number shown to the user, and what the waiting browser asks with. */
interface EnchantedLink {
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

/** The screens of the flow, which are also the names of its HTML files. */
export type ScreenId = 'login' | 'code' | 'password' | 'sent';

/** A flow that was started in a browser. */
export interface FlowRun {
  /** `sign-up-or-in|#|…`, as the web component expects it; it must not hold an underscore. */
  readonly executionId: string;
  /** The page that links in mails lead back to. */
  readonly page: string | undefined;
  readonly tenantId: string | undefined;
  screen: ScreenId;
  email: string;
}

/** The only flow there is. */
export const FLOW_ID = 'sign-up-or-in';

const KEPT = 1000;

/** Keeps the latest 1000 runs. */
export class FlowRuns {
  readonly #byId = new Map<string, FlowRun>();

  /** Starts a run at its first screen. */
  start(filters: Pick<FlowRun, 'page' | 'tenantId'>): FlowRun {
    const executionId = `${FLOW_ID}|#|${createId('E')}`;
    const run: FlowRun = { ...filters, executionId, screen: 'login', email: '' };
    const [oldest] = this.#byId.keys();
    if (this.#byId.size >= KEPT && oldest !== undefined) this.#byId.delete(oldest);
    this.#byId.set(executionId, run);
    return run;
  }

  /** The run of an id. */
  find(executionId: string): FlowRun | undefined {
    return this.#byId.get(executionId);
  }

  /** Forgets a run that has come to its end. */
  end(run: FlowRun): void {
    this.#byId.delete(run.executionId);
  }
}
