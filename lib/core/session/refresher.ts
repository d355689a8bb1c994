// Refresh token → new session, by one call to Descope for all requests that need it, and the failures of a refresh.
import { setTimeout as sleep } from 'node:timers/promises';
import type { IssuedTokens } from '../api/descope-api.js';
import { DescopeApiError } from '../api/descope-api.js';
import type { Clock } from '../clock.js';
import { readElapsedMs } from '../clock.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import type { DescopeRefreshOutcome } from '../events.js';
import { publishRefresh } from '../events.js';
import type { TokensToKeep } from '../http/token-store.js';
import { attempt } from '../maybe-promise.js';
import type { Revocations } from '../revocation/revocations.js';
import { readSubjectId } from '../token/claims.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { RefreshCache } from './refresh-cache.js';
import type { RefreshClaims, RefreshTurn } from './refresh-claims.js';
import { IssuingTurns } from './refresh-claims.js';
import type { SignInChains } from './sign-in-chains.js';

const REJECTION_WAITS_MS = [0, 50, 150, 300]; // before each look
const LATE_SIGN_OUT_MS = 60_000; // longer than an instance accepts tokens that hears nothing

/** The input of `Refresher`. */
export interface RefresherInput {
  readonly verifier: TokenVerifier;
  /** Refreshes at Descope. Rejects with `DescopeApiError` if Descope rejects. */
  readonly refresh: (refreshToken: string) => Promise<IssuedTokens>;
  /** Creates the outage of a response that cannot be used, and reports it. */
  readonly toUnusable: (cause: unknown) => DescopeUnavailableError;
  readonly cache: RefreshCache;
  readonly claims: RefreshClaims;
  readonly signIns: SignInChains;
  readonly revocations: Revocations;
  /** Whether other instances may refresh the same token at the same time. */
  readonly isShared: boolean;
  readonly clock: Clock;
  /** The project id for its events. */
  readonly projectId?: string;
}

interface Fetched {
  readonly issued: IssuedTokens;
  readonly outcome: Extract<DescopeRefreshOutcome, 'refreshed' | 'shared'>;
}

export class Refresher {
  readonly #input: RefresherInput;
  readonly #turns = new IssuingTurns();

  constructor(input: RefresherInput) {
    this.#input = input;
  }

  /**
   * Refreshes the session of a refresh token. Throws `SESSION_ENDED` if Descope definitely rejects the token,
   * `SESSION_SUPERSEDED` if another request may have been faster, `SESSION_SIGNED_OUT`, a `TOKEN_…` code about the refresh
   * token, or `DESCOPE_UNAVAILABLE`, also if the issued tokens cannot be used.
   */
  async refresh(refreshToken: string): Promise<TokensToKeep> {
    const { verifier, revocations, cache } = this.#input;
    const owner = await verifier.verifyRefresh(refreshToken); // only a genuine token is sent to Descope
    await revocations.assertActive(refreshToken, owner);
    const issued = await cache.share(refreshToken, () => this.#fetchAndPublish(refreshToken, owner));
    await revocations.assertActive(refreshToken, owner); // a sign-out meanwhile applies to the new tokens
    return this.proveIssued(issued, owner);
  }

  /**
   * Finds the recent result of a refresh token, unverified: a browser may still send the old token, which Descope rejects if
   * refresh tokens rotate.
   */
  findRefreshed(refreshToken: string): Promise<IssuedTokens | undefined> {
    return this.#input.cache.recall(refreshToken);
  }

  /** Returns the refresh token for a call to Descope: the recent rotated token, verified, or the given one. */
  async proveNewest(refreshToken: string, owner: VerifiedToken): Promise<string> {
    return this.#proveNewer(refreshToken, await this.findRefreshed(refreshToken), owner);
  }

  /**
   * Makes a call that is no refresh and issues tokens for a refresh token, such as the selection of a tenant, with the newest
   * token. Nothing refreshes that token meanwhile, in this process or at another instance: with rotation, the slower one would
   * be rejected. Parallel requests get the result. Throws the errors of `proveIssued` and of `claims.take`.
   */
  async issue(
    refreshToken: string,
    owner: VerifiedToken,
    call: (newest: string) => Promise<IssuedTokens>,
  ): Promise<TokensToKeep> {
    const { newest, turn, end } = await this.#takeTurn(refreshToken, owner);
    let isSpent = false; // replaced, and no result that the others can read: they must not use it either
    try {
      const issued = await call(newest);
      isSpent = issued.refreshToken !== undefined && issued.refreshToken !== newest;
      await this.linkIssued(owner, [refreshToken, newest], issued); // before any request gets it
      await this.assertStillSignedIn(refreshToken, owner);
      const tokens = await this.proveIssued(issued, owner);
      const latest = { ...issued, refreshToken: issued.refreshToken ?? newest };
      const replaced = [...new Set([refreshToken, newest])];
      const areKept = await Promise.all(replaced.map((token) => this.#input.cache.replace(token, latest)));
      isSpent &&= !areKept.every(Boolean);
      return tokens;
    } finally {
      if (!isSpent) await turn.release();
      end();
    }
  }

  /** Deletes the result of a refresh token. */
  forgetRefreshed(refreshToken: string): Promise<void> {
    return this.#input.cache.forget(refreshToken);
  }

  /**
   * Verifies tokens that Descope has just issued. Throws the errors of `prove`, or `DESCOPE_UNAVAILABLE` for an
   * unusable token.
   */
  async proveIssued(issued: IssuedTokens, owner: VerifiedToken): Promise<TokensToKeep> {
    try {
      return await this.prove(issued, owner);
    } catch (error) {
      throw isUnusable(error) ? this.#input.toUnusable(error) : error;
    }
  }

  /** Verifies issued tokens: genuine, and of the same subject. Throws a `TOKEN_…` code or `SESSION_SIGNED_OUT`. */
  async prove(issued: IssuedTokens, owner: VerifiedToken): Promise<TokensToKeep> {
    const { verifier, revocations } = this.#input;
    const session = await verifier.verify(issued.sessionToken);
    assertSameSubject(session, owner);
    await revocations.assertActive(issued.sessionToken, session);
    const kept = { sessionToken: issued.sessionToken, sessionEndsAtMs: session.claims.exp * 1000 };
    if (issued.refreshToken === undefined) return kept;
    const refresh = await verifier.verifyRefresh(issued.refreshToken);
    assertSameSubject(refresh, owner);
    await revocations.assertActive(issued.refreshToken, refresh);
    return { ...kept, refreshToken: issued.refreshToken, refreshEndsAtMs: refresh.claims.exp * 1000 };
  }

  /** Links issued tokens to the sign-in of these refresh tokens, so that a sign-out ends them too. */
  linkIssued(owner: VerifiedToken, refreshTokens: readonly string[], issued: IssuedTokens): Promise<void> {
    const { sessionToken, refreshToken } = issued;
    const refresh = refreshToken === undefined ? refreshTokens : [...refreshTokens, refreshToken];
    return this.#input.signIns.link(readSubjectId(owner.claims), { refresh, sessions: [sessionToken] });
  }

  /**
   * Asserts, after issued tokens were linked, that the sign-in was not ended meanwhile; a sign-out of which this instance
   * hears later ends them too. Throws `SESSION_SIGNED_OUT`.
   */
  async assertStillSignedIn(refreshToken: string, owner: VerifiedToken): Promise<void> {
    const { revocations, signIns } = this.#input;
    const revoke = async (): Promise<void> =>
      revocations.revokeDigested(signIns.find([refreshToken]), owner.claims);
    const cancel = revocations.watch(refreshToken, owner.claims, () => void revoke().catch(() => undefined)); // here, in any case
    setTimeout(cancel, LATE_SIGN_OUT_MS).unref();
    await revocations.assertStillActive(refreshToken, owner);
  }

  async #fetchAndPublish(refreshToken: string, owner: VerifiedToken): Promise<IssuedTokens> {
    const { clock, projectId = '' } = this.#input;
    const startedAtMs = clock();
    try {
      const { issued, outcome } = await this.#fetch(refreshToken);
      await this.linkIssued(owner, [refreshToken], issued); // before any request gets it
      await this.assertStillSignedIn(refreshToken, owner);
      publishRefresh(outcome, readElapsedMs(clock, startedAtMs), projectId);
      return issued;
    } catch (error) {
      publishRefresh(toOutcome(error), readElapsedMs(clock, startedAtMs), projectId);
      throw error;
    }
  }

  // Until nothing of this process uses the newest token, and it is claimed.
  async #takeTurn(
    refreshToken: string,
    owner: VerifiedToken,
  ): Promise<{ newest: string; turn: RefreshTurn; end: () => void }> {
    const { cache, claims } = this.#input;
    let newest = await this.proveNewest(refreshToken, owner); // the middleware may have refreshed it
    const deadline = claims.startWaiting();
    for (;;) {
      const other = this.#turns.find(newest);
      if (other === undefined) {
        const end = this.#turns.open(newest);
        let turn: RefreshTurn | undefined;
        try {
          // One that starts from now on waits. What was under way does not, and is waited for.
          const joined = await attempt(
            () => cache.getOrJoin(newest),
            () => undefined,
          );
          turn = await claims.take(newest, async () => undefined);
          const known = (await cache.readShared(newest)) ?? joined;
          const current = await this.#proveNewer(newest, known, owner);
          if (current === newest) return { newest, turn, end };
          await turn.release();
          newest = current;
        } catch (error) {
          await turn?.release();
          end();
          throw error;
        }
        end();
      } else {
        await claims.waitFor(other, deadline);
        newest = await this.proveNewest(newest, owner);
      }
    }
  }

  async #proveNewer(
    refreshToken: string,
    refreshed: IssuedTokens | undefined,
    owner: VerifiedToken,
  ): Promise<string> {
    if (refreshed?.refreshToken === undefined) return refreshToken;
    return (await this.prove(refreshed, owner)).refreshToken ?? refreshToken;
  }

  async #fetch(refreshToken: string): Promise<Fetched> {
    const { cache, claims, refresh } = this.#input;
    const other = this.#turns.find(refreshToken);
    if (other !== undefined) await claims.waitFor(other, claims.startWaiting());
    const issued = cache.get(refreshToken);
    if (issued !== undefined) return { issued, outcome: 'shared' };
    const turn = await claims.take(refreshToken, () => cache.readShared(refreshToken));
    if (turn.found !== undefined) return { issued: turn.found, outcome: 'shared' };
    try {
      const issued = await refresh(refreshToken);
      // Without a result that they can read, the others must not refresh the token either.
      if (await cache.keep(refreshToken, issued)) await turn.release();
      return { issued, outcome: 'refreshed' };
    } catch (error) {
      await turn.release();
      if (!(error instanceof DescopeApiError)) throw error;
      return await this.#afterRejection(refreshToken, error, turn.isAlone);
    }
  }

  // With rotation, the slower of two instances is rejected although the session continues: the result of the faster one may
  // be in the store, now or after a short wait.
  async #afterRejection(
    refreshToken: string,
    rejection: DescopeApiError,
    isAlone: boolean,
  ): Promise<Fetched> {
    const { cache, isShared } = this.#input;
    for (const wait of isShared && !isAlone && !rejection.isRecalled ? REJECTION_WAITS_MS : []) {
      await sleep(wait);
      const shared = await cache.readShared(refreshToken);
      if (shared !== undefined) return { issued: shared, outcome: 'shared' };
    }
    const isSuperseded = await cache.isSuperseded(refreshToken);
    if (!isSuperseded) throw sessionEnded(rejection);
    const details = { descopeCode: rejection.errorCode };
    const message = 'The refresh token was already replaced by a newer one.';
    throw new DescopeCredentialError('SESSION_SUPERSEDED', message, details);
  }
}

/** Asserts that two tokens belong to the same user. Throws `TOKEN_SUBJECT_MISMATCH`. */
export function assertSameSubject(one: VerifiedToken, other: VerifiedToken): void {
  if (readSubjectId(one.claims) === readSubjectId(other.claims)) return;
  throw otherUser();
}

/** Creates the rejection of a session and a refresh token of different users. */
export function otherUser(): DescopeCredentialError {
  return new DescopeCredentialError('TOKEN_SUBJECT_MISMATCH', 'The two tokens belong to different users.');
}

// The failures of a refresh.

const FINAL_CODES: readonly string[] = ['SESSION_SIGNED_OUT', 'TOKEN_SUBJECT_MISMATCH', 'TOKEN_KEY_UNKNOWN'];

/** Creates the rejection of a refresh token that Descope rejected. */
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
 * Checks whether an error shows that an issued token cannot be used: a corrupt response, or clocks that differ. Because
 * Descope issued a token, the session continues, and the user must not be signed out.
 */
export function isUnusable(error: unknown): boolean {
  return error instanceof DescopeCredentialError && !FINAL_CODES.includes(error.code);
}
