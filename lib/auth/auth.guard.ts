// The decision: may this request reach its handler?
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../core/config/config.js';
import { publishAccepted } from '../core/events.js';
import type { Notify } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { isThenable, isYes } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { DescopeSession } from '../core/session/session.js';
import { acceptOptionalSession, acceptSession, readSignedIn } from '../core/session/session.js';
import type { AccessPolicy } from './access/access-policy.js';
import { readAccessPolicy } from './access/access-policy.js';
import { assertDemands } from './access/check-access.js';
import { assertRules } from './access/rules.js';
import type { Application } from './applications.js';
import type { LoginPath } from './error-response.js';
import { respondWithError } from './error-response.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_SESSIONS,
} from './injection-tokens.js';
import { clearForeignUser, findSession, getOwnUser, rememberAcceptance } from './request-user.js';
import { keepPrivate } from './response-headers.js';
import type { DescopeCall } from './transports/execution-context.js';
import { assertCallOrigin, handOnUser, openCall } from './transports/execution-context.js';

/** What a decision is made of. */
export interface AccessDecision {
  readonly call: DescopeCall;
  readonly policy: AccessPolicy;
  readonly session: DescopeSession;
}

/**
 * Lets a request reach its handler only if the handler is public, or the caller is known and meets its demands.
 * Global unless `globalGuard: false`. An application may extend it and override the protected steps.
 * Rejections are HTTP 400, 401, 403 and 503 with the code in the body; any other error is passed on as it is.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  // Injected as properties, so that a subclass may have a constructor of its own.
  @Inject(DESCOPE_AUTHENTICATOR) private readonly authenticator!: Authenticator;
  @Inject(DESCOPE_APPLICATION) private readonly application!: Application;
  @Inject(DESCOPE_CONFIG) private readonly config!: DescopeConfig;
  @Inject(DESCOPE_SESSIONS) private readonly sessions!: Sessions;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;
  @Inject(ModuleRef) private readonly modules!: ModuleRef;
  @Optional() @Inject(DESCOPE_LOGIN_PATH) private readonly loginPath?: LoginPath;

  /** Decides; at once when the keys are at hand. */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    const call = openCall(context, this.application);
    try {
      const policy = this.getPolicy(context);
      if (policy.mode === 'public') return this.#passPublic(call);
      const session = this.getSession(call);
      const decision = isThenable(session)
        ? this.#decideLater(call, policy, session)
        : this.decide({ call, policy, session });
      return isThenable(decision) ? this.#settle(call, decision) : isYes(decision);
    } catch (error) {
      return this.reject(error, call);
    }
  }

  /** Reads what the handler asks for. */
  protected getPolicy(context: ExecutionContext): AccessPolicy {
    return readAccessPolicy(context.getClass(), context.getHandler());
  }

  /** Finds out who calls, once per request. Throws `TRANSPORT_UNKNOWN` where there is no request. */
  protected getSession(call: DescopeCall): MaybePromise<DescopeSession> {
    return findSession(call, this.authenticator);
  }

  /** Judges a known caller by the handler's demands, and hands the user on. Throws what is missing. */
  protected decide({ call, policy, session }: AccessDecision): MaybePromise<boolean> {
    const decision = { call, policy, session: this.#acceptSession({ call, policy, session }) };
    const met = this.#assertDemands(decision);
    return isThenable(met) ? this.#handOnLater(decision, met) : this.#handOn(decision);
  }

  /** Gives the user that handlers see: Descope's, or the application's own from `loadUser`, once per request. */
  protected getUser(call: DescopeCall, session: DescopeSession): MaybePromise<unknown> {
    const { config, modules, authenticator } = this;
    return getOwnUser(call, session, { config, modules, authenticator });
  }

  /** Ends a rejected request: sets the challenge and throws the HTTP exception. */
  protected reject(error: unknown, call: DescopeCall): never {
    const login = { path: this.loginPath, tokenStore: this.sessions.tokenStore };
    throw respondWithError(call, error, { notify: this.notify, login });
  }

  #passPublic(call: DescopeCall): true {
    clearForeignUser(call, this.authenticator);
    return true;
  }

  // May this token come in at all? What a cookie brings, only from our own pages.
  #acceptSession({ call, policy, session }: AccessDecision): DescopeSession {
    const { authentication, acceptance } = this.config;
    if (session.rejectedWith === 'COOKIE_AMBIGUOUS') this.#expireCookies(call);
    if (session.sentByBrowser) assertCallOrigin(call, authentication.origins);
    const accept = policy.mode === 'optional' ? acceptOptionalSession : acceptSession;
    const accepted = accept(session, acceptance, policy.demands);
    rememberAcceptance(call, { session, accepted }, this.authenticator);
    keepPrivate(call.response);
    return accepted;
  }

  #assertDemands({ call, policy, session }: AccessDecision): MaybePromise<void> {
    if (policy.mode === 'optional') return;
    return assertDemands({ call, policy, user: readSignedIn(session) }, this.config);
  }

  // At once, unless the user is the application's own and promised, or rules must be followed.
  #handOn(decision: AccessDecision): MaybePromise<boolean> {
    const { call, policy, session } = decision;
    const user = this.getUser(call, session);
    if (isThenable(user) || hasRules(policy)) return this.#followRules(decision, user);
    handOnUser(call, user); // also when there is none: what another middleware wrote must not stay
    return this.#letPass(session);
  }

  async #handOnLater(decision: AccessDecision, met: PromiseLike<unknown>): Promise<boolean> {
    await met;
    return this.#handOn(decision);
  }

  // A policy of a subclass may make a route optional and have rules: without a user they reject.
  async #followRules(decision: AccessDecision, user: unknown): Promise<boolean> {
    const { call, policy, session } = decision;
    const own = await user;
    handOnUser(call, own);
    if (hasRules(policy))
      await assertRules({ call, policy, user: readSignedIn(session), own, modules: this.modules });
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

// What stands before every handler: it hands over to AuthGuard, and is there whatever becomes of that.

/**
 * The global guard. An alias of `AuthGuard` would not do: where something that it is made of is request-scoped, Nest
 * puts nothing in its place. This one needs nothing that could be, and then lets nobody in.
 */
export class GlobalGuard implements CanActivate {
  #guard: CanActivate | undefined;

  constructor(private readonly modules: ModuleRef) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    this.#guard ??= this.modules.get<CanActivate>(AuthGuard, { strict: true }); // throws for one that is request-scoped
    return this.#guard.canActivate(context);
  }
}
