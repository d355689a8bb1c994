// Rejects revoked tokens on every request, from memory; says what is revoked, and hears it from other instances.
import type { Clock } from '../clock.js';
import { DescopeCredentialError } from '../errors.js';
import type { Notice, Notify } from '../logging.js';
import type { MaybePromise } from '../maybe-promise.js';
import { whenReady } from '../maybe-promise.js';
import type { DescopeClaims } from '../token/claims.js';
import { isJsonObject, readIssuerKind, readOwn, readSubjectId, readText } from '../token/claims.js';
import type { VerifiedToken } from '../token/token-verifier.js';
import type { DigestedToken } from './ahead-tokens.js';
import { AheadTokens, toTokenKey } from './ahead-tokens.js';
import type { Revocation, RevocationKey, RevocationScope } from './revocation.js';
import { NO_OWNER, REVOCATION_SCOPES, toRevocationKey, toSecond } from './revocation.js';
import { ALL_SCOPES, NO_SCOPE, RevocationTable } from './revocation-table.js';
import type { RevocationReceiver, RevocationSharing } from './sharing.js';
import { Watchers } from './watchers.js';

const PROJECT = ''; // its key has the project id anyway
const LEEWAY_SECONDS = 60; // the greatest leewaySeconds, for which a token is accepted after its end

// For how long a revocation by date counts: longer than any refresh token may live.
const DATED_SECONDS = 366 * 24 * 60 * 60;

const ANNOUNCED_SECONDS = 60 * 60; // the longest time for which users are remembered

const FULL: Notice = {
  code: 'SIGN_OUT_LIST_FULL',
  level: 'error',
  message:
    'This process holds as many revocations as it has room for. It forgets those that end first: their tokens are accepted again ' +
    'until they expire.',
};

const CROWDED: Notice = {
  code: 'SIGN_OUT_LIST_FULL',
  level: 'warn',
  message:
    'This process holds as many revocations as it has room for. Many of them are of a few users, whose older sessions are now ' +
    'rejected together, also on other devices.',
};

/** A revocation of everything in a scope that was issued before a moment. */
export interface DatedRevocation {
  readonly scope: Exclude<RevocationScope, 'session'>;
  /** The id of the user, tenant or access key; left out for the project. */
  readonly id?: string;
  /** Tokens that were issued up to and including this second are rejected. In epoch milliseconds. */
  readonly issuedBeforeMs: number;
  /**
   * Whether the moment is of Descope's clock, as the `iat` of tokens is: no token that was issued later is rejected. The clock of
   * this process may be behind. @defaultValue `false`
   */
  readonly isByDescopesClock?: boolean;
  /** When all of these tokens have expired, in epoch milliseconds. @defaultValue in 366 days */
  readonly untilMs?: number;
}

/** The input of `Revocations`. */
export interface RevocationsInput {
  readonly clock: Clock;
  readonly projectId: string;
  readonly notify: Notify;
  /** How other instances hear of revocations. Left out: they do not. */
  readonly createSharing?: ((receiver: RevocationReceiver) => RevocationSharing | undefined) | undefined;
  /** Receives each revocation of this and other instances, and the announcements of `announceChange`. */
  readonly onHeard?: ((revocation: Revocation) => void) | undefined;
  /** @defaultValue 2,000,000 */
  readonly maxEntries?: number;
}

export class Revocations implements RevocationReceiver {
  readonly #input: RevocationsInput;
  readonly #table: RevocationTable;
  readonly #ahead: AheadTokens;
  readonly #watchers = new Watchers();
  readonly #sharing: RevocationSharing | undefined;
  readonly #keyIds = new WeakMap<DescopeClaims, string>();
  #version = 1;

  constructor(input: RevocationsInput) {
    this.#input = input;
    const { clock, notify, maxEntries } = input;
    const onFull = (what: 'crowded' | 'full'): void => notify(what === 'full' ? FULL : CROWDED);
    this.#table = new RevocationTable({ maxEntries, onFull });
    this.#ahead = new AheadTokens(clock);
    this.#sharing = input.createSharing?.(this);
  }

  /** How other instances hear of revocations, if they do. */
  get sharing(): RevocationSharing | undefined {
    return this.#sharing;
  }

  /**
   * Asserts that a verified token is not revoked: synchronously, unless a store without a channel must be asked. A token that
   * was found active is judged again only after another revocation was heard. Throws `SESSION_SIGNED_OUT`, and
   * `SIGN_OUTS_UNAVAILABLE` if this instance does not hear of revocations.
   */
  assertActive(token: string, verified: VerifiedToken): MaybePromise<void> {
    return this.#assertActive(token, verified, false);
  }

  /** Like `assertActive`, by what a store says now: what it said a moment ago does not count. */
  assertStillActive(token: string, verified: VerifiedToken): MaybePromise<void> {
    return this.#assertActive(token, verified, true);
  }

  #assertActive(token: string, verified: VerifiedToken, mustAsk: boolean): MaybePromise<void> {
    const sharing = this.#sharing;
    sharing?.assertHearing?.();
    if (verified.activeAtVersion !== this.#version) {
      this.#judge(token, verified);
      verified.activeAtVersion = this.#version;
    }
    if (sharing?.isRevoked === undefined) return;
    const keys = toPairs(this.#recallKeys(token, verified, ALL_SCOPES));
    const isRevoked = sharing.isRevoked({ keys, issuedAt: verified.claims.iat ?? 0, mustAsk });
    return whenReady(isRevoked, assertNotRevoked);
  }

  /**
   * Records the access key for which a token was issued, before it is judged: the token of a key that is bound to a user names
   * the user in place of the key.
   */
  bindKey(verified: VerifiedToken, keyId: string): void {
    const { claims } = verified;
    if (keyId === readSubjectId(claims) || this.#keyIds.get(claims) === keyId) return;
    this.#keyIds.set(claims, keyId);
    verified.activeAtVersion = 0;
    verified.revocationKeys = undefined;
  }

  /** Revokes a token until it ends. */
  revokeToken(token: string, claims: DescopeClaims): Promise<void> {
    const digested = { key: toTokenKey(token), untilMs: claims.exp * 1000, issuedAt: claims.iat ?? 0 };
    return this.revokeDigested([digested], claims);
  }

  /** Revokes tokens of one subject that are known only by their digests, each until it ends. */
  async revokeDigested(tokens: readonly DigestedToken[], claims: DescopeClaims): Promise<void> {
    const owner = this.#toKey('user', readSubjectId(claims));
    await this.#publish(tokens.map((token) => this.#ofToken(token, owner)));
  }

  /**
   * Revokes every token of a scope that was issued before a moment; its whole second counts. Known tokens of the user with a
   * later `iat`, whose clock is ahead of this process's, are revoked one by one. Rejects if it is not stored yet for the other
   * instances; this instance rejects the tokens in any case.
   */
  async revokeBefore(dated: DatedRevocation): Promise<void> {
    const { scope, id = PROJECT, issuedBeforeMs, isByDescopesClock = false, untilMs } = dated;
    const issuedBefore = toSecond(Math.floor(issuedBeforeMs / 1000) + 1);
    const until = toSecond(
      untilMs === undefined ? this.#now() + DATED_SECONDS : untilMs / 1000 + LEEWAY_SECONDS,
    );
    const key = this.#toKey(scope, id);
    const ahead = scope === 'user' && !isByDescopesClock ? this.#ahead.find(id, issuedBefore) : [];
    const known = ahead.map((token) => this.#ofToken(token, key));
    await this.#publish([{ scope, key, owner: NO_OWNER, issuedBefore, until }, ...known]);
  }

  /**
   * Announces to all instances that share a channel that a user has changed, as a revocation that rejects no token. Does
   * nothing if this instance has nothing that depends on it.
   */
  async announceChange(userId: string): Promise<void> {
    const { onHeard } = this.#input;
    if (onHeard === undefined) return;
    const until = toSecond(this.#now() + ANNOUNCED_SECONDS);
    const key = this.#toKey('user', userId);
    const change: Revocation = { scope: 'user', key, owner: NO_OWNER, issuedBefore: 0, until };
    onHeard(change);
    const sharing = this.#sharing;
    if (sharing === undefined || sharing.isRevoked !== undefined) return; // a store is asked about tokens only
    await sharing.publish([change]).catch(() => undefined); // it is reported, and stored later
  }

  /** Merges what another instance revoked. */
  apply(revocations: Iterable<Revocation>): void {
    const now = this.#now();
    const changed: Revocation[] = [];
    for (const revocation of revocations) {
      this.#input.onHeard?.(revocation);
      if (this.#table.merge(revocation, now)) changed.push(revocation);
    }
    if (changed.length === 0) return;
    this.#version += 1;
    this.#watchers.notify(changed);
  }

  /** Lists the revocations that still count. */
  list(): Iterable<Revocation> {
    return this.#table.list(this.#now());
  }

  /** Calls back once, when a token is revoked, and at once if it is; returns a function that cancels it. */
  watch(token: string, claims: DescopeClaims, run: () => void): () => void {
    if (readIssuerKind(claims.iss, this.#input.projectId) === undefined) return () => undefined; // tenants of other projects may have the same ids
    const watcher = { keys: this.#toKeys(token, claims, REVOCATION_SCOPES), issuedAt: claims.iat ?? 0, run };
    const now = this.#now();
    const isActive = watcher.keys.every((key) => watcher.issuedAt >= this.#table.find(key, now));
    if (isActive) return this.#watchers.add(watcher);
    run();
    return () => undefined;
  }

  /** The number of tokens that are watched. */
  get watchedCount(): number {
    return this.#watchers.size;
  }

  #judge(token: string, verified: VerifiedToken): void {
    this.#ahead.remember(token, verified.claims);
    const now = this.#now();
    const scopes = this.#table.readScopes(now);
    if (scopes === NO_SCOPE) return;
    const [table, issuedAt] = [this.#table, verified.claims.iat ?? 0];
    const keys = this.#recallKeys(token, verified, scopes);
    for (let at = 1; at < keys.length; at += 2)
      if (issuedAt < table.find({ high: keys[at] as number, low: keys[at + 1] as number }, now))
        throw revoked();
  }

  // Computed once for a cached token, because a digest takes longer than the rest of the request pipeline; and only for the
  // scopes in which something is revoked. The scopes, then the halves of each key: numbers take a third of the memory of
  // objects.
  #recallKeys(token: string, verified: VerifiedToken, scopes: number): readonly number[] {
    const known = verified.revocationKeys;
    if (known?.[0] === scopes) return known;
    const wanted = REVOCATION_SCOPES.filter((_, index) => (scopes & (1 << index)) !== 0);
    const keys = this.#toKeys(token, verified.claims, wanted);
    return (verified.revocationKeys = [scopes, ...keys.flatMap(({ high, low }) => [high, low])]);
  }

  // In the order of the scopes, that of the session first.
  #toKeys(
    token: string,
    claims: DescopeClaims,
    scopes: readonly RevocationScope[],
  ): readonly RevocationKey[] {
    return scopes.flatMap((scope) => this.#readIds(scope, token, claims).map((id) => this.#toKey(scope, id)));
  }

  // What a token belongs to in a scope. In the scope of access keys it is the subject, whatever its kind: ids do not collide.
  #readIds(scope: RevocationScope, token: string, claims: DescopeClaims): readonly string[] {
    if (scope === 'session') return [toTokenKey(token)];
    if (scope === 'tenant') return readTenants(claims);
    if (scope === 'project') return [PROJECT];
    const keyId = scope === 'accessKey' ? this.#keyIds.get(claims) : undefined;
    return [readSubjectId(claims), ...(keyId === undefined ? [] : [keyId])];
  }

  #toKey(scope: RevocationScope, id: string): RevocationKey {
    return toRevocationKey(this.#input.projectId, scope, id);
  }

  // An unknown `iat` counts as one that is as late as a token of now may have.
  #ofToken({ key: id, untilMs, issuedAt }: DigestedToken, owner: RevocationKey): Revocation {
    const issuedBefore = toSecond(Math.floor(issuedAt ?? this.#now() + LEEWAY_SECONDS) + 1);
    const until = toSecond(untilMs / 1000 + LEEWAY_SECONDS);
    return { scope: 'session', key: this.#toKey('session', id), owner, issuedBefore, until };
  }

  // First here: whatever happens to the other instances, this one rejects the tokens.
  async #publish(revocations: readonly Revocation[]): Promise<void> {
    const now = this.#now();
    const living = revocations.filter(({ until }) => until > now);
    if (living.length === 0) return;
    this.apply(living);
    await this.#sharing?.publish(living);
  }

  #now(): number {
    return this.#input.clock() / 1000;
  }
}

// Those of the claim `tenants`, and the current one.
function readTenants(claims: DescopeClaims): readonly string[] {
  const [tenants, current] = [readOwn(claims, 'tenants'), readText(claims, 'dct')];
  const names = new Set(isJsonObject(tenants) ? Object.keys(tenants) : []);
  return [...(current === undefined ? names : names.add(current))];
}

function toPairs(numbers: readonly number[]): readonly RevocationKey[] {
  const keys: RevocationKey[] = [];
  for (let at = 1; at < numbers.length; at += 2)
    keys.push({ high: numbers[at] as number, low: numbers[at + 1] as number });
  return keys;
}

function assertNotRevoked(isRevoked: boolean): void {
  if (isRevoked) throw revoked();
}

function revoked(): DescopeCredentialError {
  return new DescopeCredentialError('SESSION_SIGNED_OUT', 'The session was signed out.');
}
