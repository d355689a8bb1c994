// Checks whether a session is accepted for a call, and a known caller against the demands of its handler, by the token and the request alone.
import type { DescopeConfig } from '../../core/config/config.js';
import type { MaybePromise } from '../../core/maybe-promise.js';
import { whenReady } from '../../core/maybe-promise.js';
import type { DescopeSession } from '../../core/session/session.js';
import { acceptOptionalSession, acceptSession } from '../../core/session/session.js';
import type { Flaw } from '../../core/user/authorize.js';
import { assertAccess, judge } from '../../core/user/authorize.js';
import type { Demand } from '../../core/user/demands.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { DescopeUser } from '../../core/user/descope-user.js';
import type { DescopeCall } from '../transports/call.js';
import { assertCallOrigin } from '../transports/call.js';
import type { AccessPolicy } from './access-policy.js';
import type { RequestResources } from './protected-resource.js';
import { readRequestValues } from './request-values.js';

/** A call, the policy of its handler, and the session of its request. */
export interface SessionCase {
  readonly call: DescopeCall;
  readonly policy: AccessPolicy;
  readonly session: DescopeSession;
}

/** What an application accepts. */
export interface AcceptingParts {
  readonly config: DescopeConfig;
  readonly resources?: RequestResources | undefined;
}

/**
 * Checks the origin of a cookie, then whether this kind of token and its audience are accepted.
 * @returns the session; on an optional route an anonymous one in place of a cookie that is not accepted
 * @throws {DescopeAccessError} REQUEST_CROSS_SITE
 * @throws {DescopeCredentialError} TOKEN_KIND_NOT_ACCEPTED or TOKEN_AUDIENCE_MISMATCH
 */
export function acceptCall(
  { call, policy, session }: SessionCase,
  { config, resources }: AcceptingParts,
): DescopeSession {
  const { acceptance } = resources?.recall(call.key) ?? config;
  if (session.sentByBrowser) assertCallOrigin(call, config.authentication.origins);
  const accept = policy.mode === 'optional' ? acceptOptionalSession : acceptSession;
  return accept(session, acceptance, policy.demands);
}

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

/**
 * Judges one demand that is an alternative of others. With `{ tenant: true }` it is about the tenant of the handler's
 * `@Tenant`. Returns `undefined` if the caller meets it.
 */
export function judgeDemand(
  demand: Demand,
  { call, policy, user }: Case,
  config: DescopeConfig,
): MaybePromise<Flaw | undefined> {
  const { clock, superuserBypass } = config;
  const demands = [demand, ...policy.demands.filter(({ kind }) => kind === 'tenant')];
  return whenReady(readRequestValues(readTenantSources(demands), { call, user }), (tenants) =>
    judge(demand, { nowMs: clock(), tenants, superuserBypass, user, demands }),
  );
}
