// How revocations reach the other instances of an application: through a channel, or through a store that is asked.
import type { MaybePromise } from '../maybe-promise.js';
import type { Revocation, RevocationKey } from './revocation.js';

/** A token as a store is asked about it. */
export interface JudgedToken {
  /** The keys of its session, its user, the project, its access key and its tenants; that of the session is the first. */
  readonly keys: readonly RevocationKey[];
  /** `iat`; 0 without one. In epoch seconds. */
  readonly issuedAt: number;
  /** Whether the store must be asked now: what it said a moment ago does not count. */
  readonly mustAsk?: boolean;
}

/** Receives what was revoked by another instance. */
export interface RevocationReceiver {
  /** Merges revocations into the memory. */
  apply(revocations: Iterable<Revocation>): void;
  /** Lists the revocations in memory that still count. */
  list(): Iterable<Revocation>;
}

/** How well an instance hears of revocations through a channel, for a health check. */
export interface SharingHealth {
  /**
   * `starting`: the revocations of before the start were not read yet, and tokens are answered with 503. `hearing`: all is
   * well. `isolated`: nothing was heard for `maxSilenceMs`, and tokens are still accepted. `rejecting`: they are answered
   * with 503.
   */
  readonly state: 'starting' | 'hearing' | 'isolated' | 'rejecting';
  /** How old the knowledge of revocations is, in milliseconds; `undefined` before the first complete read. */
  readonly silentMs: number | undefined;
}

/** Makes revocations known to other instances. */
export interface RevocationSharing {
  /**
   * Makes revocations known to the other instances. Resolves once they are stored there. Rejects if they are not stored yet;
   * they are stored later if that can be done.
   */
  publish(revocations: readonly Revocation[]): Promise<void>;
  /** Asserts, on each request, that this instance still hears of revocations. Throws `SIGN_OUTS_UNAVAILABLE`. */
  assertHearing?(): void;
  /** Checks whether a token is revoked, in a store that must be asked. Rejects with `SIGN_OUTS_UNAVAILABLE`. */
  isRevoked?(token: JudgedToken): MaybePromise<boolean>;
  /** Begins to hear of revocations. Resolves soon, also if the other side does not respond. */
  start?(): Promise<void>;
  /** Stops, after what waits was made known or a second has passed. */
  close?(): Promise<void>;
  readHealth?(): SharingHealth;
}
