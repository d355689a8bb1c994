// Checks a known caller against the demands of a handler, by the token and the request alone.
import type { DescopeConfig } from '../../core/config/config.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { whenReady } from '../../core/maybe-promise.js';
import { assertAccess } from '../../core/user/authorize.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import type { DescopeCall } from '../transports/call.js';
import type { AccessPolicy } from './access-policy.js';
import { readRequestValues } from './request-values.js';

/** The call, the policy of its handler, and the caller. */
export interface Case {
  readonly call: DescopeCall;
  readonly policy: AccessPolicy;
  readonly user: DescopeUser;
}

/**
 * Asserts that the caller meets every demand.
 * @throws {DescopeAccessError} an `ACCESS_…` code
 * @throws {DescopeCredentialError} an `AUTH_…` code
 */
export function assertDemands({ call, policy, user }: Case, config: DescopeConfig): MaybePromise<void> {
  const { demands, tenantSources = readTenantSources(demands) } = policy;
  if (demands.length === 0) return;
  const { clock, superuserBypass } = config;
  return whenReady(readRequestValues(tenantSources, { call, user }), (tenants) =>
    assertAccess(user, demands, { nowMs: clock(), tenants, superuserBypass }),
  );
}
