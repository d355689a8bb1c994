// Tokens kept in the browser's cookies.
import type { Clock } from '../clock.js';
import { DescopeRequestError } from '../errors.js';
import type { Notify } from '../notice.js';
import { isLoopbackConnection } from './connection.js';
import { readAmbiguousCookie, readCookie } from '../transport/cookies.js';
import type { TokenReading } from '../transport/cookies.js';
import { readHeader } from '../transport/request-like.js';
import type { RequestLike } from '../transport/request-like.js';
import type { AmbiguousTokens, Exchange, TokenPlace, TokensToKeep } from './token-place.js';
import { toExpiredCookies, toSetCookie } from './write-tokens.js';
import type { CookiePolicy } from './write-tokens.js';

/** What the cookies are called, and how they are written. */
export interface CookiePlacePolicy extends CookiePolicy {
  readonly sessionName: string;
  readonly refreshName: string;
  /** In production `Secure` is never left out, unless `secure: false` is written. */
  readonly isProduction: boolean;
}

const TOO_LARGE =
  "Sign-ins are refused with 413 for that, and a renewed session is used without being kept. Take claims out of the project's " +
  "JWT template (such as all tenants but the current one), or keep tokens on the server: session.store: 'request-session'.";

export class CookiePlace implements TokenPlace {
  readonly #policy: CookiePlacePolicy;
  readonly #clock: Clock;
  readonly #notify: Notify;

  constructor(policy: CookiePlacePolicy, clock: Clock, notify: Notify) {
    this.#policy = policy;
    this.#clock = clock;
    this.#notify = notify;
  }

  readSession(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#policy.sessionName);
  }

  readRefresh(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#policy.refreshName);
  }

  readAmbiguous(request: RequestLike): AmbiguousTokens {
    const header = readHeader(request, 'cookie', '; ');
    const { sessionName, refreshName } = this.#policy;
    return {
      sessionTokens: readAmbiguousCookie(header, sessionName),
      refreshTokens: readAmbiguousCookie(header, refreshName),
    };
  }

  async write(exchange: Exchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const { sessionName, refreshName } = this.#policy;
    const { sessionToken, sessionEndsAtMs, refreshToken, refreshEndsAtMs = sessionEndsAtMs } = tokens;
    const lines: string[] = [];
    const failures: DescopeRequestError[] = [];
    const add = (name: string, value: string, endsAtMs: number): void => {
      try {
        lines.push(this.#toLine(exchange, { name, value }, endsAtMs));
      } catch (error) {
        if (!(error instanceof DescopeRequestError)) throw error;
        failures.push(error);
      }
    };
    add(sessionName, sessionToken, sessionEndsAtMs);
    if (refreshToken !== undefined) add(refreshName, refreshToken, refreshEndsAtMs);
    if (refreshToken === undefined && isNew) lines.push(...this.#toLeftOver(exchange.request));
    const [failure] = failures;
    // A sign-in is kept as a whole or not at all. Of a renewal what fits is kept: a refresh token that rotated is the
    // only one that Descope still listens to.
    if (failure === undefined || !isNew) this.#put(exchange, lines);
    if (failure === undefined) return;
    this.#notify({ code: 'SESSION_TOO_LARGE', level: 'error', message: `${failure.message} ${TOO_LARGE}` });
    throw failure;
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
