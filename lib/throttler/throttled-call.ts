// A call that is counted: who is behind it, by the guard's own checks, and from which address it comes.
import type { ExecutionContext } from '@nestjs/common';
import { readAccessPolicy } from '../auth/access/access-policy.js';
import { acceptCall } from '../auth/access/check-access.js';
import type { RequestResources } from '../auth/access/protected-resource.js';
import type { Application } from '../auth/applications.js';
import { findSession } from '../auth/request-user.js';
import type { ContextRequest, OpenCall } from '../auth/transports/call.js';
import { openCall } from '../auth/transports/call.js';
import { hideMistake } from '../auth/transports/mistakes.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeAccessError, DescopeConfigError } from '../core/errors.js';
import { readSender } from '../core/http/address.js';
import type { RequestLike } from '../core/http/request.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { DescopeUser } from '../core/user/descope-user.js';

/** What the calls of an application are counted with. */
export interface ThrottlingParts {
  readonly application: Application;
  readonly authenticator: Authenticator;
  readonly config: DescopeConfig;
  readonly resources: RequestResources | undefined;
  /** The bits of an IPv6 address that count; `undefined` for 64. */
  readonly ipv6Bits: number | undefined;
}

/** A call of one guard. Several limits of a call ask once who is behind it. */
export class ThrottledCall {
  readonly call: OpenCall;
  readonly #parts: ThrottlingParts;
  #user: Promise<DescopeUser | undefined> | undefined;
  #address: { readonly found: string | undefined } | undefined;

  constructor(context: ExecutionContext, parts: ThrottlingParts) {
    this.#parts = parts;
    this.call = openCall(context, parts.application);
  }

  /** Finds the verified caller whose token is accepted; `undefined` for everybody else, and on public routes. */
  findUser(): Promise<DescopeUser | undefined> {
    return (this.#user ??= this.#find());
  }

  /** Finds the request as its framework made it; `undefined` if the transport has none. */
  findRequest(): ContextRequest | undefined {
    try {
      return this.call.request;
    } catch (error) {
      if (error instanceof DescopeAccessError) return undefined; // TRANSPORT_UNKNOWN
      throw error;
    }
  }

  /**
   * Reads the address of the client, of IPv6 the network; `undefined` if none is known. Read first before anything is awaited:
   * a client that hangs up has no address any more.
   */
  readAddress(): string | undefined {
    this.#address ??= { found: this.#findAddress() };
    return this.#address.found;
  }

  #findAddress(): string | undefined {
    const request = this.findRequest() as (ContextRequest & Pick<RequestLike, 'ip'>) | undefined;
    if (request === undefined) return undefined;
    // Express and Fastify apply their settings for proxies. Other transports know the direct peer only.
    const { headers, socket } = this.call.headers;
    return readSender({ headers, socket, ip: toText(request.ip) }, this.#parts.ipv6Bits);
  }

  // As AuthGuard, which runs next, finds the caller and reports what is wrong: here it only does not count as a caller.
  async #find(): Promise<DescopeUser | undefined> {
    const { call } = this;
    const { authenticator, config, resources } = this.#parts;
    try {
      const policy = readAccessPolicy(call.context.getClass(), call.context.getHandler());
      if (policy.mode === 'public') return undefined; // where no token is read
      const session = await findSession(call, authenticator);
      resources?.note(call, policy);
      return acceptCall({ call, policy, session }, { config, resources }).user;
    } catch {
      return undefined;
    }
  }
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

// The calls of DescopeThrottlerGuard by their contexts: a tracker receives no more than that.

const calls = new WeakMap<ExecutionContext, ThrottledCall>();

/** Opens a call of a guard, for its trackers. */
export function openThrottled(context: ExecutionContext, parts: ThrottlingParts): void {
  calls.set(context, new ThrottledCall(context, parts));
}

/**
 * Recalls a call of a guard.
 * @throws {DescopeConfigError} CONFIG_MODULE_MISSING outside of `DescopeThrottlerGuard`
 */
export function recallThrottled(context: ExecutionContext): ThrottledCall {
  const call = calls.get(context);
  if (call !== undefined) return call;
  const message =
    'A tracker of nestjs-descope/throttler was called by another guard. Register DescopeThrottlerGuard in place of ThrottlerGuard: { provide: APP_GUARD, useClass: DescopeThrottlerGuard }.';
  // Before fields of GraphQL, guards may run without filters.
  throw hideMistake(openCall(context), new DescopeConfigError('CONFIG_MODULE_MISSING', message));
}
