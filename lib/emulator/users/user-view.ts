// A user as Descope's API shows it.
import type { JsonObject } from '../http/call.js';
import { projectPermissions } from '../store/grants.js';
import type { Project } from '../store/project.js';
import type { UserRecord } from '../store/users.js';

/** The user as it stands in answers; never its password. */
export function toUserView(user: UserRecord, project: Project): JsonObject {
  return {
    ...toProfile(user),
    status: user.status,
    test: user.test,
    roleNames: user.roleNames,
    permissions: projectPermissions(user, project.roles),
    userTenants: user.tenants.map(({ tenantId, roleNames }) => ({
      tenantId,
      tenantName: project.tenants.find(tenantId)?.name ?? tenantId,
      roleNames,
      permissions: project.roles.permissionsOf(roleNames, tenantId),
    })),
    customAttributes: user.customAttributes,
    createdTime: user.createdSeconds,
    password: user.password !== undefined,
    TOTP: false,
    SAML: false,
    SCIM: false,
    webauthn: false,
    OAuth: {},
    ssoAppIds: [],
  };
}

function toProfile(user: UserRecord): JsonObject {
  return {
    userId: user.userId,
    loginIds: user.loginIds,
    externalIds: user.loginIds,
    name: user.name ?? '',
    givenName: user.givenName ?? '',
    middleName: user.middleName ?? '',
    familyName: user.familyName ?? '',
    email: user.email ?? '',
    phone: user.phone ?? '',
    picture: user.picture ?? '',
    verifiedEmail: user.verifiedEmail,
    verifiedPhone: user.verifiedPhone,
  };
}
