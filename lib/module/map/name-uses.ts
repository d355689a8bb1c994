// Which role and permission names stand in the access map, and where.
import type { AccessMap } from './access-map.js';
import type { AccessMapDemand } from './demand-view.js';

/** One place where a name is asked for. */
export interface NameUse {
  readonly name: string;
  readonly handler: string;
  /** Whether a tenant's own role would do. */
  readonly inTenant: boolean;
}

/** Every use of a name, in the order of the map. */
export interface NameUses {
  readonly roles: readonly NameUse[];
  readonly permissions: readonly NameUse[];
}

/** What `@Staff()` and `@Superuser()` ask for. */
export interface StandingRoles {
  readonly staffRole: string;
  readonly superuserRole: string;
}

/** Lists the names that handlers ask for. */
export function readNameUses(map: AccessMap, standing: StandingRoles): NameUses {
  const uses = map.flatMap(({ handler, demands }) =>
    demands.flatMap((demand) =>
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

function toNames(
  { kind, names }: AccessMapDemand,
  { staffRole, superuserRole }: StandingRoles,
): readonly string[] {
  if (kind === 'staff') return [staffRole];
  if (kind === 'superuser') return [superuserRole];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

function toKind({ kind }: AccessMapDemand): string {
  return kind === 'staff' || kind === 'superuser' ? 'roles' : kind;
}
