// The roles of the project, each with its permissions; a role may belong to one tenant.
import { DescopeError } from '../http/descope-error.js';
import { NamedRecords } from './named-records.js';

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
  readonly #records = new NamedRecords<RoleRecord>((role) => keyOf(role.name, role.tenantId));

  /** All roles, in the order in which they came. */
  get all(): readonly RoleRecord[] {
    return this.#records.all;
  }

  /** The role of a name (in a tenant, or in the project), or of an id. */
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

  /** Puts another role in the place of one. */
  replace(old: RoleRecord, role: RoleRecord): RoleRecord {
    this.#records.remove(old);
    return this.add(role);
  }

  /** Removes a role. */
  remove(role: RoleRecord): void {
    this.#records.remove(role);
  }

  /** The permissions of some roles: a tenant's own role first, then the project's of that name. */
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
