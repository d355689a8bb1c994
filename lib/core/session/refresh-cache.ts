// Results of refreshes for parallel tabs and other instances, encrypted with a key from their token.
import type { IssuedTokens } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import type { FailureMemory, Loaded } from '../expiring-cache.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { decryptToken, encryptToken, toTokenDigest } from '../store/token-encryption.js';
import { isJsonObject, readText } from '../token/claims.js';
import { readEndMs, readOwner } from '../token/decode.js';

const KEEP_MS = 30_000;
const OUTAGE_MS = 2_000;
const SUPERSEDED_MS = 3_600_000;
const MAX_ENTRIES = 10_000;
const PREFIX = 'nestjs-descope:refreshed:';
const MARKER = 'superseded';

/** The input of `RefreshCache`. */
export interface RefreshCacheInput {
  readonly clock: Clock;
  /** The store that instances share. Its calls must end within a bounded time. */
  readonly store: KeyValueStore | undefined;
}

/** One refresh per refresh token in this process, and its result for up to 30 seconds, here and in the shared store. */
export class RefreshCache {
  readonly #clock: Clock;
  readonly #store: KeyValueStore | undefined;
  // Both by the digest of the refresh token, owned by its subject.
  readonly #results: ExpiringCache<IssuedTokens>;
  readonly #superseded: ExpiringCache<true>;

  constructor({ clock, store }: RefreshCacheInput) {
    this.#clock = clock;
    const failures = { maxEntries: MAX_ENTRIES, toMemory };
    this.#results = new ExpiringCache({ clock, maxEntries: MAX_ENTRIES, failures });
    this.#superseded = new ExpiringCache({ clock, maxEntries: MAX_ENTRIES, survivesClockReset: true });
    this.#store = store;
  }

  /** Returns the recent result of a refresh token, or waits for its refresh, or starts it. */
  share(refreshToken: string, start: () => Promise<IssuedTokens>): MaybePromise<IssuedTokens> {
    const load = async (): Promise<Loaded<IssuedTokens>> => {
      const value = await start();
      // A result that cannot be used, or is expired, counts as an outage.
      return { value, untilMs: this.#clock() + (this.#toKeepMs(value.sessionToken) || OUTAGE_MS) };
    };
    return this.#results.getOrLoad(toTokenDigest(refreshToken), load, readOwner(refreshToken));
  }

  /** Returns the recent result of a refresh token in this process, if there is one. */
  get(refreshToken: string): IssuedTokens | undefined {
    return this.#results.get(toTokenDigest(refreshToken));
  }

  /** Returns the recent result of a refresh token in this process, or its refresh under way. Throws a failure that is remembered. */
  getOrJoin(refreshToken: string): MaybePromise<IssuedTokens> | undefined {
    return this.#results.getOrJoin(toTokenDigest(refreshToken));
  }

  /** Finds the recent result of a refresh token, here or in the store; waits for a refresh that is under way. */
  async recall(refreshToken: string): Promise<IssuedTokens | undefined> {
    try {
      const known = await this.getOrJoin(refreshToken);
      if (known !== undefined) return known;
    } catch {
      return undefined; // that refresh failed
    }
    return this.readShared(refreshToken);
  }

  /** Reads the result of another instance for this refresh token. Without the token it cannot be decrypted. */
  async readShared(refreshToken: string): Promise<IssuedTokens | undefined> {
    const encrypted = await this.#ask((store) => store.get(PREFIX + toTokenDigest(refreshToken)));
    const text = decryptToken(encrypted, refreshToken, 'refresh');
    return text === undefined ? undefined : toIssuedTokens(text);
  }

  /**
   * Keeps issued tokens, and marks the refresh token as superseded if it rotated.
   * @returns whether other instances can read the tokens
   */
  async keep(refreshToken: string, issued: IssuedTokens): Promise<boolean> {
    const digest = toTokenDigest(refreshToken);
    const encrypted = encryptToken(JSON.stringify(issued), refreshToken, 'refresh');
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const keeping = keepMs > 0 && this.#write(PREFIX + digest, encrypted, keepMs);
    if (issued.refreshToken !== undefined && issued.refreshToken !== refreshToken) {
      const untilMs = this.#clock() + SUPERSEDED_MS;
      this.#superseded.set(digest, true, { untilMs, owner: readOwner(refreshToken) });
      await this.#write(PREFIX + digest + MARKER, MARKER, SUPERSEDED_MS);
    }
    return keeping;
  }

  /**
   * Replaces the result of a refresh token by the tokens of a later call, such as the selection of a tenant.
   * @returns whether other instances can read the tokens
   */
  async replace(refreshToken: string, issued: IssuedTokens): Promise<boolean> {
    const untilMs = this.#clock() + this.#toKeepMs(issued.sessionToken);
    this.#results.set(toTokenDigest(refreshToken), issued, { untilMs, owner: readOwner(refreshToken) });
    return this.keep(refreshToken, issued);
  }

  /** Deletes the result of a refresh token, here and in the store. */
  async forget(refreshToken: string): Promise<void> {
    const digest = toTokenDigest(refreshToken);
    this.#results.delete(digest);
    await this.#ask((store) => store.delete(PREFIX + digest));
  }

  /** Checks whether a refresh may have superseded the token: `true` also if the store cannot be reached. */
  async isSuperseded(refreshToken: string): Promise<boolean> {
    const digest = toTokenDigest(refreshToken);
    if (this.#superseded.get(digest) === true) return true;
    const marker = await this.#ask((store) => store.get(PREFIX + digest + MARKER), MARKER);
    return marker !== undefined && marker !== null; // in whatever form the store returns it
  }

  // Not beyond the end of the session: after that it would be rejected, and the browser signed out.
  #toKeepMs(sessionToken: string): number {
    const nowMs = this.#clock();
    return Math.max(0, Math.min(KEEP_MS, (readEndMs(sessionToken) ?? nowMs) - nowMs));
  }

  async #write(key: string, text: string, ttlMs: number): Promise<boolean> {
    const isKept = await this.#ask(async (store) => {
      await store.set(key, text, ttlMs);
      return true;
    });
    return isKept === true;
  }

  // A store that is down must not sign users out: without it, each instance refreshes separately.
  async #ask(call: (store: KeyValueStore) => Promise<unknown>, onFailure?: string): Promise<unknown> {
    if (this.#store === undefined) return undefined;
    try {
      return await call(this.#store);
    } catch {
      return onFailure; // logged by the bounded store
    }
  }
}

// An outage is remembered for 2 seconds, so that a browser's next requests do not all wait for the same time-out.
function toMemory(error: unknown): FailureMemory | undefined {
  return error instanceof DescopeUnavailableError ? { keepMs: OUTAGE_MS } : undefined;
}

function toIssuedTokens(text: string): IssuedTokens | undefined {
  const value: unknown = JSON.parse(text);
  const sessionToken = isJsonObject(value) ? readText(value, 'sessionToken') : undefined;
  if (!isJsonObject(value) || sessionToken === undefined) return undefined;
  return { sessionToken, refreshToken: readText(value, 'refreshToken') };
}
