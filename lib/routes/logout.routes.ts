// Signing out: clears the cookies in any case, ends the session at Descope, and rejects its tokens until they expire.
import { DescopeAccessError, DescopeCredentialError, DescopeUnavailableError } from '../core/errors.js';
import type { TokenReading } from '../core/http/cookies.js';
import { ambiguousCookie } from '../core/http/cookies.js';
import { assertSameOrigin } from '../core/http/origin.js';
import type { AmbiguousTokens } from '../core/http/token-store.js';
import type { HeldToken, HeldTokens } from '../core/session/held-tokens.js';
import { listHeld, proveRefresh, proveSession } from '../core/session/held-tokens.js';
import { acceptSession } from '../core/session/session.js';
import type { SignOutResult } from '../core/session/sign-outs.js';
import { readSubjectId } from '../core/token/claims.js';
import type { Profiles } from './me.routes.js';
import type { RouteCall, RouteParts, RouteResponse } from './route-call.js';

/** The tokens of a request whose sessions can be ended. */
interface CallTokens extends HeldTokens {
  /** Cookies that came several times, each by itself: one is the browser's own, the others a sibling site has planted. */
  readonly duplicates: readonly HeldTokens[];
}

export class LogoutRoutes {
  readonly #parts: RouteParts;
  readonly #profiles: Profiles;

  constructor(parts: RouteParts, profiles: Profiles) {
    this.#parts = parts;
    this.#profiles = profiles;
  }

  /**
   * `POST logout`: ends this session. A token that the client sends itself must be valid.
   * @throws {DescopeCredentialError} what the guard throws for the token that the client sent
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, DESCOPE_UNAVAILABLE where the store or Descope cannot be reached
   */
  async logout(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#verifySent(call);
    const held = await this.#readAndClearTokens(call, sent);
    const sessions = [held, ...held.duplicates];
    assertComplete(await Promise.all(sessions.map((session) => this.#parts.sessions.signOuts.end(session))));
    return { status: 204 };
  }

  /**
   * `POST logout-all`: ends every session of the user. A token that was signed out does not suffice: a copy of an old token
   * must not sign its user out again and again. Of contradictory cookies each session is ended by itself, and no other.
   * @throws {DescopeCredentialError} SESSION_MISSING without a valid token, SESSION_SIGNED_OUT, COOKIE_AMBIGUOUS
   * @throws {DescopeUnavailableError} SIGN_OUTS_UNAVAILABLE, DESCOPE_UNAVAILABLE where the store or Descope cannot be reached
   */
  async logoutAll(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#verifySent(call);
    if (sent !== undefined)
      acceptSession(await this.#parts.authenticator.open(sent.token, false), this.#parts.config.acceptance);
    const held = await this.#readAndClearTokens(call, sent);
    await Promise.all(held.duplicates.map((duplicate) => this.#parts.sessions.signOuts.end(duplicate)));
    const owner = sent ?? (await this.#requireOwner(held));
    assertComplete([await this.#parts.sessions.signOuts.endAll(held, owner)]);
    return { status: 204 };
  }

  // Before anything is changed, and as the guard does.
  async #verifySent({ exchange }: RouteCall): Promise<HeldToken | undefined> {
    const credential = this.#parts.authenticator.readToken(exchange.request);
    if (credential?.sentByBrowser !== false) return undefined;
    const { token } = credential;
    return { ...(await this.#parts.sessions.verifier.verify(token)), token, isRefresh: false };
  }

  // Clears the cookies first: whatever fails later, the browser is signed out. A cross-site request with a token that the
  // client sent itself leaves them alone.
  async #readAndClearTokens(call: RouteCall, sent: HeldToken | undefined): Promise<CallTokens> {
    const held = await this.#readTokens(call, sent);
    for (const token of [held, ...held.duplicates].flatMap(listHeld))
      this.#profiles.forget(readSubjectId(token.claims));
    return held;
  }

  async #readTokens(call: RouteCall, sent: HeldToken | undefined): Promise<CallTokens> {
    const { request } = call.exchange;
    if (sent !== undefined && !this.#isSameOrigin(call)) return { sent, duplicates: [] };
    assertSameOrigin(request, this.#parts.config.authentication.origins);
    const { tokenStore, verifier } = this.#parts.sessions;
    const sessionToken = toToken(tokenStore.readSessionToken(request));
    const refreshToken = toToken(tokenStore.readRefreshToken(request));
    const other = sent === undefined ? this.#parts.authenticator.readToken(request) : undefined;
    const duplicates = await this.#proveDuplicates(tokenStore.readAmbiguous(request));
    await tokenStore.clear(call.exchange);
    const otherToken = other?.token === sessionToken ? undefined : other?.token;
    return {
      session: await proveSession(verifier, sessionToken),
      refresh: await proveRefresh(verifier, refreshToken),
      other: await proveSession(verifier, otherToken),
      sent,
      duplicates,
    };
  }

  async #proveDuplicates({ sessionTokens, refreshTokens }: AmbiguousTokens): Promise<readonly HeldTokens[]> {
    const { verifier } = this.#parts.sessions;
    return Promise.all([
      ...sessionTokens.map(async (token) => ({ session: await proveSession(verifier, token) })),
      ...refreshTokens.map(async (token) => ({ refresh: await proveRefresh(verifier, token) })),
    ]);
  }

  #isSameOrigin({ exchange }: RouteCall): boolean {
    try {
      assertSameOrigin(exchange.request, this.#parts.config.authentication.origins);
      return true;
    } catch (error) {
      if (error instanceof DescopeAccessError) return false;
      throw error;
    }
  }

  async #requireOwner({ session, refresh, other, duplicates }: CallTokens): Promise<HeldToken> {
    const now = this.#parts.config.clock();
    const inTime = [session, other].find((token) => token !== undefined && token.claims.exp * 1000 > now);
    const owner = refresh ?? inTime;
    if (owner === undefined && duplicates.length > 0) throw ambiguousCookie();
    if (owner === undefined) throw new DescopeCredentialError('SESSION_MISSING', 'No user is signed in.');
    await this.#assertActive(owner);
    return owner;
  }

  async #assertActive(held: HeldToken): Promise<void> {
    try {
      await this.#parts.sessions.revocations.assertActive(held.token, held);
    } catch (error) {
      if (error instanceof DescopeCredentialError) throw error; // an outage of the store must not prevent a sign-out
    }
  }
}

function assertComplete(results: readonly SignOutResult[]): void {
  const retry = { retryAfterSeconds: 1 };
  if (!results.every(({ isStored }) => isStored)) {
    const message = 'The sign-out could not be stored for other instances, which still accept the session.';
    throw new DescopeUnavailableError('SIGN_OUTS_UNAVAILABLE', message, retry);
  }
  if (results.every(({ isEndedAtDescope }) => isEndedAtDescope)) return;
  const message = 'Descope could not be reached to end the session: its refresh token is still valid there.';
  throw new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, retry);
}

function toToken(reading: TokenReading): string | undefined {
  return reading.kind === 'value' ? reading.value : undefined;
}
