// The role and permission names that handlers demand, compared with those of the project.

/** A role or permission that the project does not have. */
export interface UnknownAccessName {
  /** The name of the role or permission. */
  readonly name: string;
  /** The handlers that demand it: `'OrdersController.remove'`. */
  readonly usedBy: readonly string[];
}

/** The roles and permissions that handlers demand and that the project does not have. */
export interface AccessNamesReport {
  /** The unknown roles, those of `@Staff()` and `@Superuser()` included. */
  readonly unknownRoles: readonly UnknownAccessName[];
  /** The unknown permissions. */
  readonly unknownPermissions: readonly UnknownAccessName[];
}

/** A handler and its demands: the part of an entry of the access map that names stand in. */
export interface DemandingHandler {
  readonly handler: string;
  readonly demands: readonly DemandView[];
}

interface DemandView {
  readonly kind: string;
  readonly [detail: string]: unknown;
}

/** The names of a project, as its management API lists them. */
export interface ProjectNames {
  /** The roles; one with a tenant id is that tenant's own. */
  readonly readRoles: () => Promise<readonly { readonly name: string; readonly tenantId?: string }[]>;
  readonly readPermissions: () => Promise<readonly { readonly name: string }[]>;
  readonly readTenants: () => Promise<readonly { readonly id: string }[]>;
  readonly readTenantRoles: (
    tenantIds: readonly string[],
    roleNames: readonly string[],
  ) => Promise<readonly { readonly name: string }[]>;
}

/** Returns the names that the project does not have. Rejects with what the lists reject with. */
export async function compareNames(uses: NameUses, project: ProjectNames): Promise<AccessNamesReport> {
  const [roles, permissions] = await Promise.all([project.readRoles(), project.readPermissions()]);
  const inProject = new Set(roles.filter(({ tenantId }) => !tenantId).map(({ name }) => name));
  const missing = uses.roles.filter(({ name }) => !inProject.has(name));
  const unknownRoles = await withoutTenantRoles(missing, project);
  const known = new Set(permissions.map(({ name }) => name));
  return {
    unknownRoles: group(unknownRoles),
    unknownPermissions: group(uses.permissions.filter(({ name }) => !known.has(name))),
  };
}

// Descope lists a tenant's own roles only if the request names the tenant.
async function withoutTenantRoles(
  missing: readonly NameUse[],
  project: ProjectNames,
): Promise<readonly NameUse[]> {
  const wanted = [...new Set(missing.filter(({ inTenant }) => inTenant).map(({ name }) => name))];
  if (wanted.length === 0) return missing;
  const tenantIds = (await project.readTenants()).map(({ id }) => id);
  if (tenantIds.length === 0) return missing;
  const roles = await project.readTenantRoles(tenantIds, wanted);
  const found = new Set(roles.map(({ name }) => name));
  return missing.filter(({ name, inTenant }) => !inTenant || !found.has(name));
}

function group(uses: readonly NameUse[]): UnknownAccessName[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, handler } of uses) byName.set(name, (byName.get(name) ?? new Set()).add(handler));
  return [...byName].map(([name, handlers]) => ({ name, usedBy: [...handlers] }));
}

// The names in the access map, with their handlers.

/** One handler that demands a name. */
export interface NameUse {
  readonly name: string;
  readonly handler: string;
  /** Whether a tenant's own role is enough. */
  readonly inTenant: boolean;
}

/** Every use of a name, in the order of the map. */
export interface NameUses {
  readonly roles: readonly NameUse[];
  readonly permissions: readonly NameUse[];
}

/** The roles of `@Staff()` and `@Superuser()`. */
export interface StaffRoles {
  readonly staffRole: string;
  readonly superuserRole: string;
}

/** Lists the names that handlers demand. */
export function readNameUses(map: readonly DemandingHandler[], standing: StaffRoles): NameUses {
  const uses = map.flatMap(({ handler, demands }) =>
    demands.flatMap(toLeaves).flatMap((demand) =>
      toNames(demand, standing).map((name) => {
        return { kind: toKind(demand), name, handler, inTenant: demand['tenant'] !== undefined };
      }),
    ),
  );
  const ofKind = (kind: string) =>
    uses
      .filter((use) => use.kind === kind)
      .map(({ name, handler, inTenant }) => ({ name, handler, inTenant }));
  return { roles: ofKind('roles'), permissions: ofKind('permissions') };
}

// The alternatives of `@AnyOf` in its place.
function toLeaves(demand: DemandView): readonly DemandView[] {
  const { alternatives } = demand;
  return demand.kind === 'any-of' && Array.isArray(alternatives) ? (alternatives as DemandView[]) : [demand];
}

function toNames({ kind, names }: DemandView, { staffRole, superuserRole }: StaffRoles): readonly string[] {
  if (kind === 'staff') return [staffRole];
  if (kind === 'superuser') return [superuserRole];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

function toKind({ kind }: DemandView): string {
  return kind === 'staff' || kind === 'superuser' ? 'roles' : kind;
}
