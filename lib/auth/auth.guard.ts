// The guard, which decides whether a request may reach its handler, and GlobalGuard, which calls it for every handler.
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../core/config/config.js';
import { publishAccepted } from '../core/events.js';
import type { Notify } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { attempt, isThenable, isYes } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import { DescopeSession, requireSignedIn } from '../core/session/session.js';
import type { AccessPolicy } from './access/access-policy.js';
import { readAccessPolicy } from './access/access-policy.js';
import {
  assertLetPass,
  hasGuard,
  isLeftToGuards,
  isOpenable,
  isUnknownCredential,
} from './access/alternatives.js';
import { acceptCall, assertDemands } from './access/check-access.js';
import type { RequestResource, RequestResources } from './access/protected-resource.js';
import { assertRules } from './access/rules.js';
import type { Application } from './applications.js';
import type { ExplainRejection, LoginPath } from './error-response.js';
import { respondWithError, toChallengeProofs } from './error-response.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_EXPLAIN,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_RESOURCES,
  DESCOPE_SESSIONS,
} from './injection-tokens.js';
import { clearForeignUser, findSession, getOwnUser, rememberAcceptance } from './request-user.js';
import { keepPrivate } from './response-headers.js';
import type { DescopeCall } from './transports/call.js';
import { findRequest, handOnUser, openCall } from './transports/call.js';

/** What `AuthGuard.decide` decides on. */
export interface AccessDecision {
  /** The call: its request, its response and Nest's execution context. */
  readonly call: DescopeCall;
  /** What the handler demands. */
  readonly policy: AccessPolicy;
  /** The session of the request; anonymous if it has no credential. */
  readonly session: DescopeSession;
}

/**
 * Lets a request reach its handler only if the handler is public, or if the caller is authenticated and meets its demands.
 * `DescopeModule` registers it globally unless `globalGuard` is `false`. An application may extend it and override the
 * protected methods.
 * @example `@UseGuards(AuthGuard) @Controller('orders') export class OrdersController {}`
 */
@Injectable()
export class AuthGuard implements CanActivate {
  // Injected as properties, so that a subclass may have its own constructor.
  @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator!: Authenticator;
  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;
  @Inject(DESCOPE_CONFIG) private readonly config!: DescopeConfig;
  @Inject(DESCOPE_SESSIONS) private readonly sessions!: Sessions;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;
  @Inject(ModuleRef) private readonly modules!: ModuleRef;
  @Optional() @Inject(DESCOPE_LOGIN_PATH) private readonly loginPath?: LoginPath;
  @Optional() @Inject(DESCOPE_RESOURCES) private readonly resources?: RequestResources;
  @Optional() @Inject(DESCOPE_EXPLAIN) private readonly explain?: ExplainRejection;

  /**
   * Decides whether a call may reach its handler. Synchronous if nothing must be awaited: keys, a store, a rule or `loadUser`.
   * @returns `true` to let the call reach its handler
   * @throws {HttpException} 400, 401, 403 or 503 with the code in the body, in the form of the call's transport
   *   (`WsException`, `RpcException`); an error that is not of this package is passed on unchanged
   */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    const call = openCall(context, this.application);
    try {
      const policy = this.getPolicy(context);
      this.resources?.note(call, policy); // of a public route, too: the tools that it calls are for the same resource
      if (policy.mode === 'public') return this.#passPublic(call);
      const session = isOpenable(policy) ? this.#findOpenly(call) : this.getSession(call);
      const decision = isThenable(session)
        ? this.#decideLater(call, policy, session)
        : this.decide({ call, policy, session });
      return isThenable(decision) ? this.#settle(call, decision) : isYes(decision);
    } catch (error) {
      return this.reject(error, call);
    }
  }

  /**
   * Reads what the handler of a call demands.
   * @returns the policy of the handler's decorators, and of those of its class
   * @throws {DescopeConfigError} CONFIG_DEMAND_CONTRADICTED or CONFIG_DEMAND_TENANTLESS
   */
  protected getPolicy(context: ExecutionContext): AccessPolicy {
    return readAccessPolicy(context.getClass(), context.getHandler());
  }

  /**
   * Authenticates a call, once for each request.
   * @returns the session; anonymous without a credential, or with a cookie that is not valid
   * @throws {DescopeCredentialError} CREDENTIAL_MALFORMED, ACCESS_KEY_REFUSED, or a `TOKEN_…` or `SESSION_…` code for a bearer
   *   token that is not valid
   * @throws {DescopeAccessError} TRANSPORT_UNKNOWN for a call without a request, REQUEST_CROSS_SITE, CLAIMS_REFUSED, or a
   *   `USERNAME_…` code
   * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE, or another code of an outage
   */
  protected getSession(call: DescopeCall): MaybePromise<DescopeSession> {
    return findSession(call, this.authenticator);
  }

  /**
   * Checks a session against the handler's demands and rules, and writes the user on the request.
   * @returns `true` to let the call reach its handler
   * @throws {DescopeCredentialError} SESSION_MISSING or the reason why the session is anonymous, TOKEN_KIND_NOT_ACCEPTED,
   *   TOKEN_AUDIENCE_MISMATCH, or an `AUTH_…` code
   * @throws {DescopeAccessError} an `ACCESS_…` code, REQUEST_CROSS_SITE or USER_NOT_ACCEPTED
   * @throws {DescopeUnavailableError} FGA_UNAVAILABLE
   */
  protected decide({ call, policy, session }: AccessDecision): MaybePromise<boolean> {
    const decision = { call, policy, session: this.#acceptSession({ call, policy, session }) };
    const met = this.#assertDemands(decision);
    return isThenable(met) ? this.#handOnLater(decision, met) : this.#handOn(decision);
  }

  /**
   * Returns the user for the handler, loaded once for each request.
   * @returns the application's own user if `loadUser` is set, otherwise the `DescopeUser`; `undefined` for an anonymous caller
   * @throws {DescopeAccessError} USER_NOT_ACCEPTED when `loadUser` returns no user
   */
  protected getUser(call: DescopeCall, session: DescopeSession): MaybePromise<unknown> {
    const { config, modules, authenticator, sessions } = this;
    return getOwnUser(call, session, { config, modules, authenticator, userCache: sessions.userCache });
  }

  /**
   * Ends a rejected call: logs the reason, writes the headers of the response, and throws the exception. A browser without a
   * session is redirected to the login page if `routes.loginRedirect` is on.
   * @throws {HttpException} 400, 401, 403 or 503 with the code in the body; 302 to the login page; an error that is not of
   *   this package is passed on unchanged
   * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
   */
  protected reject(error: unknown, call: DescopeCall): never {
    this.explain?.(call, error);
    const login = { path: this.loginPath, tokenStore: this.sessions.tokenStore };
    const proofs = toChallengeProofs(call, this.config.dpop);
    const resource = this.#findResource(call);
    throw respondWithError(call, error, { notify: this.notify, login, resource, proofs });
  }

  // A credential that is not known to be one of Descope may be one of the application: its guard inside `@AnyOf` decides. One of
  // the scheme `DPoP` decides alone, where bound tokens are accepted.
  #findOpenly(call: DescopeCall): MaybePromise<DescopeSession> {
    if (toChallengeProofs(call, this.config.dpop)?.isSent === true) return this.getSession(call);
    return attempt(
      () => this.getSession(call),
      (error) => {
        if (isUnknownCredential(error)) return DescopeSession.anonymous(error);
        throw error;
      },
    );
  }

  #passPublic(call: DescopeCall): true {
    clearForeignUser(call, this.authenticator);
    return true;
  }

  #findResource(call: DescopeCall): RequestResource | undefined {
    if (this.resources === undefined || findRequest(call) === undefined) return undefined;
    return this.resources.recall(call.key);
  }

  #acceptSession(decision: AccessDecision): DescopeSession {
    const { call, session } = decision;
    const { config, resources } = this;
    if (session.rejectedWith === 'COOKIE_AMBIGUOUS') this.#expireCookies(call);
    const accepted = acceptCall(decision, { config, resources });
    // The session of the request keeps its rejection: its other handlers may be without such a guard.
    if (!isLeftToGuards(decision.policy, accepted))
      rememberAcceptance(call, { session, accepted }, this.authenticator);
    keepPrivate(call.response);
    if (this.config.dpop?.hasNonces === true) this.#offerNonce(call, accepted);
    return accepted;
  }

  // RFC 9449 §8.2: a client that gets the next nonce in time is not rejected when its own is too old.
  #offerNonce({ response }: DescopeCall, { claims }: DescopeSession): void {
    const nonce =
      claims !== undefined && Object.hasOwn(claims, 'cnf') ? this.authenticator.readNonce() : undefined;
    if (nonce !== undefined) response?.set('DPoP-Nonce', nonce);
  }

  #assertDemands({ call, policy, session }: AccessDecision): MaybePromise<void> {
    if (policy.mode === 'optional' || isLeftToGuards(policy, session)) return;
    const user = requireSignedIn(session); // the 401 of a caller without a valid credential
    return assertDemands({ call, policy, user }, this.config);
  }

  // Synchronous, unless `loadUser` returns a promise or the policy has rules.
  #handOn(decision: AccessDecision): MaybePromise<boolean> {
    const { call, policy, session } = decision;
    const user = this.getUser(call, session);
    if (isThenable(user) || hasRules(policy)) return this.#followRules(decision, user);
    handOnUser(call, user); // also `undefined`: a user that another middleware wrote must not stay
    return this.#letPass(session);
  }

  async #handOnLater(decision: AccessDecision, met: PromiseLike<unknown>): Promise<boolean> {
    await met;
    return this.#handOn(decision);
  }

  // A policy of a subclass may make a route optional and have rules: without a user they reject.
  async #followRules(decision: AccessDecision, user: unknown): Promise<boolean> {
    const { call, policy, session } = decision;
    const { modules, config } = this;
    const own = await user;
    handOnUser(call, own);
    if (isLeftToGuards(policy, session)) {
      await assertLetPass(policy, { call, modules, rejection: DescopeSession.toRejection(session) });
    } else if (hasRules(policy)) {
      await assertRules({ call, policy, user: requireSignedIn(session), own, modules, config });
      if (policy.rules?.some(hasGuard) === true) handOnUser(call, own); // such a guard may have written another
    }
    return this.#letPass(session);
  }

  async #decideLater(
    call: DescopeCall,
    policy: AccessPolicy,
    session: Promise<DescopeSession>,
  ): Promise<boolean> {
    return this.decide({ call, policy, session: await session });
  }

  async #settle(call: DescopeCall, decision: PromiseLike<unknown>): Promise<boolean> {
    try {
      return isYes(await decision);
    } catch (error) {
      return this.reject(error, call);
    }
  }

  #letPass({ user, sentByBrowser }: DescopeSession): true {
    publishAccepted(user, sentByBrowser, this.config.projectId);
    return true;
  }

  #expireCookies({ headers, response }: DescopeCall): void {
    if (response === undefined) return;
    keepPrivate(response);
    this.sessions.tokenStore.clearAmbiguous({ request: headers, response });
  }
}

function hasRules({ rules = [] }: AccessPolicy): boolean {
  return rules.length > 0;
}

// The guard that is registered globally. It calls AuthGuard, and rejects every request if Nest cannot create that.

/**
 * The global guard. An alias of `AuthGuard` is not enough: if a dependency of it is request-scoped, Nest silently leaves the
 * guard out. This class depends on nothing that can be request-scoped, and then rejects every request.
 */
export class GlobalGuard implements CanActivate {
  #guard: CanActivate | undefined;

  constructor(private readonly modules: ModuleRef) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    this.#guard ??= this.modules.get<CanActivate>(AuthGuard, { strict: true }); // throws for one that is request-scoped
    return this.#guard.canActivate(context);
  }
}
