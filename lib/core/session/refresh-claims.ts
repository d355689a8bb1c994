// Who uses a refresh token: the instance that claims it first in the shared store, and within it one call at a time; the others
// wait for the result.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IssuedTokens } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import type { Notice, Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { toTokenDigest } from '../store/token-encryption.js';

const PREFIX = 'nestjs-descope:refreshing:';
const VALUE = '1';
const SPARE_MS = 5_000; // for the store's calls before and after Descope's
const GRACE_MS = 1_000;
const RETRY_AFTER_SECONDS = 1;
const FIRST_WAIT_MS = 15;
const LONGEST_WAIT_MS = 250;

/** The input of `RefreshClaims`. */
export interface RefreshClaimsInput {
  readonly clock: Clock;
  /** The store that instances share, if there is one. Its calls must end within a bounded time. */
  readonly store: KeyValueStore | undefined;
  /** The time limit of a refresh at Descope, in milliseconds. */
  readonly callTimeMs: number;
  readonly notify: Notify;
}

/** The turn of this instance to refresh a token, or what another one has refreshed. */
export interface RefreshTurn {
  readonly found?: IssuedTokens | undefined;
  /** Whether no other instance refreshes the token meanwhile. */
  readonly isAlone: boolean;
  /** Ends the claim, if there is one. Never rejects. */
  release(): Promise<void>;
}

export class RefreshClaims {
  readonly #input: RefreshClaimsInput;

  constructor(input: RefreshClaimsInput) {
    this.#input = input;
  }

  /**
   * Waits for the turn of this instance, or for the result of another one. Without `setIfAbsent`, and if the store cannot be
   * reached, each instance refreshes on its own. Rejects with `DESCOPE_UNAVAILABLE` if the result of another one does not
   * come in time: a second refresh could end the sign-in.
   */
  async take(
    refreshToken: string,
    readShared: () => Promise<IssuedTokens | undefined>,
  ): Promise<RefreshTurn> {
    const key = PREFIX + toTokenDigest(refreshToken);
    let deadline: AbortSignal | undefined;
    for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
      const isClaimed = await this.#claim(key);
      const release = this.#createRelease(isClaimed === true ? key : undefined);
      const found = await readShared(); // after the claim: the claim before it ended with a result
      if (found !== undefined) await release();
      const isTurn = isClaimed ?? deadline === undefined;
      if (found !== undefined || isTurn) return { found, isAlone: isClaimed === true, release };
      deadline ??= AbortSignal.timeout(this.#input.callTimeMs + GRACE_MS);
      if (deadline.aborted) throw this.#late();
      await sleep(waitMs);
    }
  }

  /** Starts the time for which a call waits for others of this process. */
  startWaiting(): AbortSignal {
    return AbortSignal.timeout(this.#input.callTimeMs + GRACE_MS);
  }

  /** Waits for another call of this process. Rejects with `DESCOPE_UNAVAILABLE` if it does not end in time. */
  async waitFor(other: Promise<void>, deadline: AbortSignal): Promise<void> {
    if (!deadline.aborted) await Promise.race([other, once(deadline, 'abort')]);
    if (deadline.aborted) throw this.#toLate('Another request uses this session, and did not end in time.');
  }

  // `undefined`: nobody can claim anything.
  async #claim(key: string): Promise<boolean | undefined> {
    const { store, callTimeMs } = this.#input;
    try {
      return await store?.setIfAbsent?.(key, VALUE, callTimeMs + SPARE_MS);
    } catch {
      return undefined; // logged by the bounded store
    }
  }

  // A claim that has ended by its time may be another instance's now.
  #createRelease(key: string | undefined): () => Promise<void> {
    const { store, callTimeMs, clock } = this.#input;
    const startedAtMs = clock();
    return async () => {
      if (key === undefined || readElapsedMs(clock, startedAtMs) >= callTimeMs + SPARE_MS) return;
      await store?.delete(key).catch(() => undefined); // logged by the bounded store, and it ends by itself
    };
  }

  #late(): DescopeUnavailableError {
    this.#input.notify(LATE);
    return this.#toLate('Another instance refreshes this session, and its result did not come in time.');
  }

  #toLate(message: string): DescopeUnavailableError {
    const input = { retryAfterSeconds: RETRY_AFTER_SECONDS };
    const error = new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, input);
    publishOutage(error.code, error.retryAfterSeconds, readProjectId(this.#input.notify));
    return error;
  }
}

const LATE: Notice = {
  code: 'DESCOPE_UNAVAILABLE',
  level: 'warn',
  message:
    'Another instance began to refresh a session, and its result did not come in time. Requests with this session get 503 until the claim of that instance ends. If this continues, check whether instances stop while they refresh, and whether shared.store keeps what they write.',
};

/** The calls of this process that issue tokens for a refresh token and are no refreshes: its refreshes wait for them. */
export class IssuingTurns {
  readonly #turns = new Map<string, Promise<void>>();

  /** Finds the end of the call of a refresh token. */
  find(refreshToken: string): Promise<void> | undefined {
    return this.#turns.get(refreshToken);
  }

  /** Opens the turn of a call; returns a function that ends it. */
  open(refreshToken: string): () => void {
    let end: () => void = () => undefined;
    this.#turns.set(refreshToken, new Promise((resolve) => (end = resolve)));
    return () => {
      this.#turns.delete(refreshToken);
      end();
    };
  }
}
