// Management of roles.
import { below, readFlag, readObjects, readText, readTexts, requireText } from '../http/fields.js';
import { DescopeError, ok } from '../http/message.js';
import type { JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { World } from '../project-state.js';
import { createId } from '../store/records.js';
import type { PermissionRecord, RoleRecord } from '../store/roles.js';
import { toPermissionView, toRoleView } from './tenants.js';

const createRole: Handler = (call, world) => ok(toRoleView(addRole(call.body, world)));

const createRoles: Handler = (call, world) =>
  ok({ roles: (readObjects(call.body, 'roles') ?? []).map((body) => toRoleView(addRole(body, world))) });

const updateRole: Handler = (call, world) => ok(toRoleView(changeRole(call.body, world)));

const updateRoles: Handler = (call, world) =>
  ok({ roles: (readObjects(call.body, 'roles') ?? []).map((body) => toRoleView(changeRole(body, world))) });

const deleteRole: Handler = (call, world) => {
  world.project.roles.remove(requireRole(call.body, world));
  return ok();
};

const deleteRoles: Handler = (call, world) => {
  const names = [...(readTexts(call.body, 'roleNames') ?? []), ...(readTexts(call.body, 'roleIds') ?? [])];
  const tenantId = readText(call.body, 'tenantId');
  for (const role of names.map((name) => requireRole({ name, tenantId }, world))) {
    world.project.roles.remove(role);
  }
  return ok();
};

const loadRoles: Handler = (_call, world) => ok({ roles: world.project.roles.all.map(toRoleView) });

const searchRoles: Handler = (call, world) => {
  const tenantIds = readTexts(call.body, 'tenantIds') ?? [];
  const names = readTexts(call.body, 'roleNames') ?? [];
  const permissionNames = readTexts(call.body, 'permissionNames') ?? [];
  const withProject = readFlag(call.body, 'includeProjectRoles') ?? false;
  const part = readText(call.body, 'roleNameLike')?.toLowerCase() ?? '';
  const found = world.project.roles.all.filter(
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
  'POST /v1/mgmt/role/create/batch': takes(`${below('roles', ROLE)}`, createRoles),
  'POST /v1/mgmt/role/update': takes(`${ROLE} id newName`, updateRole),
  'POST /v1/mgmt/role/update/batch': takes(`${below('roles', `${ROLE} id newName`)}`, updateRoles),
  'POST /v1/mgmt/role/delete': takes('name id tenantId', deleteRole),
  'POST /v1/mgmt/role/delete/batch': takes('roleNames roleIds tenantId', deleteRoles),
  'GET /v1/mgmt/role/all': loadRoles,
  'POST /v1/mgmt/role/search': takes(
    'tenantIds roleNames roleNameLike permissionNames includeProjectRoles',
    searchRoles,
  ),
});

function addRole(body: JsonObject, world: World): RoleRecord {
  return world.project.roles.add({
    id: createId('RL'),
    name: requireText(body, 'name'),
    description: readText(body, 'description') ?? '',
    permissionNames: requirePermissions(body, world),
    tenantId: readText(body, 'tenantId') ?? '',
    isDefault: readFlag(body, 'default') ?? false,
    createdSeconds: world.clock.nowSeconds(),
  });
}

function changeRole(body: JsonObject, world: World): RoleRecord {
  const role = requireRole(body, world);
  return world.project.roles.replace(role, {
    ...role,
    name: readText(body, 'newName') ?? role.name,
    description: readText(body, 'description') ?? '',
    permissionNames: requirePermissions(body, world),
    isDefault: readFlag(body, 'default') ?? role.isDefault,
  });
}

function requireRole(body: JsonObject, world: World): RoleRecord {
  const name = readText(body, 'name') ?? requireText(body, 'id');
  const role = world.project.roles.find(name, readText(body, 'tenantId'));
  if (!role) throw new DescopeError('invalidArguments', `There is no role ${name}`);
  return role;
}

function requirePermissions(body: JsonObject, world: World): readonly string[] {
  const names = readTexts(body, 'permissionNames') ?? [];
  const stranger = names.find((name) => !world.project.permissions.find(name));
  if (stranger === undefined) return names;
  throw new DescopeError('invalidArguments', `There is no permission ${stranger}`);
}

// Management of permissions.

const createPermission: Handler = (call, world) => ok(toPermissionView(addPermission(call.body, world)));

const createPermissions: Handler = (call, world) => {
  const permissions = (readObjects(call.body, 'permissions') ?? []).map((body) => addPermission(body, world));
  return ok({ permissions: permissions.map(toPermissionView) });
};

const updatePermission: Handler = (call, world) => {
  changePermission(call.body, world);
  return ok();
};

const updatePermissions: Handler = (call, world) => {
  for (const body of readObjects(call.body, 'permissions') ?? []) changePermission(body, world);
  return ok();
};

const deletePermission: Handler = (call, world) => {
  removePermission(requirePermission(call.body, world), world);
  return ok();
};

const deletePermissions: Handler = (call, world) => {
  const names = [...(readTexts(call.body, 'names') ?? []), ...(readTexts(call.body, 'ids') ?? [])];
  for (const found of names.map((name) => requirePermission({ name }, world))) removePermission(found, world);
  return ok();
};

const loadPermissions: Handler = (_call, world) =>
  ok({ permissions: world.project.permissions.all.map(toPermissionView) });

const CHANGE = 'name id newName description';

/** The routes that manage permissions. */
export const permissionRoutes = routesFor('management', {
  'POST /v1/mgmt/permission/create': takes('name description', createPermission),
  'POST /v1/mgmt/permission/create/batch': takes(
    'permissions.name permissions.description',
    createPermissions,
  ),
  'POST /v1/mgmt/permission/update': takes(CHANGE, updatePermission),
  'POST /v1/mgmt/permission/update/batch': takes(`${below('permissions', CHANGE)}`, updatePermissions),
  'POST /v1/mgmt/permission/delete': takes('name id', deletePermission),
  'POST /v1/mgmt/permission/delete/batch': takes('names ids', deletePermissions),
  'GET /v1/mgmt/permission/all': loadPermissions,
});

function addPermission(body: JsonObject, world: World): PermissionRecord {
  const name = requireText(body, 'name');
  if (world.project.permissions.find(name)) {
    throw new DescopeError('invalidArguments', `The permission ${name} already exists`);
  }
  return world.project.permissions.put({
    id: createId('PR'),
    name,
    description: readText(body, 'description') ?? '',
  });
}

function changePermission(body: JsonObject, world: World): void {
  const old = requirePermission(body, world);
  const name = readText(body, 'newName') ?? old.name;
  world.project.permissions.remove(old);
  world.project.permissions.put({ ...old, name, description: readText(body, 'description') ?? '' });
  renameInRoles(world, old.name, [name]);
}

function removePermission(permission: PermissionRecord, world: World): void {
  world.project.permissions.remove(permission);
  renameInRoles(world, permission.name, []);
}

// Roles name their permissions: a new name, or none, must reach them.
function renameInRoles(world: World, old: string, next: readonly string[]): void {
  const { roles } = world.project;
  for (const role of roles.all.filter(({ permissionNames }) => permissionNames.includes(old))) {
    const permissionNames = role.permissionNames.flatMap((name) => (name === old ? next : [name]));
    roles.replace(role, { ...role, permissionNames });
  }
}

function requirePermission(body: JsonObject, world: World): PermissionRecord {
  const name = readText(body, 'name') ?? requireText(body, 'id');
  const { permissions } = world.project;
  const found = permissions.find(name) ?? permissions.all.find(({ id }) => id === name);
  if (!found) throw new DescopeError('invalidArguments', `There is no permission ${name}`);
  return found;
}
