// Tokens kept in the application's own server-side session: express-session, @fastify/session.
import { DescopeUnavailableError } from '../errors.js';
import type { Notice, Notify } from '../notice.js';
import { isJsonObject, readText } from '../token/claims.js';
import type { TokenReading } from '../transport/cookies.js';
import type { RequestLike } from '../transport/request-like.js';
import type { AmbiguousTokens, Exchange, TokenPlace, TokensToKeep } from './token-place.js';

const KEY = 'descope';
const RETRY_SECONDS = 60;

/** The part of a server-side session that is used; both plugins have it. */
interface ServerSession {
  [KEY]?: unknown;
  regenerate?(done: (error?: unknown) => void): unknown;
  reload?(done: (error?: unknown) => void): unknown;
}

const MISSING = {
  code: 'SESSION_PLUGIN_MISSING',
  level: 'error',
  message:
    `session.store is 'request-session', and a request has no session, so nobody is signed in. ` +
    'Set up express-session or @fastify/session before the application starts to listen.',
} as const satisfies Notice;

export class RequestSessionPlace implements TokenPlace {
  readonly #notify: Notify;

  constructor(notify: Notify) {
    this.#notify = notify;
  }

  readSession(request: RequestLike): TokenReading {
    // A browser without a session looks the same as an application without the plugin: only the log can tell.
    if (request.session === undefined) this.#notify(MISSING);
    return readKept(request, 'sessionToken');
  }

  readRefresh(request: RequestLike): TokenReading {
    return readKept(request, 'refreshToken');
  }

  async write(exchange: Exchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const kept = this.readRefresh(exchange.request);
    const refreshToken = tokens.refreshToken ?? (kept.kind === 'value' && !isNew ? kept.value : undefined);
    if (isNew) await call(this.#requireSession(exchange.request), 'regenerate');
    // Asked for again: regenerating puts a new session object on the request.
    this.#requireSession(exchange.request)[KEY] = { sessionToken: tokens.sessionToken, refreshToken };
  }

  async clear(exchange: Exchange): Promise<void> {
    const session = readSession(exchange.request);
    if (session !== undefined) delete session[KEY];
  }

  async reload(request: RequestLike): Promise<boolean> {
    const session = readSession(request);
    if (typeof session?.reload !== 'function') return false;
    return call(session, 'reload').then(
      () => true,
      () => false, // the session is gone, or its store is down
    );
  }

  readAmbiguous(): AmbiguousTokens {
    return { sessionTokens: [], refreshTokens: [] };
  }

  clearAmbiguous(): void {} // a server-side session has one value for a name

  // To the browser an outage: there is nothing that a caller can do, and the log says what the application must.
  #requireSession(request: RequestLike): ServerSession {
    const session = readSession(request);
    if (session !== undefined) return session;
    this.#notify(MISSING);
    throw new DescopeUnavailableError(MISSING.code, MISSING.message, { retryAfterSeconds: RETRY_SECONDS });
  }
}

function readKept(request: RequestLike, name: 'sessionToken' | 'refreshToken'): TokenReading {
  const kept = readSession(request)?.[KEY];
  const value = isJsonObject(kept) ? readText(kept, name) : undefined;
  return value === undefined ? { kind: 'absent' } : { kind: 'value', value };
}

function readSession(request: RequestLike): ServerSession | undefined {
  const { session } = request;
  return typeof session === 'object' && session !== null ? session : undefined;
}

function call(session: ServerSession, method: 'regenerate' | 'reload'): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof session[method] !== 'function') return resolve();
    session[method]((error) => (error === undefined || error === null ? resolve() : reject(error as Error)));
  });
}
