// Makes a user out of what a sign-up or a management call says about one.
import { readFlag, readObject, readObjects, readText, readTexts, requireText } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import { createId } from '../store/records.js';
import type { TenantGrant } from '../store/roles.js';
import type { UserRecord, UserStatus } from '../store/users.js';

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
    name: readText(body, 'displayName') ?? readText(body, 'name'),
    givenName: readText(body, 'givenName'),
    middleName: readText(body, 'middleName'),
    familyName: readText(body, 'familyName'),
    email: readText(body, 'email'),
    phone: readText(body, 'phone'),
    picture: readText(body, 'picture'),
  });
}

/** What a management call may say about a user, beyond its profile. */
export function readStanding(body: JsonObject): Partial<UserRecord> {
  return withoutAbsent({
    ...readProfile(body),
    verifiedEmail: readFlag(body, 'verifiedEmail'),
    verifiedPhone: readFlag(body, 'verifiedPhone'),
    roleNames: readTexts(body, 'roleNames'),
    tenants: readTenants(body, 'userTenants'),
    customAttributes: readObject(body, 'customAttributes'),
    status: readStatus(body),
  });
}

/** The places in tenants that a body lists. */
export function readTenants(body: JsonObject, name: string): readonly TenantGrant[] | undefined {
  return readObjects(body, name)?.map((item) => ({
    tenantId: requireText(item, 'tenantId'),
    roleNames: readTexts(item, 'roleNames') ?? [],
  }));
}

/** The status that a body names. */
export function readStatus(body: JsonObject): UserStatus | undefined {
  const status = readText(body, 'status');
  if (status === undefined || status === 'enabled' || status === 'disabled' || status === 'invited')
    return status;
  throw new DescopeError('invalidArguments', 'The status field must be enabled, disabled or invited');
}

function withoutAbsent(fields: { readonly [Name in keyof UserRecord]?: UserRecord[Name] | undefined }) {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<UserRecord>;
}
