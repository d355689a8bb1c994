// Management: gives roles and tenants to a user, and takes them.
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readText, readTexts, requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';
import { answerUser } from './manage-users.js';
import { assertRoles, assertTenants, requireUser } from './require-user.js';

type Merge = (has: readonly string[], named: readonly string[]) => readonly string[];

const set: Merge = (_has, named) => [...new Set(named)];
const add: Merge = (has, named) => [...new Set([...has, ...named])];
const without: Merge = (has, named) => has.filter((name) => !named.includes(name));

function changeRoles(merge: Merge): Handler {
  return (call, world) => {
    const user = requireUser(call.body, world);
    const tenantId = readText(call.body, 'tenantId');
    const named = readTexts(call.body, 'roleNames') ?? [];
    if (merge !== without) assertRoles(world.project, named, tenantId);
    const change = tenantId === undefined ? { roleNames: merge(user.roleNames, named) } : undefined;
    return save(world, user, change ?? toTenantRoles(user, tenantId ?? '', (has) => merge(has, named)));
  };
}

const addTenant: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const { tenantId } = requireTenant(call.body, world);
  const others = user.tenants.filter((grant) => grant.tenantId !== tenantId);
  const roleNames = user.tenants.find((grant) => grant.tenantId === tenantId)?.roleNames ?? [];
  return save(world, user, { tenants: [...others, { tenantId, roleNames }] });
};

const removeTenant: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const tenantId = requireText(call.body, 'tenantId');
  return save(world, user, { tenants: user.tenants.filter((grant) => grant.tenantId !== tenantId) });
};

/** The routes of a user's roles and tenants. */
export const grantUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/update/role/set': takes('loginId tenantId roleNames', changeRoles(set)),
  'POST /v1/mgmt/user/update/role/add': takes('loginId tenantId roleNames', changeRoles(add)),
  'POST /v2/mgmt/user/update/role/add': takes('loginId tenantId roleNames', changeRoles(add)),
  'POST /v1/mgmt/user/update/role/remove': takes('loginId tenantId roleNames', changeRoles(without)),
  'POST /v1/mgmt/user/update/tenant/add': takes('loginId tenantId', addTenant),
  'POST /v1/mgmt/user/update/tenant/remove': takes('loginId tenantId', removeTenant),
});

function toTenantRoles(
  user: UserRecord,
  tenantId: string,
  change: (has: readonly string[]) => readonly string[],
): Partial<UserRecord> {
  if (!user.tenants.some((grant) => grant.tenantId === tenantId)) {
    throw new DescopeError('invalidArguments', `The user does not belong to the tenant ${tenantId}`);
  }
  return {
    tenants: user.tenants.map((grant) =>
      grant.tenantId === tenantId ? { tenantId, roleNames: change(grant.roleNames) } : grant,
    ),
  };
}

function requireTenant(body: JsonObject, world: World): { readonly tenantId: string } {
  const tenantId = requireText(body, 'tenantId');
  assertTenants(world.project, [{ tenantId, roleNames: [] }]);
  return { tenantId };
}

function save(world: World, user: UserRecord, change: Partial<UserRecord>) {
  return answerUser(world, world.project.users.save({ ...user, ...change }));
}
