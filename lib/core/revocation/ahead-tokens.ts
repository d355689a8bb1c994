// Tokens with an `iat` ahead of this process's clock, within the leeway: a revocation by date would miss them.
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/claims.js';

const MAX_AHEAD = 10_000;
const MAX_AHEAD_OF_ONE_SUBJECT = 50;
const LEEWAY_MS = 60_000; // the greatest leewaySeconds

/** A token by its digest, and its end. */
export interface DigestedToken {
  /** The result of `toTokenKey`. */
  readonly key: string;
  readonly untilMs: number;
  /** In epoch seconds; unknown for a token of another instance. */
  readonly issuedAt?: number | undefined;
}

interface AheadToken extends DigestedToken {
  readonly issuedAt: number;
}

/**
 * Returns the id of a token's session: a digest without the signature, because ECDSA allows two valid ones.
 */
export function toTokenKey(token: string): string {
  const signed = token.slice(0, token.lastIndexOf('.'));
  return `token:${createHash('sha256').update(signed).digest('base64url')}`;
}

export class AheadTokens {
  readonly #clock: Clock;
  readonly #tokens: ExpiringCache<AheadToken>; // by their key, owned by the subject

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tokens = new ExpiringCache({
      clock,
      maxEntries: MAX_AHEAD,
      maxPerOwner: MAX_AHEAD_OF_ONE_SUBJECT,
      survivesClockReset: true,
    });
  }

  /** Remembers a genuine token if its `iat` is in the future. */
  remember(token: string, claims: DescopeClaims): void {
    const { iat: issuedAt = 0, exp } = claims;
    if (issuedAt * 1000 <= this.#clock()) return;
    const key = toTokenKey(token);
    if (this.#tokens.get(key) !== undefined) return;
    const ahead = { key, untilMs: exp * 1000, issuedAt };
    const untilMs = issuedAt * 1000 + LEEWAY_MS; // the clock of the instance that revokes by date may be behind
    this.#tokens.set(key, ahead, { untilMs, owner: readSubjectId(claims) });
  }

  /** Finds the tokens of a subject that were issued at or after a second. */
  find(subjectId: string, second: number): readonly DigestedToken[] {
    return this.#tokens.readOwned(subjectId).filter(({ issuedAt }) => issuedAt >= second);
  }
}
