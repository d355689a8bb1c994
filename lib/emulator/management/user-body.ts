// What the body of a call says about users: which one, their profile, roles, tenants and status.
import { DescopeError } from '../errors.js';
import {
  readBoolean,
  readObject,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { Project, UserRecord, UserStatus } from '../store/project.js';
import { createId } from '../store/records.js';
import type { TenantGrant } from '../store/roles.js';

/** Who a user is. */
export const PROFILE_FIELDS = 'name displayName givenName middleName familyName email phone picture';

/** A user with nothing but a login id. */
export function createUser(loginId: string, createdSeconds: number): UserRecord {
  return {
    userId: createId('U'),
    loginIds: [loginId],
    verifiedEmail: false,
    verifiedPhone: false,
    status: 'enabled',
    test: false,
    seen: false,
    roleNames: [],
    permissions: [],
    tenants: [],
    customAttributes: {},
    customClaims: {},
    createdSeconds,
    passwordExpired: false,
  };
}

/** What a sign-up may say about its user: who they are, never what they may do. */
export function readProfile(body: JsonObject): Partial<UserRecord> {
  return withoutAbsent({
    name: readString(body, 'displayName') ?? readString(body, 'name'),
    givenName: readString(body, 'givenName'),
    middleName: readString(body, 'middleName'),
    familyName: readString(body, 'familyName'),
    email: readString(body, 'email'),
    phone: readString(body, 'phone'),
    picture: readString(body, 'picture'),
  });
}

/** What a management call may say about a user, beyond its profile. */
export function readUserFields(body: JsonObject): Partial<UserRecord> {
  return withoutAbsent({
    ...readProfile(body),
    verifiedEmail: readBoolean(body, 'verifiedEmail'),
    verifiedPhone: readBoolean(body, 'verifiedPhone'),
    roleNames: readStrings(body, 'roleNames'),
    tenants: readTenants(body, 'userTenants'),
    customAttributes: readObject(body, 'customAttributes'),
    status: readStatus(body),
  });
}

/** The places in tenants that a body lists. */
export function readTenants(body: JsonObject, name: string): readonly TenantGrant[] | undefined {
  return readObjects(body, name)?.map((item) => ({
    tenantId: requireString(item, 'tenantId'),
    roleNames: readStrings(item, 'roleNames') ?? [],
  }));
}

/** The status that a body names. */
export function readStatus(body: JsonObject): UserStatus | undefined {
  const status = readString(body, 'status');
  if (status === undefined || status === 'enabled' || status === 'disabled' || status === 'invited')
    return status;
  throw new DescopeError('invalidArguments', 'The status field must be enabled, disabled or invited');
}

/** The user of a body's `loginId` (which may be a user id) or `userId`; rejects with E112102. */
export function requireUser(body: JsonObject, state: ProjectState): UserRecord {
  const id = readString(body, 'loginId') ?? readString(body, 'userId');
  if (id === undefined) throw new DescopeError('missingArguments', 'The loginId argument is missing');
  const user = state.project.users.find(id);
  if (!user) throw new DescopeError('userNotFound', 'User not found');
  return user;
}

/** The user that a query names. */
export function requireQueriedUser(call: Call, state: ProjectState): UserRecord {
  return requireUser({ loginId: call.query.get('loginId'), userId: call.query.get('userId') }, state);
}

/** Rejects roles that there are not, in the project or in a tenant. */
export function assertRoles(project: Project, names: readonly string[] = [], tenantId = ''): void {
  const unknown = names.find((name) => !project.roles.find(name, tenantId) && !project.roles.find(name));
  if (unknown !== undefined) throw new DescopeError('invalidArguments', `There is no role ${unknown}`);
}

/** Rejects tenants that there are not, and roles in them that there are not. */
export function assertTenants(project: Project, grants: readonly TenantGrant[] = []): void {
  for (const { tenantId, roleNames } of grants) {
    if (!project.tenants.find(tenantId)) {
      throw new DescopeError('invalidArguments', `There is no tenant ${tenantId}`);
    }
    assertRoles(project, roleNames, tenantId);
  }
}

function withoutAbsent(fields: { readonly [Name in keyof UserRecord]?: UserRecord[Name] | undefined }) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<UserRecord>;
}
