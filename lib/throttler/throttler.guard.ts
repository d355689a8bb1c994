// The guard of @nestjs/throttler that knows callers: it runs before AuthGuard, and counts what AuthGuard rejects.
import type { ExecutionContext, HttpException } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { ThrottlerLimitDetail, ThrottlerRequest } from '@nestjs/throttler';
import { ThrottlerException, ThrottlerGuard } from '@nestjs/throttler';
import { findService } from '../auth/access/find-provider.js';
import type { RequestResources } from '../auth/access/protected-resource.js';
import type { Application } from '../auth/applications.js';
import {
  DESCOPE_APPLICATION,
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_RESOURCES,
} from '../auth/injection-tokens.js';
import { toTransportException } from '../auth/transports/call.js';
import { microserviceTransport } from '../auth/transports/microservice.js';
import type { DescopeConfig } from '../core/config/config.js';
import { toMistake } from '../core/errors.js';
import type { Authenticator } from '../core/session/authenticator.js';
import { putBeforeAuth } from '../inspect/guard-order.js';
import type { ThrottlingParts } from './throttled-call.js';
import { openThrottled, recallThrottled } from './throttled-call.js';
import { trackByUser } from './trackers.js';

/**
 * Limits the rate of requests by caller: a verified user, access key, app or agent by its id, and everybody else by address.
 * It takes the place of `ThrottlerGuard`, with the options and decorators of `@nestjs/throttler`. Whatever the order of
 * modules, it runs before `AuthGuard`, so that rejected requests count, too.
 * @see https://docs.nestjs.com/security/rate-limiting
 * @example `providers: [{ provide: APP_GUARD, useClass: DescopeThrottlerGuard }]`
 */
@Injectable()
export class DescopeThrottlerGuard extends ThrottlerGuard {
  @Inject(ModuleRef) private readonly modules!: ModuleRef;

  #parts: ThrottlingParts | undefined;

  /**
   * Called by Nest when the module is initialised: reads the options.
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when no module imports `DescopeModule`
   */
  override async onModuleInit(): Promise<void> {
    this.#parts = this.#findParts();
    await super.onModuleInit();
  }

  /**
   * Counts a call, and decides whether it may proceed.
   * @returns `true` to let the call reach the next guard
   * @throws {ThrottlerException} 429 with `Retry-After`, in the form of the call's transport
   */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    this.#parts ??= this.#findParts();
    openThrottled(context, this.#parts);
    return super.canActivate(context);
  }

  /**
   * Counts a call by one limit.
   * @returns `true` to let the call reach the next limit
   * @throws {ThrottlerException} 429, in the form of the call's transport
   */
  protected override async handleRequest(limit: ThrottlerRequest): Promise<boolean> {
    recallThrottled(limit.context).readAddress(); // now, while the client is there: tokens and storages take time
    return super.handleRequest(limit);
  }

  /**
   * Returns the text by which a call is counted, where neither the options nor `@Throttle` have a `getTracker`.
   * @returns what `trackByUser` returns
   * @throws {TypeError} without the context, which `ThrottlerGuard` passes
   */
  protected override async getTracker(request: object, context?: ExecutionContext): Promise<string> {
    if (context === undefined) throw toMistake(new TypeError(NO_CONTEXT));
    return trackByUser(request, context);
  }

  /**
   * Returns the request and the response of a call, of every transport that `AuthGuard` knows. Without a request it has no
   * headers, and headers of a missing response are not written.
   * @returns the two, as `ThrottlerGuard` uses them
   * @throws {DescopeConfigError} CONFIG_MODULE_MISSING for a context that `canActivate` has not received
   */
  protected override getRequestResponse(
    context: ExecutionContext,
  ): ReturnType<ThrottlerGuard['getRequestResponse']> {
    if (context.getType() === 'http') return super.getRequestResponse(context);
    const throttled = recallThrottled(context);
    const { response } = throttled.call;
    const header = (name: string, value: unknown): void => response?.set(name, String(value));
    return { req: throttled.findRequest() ?? { headers: {} }, res: { header } };
  }

  /**
   * Ends a call above the limit.
   * @throws {ThrottlerException} 429, in the form of the call's transport
   */
  protected override async throwThrottlingException(
    context: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    throw toForm(context, new ThrottlerException(await this.getErrorMessage(context, detail)));
  }

  #findParts(): ThrottlingParts {
    const ipv6Bits = Array.isArray(this.options) ? undefined : this.options.ipv6SubnetPrefix;
    return {
      application: this.#find(DESCOPE_APPLICATION) as Application,
      authenticator: this.#find(DESCOPE_AUTHENTICATOR) as Authenticator,
      config: this.#find(DESCOPE_CONFIG) as DescopeConfig,
      resources: this.#find(DESCOPE_RESOURCES) as RequestResources | undefined,
      ipv6Bits,
    };
  }

  #find(token: string): unknown {
    return findService(this.modules, token, MODULE_MISSING);
  }
}

const MODULE_MISSING =
  'DescopeThrottlerGuard is registered, but no module imports DescopeModule, so no caller is ever known. Import DescopeModule.forRoot() in the root module.';

putBeforeAuth(DescopeThrottlerGuard);

const NO_CONTEXT =
  'DescopeThrottlerGuard.getTracker needs the context. Pass both parameters on: super.getTracker(request, context).';

// Messages of a microservice may be public without a transport in the option `transports`.
function toForm(context: ExecutionContext, exception: HttpException): unknown {
  const { call } = recallThrottled(context);
  const isUntaught = call.transport === undefined && context.getType() === 'rpc';
  return isUntaught
    ? microserviceTransport.toRejection?.(exception, context)
    : toTransportException(call, exception);
}
