// Exchanges that failed a moment ago: the next caller need not find out again, and Descope is not asked again.
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import type { DescopeError } from '../errors.js';
import { OwnerShares } from '../owner-shares.js';

const MAX_ENTRIES = 10_000;
const MAX_OUTAGE_SECONDS = 30; // Descope may name hours; a try costs little, and ends them
const MOMENT_MS = 1_000;

interface Failure {
  readonly error: DescopeError;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly owner: string;
}

/** How long a failure is remembered, and on whose account; each credential's own where nothing is known. */
export interface FailureKeeping {
  readonly keepMs?: number | undefined;
  readonly owner?: string | undefined;
}

export class FailureMemory {
  readonly #clock: Clock;
  readonly #failures = new Map<string, Failure>(); // from old to new
  readonly #shares = new OwnerShares();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Recalls why the exchange of a credential failed, as long as that counts. */
  recall(digest: string): DescopeError | undefined {
    const failure = this.#failures.get(digest);
    if (failure === undefined) return undefined;
    const nowMs = this.#clock();
    if (nowMs >= failure.sinceMs && nowMs < failure.untilMs) return failure.error;
    this.#forget(digest);
    return undefined;
  }

  /** Remembers a failure; an outage for as long as it asks for, within bounds, anything without a time for a moment. */
  remember(digest: string, error: DescopeError, keeping: FailureKeeping = {}): void {
    const { keepMs = toKeepMs(error), owner = digest } = keeping;
    const sinceMs = this.#clock();
    this.#forget(digest); // what is set again would keep its old place
    this.#makeRoom(sinceMs, owner);
    this.#failures.set(digest, { error, sinceMs, untilMs: sinceMs + keepMs, owner });
    this.#shares.add(owner, digest);
  }

  #makeRoom(nowMs: number, owner: string): void {
    for (const [digest, { untilMs }] of this.#failures) {
      if (untilMs > nowMs) break;
      this.#forget(digest);
    }
    if (this.#failures.size < MAX_ENTRIES) return;
    const [first] = this.#shares.findCrowd(owner) ?? this.#failures.keys();
    if (first !== undefined) this.#forget(first);
  }

  #forget(digest: string): void {
    const failure = this.#failures.get(digest);
    if (failure === undefined) return;
    this.#failures.delete(digest);
    this.#shares.remove(failure.owner, digest);
  }
}

function toKeepMs(error: DescopeError): number {
  if (!(error instanceof DescopeUnavailableError)) return MOMENT_MS;
  return 1000 * Math.min(error.retryAfterSeconds, MAX_OUTAGE_SECONDS);
}
