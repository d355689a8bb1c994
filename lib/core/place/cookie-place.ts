// Tokens kept in the browser's cookies.
import type { Clock } from '../clock.js';
import { isLoopbackConnection } from './connection.js';
import { readCookie } from '../transport/cookies.js';
import type { TokenReading } from '../transport/cookies.js';
import { readHeader } from '../transport/request-like.js';
import type { RequestLike } from '../transport/request-like.js';
import type { Exchange, TokenPlace, TokensToKeep } from './token-place.js';
import { toExpiredCookies, toSetCookie } from './write-tokens.js';
import type { CookiePolicy } from './write-tokens.js';

/** What the cookies are called, and how they are written. */
export interface CookiePlacePolicy extends CookiePolicy {
  readonly sessionName: string;
  readonly refreshName: string;
  /** In production `Secure` is never left out, unless `secure: false` is written. */
  readonly isProduction: boolean;
}

export class CookiePlace implements TokenPlace {
  readonly #policy: CookiePlacePolicy;
  readonly #clock: Clock;

  constructor(policy: CookiePlacePolicy, clock: Clock) {
    this.#policy = policy;
    this.#clock = clock;
  }

  readSession(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#policy.sessionName);
  }

  readRefresh(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#policy.refreshName);
  }

  async write(exchange: Exchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const lines = [
      this.#toLine(
        exchange,
        { name: this.#policy.sessionName, value: tokens.sessionToken },
        tokens.sessionEndsAtMs,
      ),
    ];
    if (tokens.refreshToken !== undefined) {
      const cookie = { name: this.#policy.refreshName, value: tokens.refreshToken };
      lines.push(this.#toLine(exchange, cookie, tokens.refreshEndsAtMs ?? tokens.sessionEndsAtMs));
    }
    if (tokens.refreshToken === undefined && isNew) lines.push(...this.#toLeftOver(exchange.request));
    this.#put(exchange, lines); // all or none: too large a cookie threw above
  }

  async clear(exchange: Exchange): Promise<void> {
    this.#expire(exchange, this.#policy.sessionName);
    this.#expire(exchange, this.#policy.refreshName);
  }

  async reload(): Promise<boolean> {
    return false;
  }

  clearAmbiguous(exchange: Exchange): void {
    const { sessionName, refreshName } = this.#policy;
    if (this.readSession(exchange.request).kind === 'ambiguous') this.#expire(exchange, sessionName);
    if (this.readRefresh(exchange.request).kind === 'ambiguous') this.#expire(exchange, refreshName);
  }

  // The refresh token of whoever was signed in before would renew this session as theirs.
  #toLeftOver(request: RequestLike): readonly string[] {
    if (this.readRefresh(request).kind === 'absent') return [];
    return toExpiredCookies(this.#policy.refreshName, this.#isSecure(request), this.#policy);
  }

  #expire(exchange: Exchange, name: string): void {
    this.#put(exchange, toExpiredCookies(name, this.#isSecure(exchange.request), this.#policy));
  }

  // The last word counts: a renewal on the way to a sign-out sets what the sign-out clears.
  #put({ response }: Exchange, lines: readonly string[]): void {
    for (const name of new Set(lines.map((line) => line.slice(0, line.indexOf('=')))))
      response.dropCookie(name);
    for (const line of lines) response.append('Set-Cookie', line);
  }

  #toLine(exchange: Exchange, cookie: { name: string; value: string }, endsAtMs: number): string {
    const maxAgeSeconds = (endsAtMs - this.#clock()) / 1000;
    const isSecure = this.#isSecure(exchange.request);
    return toSetCookie({ ...cookie, maxAgeSeconds, isSecure }, this.#policy);
  }

  #isSecure(request: RequestLike): boolean {
    const { secure, isProduction } = this.#policy;
    if (secure !== 'auto') return secure;
    return isProduction || !isLoopbackConnection(request);
  }
}
