// The roles of the project, each with its permissions; a role may belong to one tenant.
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import type { Change } from './records.js';
import { NamedRecords } from './records.js';

/** A role as the emulator keeps it. */
export interface RoleRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly permissionNames: readonly string[];
  readonly tenantId: string;
  readonly isDefault: boolean;
  readonly createdSeconds: number;
}

/** A permission as the emulator keeps it. */
export interface PermissionRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Keeps roles. */
export class Roles {
  readonly #records: NamedRecords<RoleRecord>;

  constructor(onChange: (change: Change<RoleRecord>) => void) {
    this.#records = new NamedRecords((role) => keyOf(role.name, role.tenantId), onChange);
  }

  /** All roles, in the order of their creation. */
  get all(): readonly RoleRecord[] {
    return this.#records.all;
  }

  /** Finds a role by name, in the project or in a tenant, or by id. */
  find(nameOrId: string, tenantId = ''): RoleRecord | undefined {
    return (
      this.#records.find(keyOf(nameOrId, tenantId)) ?? this.#records.all.find((role) => role.id === nameOrId)
    );
  }

  /** Adds a role. */
  add(role: RoleRecord): RoleRecord {
    if (this.#records.find(keyOf(role.name, role.tenantId))) {
      throw new DescopeError('invalidArguments', `The role ${role.name} already exists`);
    }
    return this.#records.put(role);
  }

  /** Replaces a role. */
  replace(old: RoleRecord, role: RoleRecord): RoleRecord {
    this.#records.remove(old);
    return this.add(role);
  }

  /** Removes a role. */
  remove(role: RoleRecord): void {
    this.#records.remove(role);
  }

  /** The permissions of roles; a role of the tenant is used before one of the project with the same name. */
  permissionsOf(names: readonly string[], tenantId = ''): readonly string[] {
    const granted = names.flatMap(
      (name) =>
        (this.#records.find(keyOf(name, tenantId)) ?? this.#records.find(keyOf(name, '')))?.permissionNames ??
        [],
    );
    return [...new Set(granted)];
  }
}

function keyOf(name: string, tenantId: string): string {
  return JSON.stringify([tenantId, name]);
}

/** The roles of a user or an access key in a tenant. */
export interface TenantGrant {
  readonly tenantId: string;
  readonly roleNames: readonly string[];
}

/** A user or an access key. */
interface GrantHolder {
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
}

/** The permissions in the project, through roles and directly. */
export function projectPermissions(holder: GrantHolder, roles: Roles): readonly string[] {
  return [...new Set([...roles.permissionsOf(holder.roleNames), ...holder.permissions])];
}

/** The claims `roles`, `permissions` and `tenants`; an empty list is left out, as in Descope's tokens. */
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

/** Whether a user or an access key belongs to a tenant. */
export function belongsTo(holder: GrantHolder, tenantId: string): boolean {
  return holder.tenants.some((grant) => grant.tenantId === tenantId);
}

function filled(name: string, values: readonly string[]): JsonObject {
  return values.length > 0 ? { [name]: [...values] } : {};
}
