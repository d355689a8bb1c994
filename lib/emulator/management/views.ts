// Access keys, roles and tenants as Descope's API shows them.
import type { JsonObject } from '../http/call.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import type { TenantRecord } from '../store/project.js';
import type { PermissionRecord, RoleRecord } from '../store/roles.js';

/** An access key as it stands in answers; never its cleartext. */
export function toAccessKeyView(key: AccessKeyRecord): JsonObject {
  return {
    id: key.id,
    name: key.name,
    description: key.description,
    roleNames: key.roleNames,
    keyTenants: key.tenants,
    status: key.active ? 'active' : 'inactive',
    createdTime: key.createdSeconds,
    expireTime: key.expiresSeconds,
    expiresTime: key.expiresSeconds,
    createdBy: 'emulator',
    clientId: key.id,
    boundUserId: key.boundUserId ?? '',
    permittedIps: key.permittedIps,
    customClaims: key.customClaims,
    customAttributes: key.customAttributes,
  };
}

/** A role as it stands in answers. */
export function toRoleView(role: RoleRecord): JsonObject {
  return {
    id: role.id,
    name: role.name,
    description: role.description,
    permissionNames: role.permissionNames,
    tenantId: role.tenantId,
    default: role.isDefault,
    createdTime: role.createdSeconds,
  };
}

/** A permission as it stands in answers. */
export function toPermissionView(permission: PermissionRecord): JsonObject {
  return { ...permission, systemDefault: false };
}

/** A tenant as it stands in answers. */
export function toTenantView(tenant: TenantRecord): JsonObject {
  const { createdSeconds, ...shown } = tenant;
  return { ...shown, domains: tenant.selfProvisioningDomains, authType: 'none', createdTime: createdSeconds };
}
