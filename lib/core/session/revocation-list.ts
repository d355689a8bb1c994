// Tokens that were signed out before their end: a copied cookie must not work after the sign-out.
import { createHash } from 'node:crypto';
import type { Clock } from '../clock.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import { publishOutage } from '../events.js';
import { ExpiringCache } from '../expiring-cache.js';
import type { Notice, Notify } from '../logging.js';
import { readProjectId } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/claims.js';
import type { KeyValueStore } from './key-value-store.js';
import type { ChainedToken } from './sign-in-chains.js';
import { AheadTokens, toTokenKey } from './sign-in-chains.js';

const MAX_ENTRIES = 100_000;
const MAX_LEEWAY_MS = 60_000; // the greatest leewaySeconds, for which a token is accepted after its end
const RETRY_AFTER_SECONDS = 1;
const PREFIX = 'nestjs-descope:signed-out:';
const FULL: Notice = {
  code: 'SIGN_OUT_LIST_FULL',
  level: 'error',
  message:
    `This process stores ${MAX_ENTRIES} sign-outs of different users and has no room for more. It removes those that expire first: ` +
    'their sessions are accepted again until they expire. Set session.signOutStore, which has no such limit.',
};

const CROWDED: Notice = {
  code: 'SIGN_OUT_LIST_FULL',
  level: 'warn',
  message:
    `This process stores ${MAX_ENTRIES} sign-outs and has no room for more. Many of them are of one user, whose older sessions are now ` +
    'rejected together, also on other devices. Set session.signOutStore, which has no such limit.',
};

interface Entry {
  /** The key of the subject, which owns the entry. */
  readonly owner: string;
  readonly untilMs: number;
  readonly issuedUpTo: number;
  /** When the signed-out token was issued, in seconds; in the entry of a subject, the same as `issuedUpTo`. */
  readonly issuedAt: number;
}

/** Rejects signed-out tokens, in this process or in all processes that share a store. */
export class RevocationList {
  readonly #clock: Clock;
  readonly #ahead: AheadTokens;
  readonly #store: KeyValueStore | undefined;
  readonly #notify: Notify;
  readonly #entries: ExpiringCache<Entry>;
  // Two digests take longer than the rest of the request pipeline for a cached token, whose claims stay the same object.
  readonly #keys = new WeakMap<DescopeClaims, readonly string[]>();

  constructor(clock: Clock, store: KeyValueStore | undefined, notify: Notify) {
    this.#clock = clock;
    this.#ahead = new AheadTokens(clock);
    this.#store = store;
    this.#notify = notify;
    this.#entries = new ExpiringCache({
      clock,
      maxEntries: MAX_ENTRIES,
      evicts: 'first-to-end',
      survivesClockReset: true,
    });
  }

  /** Revokes this token until it ends. */
  signOut(token: string, claims: DescopeClaims): Promise<void> {
    const [untilMs, issuedUpTo] = [claims.exp * 1000, Number.POSITIVE_INFINITY];
    return this.#add(toTokenKey(token), claims, { untilMs, issuedUpTo, issuedAt: claims.iat ?? 0 });
  }

  /** Revokes tokens of one subject that are known only by their digests, each until it ends. */
  async signOutChained(tokens: readonly ChainedToken[], claims: DescopeClaims): Promise<void> {
    const issuedUpTo = Number.POSITIVE_INFINITY;
    const latest = Math.ceil((this.#clock() + MAX_LEEWAY_MS) / 1000);
    await Promise.all(
      tokens.map(({ key, untilMs, issuedAt = latest }) =>
        this.#add(key, claims, { untilMs, issuedUpTo, issuedAt }),
      ),
    );
  }

  /**
   * Revokes every token of the subject that was issued up to this second, until `untilMs`. The whole second counts: a new
   * sign-in within it is rejected too. Known tokens with a later `iat` are revoked one by one.
   */
  async signOutEverywhere(
    claims: DescopeClaims,
    untilMs: number,
    issuedUpTo: number = Math.floor(this.#clock() / 1000),
  ): Promise<void> {
    await Promise.all([
      this.#add(toSubjectKey(claims), claims, { untilMs, issuedUpTo, issuedAt: issuedUpTo }),
      this.signOutChained(this.#ahead.find(claims, issuedUpTo), claims),
    ]);
  }

  /** Asserts that neither the token nor all tokens of its subject were signed out. Throws `SESSION_SIGNED_OUT`. */
  assertActive(token: string, claims: DescopeClaims): MaybePromise<void> {
    this.#ahead.remember(token, claims);
    if (this.#store === undefined && this.#entries.size === 0) return;
    const keys = this.#toKeys(token, claims);
    const issuedAt = claims.iat ?? 0;
    if (keys.some((key) => this.#isListed(key, issuedAt))) throw signedOut();
    if (this.#store === undefined) return;
    return this.#assertUnlisted(this.#store, keys, issuedAt);
  }

  #toKeys(token: string, claims: DescopeClaims): readonly string[] {
    const known = this.#keys.get(claims);
    if (known !== undefined) return known;
    const keys = [toTokenKey(token), toSubjectKey(claims)];
    this.#keys.set(claims, keys);
    return keys;
  }

  async #assertUnlisted(store: KeyValueStore, keys: readonly string[], issuedAt: number): Promise<void> {
    try {
      const [token, subject] = await Promise.all(keys.map((key) => store.get(PREFIX + key)));
      if (isKept(token) || (isKept(subject) && issuedAt <= readCut(subject))) throw signedOut();
    } catch (error) {
      if (error instanceof DescopeCredentialError) throw error;
      publishOutage('SIGN_OUTS_UNAVAILABLE', RETRY_AFTER_SECONDS, readProjectId(this.#notify));
      throw unavailable(error);
    }
  }

  #isListed(key: string, issuedAt: number): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && issuedAt <= entry.issuedUpTo;
  }

  async #add(key: string, claims: DescopeClaims, added: Omit<Entry, 'owner'>): Promise<void> {
    // A later sign-out never shortens an earlier one.
    const known = this.#entries.get(key);
    const entry = {
      owner: toSubjectKey(claims),
      untilMs: Math.max(added.untilMs + MAX_LEEWAY_MS, known?.untilMs ?? 0),
      issuedUpTo: Math.max(added.issuedUpTo, known?.issuedUpTo ?? 0),
      issuedAt: Math.max(added.issuedAt, known?.issuedAt ?? 0),
    };
    const ttlMs = Math.ceil(entry.untilMs - this.#clock());
    if (ttlMs <= 0) return; // it has expired
    if (known === undefined) this.#makeRoom(entry);
    const hadRoom = this.#entries.set(key, entry, entry);
    if (!hadRoom && this.#store === undefined) this.#notify(FULL); // with a store, the evicted entry is still there
    await this.#store?.set(PREFIX + key, toKept(entry.issuedUpTo), ttlMs);
  }

  // A full list takes space from the subject with the most entries, without accepting a revoked token: the older half of its
  // single entries becomes one entry by date, which rejects all tokens of the subject that were issued up to then.
  #makeRoom(entry: Entry): void {
    const evictable = this.#store === undefined ? this.#entries.readEvictable(entry.owner) : [];
    if (evictable.length < 2) return;
    const byAge = [...evictable].sort(([, one], [, other]) => one.issuedAt - other.issuedAt);
    const merged = byAge.slice(0, Math.max(2, Math.ceil(evictable.length / 2))).map(([key, found]) => {
      this.#entries.delete(key);
      return found;
    });
    const owner = merged[0]?.owner ?? '';
    const known = this.#entries.get(owner);
    const all = known === undefined ? merged : [...merged, known];
    const issuedAt = all.reduce((latest, found) => Math.max(latest, found.issuedAt), 0);
    const untilMs = all.reduce((latest, found) => Math.max(latest, found.untilMs), 0);
    this.#entries.set(owner, { owner, untilMs, issuedUpTo: issuedAt, issuedAt }, { owner, untilMs });
    this.#notify(CROWDED);
  }
}

function toSubjectKey(claims: DescopeClaims): string {
  return `subject:${createHash('sha256').update(readSubjectId(claims)).digest('base64url')}`;
}

// A number as a string, because a store may deserialise it to a number. `Infinity` is not a number in JSON.
function toKept(issuedUpTo: number): string {
  return String(Math.min(issuedUpTo, Number.MAX_SAFE_INTEGER));
}

// Any value means a sign-out.
function isKept(value: unknown): boolean {
  return value !== undefined && value !== null;
}

// The second up to which tokens are rejected, written by this or another version of the package.
function readCut(value: unknown): number {
  const cut = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof cut === 'number' && !Number.isNaN(cut)) return cut;
  throw new Error('The signOutStore returned a value other than the one that was written.');
}

function signedOut(): DescopeCredentialError {
  return new DescopeCredentialError('SESSION_SIGNED_OUT', 'The session was signed out.');
}

// Without the store, a signed-out token would be accepted: all tokens are rejected until the store responds.
function unavailable(cause: unknown): DescopeUnavailableError {
  const message = 'The signOutStore cannot be reached at present.';
  return new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}
