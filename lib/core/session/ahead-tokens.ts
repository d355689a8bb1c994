// Tokens that are dated ahead of our clock, within the leeway: a cut by the clock alone would miss them.
import type { Clock } from '../clock.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/token-kind.js';
import { toTokenKey } from './sign-in-chains.js';
import type { ChainedToken } from './sign-in-chains.js';

const MAX_AHEAD = 10_000;
const MAX_AHEAD_OF_ONE_SUBJECT = 50;

interface Ahead extends ChainedToken {
  readonly issuedAt: number;
}

export class AheadTokens {
  readonly #clock: Clock;
  readonly #bySubject = new Map<string, Map<string, Ahead>>(); // from old to new
  #size = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a genuine token, if it is dated ahead. */
  note(token: string, claims: DescopeClaims): void {
    const { iat: issuedAt = 0, exp } = claims;
    if (issuedAt * 1000 <= this.#clock()) return;
    this.#dropPast();
    const [subject, key] = [readSubjectId(claims), toTokenKey(token)];
    const own = this.#bySubject.get(subject) ?? new Map<string, Ahead>();
    if (own.has(key) || own.size >= MAX_AHEAD_OF_ONE_SUBJECT || this.#size >= MAX_AHEAD) return;
    own.set(key, { key, untilMs: exp * 1000, isRefresh: false, issuedAt });
    this.#bySubject.set(subject, own);
    this.#size += 1;
  }

  /** Finds the subject's that were issued after a moment, in epoch seconds. */
  find(claims: DescopeClaims, issuedAfter: number): readonly ChainedToken[] {
    const own = this.#bySubject.get(readSubjectId(claims));
    return [...(own?.values() ?? [])].filter(({ issuedAt }) => issuedAt > issuedAfter);
  }

  // Seconds later the clock has caught up.
  #dropPast(): void {
    const now = this.#clock();
    for (const [subject, own] of this.#bySubject) {
      if ([...own.values()].some(({ issuedAt }) => issuedAt * 1000 > now)) return;
      this.#size -= own.size;
      this.#bySubject.delete(subject);
    }
  }
}
