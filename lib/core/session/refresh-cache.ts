// What refreshes brought, kept for the parallel tabs and instances that come with the same refresh token.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import type { IssuedTokens } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { DescopeUnavailableError } from '../errors.js';
import { ExpiringMap, OwnerShares } from '../expiring-map.js';
import type { Notice, Notify } from '../logging.js';
import { isJsonObject, readText } from '../token/claims.js';
import { readEndMs, readOwner } from '../token/decode.js';
import type { KeyValueStore, StoreSilence } from './key-value-store.js';
import { boundStore } from './key-value-store.js';

const KEEP_MS = 30_000;
const SUPERSEDED_MS = 3_600_000;
const MAX_ENTRIES = 10_000;
const PREFIX = 'nestjs-descope:refreshed:';
const MARKER = 'superseded';
const STORE_FAILED: Notice = {
  code: 'RENEWAL_STORE_FAILED',
  level: 'warn',
  message: 'The renewalStore cannot be used; instances refresh sessions on their own until it can.',
};

/** What the memory is told. */
export interface RefreshCacheInput {
  readonly clock: Clock;
  readonly store: KeyValueStore | undefined;
  readonly notify: Notify;
  readonly silence?: StoreSilence;
}

/** One flight per refresh token, and its result for a while. */
export class RefreshCache {
  readonly #clock: Clock;
  readonly #store: KeyValueStore | undefined;
  readonly #flights: SharedRefreshes;
  readonly #superseded: ExpiringMap<string>; // by digest: whose token it was

  constructor(input: RefreshCacheInput) {
    this.#clock = input.clock;
    this.#flights = new SharedRefreshes(input.clock, KEEP_MS);
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

  /** Recalls what a token was refreshed to a moment ago, here or elsewhere; waits for a refresh that is on its way. */
  async recall(refreshToken: string): Promise<IssuedTokens | undefined> {
    const known = this.#flights.find(toTokenDigest(refreshToken));
    return known === undefined ? this.readShared(refreshToken) : known.catch(() => undefined);
  }

  /** Reads what another instance got for this refresh token; only its holder can. */
  async readShared(refreshToken: string): Promise<IssuedTokens | undefined> {
    const sealed = await this.#ask((store) => store.get(PREFIX + toTokenDigest(refreshToken)));
    const text = typeof sealed === 'string' ? decryptToken(sealed, refreshToken) : undefined;
    return text === undefined ? undefined : toIssuedTokens(text);
  }

  /** Keeps what was got, and that a refresh token which rotated is superseded now. */
  async keep(refreshToken: string, issued: IssuedTokens): Promise<void> {
    const digest = toTokenDigest(refreshToken);
    const sealed = encryptToken(JSON.stringify(issued), refreshToken);
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const keeping = keepMs > 0 ? this.#ask((store) => store.set(PREFIX + digest, sealed, keepMs)) : undefined;
    if (issued.refreshToken !== undefined && issued.refreshToken !== refreshToken) {
      this.#superseded.set(digest, readOwner(refreshToken), this.#clock() + SUPERSEDED_MS);
      await this.#ask((store) => store.set(PREFIX + digest + MARKER, MARKER, SUPERSEDED_MS));
    }
    await keeping;
  }

  /** Puts what a later call brought, such as a selected tenant, in place of what the token was refreshed to. */
  async replace(refreshToken: string, issued: IssuedTokens): Promise<void> {
    const keepMs = this.#toKeepMs(issued.sessionToken);
    const key = { digest: toTokenDigest(refreshToken), owner: readOwner(refreshToken) };
    this.#flights.set(key, Promise.resolve(issued), keepMs);
    await this.keep(refreshToken, issued);
  }

  /** Forgets what a token was refreshed to, here and in the store. */
  async forget(refreshToken: string): Promise<void> {
    const key = toTokenDigest(refreshToken);
    this.#flights.forget(key);
    await this.#ask((store) => store.delete(PREFIX + key));
  }

  /** Tells whether the token may have been superseded by a refresh; also when the store cannot say. */
  async isSuperseded(refreshToken: string): Promise<boolean> {
    const digest = toTokenDigest(refreshToken);
    if (this.#superseded.get(digest) !== undefined) return true;
    const marker = await this.#ask((store) => store.get(PREFIX + digest + MARKER), MARKER);
    return marker !== undefined && marker !== null; // whatever a store makes of what it was given
  }

  // Not beyond the session itself: handed out after its end it would be rejected, and the browser signed out.
  #toKeepMs(sessionToken: string): number {
    const nowMs = this.#clock();
    return Math.max(0, Math.min(KEEP_MS, (readEndMs(sessionToken) ?? nowMs) - nowMs));
  }

  // A store that is down must not sign anybody out: without it, instances refresh on their own.
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

// Refreshes on their way, and what they brought for a while: one flight per refresh token in this process.

const OUTAGE_MS = 2_000;
const MAX_FLIGHTS = 10_000;

interface Flight {
  readonly issued: Promise<IssuedTokens>;
  readonly untilMs: number;
  readonly owner: string;
}

/** Which refresh token a flight is of, by its digest, and whose token that is. */
export interface RefreshKey {
  readonly digest: string;
  readonly owner: string;
}

/** Flights by the digest of their refresh token. */
export class SharedRefreshes {
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
   * Starts a flight; `toKeepMs` says how long what it brings is of use. A rejection is forgotten at once; an outage is
   * remembered for a moment, so that a browser's next requests do not all wait for the same time-out.
   */
  start(key: RefreshKey, issued: Promise<IssuedTokens>, toKeepMs: (issued: IssuedTokens) => number): void {
    this.#forgetEnded();
    this.set(key, issued, this.#mostMs);
    issued.then(
      // What cannot be used, or no longer, is as good as an outage.
      (tokens) => this.#keep(key, issued, toKeepMs(tokens) || OUTAGE_MS),
      (error: unknown) => this.#keep(key, issued, error instanceof DescopeUnavailableError ? OUTAGE_MS : 0),
    );
  }

  /** Puts something in the place of a flight, for this long. */
  set({ digest, owner }: RefreshKey, issued: Promise<IssuedTokens>, keepMs: number): void {
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

  // Of anyone who holds the most: one user's many tokens must not cost another the session that was just refreshed.
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

  #keep({ digest, owner }: RefreshKey, issued: Promise<IssuedTokens>, keepMs: number): void {
    if (this.#flights.get(digest)?.issued !== issued) return; // it had to make room meanwhile
    if (keepMs <= 0) this.forget(digest);
    else this.#flights.set(digest, { issued, owner, untilMs: this.#clock() + keepMs });
  }
}

// Values that only the holder of a token can read: what a shared store keeps must not be worth stealing.

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The name under which something about a token is kept; it does not give the token away. */
export function toTokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Encrypts a text so that the same token opens it again. */
export function encryptToken(text: string, token: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, toKey(token), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Opens what `seal` made; `undefined` for anything else. */
export function decryptToken(text: string, token: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, toKey(token), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return undefined; // altered, or of another token: GCM says no more than that
  }
}

function toKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'nestjs-descope refresh', 32));
}
