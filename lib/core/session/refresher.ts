// Refresh token → new session: one call to Descope for all who ask, and nothing used that is not proven.
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
  /** Asks Descope; throws `DescopeRejection` for its definite no. */
  readonly refresh: (refreshToken: string) => Promise<IssuedTokens>;
  /** Makes the outage of what Descope issued and cannot be used, and tells of it. */
  readonly toUnusable: (cause: unknown) => DescopeUnavailableError;
  readonly memory: RefreshCache;
  readonly signIns: SignInChains;
  readonly signOuts: RevocationList;
  /** Whether other instances may refresh the same token at the same time. */
  readonly isShared: boolean;
  readonly clock: Clock;
  /** What its events say. */
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
    const { verifier, signOuts, memory } = this.#input;
    const owner = await verifier.verifyRefresh(refreshToken); // one that is not genuine is not sent on
    await signOuts.assertActive(refreshToken, owner.claims);
    const issued = await memory.share(refreshToken, () => this.#fetchAndTell(refreshToken, owner));
    await signOuts.assertActive(refreshToken, owner.claims); // a sign-out meanwhile holds for what the call brought
    return this.proveIssued(issued, owner);
  }

  /**
   * Finds what a refresh token was refreshed to a moment ago, not proven again: a browser may still send the old one,
   * to which Descope listens no longer where refresh tokens rotate.
   */
  findRefreshed(refreshToken: string): Promise<IssuedTokens | undefined> {
    return this.#input.memory.recall(refreshToken);
  }

  /** Gives the refresh token to ask Descope with: the one that this one rotated to a moment ago, proven, else this one. */
  async toNewest(refreshToken: string, owner: VerifiedToken): Promise<string> {
    const refreshed = await this.findRefreshed(refreshToken);
    if (refreshed?.refreshToken === undefined) return refreshToken;
    return (await this.prove(refreshed, owner)).refreshToken ?? refreshToken;
  }

  /** Lets nobody be given an older session than this one for these refresh tokens. */
  async replaceRefreshed(refreshTokens: readonly string[], issued: IssuedTokens): Promise<void> {
    await Promise.all([...new Set(refreshTokens)].map((token) => this.#input.memory.replace(token, issued)));
  }

  /** Lets what a refresh token was refreshed to be given to nobody any more. */
  forgetRefreshed(refreshToken: string): Promise<void> {
    return this.#input.memory.forget(refreshToken);
  }

  /** Proves what Descope issued just now. Throws what `prove` throws, or `DESCOPE_UNAVAILABLE` where that is an outage. */
  async proveIssued(issued: IssuedTokens, owner: VerifiedToken): Promise<TokensToKeep> {
    try {
      return await this.prove(issued, owner);
    } catch (error) {
      throw isUnusable(error) ? this.#input.toUnusable(error) : error;
    }
  }

  /** Proves what Descope issued: genuine, and of the same subject. Throws a `TOKEN_…` code or `SESSION_SIGNED_OUT`. */
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

  /** Notes that what Descope issued belongs to the sign-in of these refresh tokens, so that it ends with it. */
  noteIssued(owner: VerifiedToken, refreshTokens: readonly string[], issued: IssuedTokens): Promise<void> {
    const { sessionToken, refreshToken } = issued;
    const refresh = refreshToken === undefined ? refreshTokens : [...refreshTokens, refreshToken];
    return this.#input.signIns.link(readSubjectId(owner.claims), { refresh, sessions: [sessionToken] });
  }

  async #fetchAndTell(refreshToken: string, owner: VerifiedToken): Promise<IssuedTokens> {
    const { clock, projectId = '' } = this.#input;
    const startedAtMs = clock();
    try {
      const { issued, outcome } = await this.#fetch(refreshToken);
      await this.noteIssued(owner, [refreshToken], issued); // before anybody is given it
      publishRefresh(outcome, readElapsedMs(clock, startedAtMs), projectId);
      return issued;
    } catch (error) {
      publishRefresh(toOutcome(error), readElapsedMs(clock, startedAtMs), projectId);
      throw error;
    }
  }

  async #fetch(refreshToken: string): Promise<Fetched> {
    const { memory, refresh } = this.#input;
    const shared = await memory.readShared(refreshToken);
    if (shared !== undefined) return { issued: shared, outcome: 'shared' };
    try {
      const issued = await refresh(refreshToken);
      await memory.keep(refreshToken, issued);
      return { issued, outcome: 'refreshed' };
    } catch (error) {
      if (!(error instanceof DescopeApiError)) throw error;
      return await this.#afterRejection(refreshToken, error);
    }
  }

  // With rotation, the slower of two instances is rejected although the session goes on: what the faster one got
  // may be in the store, or be there in a moment.
  async #afterRejection(refreshToken: string, rejection: DescopeApiError): Promise<Fetched> {
    const { memory, isShared } = this.#input;
    for (const wait of isShared && !rejection.isRecalled ? REJECTION_WAITS_MS : []) {
      const shared = await memory.readShared(refreshToken);
      if (shared !== undefined) return { issued: shared, outcome: 'shared' };
      await sleep(wait);
    }
    const isSuperseded = await memory.isSuperseded(refreshToken);
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

/** What is said of a session and a refresh token that belong to different users. */
export function otherUser(): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_SUBJECT_MISMATCH', 'The two tokens belong to different users.');
}

// What a refresh came to that brought nothing of use.

const VERDICTS: readonly string[] = ['SESSION_SIGNED_OUT', 'TOKEN_SUBJECT_MISMATCH', 'TOKEN_KEY_UNKNOWN'];

/** Descope's no to a refresh token, for the one who sent it. */
export function sessionEnded({ errorCode }: DescopeApiError): DescopeCredentialError {
  const details = { descopeCode: errorCode };
  return new DescopeCredentialError('SESSION_ENDED', 'Descope ended the session.', details);
}

/** Says for operators what a failed refresh came to. */
export function toOutcome(error: unknown): DescopeRefreshOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  if (!(error instanceof DescopeCredentialError)) return 'failed';
  return error.code === 'SESSION_SUPERSEDED' ? 'superseded' : 'ended';
}

/**
 * Tells whether what Descope issued cannot be used: a garbled answer, or clocks that differ. That something was issued
 * says that the session goes on, so nobody may be signed out for it.
 */
export function isUnusable(error: unknown): boolean {
  return error instanceof DescopeCredentialError && !VERDICTS.includes(error.code);
}
