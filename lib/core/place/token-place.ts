// Where a browser's tokens live between requests: in its cookies, or in the application's own server-side session.
import type { TokenReading } from '../transport/cookies.js';
import type { RequestLike } from '../transport/request-like.js';

/** Tokens to keep, and how long each is good for. */
export interface TokensToKeep {
  readonly sessionToken: string;
  readonly sessionEndsAtMs: number;
  /** Left out: the one that is kept stays. */
  readonly refreshToken?: string;
  readonly refreshEndsAtMs?: number;
}

/** Tokens of which there are several. */
export interface AmbiguousTokens {
  readonly sessionTokens: readonly string[];
  readonly refreshTokens: readonly string[];
}

/** A request and the response that can still be given headers. */
export interface Exchange {
  readonly request: RequestLike;
  readonly response: ResponseLike;
}

/** The part of a response that is written. */
export interface ResponseLike {
  /** Sets a header, in place of what was there. */
  set(name: string, value: string): void;
  /** Adds a value to a header. */
  append(name: string, value: string): void;
  /** Takes back what was to be set of a cookie, so that one answer does not say two things of it (RFC 6265 §4.1.1). */
  dropCookie(name: string): void;
}

/** A place where tokens are kept. */
export interface TokenPlace {
  readSession(request: RequestLike): TokenReading;
  readRefresh(request: RequestLike): TokenReading;
  /** Reads what contradicts itself: one of each is the browser's own, and it cannot be told which. */
  readAmbiguous(request: RequestLike): AmbiguousTokens;
  /**
   * Keeps tokens; at sign-in, `isNew` replaces all that was kept, and gives a server-side session a new id, so that
   * none can be planted before.
   */
  write(exchange: Exchange, tokens: TokensToKeep, isNew: boolean): Promise<void>;
  clear(exchange: Exchange): Promise<void>;
  /** Looks again for what another instance has kept meanwhile; `false` where a request holds all there is. */
  reload(request: RequestLike): Promise<boolean>;
  /** Expires what contradicts itself, so that a planted twin does not lock the browser out. */
  clearAmbiguous(exchange: Exchange): void;
}
