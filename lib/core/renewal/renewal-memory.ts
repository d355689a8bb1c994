// What renewals brought, kept for the parallel tabs and instances that come with the same refresh token.
import type { IssuedTokens } from '../api/issued-tokens.js';
import type { Clock } from '../clock.js';
import { ExpiringMap } from '../expiring-map.js';
import type { Notice, Notify } from '../notice.js';
import { isJsonObject, readText } from '../token/claims.js';
import type { KeyValueStore } from '../session/key-value-store.js';
import { boundStore } from '../session/bounded-store.js';
import type { StoreSilence } from '../session/bounded-store.js';
import { RenewalFlights } from './renewal-flights.js';
import { readEndMs, readOwner } from './token-end.js';
import { seal, toTokenDigest, unseal } from './sealed-box.js';

const KEEP_MS = 30_000;
const SUPERSEDED_MS = 3_600_000;
const MAX_ENTRIES = 10_000;
const PREFIX = 'nestjs-descope:renewed:';
const MARKER = 'superseded';
const STORE_FAILED: Notice = {
  code: 'RENEWAL_STORE_FAILED',
  level: 'warn',
  message: 'The renewalStore cannot be used; instances renew sessions on their own until it can.',
};

/** What the memory is told. */
export interface RenewalMemoryInput {
  readonly clock: Clock;
  readonly store: KeyValueStore | undefined;
  readonly notify: Notify;
  readonly silence?: StoreSilence;
}

/** One flight per refresh token, and its result for a while. */
export class RenewalMemory {
  readonly #clock: Clock;
  readonly #store: KeyValueStore | undefined;
  readonly #flights: RenewalFlights;
  readonly #superseded: ExpiringMap<string>; // by digest: whose token it was

  constructor(input: RenewalMemoryInput) {
    this.#clock = input.clock;
    this.#flights = new RenewalFlights(input.clock, KEEP_MS);
    this.#superseded = new ExpiringMap(MAX_ENTRIES, input.clock, (owner) => owner);
    this.#store = input.store && boundStore(input.store, { ...input, failure: STORE_FAILED });
  }

  /** Joins the flight of a refresh token, or starts it. */
  share(refreshToken: string, start: () => Promise<IssuedTokens>): Promise<IssuedTokens> {
    const digest = toTokenDigest(refreshToken);
    const known = this.#flights.find(digest);
    if (known !== undefined) return known;
    const issued = start();
    this.#flights.start({ digest, owner: readOwner(refreshToken) }, issued, ({ sessionToken }) =>
      this.#toKeepMs(sessionToken),
    );
    return issued;
  }

  /** Recalls what a token was renewed to a moment ago, here or elsewhere; waits for a renewal that is on its way. */
  async recall(refreshToken: string): Promise<IssuedTokens | undefined> {
    const known = this.#flights.find(toTokenDigest(refreshToken));
    return known === undefined ? this.readShared(refreshToken) : known.catch(() => undefined);
  }

  /** Reads what another instance got for this refresh token; only its holder can. */
  async readShared(refreshToken: string): Promise<IssuedTokens | undefined> {
    const sealed = await this.#ask((store) => store.get(PREFIX + toTokenDigest(refreshToken)));
    const text = typeof sealed === 'string' ? unseal(sealed, refreshToken) : undefined;
    return text === undefined ? undefined : toIssuedTokens(text);
  }

  /** Keeps what was got, and that a refresh token which rotated is superseded now. */
  async keep(refreshToken: string, issued: IssuedTokens): Promise<void> {
    const digest = toTokenDigest(refreshToken);
    const sealed = seal(JSON.stringify(issued), refreshToken);
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const keeping = keepMs > 0 ? this.#ask((store) => store.set(PREFIX + digest, sealed, keepMs)) : undefined;
    if (issued.refreshToken !== undefined && issued.refreshToken !== refreshToken) {
      this.#superseded.set(digest, readOwner(refreshToken), this.#clock() + SUPERSEDED_MS);
      await this.#ask((store) => store.set(PREFIX + digest + MARKER, MARKER, SUPERSEDED_MS));
    }
    await keeping;
  }

  /** Puts what a later call brought, such as a selected tenant, in place of what the token was renewed to. */
  async replace(refreshToken: string, issued: IssuedTokens): Promise<void> {
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const key = { digest: toTokenDigest(refreshToken), owner: readOwner(refreshToken) };
    this.#flights.set(key, Promise.resolve(issued), keepMs);
    await this.keep(refreshToken, issued);
  }

  /** Forgets what a token was renewed to, here and in the store. */
  async forget(refreshToken: string): Promise<void> {
    const key = toTokenDigest(refreshToken);
    this.#flights.forget(key);
    await this.#ask((store) => store.delete(PREFIX + key));
  }

  /** Tells whether the token may have been superseded by a renewal; also when the store cannot say. */
  async isSuperseded(refreshToken: string): Promise<boolean> {
    const digest = toTokenDigest(refreshToken);
    if (this.#superseded.get(digest) !== undefined) return true;
    const marker = await this.#ask((store) => store.get(PREFIX + digest + MARKER), MARKER);
    return marker !== undefined && marker !== null; // whatever a store makes of what it was given
  }

  // Not beyond the session itself: handed out after its end it would be refused, and the browser signed out.
  #toKeepMs(sessionToken: string): number {
    const nowMs = this.#clock();
    return Math.max(0, Math.min(KEEP_MS, (readEndMs(sessionToken) ?? nowMs) - nowMs));
  }

  // A store that is down must not sign anybody out: without it, instances renew on their own.
  async #ask(call: (store: KeyValueStore) => Promise<unknown>, onFailure?: string): Promise<unknown> {
    if (this.#store === undefined) return undefined;
    try {
      return await call(this.#store);
    } catch {
      return onFailure; // noted
    }
  }
}

function toIssuedTokens(text: string): IssuedTokens | undefined {
  const value: unknown = JSON.parse(text);
  const sessionToken = isJsonObject(value) ? readText(value, 'sessionToken') : undefined;
  if (!isJsonObject(value) || sessionToken === undefined) return undefined;
  return { sessionToken, refreshToken: readText(value, 'refreshToken') };
}
