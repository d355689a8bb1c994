// Renewals on their way, and what they brought for a while: one flight per refresh token in this process.
import type { IssuedTokens } from '../api/issued-tokens.js';
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { OwnerShares } from '../owner-shares.js';

const OUTAGE_MS = 2_000;
const MAX_FLIGHTS = 10_000;

interface Flight {
  readonly issued: Promise<IssuedTokens>;
  readonly untilMs: number;
  readonly owner: string;
}

/** Which refresh token a flight is of, by its digest, and whose token that is. */
export interface FlightKey {
  readonly digest: string;
  readonly owner: string;
}

/** Flights by the digest of their refresh token. */
export class RenewalFlights {
  readonly #clock: Clock;
  readonly #mostMs: number;
  // They stand in the order of their start, which is nearly that of their end.
  readonly #flights = new Map<string, Flight>();
  readonly #shares = new OwnerShares();

  /** Keeps a flight for `mostMs` at most, in milliseconds. */
  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock;
    this.#mostMs = mostMs;
  }

  /** Finds a flight that still counts. */
  find(key: string): Promise<IssuedTokens> | undefined {
    const known = this.#flights.get(key);
    if (known === undefined) return undefined;
    const leftMs = known.untilMs - this.#clock();
    // The upper end is for a clock that was set back: what is remembered for seconds must not last for hours then.
    return leftMs > 0 && leftMs <= this.#mostMs ? known.issued : undefined;
  }

  /**
   * Starts a flight; `toKeepMs` says how long what it brings is of use. A refusal is forgotten at once; an outage is
   * remembered for a moment, so that a browser's next requests do not all wait for the same time-out.
   */
  start(key: FlightKey, issued: Promise<IssuedTokens>, toKeepMs: (issued: IssuedTokens) => number): void {
    this.#forgetEnded();
    this.set(key, issued, this.#mostMs);
    issued.then(
      // What cannot be used, or no longer, is as good as an outage.
      (tokens) => this.#keep(key, issued, toKeepMs(tokens) || OUTAGE_MS),
      (error: unknown) => this.#keep(key, issued, error instanceof DescopeUnavailableError ? OUTAGE_MS : 0),
    );
  }

  /** Puts something in the place of a flight, for this long. */
  set({ digest, owner }: FlightKey, issued: Promise<IssuedTokens>, keepMs: number): void {
    this.forget(digest); // what is set again would keep its old place
    if (this.#flights.size >= MAX_FLIGHTS) this.forget(this.#findFirst(owner));
    this.#flights.set(digest, { issued, owner, untilMs: this.#clock() + keepMs });
    this.#shares.add(owner, digest);
  }

  forget(digest: string): void {
    const flight = this.#flights.get(digest);
    if (flight === undefined) return;
    this.#flights.delete(digest);
    this.#shares.remove(flight.owner, digest);
  }

  // Of whoever holds the most: one user's many tokens must not cost another the session that was just renewed.
  #findFirst(owner: string): string {
    const crowd = this.#shares.findCrowd(owner) ?? this.#flights.keys();
    const [first = ''] = crowd;
    return first;
  }

  // Tokens are not held longer than they are of use.
  #forgetEnded(): void {
    for (const [digest, { untilMs }] of this.#flights) {
      if (untilMs > this.#clock()) return;
      this.forget(digest);
    }
  }

  #keep({ digest, owner }: FlightKey, issued: Promise<IssuedTokens>, keepMs: number): void {
    if (this.#flights.get(digest)?.issued !== issued) return; // it had to make room meanwhile
    if (keepMs <= 0) this.forget(digest);
    else this.#flights.set(digest, { issued, owner, untilMs: this.#clock() + keepMs });
  }
}
