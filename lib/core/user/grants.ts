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

/** What a token grants in all. */
export interface TokenGrants extends Grants {
  readonly tenants: TenantGrants;
}

const NOTHING: Grants = Object.freeze({ roles: Object.freeze([]), permissions: Object.freeze([]) });

/**
 * Reads the grants of a token. A claim of the wrong type grants nothing. A token with `dct` and without `tenants`
 * (Descope's `tenantOnly` template) carries that tenant's grants at the top: they count for the tenant only.
 */
export function readGrants(claims: DescopeClaims): TokenGrants {
  const top = toGrants(claims);
  const current = readText(claims, 'dct');
  const tenants = readOwn(claims, 'tenants') ?? undefined;
  if (tenants === undefined && current !== undefined)
    return { ...NOTHING, tenants: toTenants([[current, top]]) };
  return { ...top, tenants: toTenants(readTenants(tenants)) };
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
