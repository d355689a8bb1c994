// Claims → what they grant, for the project and for each tenant.
import type { TenantId } from '../claims/register.js';
import { isJsonObject, readNames, readOwn, readText } from '../token/claims.js';
import type { DescopeClaims, JsonObject } from '../token/claims.js';

/** Roles and permissions, by their exact names. */
export interface Grants {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Grants by tenant id. It has no prototype, so an id like `constructor` finds nothing that is not there. */
export type TenantGrants = string extends TenantId
  ? Readonly<Record<string, Grants>>
  : Readonly<Partial<Record<TenantId, Grants>>>;

const NOTHING: Grants = Object.freeze({ roles: Object.freeze([]), permissions: Object.freeze([]) });

/**
 * Reads what a token grants in the project. A claim of the wrong type grants nothing. A token with `dct` and without
 * `tenants` (Descope's `tenantOnly` template) carries that tenant's grants at the top: they count for the tenant only.
 */
export function readGrants(claims: DescopeClaims): Grants {
  return readOnlyTenant(claims) === undefined ? toGrants(claims) : NOTHING;
}

/** Reads what a token grants in each tenant. */
export function readGrantsByTenant(claims: DescopeClaims): TenantGrants {
  const tenant = readOnlyTenant(claims);
  return toTenants(
    tenant === undefined ? readTenants(readOwn(claims, 'tenants')) : [[tenant, toGrants(claims)]],
  );
}

function readOnlyTenant(claims: DescopeClaims): string | undefined {
  const hasTenants = (readOwn(claims, 'tenants') ?? undefined) !== undefined;
  return hasTenants ? undefined : readText(claims, 'dct');
}

function readTenants(tenants: unknown): [string, Grants][] {
  if (!isJsonObject(tenants)) return [];
  return Object.entries(tenants).map(([id, grants]) => [
    id,
    isJsonObject(grants) ? toGrants(grants) : NOTHING,
  ]);
}

function toGrants(source: JsonObject): Grants {
  return Object.freeze({ roles: readNames(source, 'roles'), permissions: readNames(source, 'permissions') });
}

function toTenants(entries: readonly [string, Grants][]): TenantGrants {
  const tenants = Object.create(null) as Record<string, Grants>;
  for (const [id, grants] of entries) tenants[id] = grants;
  return Object.freeze(tenants);
}
