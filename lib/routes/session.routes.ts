// Signing in, refreshing and selecting a tenant: the routes that write a browser's tokens.
import { recallSession } from '../auth/request-state.js';
import { DescopeApiError } from '../core/api/descope-api.js';
import { selectTenant } from '../core/api/descope-calls.js';
import { DescopeAccessError, DescopeCredentialError } from '../core/errors.js';
import { assertFromOwnPage, assertSameOrigin } from '../core/http/origin.js';
import type { TokensToKeep } from '../core/http/token-store.js';
import { assertSameSubject, otherUser, sessionEnded } from '../core/session/refresher.js';
import { acceptSession, DescopeSession, isSessionOver, requireSignedIn } from '../core/session/session.js';
import { readSubjectId } from '../core/token/claims.js';
import type { VerifiedToken } from '../core/token/token-verifier.js';
import type { PostedTokens, RouteCall, RouteParts, RouteResponse } from './route-call.js';
import { readBody, readPostedTokens, requireRefreshToken, requireString } from './route-call.js';

export class SessionRoutes {
  readonly #parts: RouteParts;

  constructor(parts: RouteParts) {
    this.#parts = parts;
  }

  /**
   * `POST store_jwt`: verifies the tokens of a sign-in, both of one user, and keeps them in place of earlier ones.
   * @throws {DescopeCredentialError} SESSION_MISSING, or what is wrong with a token
   * @throws {DescopeRequestError} REQUEST_BODY_UNSUPPORTED, REQUEST_BODY_INVALID
   * @throws {DescopeAccessError} REQUEST_CROSS_SITE
   */
  async store(call: RouteCall): Promise<RouteResponse> {
    assertFromOwnPage(call.exchange.request, this.#parts.config.authentication.origins);
    const posted = readPostedTokens(readBody(call));
    const sessionToken = posted.sessionToken ?? this.#readKept(call, 'readSessionToken');
    if (sessionToken === undefined)
      throw new DescopeCredentialError('SESSION_MISSING', 'The request has no session token to store.');
    const owner = await this.#parts.sessions.verifier.verify(sessionToken);
    const refreshToken = posted.refreshToken ?? (await this.#findRefresh(call, posted, owner));
    const tokens = await this.#parts.sessions.refresher.prove({ sessionToken, refreshToken }, owner);
    const replaced = [refreshToken, this.#readKept(call, 'readRefreshToken')].filter(
      (token) => token !== undefined,
    );
    // A cached refresh from before this sign-in must not replace it.
    await Promise.all(replaced.map((token) => this.#parts.sessions.refresher.forgetRefreshed(token)));
    if (refreshToken !== undefined)
      await this.#parts.sessions.refresher.linkIssued(owner, [refreshToken], {
        sessionToken,
        refreshToken: undefined,
      });
    return this.#keep(call, tokens, true);
  }

  /**
   * `POST refresh`: refreshes the session now, and clears the cookies of one that has ended.
   * @throws {DescopeCredentialError} SESSION_MISSING, REFRESH_TOKEN_MISSING, SESSION_ENDED and others of a session that is over
   */
  async refresh(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#verifySentOrLapsed(call);
    const refreshToken = this.#requireRefresh(call, sent !== undefined);
    if (sent !== undefined)
      assertSameSubject(sent, await this.#parts.sessions.verifier.verifyRefresh(refreshToken));
    try {
      await this.#recordHeld(call, refreshToken);
      const tokens = await this.#parts.sessions.autoRefresh.refresh(call.exchange.request, refreshToken);
      return await this.#keep(call, tokens, false);
    } catch (error) {
      if (error instanceof DescopeCredentialError && isSessionOver(error))
        await this.#parts.sessions.tokenStore.clear(call.exchange);
      throw error;
    }
  }

  /**
   * `POST tenant`: selects the current tenant, which the new session carries as `dct`.
   * @throws {DescopeAccessError} TENANT_NOT_SELECTABLE where Descope rejects it
   */
  async selectTenant(call: RouteCall): Promise<RouteResponse> {
    const session = (await recallSession(call.key, this.#parts.authenticator)) ?? DescopeSession.anonymous();
    const refreshToken = this.#requireRefresh(call, session.user !== undefined && !session.sentByBrowser);
    const tenant = requireString(readBody(call), 'tenant');
    const owner = await this.#parts.sessions.verifier.verifyRefresh(refreshToken);
    // The guard has accepted the user of the session token; the refresh token beside it may be another's.
    if (readSubjectId(owner.claims) !== session.requireUser().id) throw otherUser();
    await this.#parts.sessions.revocations.assertActive(refreshToken, owner);
    await this.#recordHeld(call, refreshToken);
    const { api, refresher } = this.#parts.sessions;
    const select = (newest: string) => selectTenant(api, newest, tenant).catch(rejectTenant);
    const tokens = await refresher.issue(refreshToken, owner, select);
    return this.#keep(call, tokens, false);
  }

  async #keep(call: RouteCall, tokens: TokensToKeep, isNew: boolean): Promise<RouteResponse> {
    const session = acceptSession(
      await this.#parts.authenticator.open(tokens.sessionToken, true),
      this.#parts.config.acceptance,
    );
    await this.#parts.sessions.tokenStore.write(call.exchange, tokens, isNew);
    return { status: 200, body: { user: { ...requireSignedIn(session) }, expiresAt: session.expiresAt } };
  }

  // A session token may be posted alone because Descope's own cookie holds its refresh token; or the cookie is left from
  // another user, whom this sign-in replaces.
  async #findRefresh(
    call: RouteCall,
    posted: PostedTokens,
    owner: VerifiedToken,
  ): Promise<string | undefined> {
    const kept = this.#readKept(call, 'readRefreshToken');
    if (kept === undefined || posted.sessionToken === undefined) return kept;
    try {
      const refresh = await this.#parts.sessions.verifier.verifyRefresh(kept);
      assertSameSubject(owner, refresh);
      await this.#parts.sessions.revocations.assertActive(kept, refresh);
      return kept;
    } catch (error) {
      if (error instanceof DescopeCredentialError) return undefined;
      throw error;
    }
  }

  #readKept(call: RouteCall, read: 'readSessionToken' | 'readRefreshToken'): string | undefined {
    const reading = this.#parts.sessions.tokenStore[read](call.exchange.request);
    return reading.kind === 'value' ? reading.value : undefined;
  }

  // The session token beside a refresh token stays valid when a new one replaces it, and must be revoked with it.
  async #recordHeld(call: RouteCall, refreshToken: string): Promise<void> {
    const { verifier, refresher } = this.#parts.sessions;
    const owner = await verifier.verifyRefresh(refreshToken);
    const credential = this.#parts.authenticator.readToken(call.exchange.request);
    const held = new Set(
      [this.#readKept(call, 'readSessionToken'), credential?.token].filter(Boolean) as string[],
    );
    for (const sessionToken of held) {
      try {
        assertSameSubject(await verifier.verify(sessionToken), owner);
        await refresher.linkIssued(owner, [refreshToken], { sessionToken, refreshToken: undefined });
      } catch (error) {
        if (!(error instanceof DescopeCredentialError)) throw error; // it is invalid, or another user's
      }
    }
  }

  // A client that sends its own token, and no cookie, may have any origin: its error is the missing token.
  #requireRefresh({ exchange }: RouteCall, isSent: boolean): string {
    const { tokenStore } = this.#parts.sessions;
    if (!isSent || tokenStore.readRefreshToken(exchange.request).kind !== 'absent')
      assertSameOrigin(exchange.request, this.#parts.config.authentication.origins);
    return requireRefreshToken(exchange, tokenStore, isSent);
  }

  // It may have expired: that is the reason to refresh.
  async #verifySentOrLapsed({ exchange }: RouteCall): Promise<VerifiedToken | undefined> {
    const credential = this.#parts.authenticator.readToken(exchange.request);
    return credential?.sentByBrowser === false
      ? this.#parts.sessions.verifier.verifyLapsed(credential.token)
      : undefined;
  }
}

function rejectTenant(error: unknown): never {
  if (!(error instanceof DescopeApiError)) throw error;
  if (error.status === 401) throw sessionEnded(error); // the token is invalid, whatever the tenant
  const message = 'Descope rejected the tenant for this user.';
  throw new DescopeAccessError('TENANT_NOT_SELECTABLE', message, { descopeCode: error.errorCode });
}
