// Refresh token → new session: one call to Descope for all requests that need it, and nothing used unverified.
import { setTimeout as sleep } from 'node:timers/promises';
import type { IssuedTokens } from '../api/descope-api.js';
import { DescopeApiError } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import type { DescopeRefreshOutcome } from '../events.js';
import { publishRefresh } from '../events.js';
import type { TokensToKeep } from '../http/token-store.js';
import { readSubjectId } from '../token/claims.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { RefreshCache } from './refresh-cache.js';
import type { RevocationList } from './revocation-list.js';
import type { SignInChains } from './sign-in-chains.js';

const REJECTION_WAITS_MS = [50, 150, 300];

/** What refreshing needs. */
export interface RefresherInput {
  readonly verifier: TokenVerifier;
  /** Refreshes at Descope. Rejects with `DescopeApiError` where Descope rejects. */
  readonly refresh: (refreshToken: string) => Promise<IssuedTokens>;
  /** Makes the outage of a response that cannot be used, and reports it. */
  readonly toUnusable: (cause: unknown) => DescopeUnavailableError;
  readonly cache: RefreshCache;
  readonly signIns: SignInChains;
  readonly signOuts: RevocationList;
  /** Whether other instances may refresh the same token at the same time. */
  readonly isShared: boolean;
  readonly clock: Clock;
  /** The project that its events name. */
  readonly projectId?: string;
}

interface Fetched {
  readonly issued: IssuedTokens;
  readonly outcome: Extract<DescopeRefreshOutcome, 'refreshed' | 'shared'>;
}

export class Refresher {
  readonly #input: RefresherInput;

  constructor(input: RefresherInput) {
    this.#input = input;
  }

  /**
   * Refreshes the session of a refresh token. Throws `SESSION_ENDED` when Descope definitely rejects,
   * `SESSION_SUPERSEDED` when that may only mean that another request was faster, `SESSION_SIGNED_OUT`, a `TOKEN_…`
   * code of the refresh token's own, or `DESCOPE_UNAVAILABLE`, also when what Descope issued cannot be used.
   */
  async refresh(refreshToken: string): Promise<TokensToKeep> {
    const { verifier, signOuts, cache } = this.#input;
    const owner = await verifier.verifyRefresh(refreshToken); // one that is not genuine is not sent on
    await signOuts.assertActive(refreshToken, owner.claims);
    const issued = await cache.share(refreshToken, () => this.#fetchAndPublish(refreshToken, owner));
    await signOuts.assertActive(refreshToken, owner.claims); // a sign-out meanwhile holds for what the call brought
    return this.proveIssued(issued, owner);
  }

  /**
   * Finds what a refresh token was refreshed to a moment ago, unverified: a browser may still send the old token, which
   * Descope rejects where refresh tokens rotate.
   */
  findRefreshed(refreshToken: string): Promise<IssuedTokens | undefined> {
    return this.#input.cache.recall(refreshToken);
  }

  /** Returns the refresh token to call Descope with: the one that this one rotated to a moment ago, verified, else this one. */
  async toNewest(refreshToken: string, owner: VerifiedToken): Promise<string> {
    const refreshed = await this.findRefreshed(refreshToken);
    if (refreshed?.refreshToken === undefined) return refreshToken;
    return (await this.prove(refreshed, owner)).refreshToken ?? refreshToken;
  }

  /** Replaces what these refresh tokens were refreshed to, so that no request gets an older session. */
  async replaceRefreshed(refreshTokens: readonly string[], issued: IssuedTokens): Promise<void> {
    await Promise.all([...new Set(refreshTokens)].map((token) => this.#input.cache.replace(token, issued)));
  }

  /** Forgets what a refresh token was refreshed to. */
  forgetRefreshed(refreshToken: string): Promise<void> {
    return this.#input.cache.forget(refreshToken);
  }

  /** Verifies what Descope issued just now. Throws what `prove` throws, or `DESCOPE_UNAVAILABLE` where that is an outage. */
  async proveIssued(issued: IssuedTokens, owner: VerifiedToken): Promise<TokensToKeep> {
    try {
      return await this.prove(issued, owner);
    } catch (error) {
      throw isUnusable(error) ? this.#input.toUnusable(error) : error;
    }
  }

  /** Verifies what Descope issued: genuine, and of the same subject. Throws a `TOKEN_…` code or `SESSION_SIGNED_OUT`. */
  async prove(issued: IssuedTokens, owner: VerifiedToken): Promise<TokensToKeep> {
    const { verifier, signOuts } = this.#input;
    const session = await verifier.verify(issued.sessionToken);
    assertSameSubject(session, owner);
    await signOuts.assertActive(issued.sessionToken, session.claims);
    const kept = { sessionToken: issued.sessionToken, sessionEndsAtMs: session.claims.exp * 1000 };
    if (issued.refreshToken === undefined) return kept;
    const refresh = await verifier.verifyRefresh(issued.refreshToken);
    assertSameSubject(refresh, owner);
    await signOuts.assertActive(issued.refreshToken, refresh.claims);
    return { ...kept, refreshToken: issued.refreshToken, refreshEndsAtMs: refresh.claims.exp * 1000 };
  }

  /** Links what Descope issued to the sign-in of these refresh tokens, so that it ends with it. */
  linkIssued(owner: VerifiedToken, refreshTokens: readonly string[], issued: IssuedTokens): Promise<void> {
    const { sessionToken, refreshToken } = issued;
    const refresh = refreshToken === undefined ? refreshTokens : [...refreshTokens, refreshToken];
    return this.#input.signIns.link(readSubjectId(owner.claims), { refresh, sessions: [sessionToken] });
  }

  async #fetchAndPublish(refreshToken: string, owner: VerifiedToken): Promise<IssuedTokens> {
    const { clock, projectId = '' } = this.#input;
    const startedAtMs = clock();
    try {
      const { issued, outcome } = await this.#fetch(refreshToken);
      await this.linkIssued(owner, [refreshToken], issued); // before any request gets it
      publishRefresh(outcome, readElapsedMs(clock, startedAtMs), projectId);
      return issued;
    } catch (error) {
      publishRefresh(toOutcome(error), readElapsedMs(clock, startedAtMs), projectId);
      throw error;
    }
  }

  async #fetch(refreshToken: string): Promise<Fetched> {
    const { cache, refresh } = this.#input;
    const shared = await cache.readShared(refreshToken);
    if (shared !== undefined) return { issued: shared, outcome: 'shared' };
    try {
      const issued = await refresh(refreshToken);
      await cache.keep(refreshToken, issued);
      return { issued, outcome: 'refreshed' };
    } catch (error) {
      if (!(error instanceof DescopeApiError)) throw error;
      return await this.#afterRejection(refreshToken, error);
    }
  }

  // With rotation, the slower of two instances is rejected although the session continues: the result of the faster one
  // may be in the store, or will be in a moment.
  async #afterRejection(refreshToken: string, rejection: DescopeApiError): Promise<Fetched> {
    const { cache, isShared } = this.#input;
    for (const wait of isShared && !rejection.isRecalled ? REJECTION_WAITS_MS : []) {
      const shared = await cache.readShared(refreshToken);
      if (shared !== undefined) return { issued: shared, outcome: 'shared' };
      await sleep(wait);
    }
    const isSuperseded = await cache.isSuperseded(refreshToken);
    if (!isSuperseded) throw sessionEnded(rejection);
    const details = { descopeCode: rejection.errorCode };
    const message = 'The refresh token was refreshed before; the browser has a newer one.';
    throw new DescopeCredentialError('SESSION_SUPERSEDED', message, details);
  }
}

/** Asserts that two tokens belong to the same user. Throws `TOKEN_SUBJECT_MISMATCH`. */
export function assertSameSubject(one: VerifiedToken, other: VerifiedToken): void {
  if (readSubjectId(one.claims) === readSubjectId(other.claims)) return;
  throw otherUser();
}

/** Makes the rejection of a session and a refresh token that belong to different users. */
export function otherUser(): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_SUBJECT_MISMATCH', 'The two tokens belong to different users.');
}

// How a refresh fails.

const FINAL_CODES: readonly string[] = ['SESSION_SIGNED_OUT', 'TOKEN_SUBJECT_MISMATCH', 'TOKEN_KEY_UNKNOWN'];

/** Makes the rejection of a refresh token that Descope rejected. */
export function sessionEnded({ errorCode }: DescopeApiError): DescopeCredentialError {
  const details = { descopeCode: errorCode };
  return new DescopeCredentialError('SESSION_ENDED', 'Descope ended the session.', details);
}

/** Returns the outcome of a failed refresh, for its event. */
export function toOutcome(error: unknown): DescopeRefreshOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  if (!(error instanceof DescopeCredentialError)) return 'failed';
  return error.code === 'SESSION_SUPERSEDED' ? 'superseded' : 'ended';
}

/**
 * Checks whether what Descope issued cannot be used: a garbled response, or clocks that differ. Since something was issued,
 * the session continues, and nobody may be signed out for it.
 */
export function isUnusable(error: unknown): boolean {
  return error instanceof DescopeCredentialError && !FINAL_CODES.includes(error.code);
}
