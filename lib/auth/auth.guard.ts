// The decision: may this request reach its handler?
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DescopeConfig } from '../core/config/config.js';
import { publishAccepted } from '../core/events.js';
import type { Notify } from '../core/logging.js';
import { reportRejection } from '../core/logging.js';
import type { MaybePromise } from '../core/maybe-promise.js';
import { attempt, isYes, whenReady } from '../core/maybe-promise.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { DescopeSession } from '../core/session/session.js';
import { acceptOptionalSession, acceptSession, readSignedIn } from '../core/session/session.js';
import type { AccessPolicy } from './access/access-policy.js';
import { readAccessPolicy } from './access/access-policy.js';
import { assertDemands } from './access/check-access.js';
import { assertRules } from './access/rules.js';
import type { Application } from './applications.js';
import { claimContext } from './applications.js';
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
import type { ContextRequest } from './transports/execution-context.js';
import {
  assertContextOrigin,
  keepContextRequest,
  readContextRequest,
  readContextResponse,
  toRequestLike,
  writeUser,
} from './transports/execution-context.js';

/** What a decision is made of. */
export interface AccessDecision {
  readonly context: ExecutionContext;
  readonly policy: AccessPolicy;
  readonly request: ContextRequest;
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
  @Inject(DESCOPE_AUTHENTICATOR) protected readonly authenticator!: Authenticator;
  @Inject(DESCOPE_APPLICATION) protected readonly application!: Application;
  @Inject(DESCOPE_CONFIG) protected readonly config!: DescopeConfig;
  @Inject(DESCOPE_SESSIONS) protected readonly sessions!: Sessions;
  @Inject(DESCOPE_NOTIFY) protected readonly notify!: Notify;
  @Inject(ModuleRef) protected readonly modules!: ModuleRef;
  @Optional() @Inject(DESCOPE_LOGIN_PATH) protected readonly loginPath?: LoginPath;

  /** Decides; at once when the keys are at hand. */
  canActivate(context: ExecutionContext): MaybePromise<boolean> {
    return attempt(
      () => this.#judge(context),
      (error) => this.reject(error, context),
    );
  }

  /** Reads what the handler asks for. */
  protected getPolicy(context: ExecutionContext): AccessPolicy {
    return readAccessPolicy(context.getClass(), context.getHandler());
  }

  /** Finds the request. Throws `TRANSPORT_UNKNOWN` where there is none. */
  protected getRequest(context: ExecutionContext): ContextRequest {
    return readContextRequest(context);
  }

  /** Finds out who calls, once per request. */
  protected getSession(request: ContextRequest): MaybePromise<DescopeSession> {
    return findSession(request, this.authenticator);
  }

  /** Judges a known caller by the handler's demands, and hands the user on. Throws what is missing. */
  protected decide({ context, policy, request, session }: AccessDecision): MaybePromise<boolean> {
    if (session.rejectedWith === 'COOKIE_AMBIGUOUS') this.#expireCookies(context, request);
    if (session.sentByBrowser) assertContextOrigin(context, request, this.config.authentication.origins);
    const isOptional = policy.mode === 'optional';
    const accepted = (isOptional ? acceptOptionalSession : acceptSession)(
      session,
      this.config.acceptance,
      policy.demands,
    );
    rememberAcceptance({ context, request, session, accepted }, this.authenticator);
    keepPrivate(readContextResponse(context));
    const decision = { context, policy, request, session: accepted };
    if (isOptional) return whenReady(this.#handOn(decision), () => this.#accept(accepted));
    const { modules } = this;
    const user = readSignedIn(accepted);
    return whenReady(assertDemands({ context, policy, user }, this.config), () =>
      whenReady(this.#handOn(decision), (own) =>
        whenReady(assertRules({ context, policy, user, own, modules }), () => this.#accept(accepted)),
      ),
    );
  }

  /** Gives the user that handlers see: Descope's, or the application's own from `loadUser`, once per request. */
  protected getUser(request: ContextRequest, session: DescopeSession): MaybePromise<unknown> {
    const { config, modules, authenticator } = this;
    return getOwnUser(request, session, { config, modules, authenticator });
  }

  /** Ends a rejected request: sets the challenge and throws the HTTP exception. */
  protected reject(error: unknown, context: ExecutionContext): never {
    reportRejection(error, this.notify);
    throw respondWithError(error, context, { loginPath: this.loginPath, place: this.sessions.place });
  }

  #judge(context: ExecutionContext): MaybePromise<boolean> {
    claimContext(context, this.application);
    const policy = this.getPolicy(context);
    if (policy.mode === 'public') {
      clearForeignUser(context, this.authenticator);
      return true;
    }
    const request = this.getRequest(context);
    return whenReady(this.getSession(request), (session) =>
      whenReady(this.decide({ context, policy, request, session }), isYes),
    );
  }

  #handOn({ context, request, session }: AccessDecision): MaybePromise<unknown> {
    return whenReady(this.getUser(request, session), (user) => {
      keepContextRequest(context, request);
      writeUser(request, user); // also when there is none: what another middleware wrote must not stay
      return user;
    });
  }

  #accept({ user, sentByBrowser: sentByBrowser }: DescopeSession): boolean {
    publishAccepted(user, sentByBrowser, this.config.projectId);
    return true;
  }

  #expireCookies(context: ExecutionContext, request: ContextRequest): void {
    const response = readContextResponse(context);
    if (response === undefined) return;
    keepPrivate(response);
    this.sessions.place.clearAmbiguous({ request: toRequestLike(request), response });
  }
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
