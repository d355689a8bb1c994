// Management of tenants.
import { DescopeError } from '../errors.js';
import {
  hasAttributes,
  readBoolean,
  readObject,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { TenantRecord } from '../store/project.js';
import { createId } from '../store/records.js';
import type { TenantGrant } from '../store/roles.js';
import { DEFAULT_TENANT_SETTINGS } from '../store/tenant-settings.js';

const create: Handler = (call, state) => {
  const id = readString(call.body, 'id') ?? createId('T');
  if (state.project.tenants.find(id)) {
    throw new DescopeError('invalidArguments', `The tenant ${id} already exists`);
  }
  const createdSeconds = state.clock.nowSeconds();
  const parentId = readString(call.body, 'parent');
  if (parentId !== undefined) requireTenant({ id: parentId }, state);
  state.project.tenants.put({ id, createdSeconds, defaultRoles: [], parentId, ...readTenant(call.body) });
  return ok({ id });
};

const update: Handler = (call, state) => {
  state.project.tenants.put({ ...requireTenant(call.body, state), ...readTenant(call.body) });
  return ok();
};

const updateDefaultRoles: Handler = (call, state) => {
  const defaultRoles = readStrings(call.body, 'defaultRoles') ?? [];
  state.project.tenants.put({ ...requireTenant(call.body, state), defaultRoles });
  return ok();
};

const remove: Handler = (call, state) => {
  const tenant = requireTenant(call.body, state);
  const { users, accessKeys, tenants } = state.project;
  if (readBoolean(call.body, 'cascade')) removeMembers(state, tenant.id);
  const isOther = ({ tenantId }: TenantGrant) => tenantId !== tenant.id;
  for (const user of users.all) users.save({ ...user, tenants: user.tenants.filter(isOther) });
  for (const key of accessKeys.all) accessKeys.put({ ...key, tenants: key.tenants.filter(isOther) });
  tenants.remove(tenant);
  state.federation.removeTenant(tenant.id);
  return ok();
};

const load: Handler = (call, state) =>
  ok(toTenantView(requireTenant({ id: call.query.get('id') }, state), state));

const loadAll: Handler = (_call, state) =>
  ok({ tenants: state.project.tenants.all.map((tenant) => toTenantView(tenant, state)) });

const search: Handler = (call, state) => {
  const ids = readStrings(call.body, 'tenantIds') ?? [];
  const names = readStrings(call.body, 'tenantNames') ?? [];
  const domains = readStrings(call.body, 'tenantSelfProvisioningDomains') ?? [];
  const attributes = readObject(call.body, 'customAttributes') ?? {};
  const parent = readString(call.body, 'parentTenantId');
  const found = state.project.tenants.all.filter(
    ({ id, name, selfProvisioningDomains, customAttributes, parentId }) =>
      (parent === undefined || parent === parentId) &&
      (ids.length === 0 || ids.includes(id)) &&
      (names.length === 0 || names.includes(name)) &&
      (domains.length === 0 || domains.some((domain) => selfProvisioningDomains.includes(domain))) &&
      hasAttributes(customAttributes, attributes),
  );
  return ok({ tenants: found.map((tenant) => toTenantView(tenant, state)) });
};

const TENANT = 'id name selfProvisioningDomains customAttributes disabled';

/** The routes that manage tenants. */
export const tenantRoutes = routesFor('management', {
  'POST /v1/mgmt/tenant/create': takes(`${TENANT} parent`, create),
  'POST /v1/mgmt/tenant/update': takes(TENANT, update),
  'POST /v1/mgmt/tenant/updateDefaultRoles': takes('id defaultRoles', updateDefaultRoles),
  'POST /v1/mgmt/tenant/delete': takes('id cascade', remove),
  'GET /v1/mgmt/tenant': takesQuery('id', load),
  'GET /v1/mgmt/tenant/all': loadAll,
  'POST /v1/mgmt/tenant/search': takes(
    'tenantIds tenantNames tenantSelfProvisioningDomains customAttributes parentTenantId',
    search,
  ),
});

function readTenant(body: JsonObject) {
  return {
    name: requireString(body, 'name'),
    selfProvisioningDomains: readStrings(body, 'selfProvisioningDomains') ?? [],
    customAttributes: readObject(body, 'customAttributes') ?? {},
    enforceSSO: readBoolean(body, 'enforceSSO') ?? false,
    disabled: readBoolean(body, 'disabled') ?? false,
  };
}

/** Finds the tenant of a body's `id`; rejects an unknown one. */
export function requireTenant(body: JsonObject, state: ProjectState): TenantRecord {
  const id = requireString(body, 'id');
  const tenant = state.project.tenants.find(id);
  if (!tenant) throw new DescopeError('invalidArguments', `There is no tenant ${id}`);
  return tenant;
}

/** Writes a tenant as responses show it. */
export function toTenantView(tenant: TenantRecord, { federation }: ProjectState): JsonObject {
  const { createdSeconds, settings = DEFAULT_TENANT_SETTINGS, parentId = '', ...shown } = tenant;
  const sso = federation.summaryOf(tenant.id);
  const { domains = settings.domains, protocol: authType = settings.authType } = sso;
  return { ...shown, parent: parentId, domains, authType, createdTime: createdSeconds };
}

// Users and access keys that belong to this tenant alone.
function removeMembers({ project }: ProjectState, tenantId: string): void {
  const isOnlyHere = ({ tenants }: { readonly tenants: readonly TenantGrant[] }) =>
    tenants.length > 0 && tenants.every((grant) => grant.tenantId === tenantId);
  for (const { userId } of project.users.all.filter(isOnlyHere)) project.users.remove(userId);
  for (const key of project.accessKeys.all.filter(isOnlyHere)) project.accessKeys.remove(key);
}
