// Events of the request pipeline on `node:diagnostics_channel`; without a subscriber, no message is created.
import { channel } from 'node:diagnostics_channel';
import type { Consequence, DescopeErrorCode, DescopeUnavailableCode } from './errors.js';
import type { TokenKind } from './token/claims.js';

/**
 * The names of the channels of `node:diagnostics_channel` that this package publishes to. A subscriber runs while the
 * request is processed, and must not throw. The messages are `DescopeEvents`.
 * @see https://nodejs.org/api/diagnostics_channel.html
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe(DESCOPE_CHANNELS.rejected, (message) => {
 *   const { code } = message as DescopeEvents['rejected'];
 *   metrics.increment(`descope.rejected.${code}`);
 * });
 */
export const DESCOPE_CHANNELS = Object.freeze({
  /** A caller was accepted. */
  accepted: 'nestjs-descope:accepted',
  /** A request was rejected. */
  rejected: 'nestjs-descope:rejected',
  /** The keys were fetched. */
  keysFetched: 'nestjs-descope:keys-fetched',
  /** The keys could not be fetched; those in memory are used. */
  keysStale: 'nestjs-descope:keys-stale',
  /** A refresh ended. */
  refresh: 'nestjs-descope:refresh',
  /** The exchange of an access key or of client credentials ended. */
  exchange: 'nestjs-descope:exchange',
  /** A call to Descope or to the shared store failed. */
  outage: 'nestjs-descope:outage',
});

/**
 * The outcome of a refresh. `shared`: another instance had refreshed the session. `ended`: the session is over.
 * `superseded`: another request was faster. `outage`: Descope or a store could not be reached. `failed`: any other error.
 */
export type DescopeRefreshOutcome = 'refreshed' | 'shared' | 'ended' | 'superseded' | 'outage' | 'failed';

/**
 * The outcome of the exchange of an access key or client credentials. `shared`: another instance had made it. `failed` is an error that is neither a rejection
 * nor an outage.
 */
export type DescopeExchangeOutcome = 'exchanged' | 'shared' | 'rejected' | 'outage' | 'failed';

/** The members of every message. */
export interface DescopeEvent {
  /** The Descope project id of the application: a process may run several applications. */
  readonly projectId: string;
}

/** The messages by channel. They contain no token, cookie or key, and no claims but the kind, the id and the current tenant of the caller. */
export interface DescopeEvents {
  /**
   * A guard or the `check` route accepted a caller. On an optional route, `kind`, `userId` and `tenant` of an anonymous
   * caller are `undefined`.
   */
  readonly accepted: DescopeEvent & {
    /** The kind of caller. */
    readonly kind: TokenKind | undefined;
    /** The id of the user, access key, app or agent. */
    readonly userId: string | undefined;
    /** The current tenant of the session (`dct`), if there is one. */
    readonly tenant: string | undefined;
    /** Whether a browser sent the credential automatically, as it does cookies. */
    readonly sentByBrowser: boolean;
  };
  /** A guard, a mounted route or `DescopeSockets` rejected a request. */
  readonly rejected: DescopeEvent & {
    /** The cause of the rejection. */
    readonly code: DescopeErrorCode;
    /**
     * The group of the error, which decides the HTTP status: 401 or 400 for `credential`, 403 for `access`, 400, 413 or
     * 415 for `request`, 503 for `unavailable`.
     */
    readonly consequence: Consequence;
  };
  /** The project's keys were fetched. */
  readonly keysFetched: DescopeEvent & {
    /** The number of usable keys. */
    readonly keyCount: number;
    /** The duration of the fetch, in milliseconds. */
    readonly durationMs: number;
  };
  /** The keys could not be fetched; requests use the keys in memory. */
  readonly keysStale: DescopeEvent & {
    /** The number of keys in memory. */
    readonly keyCount: number;
    /** The age of the keys in memory, in milliseconds. */
    readonly keyAgeMs: number;
    /** The duration of the failed fetch, in milliseconds. */
    readonly durationMs: number;
  };
  /** A refresh ended: one message for all requests that waited for it. */
  readonly refresh: DescopeEvent & {
    /** The outcome of the refresh. */
    readonly outcome: DescopeRefreshOutcome;
    /** The duration of the refresh, in milliseconds. */
    readonly durationMs: number;
  };
  /** The exchange of an access key or of client credentials ended: one message for all callers that waited for it. */
  readonly exchange: DescopeEvent & {
    /** `incoming`: an access key that a caller sent; `outgoing`: a credential of the application. */
    readonly direction: 'incoming' | 'outgoing';
    /** The outcome of the exchange. */
    readonly outcome: DescopeExchangeOutcome;
    /** The duration of the exchange, in milliseconds. */
    readonly durationMs: number;
  };
  /** A call to Descope or to the shared store failed: one message per try. */
  readonly outage: DescopeEvent & {
    /** The cause of the outage. */
    readonly code: DescopeUnavailableCode;
    /** Seconds to wait before the next try. */
    readonly retryAfterSeconds: number;
  };
}

// Referenced here: Node before 20.20 drops a channel without references, with its subscribers.
const accepted = channel(DESCOPE_CHANNELS.accepted);
const rejected = channel(DESCOPE_CHANNELS.rejected);
const keysFetched = channel(DESCOPE_CHANNELS.keysFetched);
const keysStale = channel(DESCOPE_CHANNELS.keysStale);
const refresh = channel(DESCOPE_CHANNELS.refresh);
const exchange = channel(DESCOPE_CHANNELS.exchange);
const outage = channel(DESCOPE_CHANNELS.outage);

/** Publishes that a caller was accepted. */
export function publishAccepted(
  user: { readonly kind: TokenKind; readonly id: string; readonly tenant: string | undefined } | undefined,
  sentByBrowser: boolean,
  projectId: string,
): void {
  if (!accepted.hasSubscribers) return;
  accepted.publish({
    projectId,
    kind: user?.kind,
    userId: user?.id,
    tenant: user?.tenant,
    sentByBrowser,
  } satisfies DescopeEvents['accepted']);
}

/** Publishes that a request was rejected. */
export function publishRejected(code: DescopeErrorCode, consequence: Consequence, projectId: string): void {
  if (rejected.hasSubscribers)
    rejected.publish({ projectId, code, consequence } satisfies DescopeEvents['rejected']);
}

/** Publishes that keys were fetched. */
export function publishKeysFetched(keyCount: number, durationMs: number, projectId: string): void {
  if (!keysFetched.hasSubscribers) return;
  keysFetched.publish({ projectId, keyCount, durationMs } satisfies DescopeEvents['keysFetched']);
}

/** Publishes that keys could not be refreshed. */
export function publishKeysStale(message: DescopeEvents['keysStale']): void {
  if (keysStale.hasSubscribers) keysStale.publish(message);
}

/** Publishes how a refresh ended. */
export function publishRefresh(outcome: DescopeRefreshOutcome, durationMs: number, projectId: string): void {
  if (refresh.hasSubscribers)
    refresh.publish({ projectId, outcome, durationMs } satisfies DescopeEvents['refresh']);
}

/** Publishes how an exchange ended. */
export function publishExchange(message: DescopeEvents['exchange']): void {
  if (exchange.hasSubscribers) exchange.publish(message);
}

/** Publishes that a call failed. */
export function publishOutage(
  code: DescopeUnavailableCode,
  retryAfterSeconds: number,
  projectId: string,
): void {
  if (outage.hasSubscribers)
    outage.publish({ projectId, code, retryAfterSeconds } satisfies DescopeEvents['outage']);
}
