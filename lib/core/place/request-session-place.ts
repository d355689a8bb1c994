// Tokens kept in the application's own server-side session: express-session, @fastify/session.
import { isJsonObject, readText } from '../token/claims.js';
import type { TokenReading } from '../transport/cookies.js';
import type { RequestLike } from '../transport/request-like.js';
import type { Exchange, TokenPlace, TokensToKeep } from './token-place.js';

const KEY = 'descope';

/** The part of a server-side session that is used; both plugins have it. */
interface ServerSession {
  [KEY]?: unknown;
  regenerate?(done: (error?: unknown) => void): unknown;
}

/** The session plugin is missing, or comes after us. */
export class RequestSessionMissingError extends Error {
  constructor() {
    super(
      `session.store is 'request-session', and the request has no session. ` +
        'Set up express-session or @fastify/session before the application starts to listen.',
    );
    this.name = 'RequestSessionMissingError';
  }
}

export class RequestSessionPlace implements TokenPlace {
  readSession(request: RequestLike): TokenReading {
    return readKept(request, 'sessionToken');
  }

  readRefresh(request: RequestLike): TokenReading {
    return readKept(request, 'refreshToken');
  }

  async write(exchange: Exchange, tokens: TokensToKeep, isNew: boolean): Promise<void> {
    const kept = this.readRefresh(exchange.request);
    const refreshToken = tokens.refreshToken ?? (kept.kind === 'value' && !isNew ? kept.value : undefined);
    if (isNew) await regenerate(requireSession(exchange.request));
    // Asked for again: regenerating puts a new session object on the request.
    requireSession(exchange.request)[KEY] = { sessionToken: tokens.sessionToken, refreshToken };
  }

  async clear(exchange: Exchange): Promise<void> {
    const session = readSession(exchange.request);
    if (session !== undefined) delete session[KEY];
  }

  clearAmbiguous(): void {} // a server-side session has one value for a name
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

function requireSession(request: RequestLike): ServerSession {
  const session = readSession(request);
  if (session === undefined) throw new RequestSessionMissingError();
  return session;
}

function regenerate(session: ServerSession): Promise<void> {
  return new Promise((resolve, reject) => {
    if (typeof session.regenerate !== 'function') return resolve();
    session.regenerate((error) =>
      error === undefined || error === null ? resolve() : reject(error as Error),
    );
  });
}
