// Management of tenants.
import { hasAttributes, readFlag, readObject, readText, readTexts, requireText } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { DescopeError, ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import type { TenantRecord } from '../store/project.js';
import { createId } from '../store/records.js';
import type { PermissionRecord, RoleRecord, TenantGrant } from '../store/roles.js';

const create: Handler = (call, state) => {
  const id = readText(call.body, 'id') ?? createId('T');
  if (state.project.tenants.find(id)) {
    throw new DescopeError('invalidArguments', `The tenant ${id} already exists`);
  }
  const createdSeconds = state.clock.nowSeconds();
  state.project.tenants.put({ id, createdSeconds, defaultRoles: [], ...readTenant(call.body) });
  return ok({ id });
};

const update: Handler = (call, state) => {
  state.project.tenants.put({ ...requireTenant(call.body, state), ...readTenant(call.body) });
  return ok();
};

const updateDefaultRoles: Handler = (call, state) => {
  const defaultRoles = readTexts(call.body, 'defaultRoles') ?? [];
  state.project.tenants.put({ ...requireTenant(call.body, state), defaultRoles });
  return ok();
};

const remove: Handler = (call, state) => {
  const tenant = requireTenant(call.body, state);
  const { users, accessKeys, tenants } = state.project;
  const isOther = ({ tenantId }: TenantGrant) => tenantId !== tenant.id;
  for (const user of users.all) users.save({ ...user, tenants: user.tenants.filter(isOther) });
  for (const key of accessKeys.all) accessKeys.save({ ...key, tenants: key.tenants.filter(isOther) });
  tenants.remove(tenant);
  return ok();
};

const load: Handler = (call, state) => ok(toTenantView(requireTenant({ id: call.query.get('id') }, state)));

const loadAll: Handler = (_call, state) => ok({ tenants: state.project.tenants.all.map(toTenantView) });

const search: Handler = (call, state) => {
  const ids = readTexts(call.body, 'tenantIds') ?? [];
  const names = readTexts(call.body, 'tenantNames') ?? [];
  const domains = readTexts(call.body, 'tenantSelfProvisioningDomains') ?? [];
  const attributes = readObject(call.body, 'customAttributes') ?? {};
  const found = state.project.tenants.all.filter(
    ({ id, name, selfProvisioningDomains, customAttributes }) =>
      (ids.length === 0 || ids.includes(id)) &&
      (names.length === 0 || names.includes(name)) &&
      (domains.length === 0 || domains.some((domain) => selfProvisioningDomains.includes(domain))) &&
      hasAttributes(customAttributes, attributes),
  );
  return ok({ tenants: found.map(toTenantView) });
};

const TENANT = 'id name selfProvisioningDomains customAttributes';

/** The routes that manage tenants. */
export const tenantRoutes = routesFor('management', {
  'POST /v1/mgmt/tenant/create': takes(TENANT, create),
  'POST /v1/mgmt/tenant/update': takes(TENANT, update),
  'POST /v1/mgmt/tenant/updateDefaultRoles': takes('id defaultRoles', updateDefaultRoles),
  'POST /v1/mgmt/tenant/delete': takes('id', remove),
  'GET /v1/mgmt/tenant': load,
  'GET /v1/mgmt/tenant/all': loadAll,
  'POST /v1/mgmt/tenant/search': takes(
    'tenantIds tenantNames tenantSelfProvisioningDomains customAttributes',
    search,
  ),
});

function readTenant(body: JsonObject) {
  return {
    name: requireText(body, 'name'),
    selfProvisioningDomains: readTexts(body, 'selfProvisioningDomains') ?? [],
    customAttributes: readObject(body, 'customAttributes') ?? {},
    enforceSSO: readFlag(body, 'enforceSSO') ?? false,
    disabled: readFlag(body, 'disabled') ?? false,
  };
}

function requireTenant(body: JsonObject, state: ProjectState): TenantRecord {
  const id = requireText(body, 'id');
  const tenant = state.project.tenants.find(id);
  if (!tenant) throw new DescopeError('invalidArguments', `There is no tenant ${id}`);
  return tenant;
}

// Access keys, roles and tenants as Descope's API shows them.

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
