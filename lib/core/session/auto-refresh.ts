// Refreshes a browser's lapsed session during a request from its own pages, and creates the services of sessions.
import { setTimeout as sleep } from 'node:timers/promises';
import { toUnusableOutage } from '../api/descope-api.js';
import type { RefreshApi } from '../api/descope-calls.js';
import { refreshSession } from '../api/descope-calls.js';
import type { Clock } from '../clock.js';
import { DescopeAccessError, DescopeCredentialError } from '../errors.js';
import type { TokenReading } from '../http/cookies.js';
import { ambiguousCookie } from '../http/cookies.js';
import { assertOurs, isFollowedLink } from '../http/origin.js';
import type { RequestLike } from '../http/request.js';
import { readHeader } from '../http/request.js';
import { readCredential } from '../http/token-source.js';
import type { TokensToKeep, TokenStore } from '../http/token-store.js';
import type { Revocations } from '../revocation/revocations.js';
import type { KeyValueStore } from '../store/key-value-store.js';
import { readEndMs } from '../token/decode.js';
import type { TokenVerifier, VerifiedToken } from '../token/token-verifier.js';
import type { AuthenticationConfig } from './authenticator.js';
import { RefreshCache } from './refresh-cache.js';
import { RefreshClaims } from './refresh-claims.js';
import { assertSameSubject, Refresher } from './refresher.js';
import { Revoker } from './revoker.js';
import { SignInChains } from './sign-in-chains.js';
import { SignOuts } from './sign-outs.js';
import type { UserCache } from './user-cache.js';

const REJECTIONS: readonly string[] = ['SESSION_ENDED', 'SESSION_SUPERSEDED'];
const RELOAD_WAITS_MS = [0, 50, 150, 300]; // before each look

/** The input of `AutoRefresh`. */
export interface AutoRefreshInput {
  readonly config: AuthenticationConfig;
  readonly tokenStore: TokenStore;
  readonly verifier: TokenVerifier;
  readonly refresher: Refresher;
  readonly clock: Clock;
  /** The configured header of access keys, if there is one. */
  readonly keyHeader: string | undefined;
}

/** The tokens of a session that may have to be refreshed, unverified. */
export interface DueSession {
  readonly sessionToken: string | undefined;
  /** `undefined` if there are several different ones. */
  readonly refreshToken: string | undefined;
}

export class AutoRefresh {
  readonly #input: AutoRefreshInput;

  constructor(input: AutoRefreshInput) {
    this.#input = input;
  }

  /** Finds the session of a request if it may have to be refreshed, synchronously and unverified. */
  findDue(request: RequestLike): DueSession | undefined {
    const { tokenStore } = this.#input;
    const refresh = tokenStore.readRefreshToken(request);
    if (refresh.kind === 'absent') return undefined;
    const session = tokenStore.readSessionToken(request);
    if (!this.#mayRefresh(request, session)) return undefined;
    return { sessionToken: toText(session), refreshToken: toText(refresh) };
  }

  /**
   * Refreshes a session from `findDue`, if it lapsed; `undefined` if there is nothing to refresh. Throws the errors of
   * `Refresher.refresh`, and `COOKIE_AMBIGUOUS` and `KEYS_UNAVAILABLE` before the call to Descope.
   */
  async refreshIfLapsed(request: RequestLike, due: DueSession): Promise<TokensToKeep | undefined> {
    const { sessionToken, refreshToken } = due;
    const lapsed = sessionToken === undefined ? undefined : await this.#proveLapsed(sessionToken);
    if (sessionToken !== undefined && lapsed === undefined) return undefined; // the guard rejects it
    if (refreshToken === undefined) throw ambiguousCookie();
    if (lapsed !== undefined)
      assertSameSubject(lapsed, await this.#input.verifier.verifyRefresh(refreshToken));
    return this.refresh(request, refreshToken);
  }

  /**
   * Refreshes now. Throws the errors of `Refresher.refresh`, unless another instance was faster and the token store has
   * its result.
   */
  async refresh(request: RequestLike, refreshToken: string): Promise<TokensToKeep> {
    try {
      return await this.#input.refresher.refresh(refreshToken);
    } catch (error) {
      if (!(error instanceof DescopeCredentialError) || !REJECTIONS.includes(error.code)) throw error;
      const newer = await this.#readNewer(request, refreshToken);
      if (newer === undefined) throw error;
      return newer;
    }
  }

  // With rotation, the slower of two instances is rejected although the session continues: a shared token store may
  // have the result.
  async #readNewer(request: RequestLike, refreshToken: string): Promise<TokensToKeep | undefined> {
    const { tokenStore, refresher, verifier } = this.#input;
    const owner = await verifier.verifyRefresh(refreshToken);
    for (const wait of RELOAD_WAITS_MS) {
      await sleep(wait);
      if (!(await tokenStore.reload(request))) return undefined;
      const [session, refresh] = [tokenStore.readSessionToken(request), tokenStore.readRefreshToken(request)];
      if (session.kind === 'value' && refresh.kind === 'value' && refresh.value !== refreshToken)
        return refresher.prove({ sessionToken: session.value, refreshToken: refresh.value }, owner);
    }
    return undefined;
  }

  #mayRefresh(request: RequestLike, session: TokenReading): boolean {
    if (session.kind === 'ambiguous' || (session.kind === 'value' && !this.#hasLapsed(session.value)))
      return false;
    return this.#isOwnBrowser(request);
  }

  // Unverified: a session that has not lapsed must be cheap here.
  #hasLapsed(sessionToken: string): boolean {
    const endMs = readEndMs(sessionToken);
    return endMs !== undefined && endMs <= this.#input.clock();
  }

  // No access key and no bearer credential, which have priority; no ambiguous cookie; no request from another site.
  #isOwnBrowser(request: RequestLike): boolean {
    const { config, tokenStore, keyHeader } = this.#input;
    if (keyHeader !== undefined && (readHeader(request, keyHeader) ?? '') !== '') return false;
    try {
      const credential = readCredential(request, config.sources, (from) => tokenStore.readSessionToken(from));
      if (credential?.sentByBrowser === false || credential?.rejection !== undefined) return false;
      if (!isFollowedLink(request)) assertOurs(request, config.origins);
      return true;
    } catch (error) {
      if (error instanceof DescopeCredentialError || error instanceof DescopeAccessError) return false;
      throw error;
    }
  }

  async #proveLapsed(sessionToken: string): Promise<VerifiedToken | undefined> {
    try {
      return await this.#input.verifier.verifyLapsed(sessionToken);
    } catch (error) {
      if (error instanceof DescopeCredentialError) return undefined;
      throw error;
    }
  }
}

function toText(reading: TokenReading): string | undefined {
  return reading.kind === 'value' ? reading.value : undefined;
}

// The services of browsers' sessions.

/** The services of sessions that every application has. */
export interface Sessions {
  readonly api: RefreshApi;
  readonly tokenStore: TokenStore;
  readonly revocations: Revocations;
  readonly verifier: TokenVerifier;
  /** Present if the application's own users are remembered. */
  readonly userCache: UserCache | undefined;
  /** Present if lapsed sessions are refreshed before each request. */
  readonly autoRefresh: AutoRefresh | undefined;
  /** Loads the services of sign-ins, once. An application that only verifies tokens does not need them. */
  readonly loadSignIns: () => Promise<SignInServices>;
}

/** The services that refresh, link and end sign-ins: for the refresh of sessions, the routes, and revocations. */
export interface SignInServices {
  readonly autoRefresh: AutoRefresh;
  readonly refresher: Refresher;
  readonly revoker: Revoker;
  readonly signOuts: SignOuts;
}

/** The input of `createSignInServices`. */
export interface SignInServicesInput
  extends Pick<Sessions, 'api' | 'revocations'>, Omit<AutoRefreshInput, 'refresher'> {
  readonly store: KeyValueStore | undefined;
}

/** Creates the services of sign-ins. */
export function createSignInServices(input: SignInServicesInput): SignInServices {
  const { api, verifier, revocations, store, clock } = input;
  const { projectId, notify, time, timeoutMs: callTimeMs } = api;
  const signIns = new SignInChains(clock, store);
  const refresher = new Refresher({
    verifier,
    refresh: (token) => refreshSession(api, token),
    toUnusable: (cause) => toUnusableOutage(api, cause),
    cache: new RefreshCache({ clock, store }),
    claims: new RefreshClaims({ clock, store, callTimeMs, notify }),
    signIns,
    revocations,
    isShared: store !== undefined,
    clock,
    projectId,
  });
  const revoker = new Revoker({ revocations, signIns, time, clock, notify });
  const signOuts = new SignOuts({ api, verifier, refresher, revoker });
  return { autoRefresh: new AutoRefresh({ ...input, refresher }), refresher, revoker, signOuts };
}
