// Tokens that credentials were exchanged for: one flight each, refreshed ahead, rejections remembered, all of it bounded.
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeError, DescopeUnavailableError } from '../errors.js';
import type { DescopeEvents, DescopeExchangeOutcome } from '../events.js';
import { publishExchange } from '../events.js';
import { FailureMemory, OwnerShares } from '../expiring-map.js';
import type { MaybePromise } from '../maybe-promise.js';

const AHEAD_MS = 30_000;
const AHEAD_SHARE = 0.1;
const YOUNG_MS = 5_000;
const REJECTIONS: readonly string[] = ['ACCESS_KEY_REFUSED', 'M2M_CREDENTIALS_REFUSED'];

/** A token, and until when it may be used. */
export interface ExchangedToken {
  readonly token: string;
  readonly endsAtMs: number;
  /** Whose it is, where one owner may have many. */
  readonly owner?: string;
}

/** Gets a token from Descope. */
export type TokenFetcher = () => Promise<ExchangedToken>;

/** Says who sent a credential. */
export type ReadSender = () => string | undefined;

/** What the memory is told. */
export interface ExchangedTokensInput {
  readonly direction: DescopeEvents['exchange']['direction'];
  /** What its events say. */
  readonly projectId?: string;
  readonly clock: Clock;
  readonly maxEntries: number;
  readonly rejectedMs: number;
  /** Throws where no exchange of an unknown credential may be started now. */
  readonly assertRoom?: (sender: string | undefined) => void;
}

interface Entry extends ExchangedToken {
  readonly sinceMs: number;
}

export class ExchangedTokens {
  readonly #input: ExchangedTokensInput;
  readonly #failures: FailureMemory;
  // Digest → token, in the order of their exchange. One that ended stays: its credential is known to have been good.
  readonly #entries = new Map<string, Entry>();
  readonly #shares = new OwnerShares();
  readonly #flights = new Map<string, Promise<string>>();

  constructor(input: ExchangedTokensInput) {
    this.#input = input;
    this.#failures = new FailureMemory(input.clock);
  }

  /** Finds a credential's token, at once where one is remembered. Throws or rejects with what the exchange threw. */
  find(digest: string, exchange: TokenFetcher, readSender: ReadSender = nobody): MaybePromise<string> {
    const entry = this.#entries.get(digest);
    if (entry === undefined || !this.#isCurrent(entry)) return this.#share(digest, exchange, readSender);
    if (this.#isDue(entry)) this.#refreshAhead(digest, exchange);
    return entry.token;
  }

  /** Replaces a token that was rejected where it was shown; `undefined` for one so young that another would fare no better. */
  replace(digest: string, token: string, exchange: TokenFetcher): MaybePromise<string> | undefined {
    const entry = this.#entries.get(digest);
    if (entry === undefined || entry.token !== token) return this.find(digest, exchange);
    const isYoung = readElapsedMs(this.#input.clock, entry.sinceMs) < YOUNG_MS;
    return isYoung ? undefined : this.#share(digest, exchange);
  }

  // A clock that was set back must not make a token last.
  #isCurrent({ sinceMs, endsAtMs }: Entry): boolean {
    const nowMs = this.#input.clock();
    return nowMs >= sinceMs && nowMs < endsAtMs;
  }

  #isDue({ sinceMs, endsAtMs }: Entry): boolean {
    const lifeMs = endsAtMs - sinceMs;
    const aheadMs = Math.min(Math.max(AHEAD_MS, lifeMs * AHEAD_SHARE), lifeMs / 2);
    return this.#input.clock() >= endsAtMs - aheadMs;
  }

  // An outage leaves the token to its end; a rejection ends it.
  #refreshAhead(digest: string, exchange: TokenFetcher): void {
    if (this.#flights.has(digest) || this.#failures.recall(digest) !== undefined) return;
    this.#fly(digest, exchange).catch(() => undefined); // remembered, and told as an event
  }

  #share(digest: string, exchange: TokenFetcher, readSender: ReadSender = nobody): Promise<string> {
    const failure = this.#failures.recall(digest);
    if (failure !== undefined) throw failure;
    const flight = this.#flights.get(digest);
    if (flight !== undefined) return flight;
    const sender = readSender();
    if (!this.#entries.has(digest)) this.#input.assertRoom?.(sender);
    return this.#fly(digest, exchange, sender);
  }

  #fly(digest: string, exchange: TokenFetcher, sender?: string): Promise<string> {
    const flight = this.#exchange(digest, exchange, sender).finally(() => this.#flights.delete(digest));
    this.#flights.set(digest, flight);
    return flight;
  }

  async #exchange(digest: string, exchange: TokenFetcher, sender: string | undefined): Promise<string> {
    const { clock } = this.#input;
    const startedAtMs = clock();
    try {
      const exchanged = await exchange();
      this.#keep(digest, exchanged);
      this.#tell('exchanged', startedAtMs);
      return exchanged.token;
    } catch (error) {
      this.#noteFailure(digest, error, sender);
      this.#tell(toOutcome(error), startedAtMs);
      throw error;
    }
  }

  #keep(digest: string, exchanged: ExchangedToken): void {
    const { owner = digest } = exchanged;
    this.#forget(digest); // what is set again would keep its old place
    if (this.#entries.size >= this.#input.maxEntries) {
      const [first] = this.#shares.findCrowd(owner) ?? this.#entries.keys();
      if (first !== undefined) this.#forget(first);
    }
    this.#entries.set(digest, { ...exchanged, sinceMs: this.#input.clock() });
    this.#shares.add(owner, digest);
  }

  #forget(digest: string): void {
    const entry = this.#entries.get(digest);
    if (entry === undefined) return;
    this.#entries.delete(digest);
    this.#shares.remove(entry.owner ?? digest, digest);
  }

  #noteFailure(digest: string, error: unknown, owner: string | undefined): void {
    if (!(error instanceof DescopeError)) return;
    const isRejection = REJECTIONS.includes(error.code);
    if (isRejection) this.#forget(digest);
    const keepMs = isRejection ? this.#input.rejectedMs : undefined;
    this.#failures.remember(digest, error, { keepMs, owner });
  }

  #tell(outcome: DescopeExchangeOutcome, startedAtMs: number): void {
    const { direction, clock, projectId = '' } = this.#input;
    publishExchange({ projectId, direction, outcome, durationMs: readElapsedMs(clock, startedAtMs) });
  }
}

function nobody(): undefined {
  return undefined;
}

function toOutcome(error: unknown): DescopeExchangeOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  return error instanceof DescopeError ? 'rejected' : 'failed';
}
