// Everything a project holds: users, tenants, roles, permissions, access keys and inbound apps.
import type { InboundAppRecord } from '../apps/inbound-apps.js';
import type { JsonObject } from '../http/call.js';
import { AccessKeys } from './access-keys.js';
import { NamedRecords } from './named-records.js';
import { Roles } from './roles.js';
import type { PermissionRecord } from './roles.js';
import { Users } from './users.js';

/** A tenant as the emulator keeps it. */
export interface TenantRecord {
  readonly id: string;
  readonly name: string;
  readonly selfProvisioningDomains: readonly string[];
  readonly customAttributes: JsonObject;
  readonly enforceSSO: boolean;
  readonly disabled: boolean;
  readonly defaultRoles: readonly string[];
  readonly createdSeconds: number;
}

/** The data of a project. */
export class Project {
  readonly users = new Users();
  readonly roles = new Roles();
  readonly accessKeys = new AccessKeys();
  readonly inboundApps = new NamedRecords<InboundAppRecord>((app) => app.id);
  readonly tenants = new NamedRecords<TenantRecord>((tenant) => tenant.id);
  readonly permissions = new NamedRecords<PermissionRecord>((permission) => permission.name);
}
