// Management of roles.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readFlag, readObjects, readText, readTexts, requireText } from '../http/fields.js';
import { below } from '../http/known-fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { createId } from '../store/ids.js';
import type { RoleRecord } from '../store/roles.js';
import type { World } from '../world.js';
import { toRoleView } from './views.js';

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
