// The keys that Descope publishes: one fetch for many waiters, known keys during an outage, and the reports of fetches.
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishKeysFetched, publishKeysStale, publishOutage } from '../events.js';
import type { Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import { RequestFailure, toReason } from '../request-failure.js';
import type { KeyFetchConfig } from './key-fetch-schedule.js';
import { KeyFetchSchedule } from './key-fetch-schedule.js';
import type { KeyHealth, KeysById, KeySet } from './key-set.js';
import { toKeysById, unknownKey } from './key-set.js';
import type { VerificationKey } from './signature.js';

/** The input of `RemoteKeySet`. */
export interface RemoteKeySetInput {
  /** Fetches the members of the JWK set; must have a time limit, and end at once when the signal aborts. */
  readonly load: (signal: AbortSignal) => Promise<readonly unknown[]>;
  /** The URL of the keys, whose host is in the log. */
  readonly url: string;
  readonly config: KeyFetchConfig;
  readonly clock: Clock;
  readonly notify: Notify;
}

export class RemoteKeySet implements KeySet {
  readonly #input: RemoteKeySetInput;
  readonly #schedule: KeyFetchSchedule;
  readonly #closing = new AbortController();
  #keys: KeysById = new Map();
  #fetching: Promise<void> | undefined;

  constructor(input: RemoteKeySetInput) {
    this.#input = input;
    this.#schedule = new KeyFetchSchedule(input.config, input.clock);
  }

  find(keyId: string): MaybePromise<VerificationKey> {
    const state = this.#schedule.keyState();
    if (state === 'none') return this.#findWhenLoaded(keyId);
    const key = this.#keys.get(keyId);
    if (key === undefined) return this.#findUnknown(keyId);
    if (state === 'fresh') return key;
    if (state === 'old' && !this.#schedule.isFailing) return this.#findRefreshed(keyId);
    this.#refreshBehind();
    return key;
  }

  async hydrate(): Promise<void> {
    if (this.#schedule.keyState() === 'none') await this.#fetch();
  }

  // Waits for and causes the same fetches as a request with a known key.
  async checkHealth(): Promise<KeyHealth> {
    const state = this.#schedule.keyState();
    const isWaiting = state === 'none' || (state === 'old' && !this.#schedule.isFailing);
    if (state !== 'fresh') this.#refreshBehind();
    if (isWaiting) await this.#fetching?.catch(() => undefined);
    const usable = this.#schedule.isFailing ? 'stale' : 'usable';
    const keyAgeMs = this.#schedule.keyAgeMs();
    return {
      state: this.#schedule.keyState() === 'none' ? 'none' : usable,
      keyCount: this.#keys.size,
      keyAgeMs: Number.isFinite(keyAgeMs) ? keyAgeMs : undefined,
    };
  }

  close(): void {
    this.#closing.abort();
  }

  // No keys in memory: every request waits for one fetch, or is rejected until the next one may start.
  async #findWhenLoaded(keyId: string): Promise<VerificationKey> {
    if (this.#fetching === undefined && !this.#schedule.mayRetry()) throw this.#unavailable();
    await this.#fetch();
    return this.#pick(keyId);
  }

  // An unknown id may be of a new key, so it causes a fetch, but only one per cool-down: an attacker can invent ids.
  async #findUnknown(keyId: string): Promise<VerificationKey> {
    if (this.#fetching === undefined && !this.#schedule.mayAskForUnknown()) {
      throw this.#schedule.isFailing ? this.#unavailable() : unknownKey();
    }
    await this.#fetch();
    return this.#pick(keyId);
  }

  // After the max age the set must be fetched again before use; if that fails, it is stale but usable.
  async #findRefreshed(keyId: string): Promise<VerificationKey> {
    await this.#fetch().catch(() => undefined); // the failure is reported, and the known key stays in use
    return this.#pick(keyId);
  }

  #refreshBehind(): void {
    if (this.#fetching !== undefined || !this.#schedule.mayRetry()) return;
    this.#fetch().catch(() => undefined); // reported by `#load`; requests continue with the keys in memory
  }

  #pick(keyId: string): VerificationKey {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw unknownKey();
    return key;
  }

  #fetch(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #load(): Promise<void> {
    const { clock, notify } = this.#input;
    const startedAtMs = clock();
    this.#schedule.started();
    try {
      this.#closing.signal.throwIfAborted(); // after `close`, nothing is sent to the network
      const keys = toKeysById(await this.#input.load(this.#closing.signal), this.#keys);
      if (keys.size === 0) throw this.#noKey();
      this.#keys = keys; // the whole set: a withdrawn key is removed
    } catch (cause) {
      this.#schedule.failed();
      this.#reportFailure(cause, readElapsedMs(clock, startedAtMs));
      throw this.#unavailable(cause);
    }
    const wasFailing = this.#schedule.isFailing;
    this.#schedule.succeeded();
    reportFetched(this.#toReport(readElapsedMs(clock, startedAtMs)), wasFailing, notify);
  }

  #reportFailure(cause: unknown, durationMs: number): void {
    if (this.#closing.signal.aborted) return;
    const isStale = this.#schedule.keyState() !== 'none';
    const retryAfterSeconds = this.#schedule.retryAfterSeconds();
    reportFailed({ ...this.#toReport(durationMs), isStale, retryAfterSeconds, cause }, this.#input.notify);
  }

  #noKey(): RequestFailure {
    const cause = new Error('The response contains no key that can verify session tokens.');
    return new RequestFailure({ url: this.#input.url, status: 200, cause });
  }

  #toReport(durationMs: number): FetchReport {
    return { keyCount: this.#keys.size, keyAgeMs: this.#schedule.keyAgeMs(), durationMs };
  }

  #unavailable(cause?: unknown): DescopeUnavailableError {
    const retryAfterSeconds = this.#schedule.retryAfterSeconds();
    const why = cause === undefined ? '' : ` (${toReason(cause)})`;
    const message = `Descope's keys cannot be fetched at present${why}.`;
    return new DescopeUnavailableError('KEYS_UNAVAILABLE', message, { retryAfterSeconds, cause });
  }
}

// Reports of fetches: an event, and a line in the log.

/** A fetch that ended; `keyCount` and `keyAgeMs` are of the keys in memory. */
interface FetchReport {
  readonly keyCount: number;
  readonly keyAgeMs: number;
  readonly durationMs: number;
}

/** A fetch that failed; `isStale` if keys in memory may be used. */
interface FailureReport extends FetchReport {
  readonly isStale: boolean;
  readonly retryAfterSeconds: number;
  readonly cause: unknown;
}

/** Reports that keys were fetched, and that an outage is over if there was one. */
function reportFetched(report: FetchReport, wasFailing: boolean, notify: Notify): void {
  publishKeysFetched(report.keyCount, report.durationMs, readProjectId(notify));
  if (wasFailing) notify({ code: 'KEYS_RECOVERED', level: 'log', message: RECOVERED });
}

/** Reports that keys could not be fetched. */
function reportFailed(report: FailureReport, notify: Notify): void {
  const { keyCount, keyAgeMs, durationMs, cause } = report;
  const why = toReason(cause);
  const projectId = readProjectId(notify);
  if (report.isStale) {
    publishKeysStale({ projectId, keyCount, keyAgeMs, durationMs });
    notify({ code: 'KEYS_STALE', level: 'warn', message: `${STALE} (${why})` });
    return;
  }
  publishOutage('KEYS_UNAVAILABLE', report.retryAfterSeconds, projectId);
  notify({ code: 'KEYS_UNAVAILABLE', level: 'error', message: `${DOWN} ${toAdvice(cause)} (${why})` });
}

const RECOVERED = "Descope's keys can be fetched again.";
const STALE =
  "Descope's keys cannot be fetched. The keys in memory are used for up to keyFetch.maxStaleSeconds. If this continues, check the network connection to baseUrl.";
const DOWN =
  "Descope's keys cannot be fetched, and no keys are in memory. Requests with a token get 503 until the keys can be fetched.";
const NO_ANSWER = 'If this continues, check projectId and baseUrl.';
const REJECTED = 'The host answers, but not with keys of this project: check the project id.';

// 408 and 429 pass by themselves (RFC 9110 §15.5.9, RFC 6585 §4).
function toAdvice(cause: unknown): string {
  const status = cause instanceof RequestFailure ? (cause.status ?? 0) : 0;
  return status >= 400 && status < 500 && status !== 408 && status !== 429 ? REJECTED : NO_ANSWER;
}
