// Tokens from the exchange of credentials: one exchange for all waiters, refreshed before the end, rejections remembered.
import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeError, DescopeUnavailableError } from '../errors.js';
import type { DescopeEvents, DescopeExchangeOutcome } from '../events.js';
import { publishExchange } from '../events.js';
import type { FailureMemory, Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { MaybePromise } from '../maybe-promise.js';
import { attempt } from '../maybe-promise.js';

const AHEAD_MS = 30_000;
const AHEAD_SHARE = 0.1;
const YOUNG_MS = 5_000;
const YOUNG_REVOKED_MS = 1_000; // Descope dates tokens to the second: a new one may be revoked by the same revocation
const MAX_FAILURES = 10_000;
const MAX_OUTAGE_SECONDS = 30; // Descope may name hours; an earlier try is cheap
const OTHER_FAILURE_MS = 1_000;
const REJECTIONS: readonly string[] = ['ACCESS_KEY_REFUSED', 'M2M_CREDENTIALS_REFUSED'];

/** A token, and the end of its use. */
export interface ExchangedToken {
  readonly token: string;
  readonly endsAtMs: number;
  /** The owner, if one owner may have several. */
  readonly owner?: string;
  /** The id of the access key, which its token may not have. */
  readonly keyId?: string | undefined;
  /** Whether another instance got it, at an unknown time. */
  readonly isShared?: boolean;
}

/** A token that its receiver rejected. */
export interface RejectedToken {
  readonly token: string;
  /** Whether it was revoked. */
  readonly isRevoked?: boolean;
}

/** Gets a token for a credential: from Descope, or for one that this process does not know from another instance too. */
export type TokenFetcher = (isKnown: boolean) => Promise<ExchangedToken>;

/** Reads the sender of a credential. */
export type ReadSender = () => string | undefined;

/** The input of `ExchangedTokens`. */
export interface ExchangedTokensInput {
  readonly direction: DescopeEvents['exchange']['direction'];
  /** The project that its events name. */
  readonly projectId?: string;
  readonly clock: Clock;
  readonly maxEntries: number;
  readonly rejectedMs: number;
  /** Throws if no exchange of an unknown credential may start now. */
  readonly assertRoom?: (sender: string | undefined) => void;
}

interface Entry extends ExchangedToken {
  readonly sinceMs: number;
}

export class ExchangedTokens {
  readonly #input: ExchangedTokensInput;
  // By the digest of the credential. An expired token stays: it shows that its credential was valid.
  readonly #tokens: ExpiringCache<Entry>;

  constructor(input: ExchangedTokensInput) {
    this.#input = input;
    const { clock, maxEntries } = input;
    const failures = { maxEntries: MAX_FAILURES, toMemory: (error: unknown) => this.#toMemory(error) };
    this.#tokens = new ExpiringCache({ clock, maxEntries, survivesClockReset: true, failures });
  }

  /** Finds the token of a credential, synchronously if it is cached. Throws or rejects with the error of the exchange. */
  find(digest: string, exchange: TokenFetcher, readSender?: ReadSender): MaybePromise<ExchangedToken> {
    const entry = this.#tokens.get(digest);
    if (entry === undefined || !this.#isCurrent(entry)) return this.#load(digest, exchange, readSender);
    if (this.#isDue(entry)) this.#refreshAhead(digest, exchange);
    return entry;
  }

  /**
   * Replaces a token that its receiver rejected by one from Descope; `undefined` if it is so new that another would be
   * rejected too.
   */
  replace(
    digest: string,
    { token, isRevoked = false }: RejectedToken,
    exchange: TokenFetcher,
  ): MaybePromise<ExchangedToken> | undefined {
    const entry = this.#tokens.get(digest);
    const exchangeAnew = () => exchange(true);
    if (entry === undefined || entry.token !== token) return this.find(digest, exchangeAnew);
    const youngMs = isRevoked ? YOUNG_REVOKED_MS : YOUNG_MS;
    const isYoung = readElapsedMs(this.#input.clock, entry.sinceMs) < youngMs;
    return isYoung && entry.isShared !== true ? undefined : this.#load(digest, exchangeAnew);
  }

  // A clock that was set back must not prolong the use of a token.
  #isCurrent({ sinceMs, endsAtMs }: Entry): boolean {
    const nowMs = this.#input.clock();
    return nowMs >= sinceMs && nowMs < endsAtMs;
  }

  #isDue({ sinceMs, endsAtMs }: Entry): boolean {
    const lifeMs = endsAtMs - sinceMs;
    const aheadMs = Math.min(Math.max(AHEAD_MS, lifeMs * AHEAD_SHARE), lifeMs / 2);
    return this.#input.clock() >= endsAtMs - aheadMs;
  }

  // After an outage the token is used until its end; a rejection ends it. Both are remembered, and published as events.
  #refreshAhead(digest: string, exchange: TokenFetcher): void {
    void attempt<unknown>(
      () => this.#load(digest, exchange),
      () => undefined,
    );
  }

  // The sender owns the failures of its credentials, so that one sender cannot evict the failures of others.
  #load(digest: string, exchange: TokenFetcher, readSender?: ReadSender): Promise<ExchangedToken> {
    const sender = readSender?.();
    const load = (): Promise<Loaded<Entry>> => {
      const isKnown = this.#tokens.get(digest) !== undefined;
      if (!isKnown) this.#input.assertRoom?.(sender);
      return this.#exchange(() => exchange(isKnown), digest);
    };
    return this.#tokens.reload(digest, load, sender);
  }

  async #exchange(exchange: () => Promise<ExchangedToken>, digest: string): Promise<Loaded<Entry>> {
    const { clock } = this.#input;
    const startedAtMs = clock();
    try {
      const exchanged = await exchange();
      this.#publish(exchanged.isShared === true ? 'shared' : 'exchanged', startedAtMs);
      const value = { ...exchanged, sinceMs: clock() };
      return { value, untilMs: Number.POSITIVE_INFINITY, owner: exchanged.owner ?? digest };
    } catch (error) {
      this.#publish(toOutcome(error), startedAtMs);
      throw error;
    }
  }

  #publish(outcome: DescopeExchangeOutcome, startedAtMs: number): void {
    const { direction, clock, projectId = '' } = this.#input;
    publishExchange({ projectId, direction, outcome, durationMs: readElapsedMs(clock, startedAtMs) });
  }

  // Any failure that is neither a rejection nor an outage is remembered for one second.
  #toMemory(error: unknown): FailureMemory | undefined {
    if (!(error instanceof DescopeError)) return undefined;
    if (REJECTIONS.includes(error.code)) return { keepMs: this.#input.rejectedMs, endsValue: true };
    return toOutageMemory(error) ?? { keepMs: OTHER_FAILURE_MS };
  }
}

/** Returns how long an outage is remembered: its `Retry-After`, within bounds; `undefined` for any other error. */
export function toOutageMemory(error: unknown): FailureMemory | undefined {
  if (!(error instanceof DescopeUnavailableError)) return undefined;
  return { keepMs: 1000 * Math.min(error.retryAfterSeconds, MAX_OUTAGE_SECONDS) };
}

/** Returns the outcome of an exchange that failed, as events name it. */
export function toOutcome(error: unknown): DescopeExchangeOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  return error instanceof DescopeError ? 'rejected' : 'failed';
}

// Digests of credentials: caches use the digest as their key, so that they do not contain the credential.

const SECRET_BYTES = 32;

/** Returns a digest that only this process can compute, so that it cannot be compared with values outside. */
export type CredentialDigest = (credential: string) => string;

/**
 * Creates the digest function of one cache: SHA-256 of a secret of fixed length and the credential. It takes a seventh of the
 * time of an HMAC, whose advantage (no length extension) does not matter because no digest leaves the process.
 */
export function createCredentialDigest(): CredentialDigest {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return (credential) => hash('sha256', secret + credential, 'base64url');
}
