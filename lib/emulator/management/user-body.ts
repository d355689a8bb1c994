// Reads users from the body of a request: which one, the profile, roles, tenants and status.
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

/** The fields of a profile. */
export const PROFILE_FIELDS = 'name displayName givenName middleName familyName email phone picture';

/** Creates a user with only a login id. */
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

/** Reads the profile, which a sign-up may set; it contains no roles or tenants. */
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

/** Reads all fields that a management call may set. */
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

/** Reads memberships in tenants. */
export function readTenants(body: JsonObject, name: string): readonly TenantGrant[] | undefined {
  return readObjects(body, name)?.map((item) => ({
    tenantId: requireString(item, 'tenantId'),
    roleNames: readStrings(item, 'roleNames') ?? [],
  }));
}

/** Reads the status of a user. */
export function readStatus(body: JsonObject): UserStatus | undefined {
  const status = readString(body, 'status');
  if (status === undefined || status === 'enabled' || status === 'disabled' || status === 'invited')
    return status;
  throw new DescopeError('invalidArguments', 'The status field must be enabled, disabled or invited');
}

/** Finds the user of `loginId` (which may be a user id) or `userId`; rejects an unknown one with E112102. */
export function requireUser(body: JsonObject, state: ProjectState): UserRecord {
  const id = readString(body, 'loginId') ?? readString(body, 'userId');
  if (id === undefined) throw new DescopeError('missingArguments', 'The loginId argument is missing');
  const user = state.project.users.find(id);
  if (!user) throw new DescopeError('userNotFound', 'User not found');
  return user;
}

/** Finds the user of the query's `loginId` or `userId`. */
export function requireQueriedUser(call: Call, state: ProjectState): UserRecord {
  return requireUser({ loginId: call.query.get('loginId'), userId: call.query.get('userId') }, state);
}

/** Rejects roles that exist neither in the project nor in the tenant. */
export function assertRoles(project: Project, names: readonly string[] = [], tenantId = ''): void {
  const unknown = names.find((name) => !project.roles.find(name, tenantId) && !project.roles.find(name));
  if (unknown !== undefined) throw new DescopeError('invalidArguments', `There is no role ${unknown}`);
}

/** Rejects unknown tenants, and unknown roles in them. */
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
