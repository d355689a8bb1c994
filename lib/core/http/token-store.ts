// Stores of browsers' tokens: their interface, the cookies of the browser, and the server-side session of the application.
import type { Clock } from '../clock.js';
import { DescopeRequestError, DescopeUnavailableError } from '../errors.js';
import type { Notice, Notify } from '../logging.js';
import { isJsonObject, readText } from '../token/claims.js';
import type { CookieConfig, TokenReading } from './cookies.js';
import {
  formatExpiredCookies,
  formatSetCookie,
  isLoopbackConnection,
  readAmbiguousCookie,
  readCookie,
} from './cookies.js';
import type { RequestLike } from './request.js';
import { readHeader } from './request.js';

/** The names of the cookies, and how they are written. */
export interface CookieTokenStoreConfig extends CookieConfig {
  readonly sessionName: string;
  readonly refreshName: string;
  /** In production, cookies have `Secure` unless the option `secure` is `false`. */
  readonly isProduction: boolean;
}

const TOO_LARGE =
  "Such a sign-in is rejected with 413. A refreshed session of this size is used for its request, but not stored. Remove claims from the project's " +
  "JWT template (such as all tenants but the current one), or keep tokens on the server: session.store: 'request-session'.";

export class CookieTokenStore implements TokenStore {
  readonly #config: CookieTokenStoreConfig;
  readonly #clock: Clock;
  readonly #notify: Notify;

  constructor(config: CookieTokenStoreConfig, clock: Clock, notify: Notify) {
    this.#config = config;
    this.#clock = clock;
    this.#notify = notify;
  }

  readSessionToken(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#config.sessionName);
  }

  readRefreshToken(request: RequestLike): TokenReading {
    return readCookie(readHeader(request, 'cookie', '; '), this.#config.refreshName);
  }

  readAmbiguous(request: RequestLike): AmbiguousTokens {
    const header = readHeader(request, 'cookie', '; ');
    const { sessionName, refreshName } = this.#config;
    return {
      sessionTokens: readAmbiguousCookie(header, sessionName),
      refreshTokens: readAmbiguousCookie(header, refreshName),
    };
  }

  async write(exchange: HttpExchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const { sessionName, refreshName } = this.#config;
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
    // A sign-in is kept as a whole or not at all. Of a refresh, each token that fits is kept: Descope accepts only the
    // rotated refresh token.
    if (failure === undefined || !isNew) this.#put(exchange, lines);
    if (failure === undefined) return;
    this.#notify({ code: 'SESSION_TOO_LARGE', level: 'error', message: `${failure.message} ${TOO_LARGE}` });
    throw failure;
  }

  async clear(exchange: HttpExchange): Promise<void> {
    this.#expire(exchange, this.#config.sessionName);
    this.#expire(exchange, this.#config.refreshName);
  }

  async reload(): Promise<boolean> {
    return false;
  }

  clearAmbiguous(exchange: HttpExchange): void {
    const { sessionName, refreshName } = this.#config;
    if (this.readSessionToken(exchange.request).kind === 'ambiguous') this.#expire(exchange, sessionName);
    if (this.readRefreshToken(exchange.request).kind === 'ambiguous') this.#expire(exchange, refreshName);
  }

  // The refresh token of the previous user would refresh this session as theirs.
  #toLeftOver(request: RequestLike): readonly string[] {
    if (this.readRefreshToken(request).kind === 'absent') return [];
    return formatExpiredCookies(this.#config.refreshName, this.#isSecure(request), this.#config);
  }

  #expire(exchange: HttpExchange, name: string): void {
    this.#put(exchange, formatExpiredCookies(name, this.#isSecure(exchange.request), this.#config));
  }

  // The last value wins: a refresh sets cookies that a later sign-out in the same response clears.
  #put({ response }: HttpExchange, lines: readonly string[]): void {
    for (const name of new Set(lines.map((line) => line.slice(0, line.indexOf('=')))))
      response.dropCookie(name);
    for (const line of lines) response.append('Set-Cookie', line);
  }

  #toLine(exchange: HttpExchange, cookie: { name: string; value: string }, endsAtMs: number): string {
    const maxAgeSeconds = (endsAtMs - this.#clock()) / 1000;
    const isSecure = this.#isSecure(exchange.request);
    return formatSetCookie({ ...cookie, maxAgeSeconds, isSecure }, this.#config);
  }

  #isSecure(request: RequestLike): boolean {
    const { secure, isProduction } = this.#config;
    if (secure !== 'auto') return secure;
    return isProduction || !isLoopbackConnection(request);
  }
}

// The interface of a store of browsers' tokens.

/** Tokens to keep, with their expiry. */
export interface TokensToKeep {
  readonly sessionToken: string;
  readonly sessionEndsAtMs: number;
  /** Left out: the stored refresh token stays. */
  readonly refreshToken?: string;
  readonly refreshEndsAtMs?: number;
}

/** Several different tokens of the same kind. */
export interface AmbiguousTokens {
  readonly sessionTokens: readonly string[];
  readonly refreshTokens: readonly string[];
}

/** A request and its response, before the headers are sent. */
export interface HttpExchange {
  readonly request: RequestLike;
  readonly response: ResponseLike;
}

/** The part of a response that is written. */
export interface ResponseLike {
  /** Replaces a header. */
  set(name: string, value: string): void;
  /** Adds a value to a header. */
  append(name: string, value: string): void;
  /** Removes the `Set-Cookie` lines of a cookie, so that a response does not set it twice (RFC 6265 §4.1.1). */
  dropCookie(name: string): void;
}

/** Keeps a browser's tokens between requests. */
export interface TokenStore {
  readSessionToken(request: RequestLike): TokenReading;
  readRefreshToken(request: RequestLike): TokenReading;
  /** Reads different tokens of the same kind: one is the browser's own, and it cannot be known which. */
  readAmbiguous(request: RequestLike): AmbiguousTokens;
  /**
   * Keeps tokens. At sign-in, `isNew` replaces all stored tokens, and gives a server-side session a new id, against session
   * fixation.
   */
  write(exchange: HttpExchange, tokens: TokensToKeep, isNew: boolean): Promise<void>;
  clear(exchange: HttpExchange): Promise<void>;
  /** Reads the session again, which another instance may have changed; `false` if the tokens are in the request. */
  reload(request: RequestLike): Promise<boolean>;
  /** Expires different tokens of the same kind, so that a planted duplicate does not lock the browser out. */
  clearAmbiguous(exchange: HttpExchange): void;
}

// The server-side session: express-session, @fastify/session.

const KEY = 'descope';
const RETRY_SECONDS = 60;

/** The part of a server-side session that is used, in both plugins. */
interface ServerSession {
  [KEY]?: unknown;
  regenerate?(done: (error?: unknown) => void): unknown;
  reload?(done: (error?: unknown) => void): unknown;
}

const MISSING = {
  code: 'SESSION_PLUGIN_MISSING',
  level: 'error',
  message:
    `session.store is 'request-session', but the request has no session, so no user is signed in. ` +
    'Set up express-session or @fastify/session before the application starts to listen.',
} as const satisfies Notice;

export class ServerSessionStore implements TokenStore {
  readonly #notify: Notify;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  readSessionToken(request: RequestLike): TokenReading {
    // A browser without a session and an application without the plugin look the same: only the log shows the difference.
    if (request.session === undefined) this.#notify(MISSING);
    return readKept(request, 'sessionToken');
  }

  readRefreshToken(request: RequestLike): TokenReading {
    return readKept(request, 'refreshToken');
  }

  async write(exchange: HttpExchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const kept = this.readRefreshToken(exchange.request);
    const refreshToken = tokens.refreshToken ?? (kept.kind === 'value' && !isNew ? kept.value : undefined);
    if (isNew) await call(this.#requireSession(exchange.request), 'regenerate');
    // Read again: `regenerate` replaces the session object of the request.
    this.#requireSession(exchange.request)[KEY] = { sessionToken: tokens.sessionToken, refreshToken };
  }

  async clear(exchange: HttpExchange): Promise<void> {
    const session = readServerSession(exchange.request);
    if (session !== undefined) Reflect.deleteProperty(session, KEY);
  }

  async reload(request: RequestLike): Promise<boolean> {
    const session = readServerSession(request);
    if (typeof session?.reload !== 'function') return false;
    return call(session, 'reload').then(
      () => true,
      () => false, // the session is gone, or its store is down
    );
  }

  readAmbiguous(): AmbiguousTokens {
    return { sessionTokens: [], refreshTokens: [] };
  }

  clearAmbiguous(): void {} // a server-side session has one value for each name

  // An outage for the browser: the caller can do nothing, and the log explains the mistake in the set-up.
  #requireSession(request: RequestLike): ServerSession {
    const session = readServerSession(request);
    if (session !== undefined) return session;
    this.#notify(MISSING);
    throw new DescopeUnavailableError(MISSING.code, MISSING.message, { retryAfterSeconds: RETRY_SECONDS });
  }
}

function readKept(request: RequestLike, name: 'sessionToken' | 'refreshToken'): TokenReading {
  const kept = readServerSession(request)?.[KEY];
  const value = isJsonObject(kept) ? readText(kept, name) : undefined;
  return value === undefined ? { kind: 'absent' } : { kind: 'value', value };
}

function readServerSession(request: RequestLike): ServerSession | undefined {
  const { session } = request;
  return typeof session === 'object' && session !== null ? session : undefined;
}

function call(session: ServerSession, method: 'regenerate' | 'reload'): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof session[method] !== 'function') {
      resolve();
      return;
    }
    session[method]((error) => {
      if (error === undefined || error === null) resolve();
      else reject(error instanceof Error ? error : new Error('The session plugin failed.', { cause: error }));
    });
  });
}
