// Management of the groups of a tenant, which its users have from the identity provider.
import { DescopeError } from '../errors.js';
import type { UserGroups } from '../federation/federation.js';
import { readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { assertTenants } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import type { UserRecord } from '../store/project.js';

// node-sdk's and python-sdk's name for the SSO configuration that has no id.
const DEFAULT_SSO_ID = 'default_ssoid';

const loadAll: Handler = (call, state) => ok(findGroups(call.body, state).map(toView));

const loadOfMembers: Handler = (call, state) => {
  const ids = [...(readStrings(call.body, 'userIds') ?? []), ...(readStrings(call.body, 'loginIds') ?? [])];
  if (ids.length === 0) throw new DescopeError('missingArguments', 'The userIds argument is missing');
  const isWanted = ({ userId, loginIds }: UserRecord) => [userId, ...loginIds].some((id) => ids.includes(id));
  return ok(
    findGroups(call.body, state)
      .filter(({ members }) => members.some(isWanted))
      .map(toView),
  );
};

const loadMembers: Handler = (call, state) => {
  const groupId = requireString(call.body, 'groupId');
  return ok(
    findGroups(call.body, state)
      .filter(({ name }) => name === groupId)
      .map(toView),
  );
};

/** The routes that load groups. */
export const groupRoutes = routesFor('management', {
  'POST /v1/mgmt/group/all': takes('tenantId ssoId', loadAll),
  'POST /v1/mgmt/group/member/all': takes('tenantId ssoId userIds loginIds', loadOfMembers),
  'POST /v1/mgmt/group/members': takes('tenantId ssoId groupId', loadMembers),
});

interface Group {
  readonly name: string;
  readonly ssoId: string;
  readonly members: readonly UserRecord[];
}

function findGroups(body: JsonObject, state: ProjectState): readonly Group[] {
  const tenantId = requireString(body, 'tenantId');
  assertTenants(state.project, [{ tenantId, roleNames: [] }]);
  const ssoId = readString(body, 'ssoId');
  const all = state.federation
    .groupsOf(tenantId)
    .filter((one) => ssoId === undefined || one.ssoId === (ssoId === DEFAULT_SSO_ID ? '' : ssoId));
  const groups = new Map<string, Group>();
  for (const { user, grant } of all.flatMap((grant) => toMember(state, tenantId, grant))) {
    for (const name of new Set(grant.groups)) {
      const key = JSON.stringify([grant.ssoId, name]);
      const members = [...(groups.get(key)?.members ?? []), user];
      groups.set(key, { name, ssoId: grant.ssoId, members });
    }
  }
  return [...groups.values()];
}

// Users who were deleted, or have left the tenant, have no groups there.
function toMember({ project }: ProjectState, tenantId: string, grant: UserGroups) {
  const user = project.users.find(grant.userId);
  return user?.tenants.some((one) => one.tenantId === tenantId) ? [{ user, grant }] : [];
}

// node-sdk's `Group`. An identity provider sends names only, so the name is the id too.
function toView({ name, ssoId, members }: Group): JsonObject {
  return {
    id: name,
    display: name,
    source: 'jit',
    ssoId: ssoId === '' ? DEFAULT_SSO_ID : ssoId,
    members: members.map((user) => ({
      loginId: user.loginIds[0] ?? '',
      userId: user.userId,
      display: user.name ?? user.loginIds[0] ?? '',
    })),
  };
}
