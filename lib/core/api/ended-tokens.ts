// Refresh tokens that Descope has refused: it is not asked again for a while, however often they come.
import { hash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import { readText } from '../token/claims.js';
import { decodeToken } from '../token/decode.js';
import { DescopeRefusal } from './descope-refusal.js';

const MAX_TOKENS = 10_000;
const MAX_OF_ONE_SUBJECT = 100;
// What was ended is never good again; a wrong no of Descope's, such as for a user who is enabled again, passes.
const ENDED_MS = 600_000;
const DOUBTFUL_MS = 60_000;

interface Ended {
  readonly refusal: DescopeRefusal;
  readonly subject: string;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class EndedTokens {
  readonly #clock: Clock;
  readonly #ended = new Map<string, Ended>(); // digest → why, from old to new
  readonly #bySubject = new Map<string, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Recalls Descope's no to a token, as long as that counts. */
  recall(token: string): DescopeRefusal | undefined {
    if (this.#ended.size === 0) return undefined;
    const digest = toDigest(token);
    const found = this.#ended.get(digest);
    if (found === undefined) return undefined;
    const nowMs = this.#clock();
    // A clock that was set back must not make it last.
    if (nowMs >= found.sinceMs && nowMs < found.untilMs) return found.refusal;
    this.#forget(digest, found.subject);
    return undefined;
  }

  /**
   * Remembers Descope's no to a genuine token: 401 is about the token itself. It makes room among the same subject's
   * first, so that nobody's tokens push out all others'.
   */
  remember(token: string, { status, errorCode }: DescopeRefusal): void {
    const [sinceMs, digest] = [this.#clock(), toDigest(token)];
    const { subject, endMs } = readToken(token);
    const untilMs = Math.min(sinceMs + (status === 401 ? ENDED_MS : DOUBTFUL_MS), endMs);
    this.#forget(digest, subject); // what is set again would keep its old place
    this.#makeRoom(sinceMs, subject);
    const refusal = new DescopeRefusal(status, errorCode, true);
    this.#ended.set(digest, { refusal, subject, sinceMs, untilMs });
    const own = this.#bySubject.get(subject) ?? new Set<string>();
    this.#bySubject.set(subject, own.add(digest));
  }

  #makeRoom(nowMs: number, subject: string): void {
    const [oldest] = this.#bySubject.get(subject) ?? [];
    if (oldest !== undefined && this.#bySubject.get(subject)?.size === MAX_OF_ONE_SUBJECT)
      this.#forget(oldest, subject);
    for (const [digest, ended] of this.#ended) {
      if (ended.untilMs > nowMs && this.#ended.size < MAX_TOKENS) return;
      this.#forget(digest, ended.subject);
    }
  }

  #forget(digest: string, subject: string): void {
    this.#ended.delete(digest);
    const own = this.#bySubject.get(subject);
    own?.delete(digest);
    if (own?.size === 0) this.#bySubject.delete(subject);
  }
}

function toDigest(token: string): string {
  return hash('sha256', token, 'base64url');
}

// Proven before Descope is asked; here it only bounds what is kept.
function readToken(token: string): { readonly subject: string; readonly endMs: number } {
  try {
    const { payload } = decodeToken(token);
    const { exp } = payload;
    const subject = readText(payload, 'dsub') ?? readText(payload, 'sub') ?? '';
    return { subject, endMs: typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY };
  } catch (error) {
    if (error instanceof DescopeCredentialError) return { subject: '', endMs: Number.POSITIVE_INFINITY };
    throw error;
  }
}
