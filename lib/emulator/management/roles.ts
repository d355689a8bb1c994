// Management of roles, and of the permissions that they grant.
import { DescopeError } from '../errors.js';
import { below, readBoolean, readObjects, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { createId } from '../store/records.js';
import type { PermissionRecord, RoleRecord } from '../store/roles.js';

const createRole: Handler = (call, state) => ok(toRoleView(addRole(call.body, state)));

const createRoles: Handler = (call, state) =>
  ok({ roles: (readObjects(call.body, 'roles') ?? []).map((body) => toRoleView(addRole(body, state))) });

const updateRole: Handler = (call, state) => ok(toRoleView(changeRole(call.body, state)));

const updateRoles: Handler = (call, state) =>
  ok({ roles: (readObjects(call.body, 'roles') ?? []).map((body) => toRoleView(changeRole(body, state))) });

const deleteRole: Handler = (call, state) => {
  state.project.roles.remove(requireRole(call.body, state));
  return ok();
};

const deleteRoles: Handler = (call, state) => {
  const names = [
    ...(readStrings(call.body, 'roleNames') ?? []),
    ...(readStrings(call.body, 'roleIds') ?? []),
  ];
  const tenantId = readString(call.body, 'tenantId');
  for (const role of names.map((name) => requireRole({ name, tenantId }, state))) {
    state.project.roles.remove(role);
  }
  return ok();
};

const loadRoles: Handler = (_call, state) => ok({ roles: state.project.roles.all.map(toRoleView) });

const searchRoles: Handler = (call, state) => {
  const tenantIds = readStrings(call.body, 'tenantIds') ?? [];
  const names = readStrings(call.body, 'roleNames') ?? [];
  const permissionNames = readStrings(call.body, 'permissionNames') ?? [];
  const withProject = readBoolean(call.body, 'includeProjectRoles') ?? false;
  const part = readString(call.body, 'roleNameLike')?.toLowerCase() ?? '';
  const found = state.project.roles.all.filter(
    (role) =>
      (tenantIds.length === 0 ||
        tenantIds.includes(role.tenantId) ||
        (withProject && role.tenantId === '')) &&
      permissionNames.every((name) => role.permissionNames.includes(name)) &&
      (names.length === 0 || names.includes(role.name)) &&
      role.name.toLowerCase().includes(part),
  );
  return ok({ roles: found.map(toRoleView) });
};

const ROLE = 'name description permissionNames tenantId';

/** The routes that manage roles. */
export const roleRoutes = routesFor('management', {
  'POST /v1/mgmt/role/create': takes(ROLE, createRole),
  'POST /v1/mgmt/role/create/batch': takes(below('roles', ROLE), createRoles),
  'POST /v1/mgmt/role/update': takes(`${ROLE} id newName`, updateRole),
  'POST /v1/mgmt/role/update/batch': takes(below('roles', `${ROLE} id newName`), updateRoles),
  'POST /v1/mgmt/role/delete': takes('name id tenantId', deleteRole),
  'POST /v1/mgmt/role/delete/batch': takes('roleNames roleIds tenantId', deleteRoles),
  'GET /v1/mgmt/role/all': loadRoles,
  'POST /v1/mgmt/role/search': takes(
    'tenantIds roleNames roleNameLike permissionNames includeProjectRoles',
    searchRoles,
  ),
});

function addRole(body: JsonObject, state: ProjectState): RoleRecord {
  return state.project.roles.add({
    id: createId('RL'),
    name: requireString(body, 'name'),
    description: readString(body, 'description') ?? '',
    permissionNames: requirePermissions(body, state),
    tenantId: readString(body, 'tenantId') ?? '',
    isDefault: readBoolean(body, 'default') ?? false,
    createdSeconds: state.clock.nowSeconds(),
  });
}

function changeRole(body: JsonObject, state: ProjectState): RoleRecord {
  const role = requireRole(body, state);
  return state.project.roles.replace(role, {
    ...role,
    name: readString(body, 'newName') ?? role.name,
    description: readString(body, 'description') ?? '',
    permissionNames: requirePermissions(body, state),
    isDefault: readBoolean(body, 'default') ?? role.isDefault,
  });
}

function requireRole(body: JsonObject, state: ProjectState): RoleRecord {
  const name = readString(body, 'name') ?? requireString(body, 'id');
  const role = state.project.roles.find(name, readString(body, 'tenantId'));
  if (!role) throw new DescopeError('invalidArguments', `There is no role ${name}`);
  return role;
}

function requirePermissions(body: JsonObject, state: ProjectState): readonly string[] {
  const names = readStrings(body, 'permissionNames') ?? [];
  const unknown = names.find((name) => !state.project.permissions.find(name));
  if (unknown === undefined) return names;
  throw new DescopeError('invalidArguments', `There is no permission ${unknown}`);
}

const createPermission: Handler = (call, state) => ok(toPermissionView(addPermission(call.body, state)));

const createPermissions: Handler = (call, state) => {
  const permissions = (readObjects(call.body, 'permissions') ?? []).map((body) => addPermission(body, state));
  return ok({ permissions: permissions.map(toPermissionView) });
};

const updatePermission: Handler = (call, state) => {
  changePermission(call.body, state);
  return ok();
};

const updatePermissions: Handler = (call, state) => {
  for (const body of readObjects(call.body, 'permissions') ?? []) changePermission(body, state);
  return ok();
};

const deletePermission: Handler = (call, state) => {
  removePermission(requirePermission(call.body, state), state);
  return ok();
};

const deletePermissions: Handler = (call, state) => {
  const names = [...(readStrings(call.body, 'names') ?? []), ...(readStrings(call.body, 'ids') ?? [])];
  for (const found of names.map((name) => requirePermission({ name }, state))) removePermission(found, state);
  return ok();
};

const loadPermissions: Handler = (_call, state) =>
  ok({ permissions: state.project.permissions.all.map(toPermissionView) });

const CHANGE = 'name id newName description';

/** The routes that manage permissions. */
export const permissionRoutes = routesFor('management', {
  'POST /v1/mgmt/permission/create': takes('name description', createPermission),
  'POST /v1/mgmt/permission/create/batch': takes(
    'permissions.name permissions.description',
    createPermissions,
  ),
  'POST /v1/mgmt/permission/update': takes(CHANGE, updatePermission),
  'POST /v1/mgmt/permission/update/batch': takes(below('permissions', CHANGE), updatePermissions),
  'POST /v1/mgmt/permission/delete': takes('name id', deletePermission),
  'POST /v1/mgmt/permission/delete/batch': takes('names ids', deletePermissions),
  'GET /v1/mgmt/permission/all': loadPermissions,
});

function addPermission(body: JsonObject, state: ProjectState): PermissionRecord {
  const name = requireString(body, 'name');
  if (state.project.permissions.find(name)) {
    throw new DescopeError('invalidArguments', `The permission ${name} already exists`);
  }
  return state.project.permissions.put({
    id: createId('PR'),
    name,
    description: readString(body, 'description') ?? '',
  });
}

function changePermission(body: JsonObject, state: ProjectState): void {
  const old = requirePermission(body, state);
  const name = readString(body, 'newName') ?? old.name;
  state.project.permissions.remove(old);
  state.project.permissions.put({ ...old, name, description: readString(body, 'description') ?? '' });
  renameInRoles(state, old.name, [name]);
}

function removePermission(permission: PermissionRecord, state: ProjectState): void {
  state.project.permissions.remove(permission);
  renameInRoles(state, permission.name, []);
}

// Roles refer to permissions by name, so a renamed or removed permission changes them.
function renameInRoles(state: ProjectState, old: string, next: readonly string[]): void {
  const { roles } = state.project;
  for (const role of roles.all.filter(({ permissionNames }) => permissionNames.includes(old))) {
    const permissionNames = role.permissionNames.flatMap((name) => (name === old ? next : [name]));
    roles.replace(role, { ...role, permissionNames });
  }
}

function requirePermission(body: JsonObject, state: ProjectState): PermissionRecord {
  const name = readString(body, 'name') ?? requireString(body, 'id');
  const { permissions } = state.project;
  const found = permissions.find(name) ?? permissions.all.find(({ id }) => id === name);
  if (!found) throw new DescopeError('invalidArguments', `There is no permission ${name}`);
  return found;
}

/** Writes a role as responses show it. */
function toRoleView(role: RoleRecord): JsonObject {
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

/** Writes a permission as responses show it. */
function toPermissionView(permission: PermissionRecord): JsonObject {
  return { ...permission, systemDefault: false };
}
