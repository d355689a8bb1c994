// Management of permissions.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readObjects, readText, readTexts, requireText } from '../http/fields.js';
import { below } from '../http/known-fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { createId } from '../store/ids.js';
import type { PermissionRecord } from '../store/roles.js';
import type { World } from '../world.js';
import { toPermissionView } from './views.js';

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
