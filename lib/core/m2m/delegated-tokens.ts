// Tokens for calls on behalf of callers: one exchange for each token of a caller, target and list of scopes, until the end.
import type { DescopeApi } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeAccessError, DescopeCredentialError, DescopeM2mError } from '../errors.js';
import type { DescopeExchangeOutcome } from '../events.js';
import { publishExchange } from '../events.js';
import type { FailureMemory, Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import { readEndMs } from '../token/decode.js';
import { createCredentialDigest, toOutageMemory, toOutcome } from './exchanged-tokens.js';
import type { CheckedTarget, ExchangeClient, IssuedToken, SubjectToken } from './token-exchange.js';
import { exchangeToken } from './token-exchange.js';

const MAX_TOKENS = 10_000;
const MAX_OF_ONE_CALLER = 100;
const MAX_FAILURES = 10_000;
const REJECTED_MS = 5_000;
const YOUNG_MS = 5_000;
// A token must still be valid when it arrives, by the clock of the receiver too.
const MARGIN_MS = 10_000;
const MARGIN_SHARE = 0.1;

interface Delegated {
  readonly token: string;
  readonly sinceMs: number;
}

export class DelegatedTokens {
  readonly #api: DescopeApi;
  readonly #client: ExchangeClient;
  readonly #clock: Clock;
  readonly #tokens: ExpiringCache<Delegated>; // by digest, owned by the caller
  readonly #toDigest = createCredentialDigest();

  constructor(api: DescopeApi, client: ExchangeClient, clock: Clock) {
    this.#api = api;
    this.#client = client;
    this.#clock = clock;
    this.#tokens = new ExpiringCache({
      clock,
      maxEntries: MAX_TOKENS,
      maxPerOwner: MAX_OF_ONE_CALLER,
      failures: { maxEntries: MAX_FAILURES, toMemory },
    });
  }

  /**
   * Finds a token, synchronously if one is cached. Throws or rejects with `TOKEN_EXPIRED`, `EXCHANGE_REFUSED`,
   * `M2M_CREDENTIALS_REFUSED` or `DESCOPE_UNAVAILABLE`.
   */
  find(subject: SubjectToken, target: CheckedTarget): MaybePromise<string> {
    const digest = this.#digest(subject, target);
    const load = () => this.#load(subject, target);
    return whenReady(this.#tokens.getOrLoad(digest, load, subject.id), toToken);
  }

  /** Replaces a token that its receiver rejected; `undefined` if it was issued less than 5 seconds ago. */
  replace(subject: SubjectToken, target: CheckedTarget, rejected: string): MaybePromise<string> | undefined {
    const digest = this.#digest(subject, target);
    const known = this.#tokens.get(digest);
    const isYoung = known !== undefined && readElapsedMs(this.#clock, known.sinceMs) < YOUNG_MS;
    if (known?.token === rejected && isYoung) return undefined;
    if (known !== undefined && known.token !== rejected) return known.token;
    const load = () => this.#load(subject, target);
    return whenReady(this.#tokens.reload(digest, load, subject.id), toToken);
  }

  // A token with fewer scopes never comes from one with more: both are part of the key.
  #digest({ token }: SubjectToken, { field, value, scopes }: CheckedTarget): string {
    return this.#toDigest(JSON.stringify([token, field, value, scopes]));
  }

  async #load(subject: SubjectToken, target: CheckedTarget): Promise<Loaded<Delegated>> {
    const startedAtMs = this.#clock();
    if (subject.endsAtMs <= startedAtMs)
      throw new DescopeCredentialError('TOKEN_EXPIRED', 'The token of the caller has expired.');
    try {
      const issued = await exchangeToken(this.#api, { client: this.#client, subject, target });
      this.#publish('exchanged', startedAtMs);
      const untilMs = toUntilMs(issued, subject, startedAtMs);
      return { value: { token: issued.token, sinceMs: this.#clock() }, untilMs };
    } catch (error) {
      this.#publish(toOutcome(error), startedAtMs);
      throw error;
    }
  }

  #publish(outcome: DescopeExchangeOutcome, startedAtMs: number): void {
    const durationMs = readElapsedMs(this.#clock, startedAtMs);
    publishExchange({ projectId: this.#api.projectId, direction: 'outgoing', outcome, durationMs });
  }
}

function toToken({ token }: Delegated): string {
  return token;
}

function toMemory(error: unknown): FailureMemory | undefined {
  const isRejection = error instanceof DescopeAccessError || error instanceof DescopeM2mError;
  return isRejection ? { keepMs: REJECTED_MS, endsValue: true } : toOutageMemory(error);
}

function toUntilMs(issued: IssuedToken, subject: SubjectToken, nowMs: number): number {
  const { token, lifetimeSeconds } = issued;
  const saidMs = lifetimeSeconds === undefined ? undefined : nowMs + lifetimeSeconds * 1000;
  const endMs = Math.min(...[saidMs, readEndMs(token), subject.endsAtMs].filter((ms) => ms !== undefined));
  return endMs - Math.min(MARGIN_MS, Math.max(0, endMs - nowMs) * MARGIN_SHARE);
}
