// Exchanges that failed a moment ago: the next caller need not find out again, and Descope is not asked again.
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import type { DescopeError } from '../errors.js';

const MAX_ENTRIES = 10_000;
const MAX_OUTAGE_SECONDS = 30; // Descope may name hours; a try costs little, and ends them
const MOMENT_MS = 1_000;

interface Failure {
  readonly error: DescopeError;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class FailureMemory {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>(); // from old to new

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Recalls why the exchange of a credential failed, as long as that counts. */
  recall(digest: string): DescopeError | undefined {
    const failure = this.#failures.get(digest);
    if (failure === undefined) return undefined;
    const nowMs = this.#clock();
    if (nowMs >= failure.sinceMs && nowMs < failure.untilMs) return failure.error;
    this.#failures.delete(digest);
    return undefined;
  }

  /** Remembers a failure; an outage for as long as it asks for, within bounds, anything without a time for a moment. */
  remember(digest: string, error: DescopeError, keepMs: number = toKeepMs(error)): void {
    const sinceMs = this.#clock();
    this.#failures.delete(digest); // what is set again would keep its old place
    this.#makeRoom(sinceMs);
    this.#failures.set(digest, { error, sinceMs, untilMs: sinceMs + keepMs });
  }

  #makeRoom(nowMs: number): void {
    for (const [digest, { untilMs }] of this.#failures) {
      if (untilMs > nowMs && this.#failures.size < MAX_ENTRIES) return;
      this.#failures.delete(digest);
    }
  }
}

function toKeepMs(error: DescopeError): number {
  if (!(error instanceof DescopeUnavailableError)) return MOMENT_MS;
  return 1000 * Math.min(error.retryAfterSeconds, MAX_OUTAGE_SECONDS);
}
