// What a caller of an MCP server may see, and what a call lacks that a client can obtain.
import type { AccessPolicy } from '../auth/access/access-policy.js';
import { readRequestValues } from '../auth/access/request-values.js';
import type { DescopeCall } from '../auth/transports/call.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeAccessError, DescopeCredentialError } from '../core/errors.js';
import type { DescopeSession } from '../core/session/session.js';
import { requireSignedIn } from '../core/session/session.js';
import { assertAccess } from '../core/user/authorize.js';
import type { Demand, RequestValueSource } from '../core/user/demands.js';
import { isAboutTenant, readTenantSources } from '../core/user/demands.js';
import type { DescopeUser } from '../core/user/descope-user.js';

/** The HTTP request that brought a message, and its caller. */
export interface McpCaller {
  readonly call: DescopeCall;
  readonly session: DescopeSession;
  readonly config: DescopeConfig;
}

/**
 * Checks whether a caller has the roles, permissions and tenants of a policy, and is of an accepted kind. Scopes, and the
 * strength of the sign-in, do not count: a client can obtain them. What depends on the arguments of a call does not count
 * either.
 */
export async function isPermitted(policy: AccessPolicy, caller: McpCaller): Promise<boolean> {
  const demands = policy.demands.filter(isGrant).filter((demand) => isKnown(demand, policy));
  if (policy.mode === 'public' || demands.length === 0) return true;
  const { user } = caller.session;
  if (user === undefined) return false;
  if (demands.some((demand) => demand.kind === 'accepts' && !demand.kinds.includes(user.kind))) return false;
  try {
    await assertMet(user, demands, caller);
    return true;
  } catch (error) {
    if (error instanceof DescopeAccessError) return false;
    throw error;
  }
}

/**
 * Asserts that a caller of a handler is signed in, and has its scopes and the strength of sign-in that it demands.
 * @throws {DescopeCredentialError} SESSION_MISSING or an `AUTH_…` code
 * @throws {DescopeAccessError} ACCESS_SCOPE_MISSING
 */
export function assertObtained({ mode, demands }: AccessPolicy, { session, config }: McpCaller): void {
  if (mode !== 'required') return;
  const user = requireSignedIn(session);
  const { clock, superuserBypass } = config;
  assertAccess(user, demands.filter(isObtainable), { nowMs: clock(), superuserBypass, tenants: NO_TENANTS });
}

/** Checks whether a caller of a handler has what `assertObtained` asserts. */
export function hasObtained(policy: AccessPolicy, caller: McpCaller): boolean {
  try {
    assertObtained(policy, caller);
    return true;
  } catch (error) {
    if (error instanceof DescopeAccessError || error instanceof DescopeCredentialError) return false;
    throw error;
  }
}

const NO_TENANTS: ReadonlyMap<RequestValueSource, string> = new Map();
const OBTAINABLE: readonly Demand['kind'][] = ['scopes', 'step-up', 'mfa', 'amr'];

// An `@AnyOf` is judged before the call only if the call names nothing that it is about.
function isObtainable(demand: Demand): boolean {
  if (demand.kind !== 'any-of') return canBeObtained(demand);
  return canBeObtained(demand) && !demand.alternatives.some(isAboutTenant);
}

function canBeObtained(demand: Demand): boolean {
  return demand.kind === 'any-of'
    ? demand.alternatives.some(canBeObtained)
    : OBTAINABLE.includes(demand.kind);
}

function isGrant(demand: Demand): boolean {
  return !canBeObtained(demand) && demand.kind !== 'audience' && demand.kind !== 'resource';
}

// A tenant that the arguments name is not known before the call; a function expects the context of the call.
function isKnown(demand: Demand, policy: AccessPolicy): boolean {
  const { demands } = policy;
  if (demand.kind === 'any-of') return demand.alternatives.every((one) => isKnown(one, policy));
  const isOfRoute = 'tenant' in demand && demand.tenant === true;
  const about = isOfRoute ? [demand, ...demands.filter(({ kind }) => kind === 'tenant')] : [demand];
  return readTenantSources(about).every(
    (source) => typeof source === 'string' && !source.startsWith('param:'),
  );
}

async function assertMet(user: DescopeUser, demands: readonly Demand[], caller: McpCaller): Promise<void> {
  const { call, config } = caller;
  const tenants = await readRequestValues(readTenantSources(demands), { call, user });
  assertAccess(user, demands, { nowMs: config.clock(), tenants, superuserBypass: config.superuserBypass });
}
