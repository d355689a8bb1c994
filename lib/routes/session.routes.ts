// Signing in, refreshing, selecting a tenant and signing out: what changes a browser's session.
import { Inject, Injectable } from '@nestjs/common';
import { DESCOPE_AUTHENTICATOR, DESCOPE_CONFIG, DESCOPE_SESSIONS } from '../auth/injection-tokens.js';
import { recallSession } from '../auth/request-state.js';
import { isOver } from '../auth/session.middleware.js';
import { toKey } from '../auth/transports/execution-context.js';
import { DescopeApiError } from '../core/api/descope-api.js';
import { selectTenant } from '../core/api/descope-calls.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeAccessError, DescopeCredentialError } from '../core/errors.js';
import { assertFromOwnPage, assertSameOrigin } from '../core/http/origin.js';
import type { TokensToKeep } from '../core/http/token-store.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import { assertSameSubject, otherUser, sessionEnded } from '../core/session/refresher.js';
import { acceptSession, DescopeSession, readSignedIn } from '../core/session/session.js';
import { readSubjectId } from '../core/token/claims.js';
import type { VerifiedToken } from '../core/token/token-verifier.js';
import type { PostedTokens, RouteCall, RouteResponse } from './http-exchange.js';
import { readBody, readPostedTokens, requireRefresh, requireText } from './http-exchange.js';

@Injectable()
export class SessionRoutes {
  constructor(
    @Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions,
    @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(DESCOPE_CONFIG) private readonly config: DescopeConfig,
  ) {}

  /** `POST store_jwt`: keeps the tokens of a sign-in, both proven and of one user, in place of what was kept. */
  async store(call: RouteCall): Promise<RouteResponse> {
    assertFromOwnPage(call.exchange.request, this.config.authentication.origins);
    const posted = readPostedTokens(readBody(call));
    const sessionToken = posted.sessionToken ?? this.#readKept(call, 'readSession');
    if (sessionToken === undefined)
      throw new DescopeCredentialError('SESSION_MISSING', 'The request carries no session to keep.');
    const owner = await this.sessions.verifier.verify(sessionToken);
    const refreshToken = posted.refreshToken ?? (await this.#findRefresh(call, posted, owner));
    const tokens = await this.sessions.refresher.prove({ sessionToken, refreshToken }, owner);
    const replaced = [refreshToken, this.#readKept(call, 'readRefresh')].filter(
      (token) => token !== undefined,
    );
    // A session from before this sign-in must not come back in place of it.
    await Promise.all(replaced.map((token) => this.sessions.refresher.forgetRefreshed(token)));
    if (refreshToken !== undefined)
      await this.sessions.refresher.noteIssued(owner, [refreshToken], {
        sessionToken,
        refreshToken: undefined,
      });
    return this.#keep(call, tokens, true);
  }

  /** `POST refresh`: refreshes the session now. */
  async refresh(call: RouteCall): Promise<RouteResponse> {
    const sent = await this.#proveSent(call);
    const refreshToken = this.#requireRefresh(call, sent !== undefined);
    if (sent !== undefined) assertSameSubject(sent, await this.sessions.verifier.verifyRefresh(refreshToken));
    try {
      await this.#noteHeld(call, refreshToken);
      const tokens = await this.sessions.autoRefresh.refresh(call.exchange.request, refreshToken);
      return await this.#keep(call, tokens, false);
    } catch (error) {
      if (error instanceof DescopeCredentialError && isOver(error))
        await this.sessions.tokenStore.clear(call.exchange);
      throw error;
    }
  }

  /** `POST tenant`: selects the current tenant, which the new session carries as `dct`. */
  async selectTenant(call: RouteCall): Promise<RouteResponse> {
    const session =
      (await recallSession(toKey(call.request), this.authenticator)) ?? DescopeSession.anonymous();
    const refreshToken = this.#requireRefresh(call, session.user !== undefined && !session.sentByBrowser);
    const tenant = requireText(readBody(call), 'tenant');
    const owner = await this.sessions.verifier.verifyRefresh(refreshToken);
    // The guard has let in whom the session names, and nobody whose refresh token lies beside it.
    if (readSubjectId(owner.claims) !== session.requireUser().id) throw otherUser();
    await this.sessions.signOuts.assertActive(refreshToken, owner.claims);
    const newest = await this.sessions.refresher.toNewest(refreshToken, owner); // it may have been refreshed on the way here
    await this.#noteHeld(call, refreshToken);
    const issued = await selectTenant(this.sessions.api, newest, tenant).catch(rejectTenant);
    await this.sessions.refresher.noteIssued(owner, [refreshToken, newest], issued);
    await this.sessions.signOuts.assertActive(refreshToken, owner.claims); // a sign-out meanwhile holds for it, too
    const tokens = await this.sessions.refresher.proveIssued(issued, owner);
    const latest = { ...issued, refreshToken: issued.refreshToken ?? newest };
    await this.sessions.refresher.replaceRefreshed([refreshToken, newest], latest);
    return this.#keep(call, tokens, false);
  }

  async #keep(call: RouteCall, tokens: TokensToKeep, isNew: boolean): Promise<RouteResponse> {
    const session = acceptSession(
      await this.authenticator.open(tokens.sessionToken, true),
      this.config.acceptance,
    );
    await this.sessions.tokenStore.write(call.exchange, tokens, isNew);
    return { status: 200, body: { user: { ...readSignedIn(session) }, expiresAt: session.expiresAt } };
  }

  // Beside a session that is posted alone, Descope's own cookie may hold its refresh token; or one is left of somebody
  // else, whom this sign-in replaces.
  async #findRefresh(
    call: RouteCall,
    posted: PostedTokens,
    owner: VerifiedToken,
  ): Promise<string | undefined> {
    const kept = this.#readKept(call, 'readRefresh');
    if (kept === undefined || posted.sessionToken === undefined) return kept;
    try {
      const refresh = await this.sessions.verifier.verifyRefresh(kept);
      assertSameSubject(owner, refresh);
      await this.sessions.signOuts.assertActive(kept, refresh.claims);
      return kept;
    } catch (error) {
      if (error instanceof DescopeCredentialError) return undefined;
      throw error;
    }
  }

  #readKept(call: RouteCall, read: 'readSession' | 'readRefresh'): string | undefined {
    const reading = this.sessions.tokenStore[read](call.exchange.request);
    return reading.kind === 'value' ? reading.value : undefined;
  }

  // The session that comes with a refresh token stays good when another takes its place, and must end with it.
  async #noteHeld(call: RouteCall, refreshToken: string): Promise<void> {
    const { verifier, refresher } = this.sessions;
    const owner = await verifier.verifyRefresh(refreshToken);
    const credential = this.authenticator.readToken(call.exchange.request);
    const held = new Set(
      [this.#readKept(call, 'readSession'), credential?.token].filter(Boolean) as string[],
    );
    for (const sessionToken of held) {
      try {
        assertSameSubject(await verifier.verify(sessionToken), owner);
        await refresher.noteIssued(owner, [refreshToken], { sessionToken, refreshToken: undefined });
      } catch (error) {
        if (!(error instanceof DescopeCredentialError)) throw error; // it is good for nothing, or of somebody else
      }
    }
  }

  // A client that sends its own token, and no cookie, may be at home anywhere: it is told what is missing.
  #requireRefresh({ exchange }: RouteCall, isSent: boolean): string {
    const { tokenStore } = this.sessions;
    if (!isSent || tokenStore.readRefresh(exchange.request).kind !== 'absent')
      assertSameOrigin(exchange.request, this.config.authentication.origins);
    return requireRefresh(exchange, tokenStore, isSent);
  }

  // It may have lapsed: that is what one refreshes for.
  async #proveSent({ exchange }: RouteCall): Promise<VerifiedToken | undefined> {
    const credential = this.authenticator.readToken(exchange.request);
    return credential?.sentByBrowser === false
      ? this.sessions.verifier.verifyLapsed(credential.token)
      : undefined;
  }
}

function rejectTenant(error: unknown): never {
  if (!(error instanceof DescopeApiError)) throw error;
  if (error.status === 401) throw sessionEnded(error); // which says nothing of the tenant
  const message = 'Descope does not let this user select the tenant.';
  throw new DescopeAccessError('TENANT_NOT_SELECTABLE', message, { descopeCode: error.errorCode });
}
