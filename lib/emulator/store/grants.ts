// What somebody may do: roles and permissions, in the project and in each tenant.
import type { JsonObject } from '../http/call.js';
import type { Roles } from './roles.js';

/** The roles of somebody in a tenant. */
export interface TenantGrant {
  readonly tenantId: string;
  readonly roleNames: readonly string[];
}

/** Somebody who holds roles: a user or an access key. */
export interface GrantHolder {
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
}

/** The permissions that somebody has in the project, through roles and directly. */
export function projectPermissions(holder: GrantHolder, roles: Roles): readonly string[] {
  return [...new Set([...roles.permissionsOf(holder.roleNames), ...holder.permissions])];
}

/** The claims `roles`, `permissions` and `tenants`; what is empty is left out, as in Descope's tokens. */
export function toGrantClaims(holder: GrantHolder, roles: Roles): JsonObject {
  return {
    ...filled('roles', holder.roleNames),
    ...filled('permissions', projectPermissions(holder, roles)),
    ...toTenantsClaim(holder, roles),
  };
}

/** The claim `tenants` alone. */
export function toTenantsClaim(holder: GrantHolder, roles: Roles): JsonObject {
  if (holder.tenants.length === 0) return {};
  const entries = holder.tenants.map(({ tenantId, roleNames }): [string, JsonObject] => [
    tenantId,
    {
      ...filled('roles', roleNames),
      ...filled('permissions', roles.permissionsOf(roleNames, tenantId)),
    },
  ]);
  // `fromEntries` defines own members, also for a tenant called `__proto__`.
  return { tenants: Object.fromEntries(entries) };
}

/** Says whether somebody belongs to a tenant. */
export function belongsTo(holder: GrantHolder, tenantId: string): boolean {
  return holder.tenants.some((grant) => grant.tenantId === tenantId);
}

function filled(name: string, values: readonly string[]): JsonObject {
  return values.length > 0 ? { [name]: [...values] } : {};
}
