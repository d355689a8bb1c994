// Tokens that credentials were exchanged for: one flight each, renewed ahead, refusals remembered, all of it bounded.
import { readElapsedMs } from '../clock.js';
import type { Clock } from '../clock.js';
import { DescopeError, DescopeUnavailableError } from '../errors.js';
import { publishExchange } from '../events.js';
import type { DescopeEvents, DescopeExchangeOutcome } from '../events.js';
import type { MaybePromise } from '../maybe-promise.js';
import { FailureMemory } from './failure-memory.js';

const AHEAD_MS = 30_000;
const AHEAD_SHARE = 0.1;
const YOUNG_MS = 5_000;
const REFUSALS: readonly string[] = ['ACCESS_KEY_REFUSED', 'M2M_CREDENTIALS_REFUSED'];

/** A token, and until when it may be used. */
export interface ExchangedToken {
  readonly token: string;
  readonly endsAtMs: number;
}

/** Gets a token from Descope. */
export type Exchange = () => Promise<ExchangedToken>;

/** What the memory is told. */
export interface ExchangedTokensInput {
  readonly direction: DescopeEvents['exchange']['direction'];
  readonly clock: Clock;
  readonly maxEntries: number;
  readonly refusedMs: number;
  /** Throws where no exchange of an unknown credential may be started now. */
  readonly assertRoom?: () => void;
}

interface Entry extends ExchangedToken {
  readonly sinceMs: number;
}

export class ExchangedTokens {
  readonly #input: ExchangedTokensInput;
  readonly #failures: FailureMemory;
  // Digest → token, in the order of their exchange. One that ended stays: its credential is known to have been good.
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new Map<string, Promise<string>>();

  constructor(input: ExchangedTokensInput) {
    this.#input = input;
    this.#failures = new FailureMemory(input.clock);
  }

  /** Finds a credential's token, at once where one is remembered. Throws or rejects with what the exchange threw. */
  find(digest: string, exchange: Exchange): MaybePromise<string> {
    const entry = this.#entries.get(digest);
    if (entry === undefined || !this.#isCurrent(entry)) return this.#share(digest, exchange);
    if (this.#isDue(entry)) this.#renewAhead(digest, exchange);
    return entry.token;
  }

  /** Replaces a token that was refused where it was shown; `undefined` for one so young that another would fare no better. */
  replace(digest: string, token: string, exchange: Exchange): MaybePromise<string> | undefined {
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

  // An outage leaves the token to its end; a refusal ends it.
  #renewAhead(digest: string, exchange: Exchange): void {
    if (this.#flights.has(digest) || this.#failures.recall(digest) !== undefined) return;
    this.#fly(digest, exchange).catch(() => undefined); // remembered, and told as an event
  }

  #share(digest: string, exchange: Exchange): Promise<string> {
    const failure = this.#failures.recall(digest);
    if (failure !== undefined) throw failure;
    const flight = this.#flights.get(digest);
    if (flight !== undefined) return flight;
    if (!this.#entries.has(digest)) this.#input.assertRoom?.();
    return this.#fly(digest, exchange);
  }

  #fly(digest: string, exchange: Exchange): Promise<string> {
    const flight = this.#exchange(digest, exchange).finally(() => this.#flights.delete(digest));
    this.#flights.set(digest, flight);
    return flight;
  }

  async #exchange(digest: string, exchange: Exchange): Promise<string> {
    const { clock } = this.#input;
    const startedAtMs = clock();
    try {
      const exchanged = await exchange();
      this.#keep(digest, exchanged);
      this.#tell('exchanged', startedAtMs);
      return exchanged.token;
    } catch (error) {
      this.#noteFailure(digest, error);
      this.#tell(toOutcome(error), startedAtMs);
      throw error;
    }
  }

  #keep(digest: string, exchanged: ExchangedToken): void {
    this.#entries.delete(digest); // what is set again would keep its old place
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= this.#input.maxEntries && oldest.done !== true)
      this.#entries.delete(oldest.value);
    this.#entries.set(digest, { ...exchanged, sinceMs: this.#input.clock() });
  }

  #noteFailure(digest: string, error: unknown): void {
    if (!(error instanceof DescopeError)) return;
    const isRefusal = REFUSALS.includes(error.code);
    if (isRefusal) this.#entries.delete(digest);
    this.#failures.remember(digest, error, isRefusal ? this.#input.refusedMs : undefined);
  }

  #tell(outcome: DescopeExchangeOutcome, startedAtMs: number): void {
    const { direction, clock } = this.#input;
    publishExchange({ direction, outcome, durationMs: readElapsedMs(clock, startedAtMs) });
  }
}

function toOutcome(error: unknown): DescopeExchangeOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  return error instanceof DescopeError ? 'refused' : 'failed';
}
