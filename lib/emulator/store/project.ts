// Everything a project holds: users, tenants, roles, permissions, access keys and inbound apps.
import type { JsonObject } from '../http/message.js';
import { AccessKeys } from './access-keys.js';
import { NamedRecords } from './records.js';
import type { PermissionRecord } from './roles.js';
import { Roles } from './roles.js';
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

// An inbound app: an OAuth client of the project, which gets tokens of its own or for a user.

/** A scope that an app may be given. */
export interface AppScope {
  readonly name: string;
  readonly description: string;
  readonly values: readonly string[];
  /** Whether it is only given when it is asked for. */
  readonly optional: boolean;
}

/** Whom an app's tokens name as audience when nothing is asked for; empty text: both. */
export type DefaultAudience = 'projectId' | 'clientId' | '';

/** An inbound app as the emulator keeps it. */
export interface InboundAppRecord {
  readonly id: string;
  readonly clientId: string;
  /** Kept as it is, because management may ask for it. */
  readonly clientSecret: string;
  readonly name: string;
  readonly permissionsScopes: readonly AppScope[];
  readonly attributesScopes: readonly AppScope[];
  /** The tenants it may ask for; empty: any of the project's. */
  readonly tenantIds: readonly string[];
  readonly defaultAudience: DefaultAudience;
  /** What is only shown again: description, logo, URLs. */
  readonly shown: JsonObject;
}

/** The client id that Descope makes for an app. */
export function toClientId(projectId: string, appId: string): string {
  return Buffer.from(`${projectId}:${appId}`).toString('base64');
}
