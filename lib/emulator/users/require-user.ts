// The user that a management call names, and the roles and tenants that it may name.
import type { Call, JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readText } from '../http/fields.js';
import type { TenantGrant } from '../store/grants.js';
import type { Project } from '../store/project.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';

/** The user of a body's `loginId` (which may be a user id) or `userId`; refuses with E112102. */
export function requireUser(body: JsonObject, world: World): UserRecord {
  const id = readText(body, 'loginId') ?? readText(body, 'userId');
  if (id === undefined) throw new DescopeError('missingArguments', 'The loginId argument is missing');
  const user = world.project.users.find(id);
  if (!user) throw new DescopeError('userNotFound', 'User not found');
  return user;
}

/** The user that a query names. */
export function requireQueriedUser(call: Call, world: World): UserRecord {
  return requireUser({ loginId: call.query.get('loginId'), userId: call.query.get('userId') }, world);
}

/** Refuses roles that there are not, in the project or in a tenant. */
export function assertRoles(project: Project, names: readonly string[] = [], tenantId = ''): void {
  const stranger = names.find((name) => !project.roles.find(name, tenantId) && !project.roles.find(name));
  if (stranger !== undefined) throw new DescopeError('invalidArguments', `There is no role ${stranger}`);
}

/** Refuses tenants that there are not, and roles in them that there are not. */
export function assertTenants(project: Project, grants: readonly TenantGrant[] = []): void {
  for (const { tenantId, roleNames } of grants) {
    if (!project.tenants.find(tenantId)) {
      throw new DescopeError('invalidArguments', `There is no tenant ${tenantId}`);
    }
    assertRoles(project, roleNames, tenantId);
  }
}
