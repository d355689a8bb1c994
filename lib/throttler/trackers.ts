// Trackers of @nestjs/throttler: the text by which a limit counts a caller.
import type { ExecutionContext } from '@nestjs/common';
import type { DescopeUser } from '../core/user/descope-user.js';
import type { ThrottledCall } from './throttled-call.js';
import { recallThrottled } from './throttled-call.js';

/**
 * Counts by the verified caller: a user, an access key, an app or an agent, each by its own id. Everybody else counts by
 * address: anonymous callers, callers whose credential is rejected, and all callers of public routes.
 * @param _request the request, which is not read
 * @param context Nest's execution context of the call
 * @returns the tracker: `user:…`, `access-key:…`, `app:…`, `agent:…`, `unknown:…` or `address:…`
 * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when another guard than `DescopeThrottlerGuard` calls it
 * @example `@Throttle({ default: { limit: 5, ttl: 60_000, getTracker: trackByUser } })`
 */
export async function trackByUser(_request: object, context: ExecutionContext): Promise<string> {
  const call = recallThrottled(context);
  const user = await call.findUser();
  return user === undefined ? toAddress(call) : toCaller(user);
}

/**
 * Counts by the current tenant (the claim `dct`) of the verified caller, so that all users and access keys of a tenant share
 * a limit. A verified caller without a current tenant counts by its own id, and everybody else by address.
 * @param _request the request, which is not read
 * @param context Nest's execution context of the call
 * @returns the tracker: `tenant:…`, or what `trackByUser` returns
 * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when another guard than `DescopeThrottlerGuard` calls it
 * @example `ThrottlerModule.forRoot([{ name: 'tenant', ttl: 60_000, limit: 1000, getTracker: trackByTenant }])`
 */
export async function trackByTenant(_request: object, context: ExecutionContext): Promise<string> {
  const call = recallThrottled(context);
  const user = await call.findUser();
  if (user === undefined) return toAddress(call);
  return user.tenant === undefined ? toCaller(user) : `tenant:${user.tenant}`;
}

/**
 * Counts by address, and reads no token. The address is that of the framework, which applies its own settings
 * for proxies; of IPv6 it is the network (/64).
 * @param _request the request, which is not read
 * @param context Nest's execution context of the call
 * @returns the tracker: `address:…`; `address:unknown` if the transport has no address
 * @throws {DescopeConfigError} CONFIG_MODULE_MISSING when another guard than `DescopeThrottlerGuard` calls it
 * @example `ThrottlerModule.forRoot([{ name: 'address', ttl: 60_000, limit: 5000, getTracker: trackByAddress }])`
 */
export function trackByAddress(_request: object, context: ExecutionContext): string {
  return toAddress(recallThrottled(context));
}

// The kind comes first and has no colon, so no id of one kind is equal to one of another.
function toCaller({ kind, id }: DescopeUser): string {
  return `${kind}:${id}`;
}

function toAddress(call: ThrottledCall): string {
  return `address:${call.readAddress() ?? 'unknown'}`;
}
