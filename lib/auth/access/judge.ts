// Judges a known caller by what their token says.
import type { ExecutionContext } from '@nestjs/common';
import type { DescopeConfig } from '../../core/config/config.js';
import { whenReady } from '../../core/maybe-promise.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { assertAccess } from '../../core/user/access.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import type { AccessPolicy } from './add-up.js';
import { readRequestValues } from './request-value.js';

/** Who asks for what, and where. */
export interface Case {
  readonly context: ExecutionContext;
  readonly policy: AccessPolicy;
  readonly user: DescopeUser;
}

/** Asserts that the caller meets every demand. Throws an `ACCESS_…` or `AUTH_…` code. */
export function assertDemands({ context, policy, user }: Case, config: DescopeConfig): MaybePromise<void> {
  const { demands, tenantSources = readTenantSources(demands) } = policy;
  if (demands.length === 0) return;
  const { clock, superuserBypass } = config;
  return whenReady(readRequestValues(tenantSources, { context, user }), (tenants) =>
    assertAccess(user, demands, { nowMs: clock(), tenants, superuserBypass }),
  );
}
