// Management: changes one field of a user, or its roles and tenants.
import { DescopeError } from '../errors.js';
import { readBoolean, readField, readString, readStrings, requireString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { choosePassword } from '../sign-in/passwords.js';
import type { UserRecord } from '../store/project.js';
import { toHistory } from '../store/sign-ins.js';
import { assertRoles, assertTenants, readProfile, readStatus, requireUser } from './user-body.js';
import { respondWithUser } from './users.js';

type Change = (body: JsonObject, user: UserRecord) => Partial<UserRecord>;

function change(toChange: Change): Handler {
  return (call, state) => {
    const user = requireUser(call.body, state);
    return respondWithUser(state, state.project.users.save({ ...user, ...toChange(call.body, user) }));
  };
}

const status: Change = (body) => {
  const wanted = readStatus(body);
  if (wanted === undefined) throw new DescopeError('missingArguments', 'The status argument is missing');
  return { status: wanted };
};

const loginId: Change = (body, user) => {
  const [old, next] = [requireString(body, 'loginId'), readString(body, 'newLoginId')];
  const others = user.loginIds.filter((id) => id !== old);
  return { loginIds: next === undefined ? others : [...others, next] };
};

const customAttribute: Handler = ({ body }, state) => {
  const user = requireUser(body, state);
  const attribute = { [requireString(body, 'attributeKey')]: readField(body, 'attributeValue') };
  state.project.customAttributes.check(attribute);
  const customAttributes = { ...user.customAttributes, ...attribute };
  return respondWithUser(state, state.project.users.save({ ...user, customAttributes }));
};

const email: Change = (body) => ({
  email: readString(body, 'email'),
  verifiedEmail: readBoolean(body, 'verified') ?? false,
});

const phone: Change = (body) => ({
  phone: readString(body, 'phone'),
  verifiedPhone: readBoolean(body, 'verified') ?? false,
});

// go-sdk, `UpdateEmail`: `failOnConflict` rejects an address that is the login id of another user.
function changeAddress(name: 'email' | 'phone', toChange: Change): Handler {
  const handler = change(toChange);
  return (call, state) => {
    const owner = state.project.users.all.find(({ loginIds }) =>
      loginIds.includes(readString(call.body, name) ?? ''),
    );
    const isTaken = owner !== undefined && owner.userId !== requireUser(call.body, state).userId;
    if (isTaken && readBoolean(call.body, 'failOnConflict')) {
      throw new DescopeError('userExists', `The ${name} is the login id of another user`);
    }
    return handler(call, state);
  };
}

// A temporary password must be replaced at the first sign-in; the settings apply to it too.
function setPassword(isActive: boolean): Handler {
  return ({ body }, state) => {
    const user = requireUser(body, state);
    const password = choosePassword(state, { user }, requireString(body, 'password'));
    const passwordExpired = !isActive && !readBoolean(body, 'setActive');
    return respondWithUser(state, state.project.users.save({ ...user, password, passwordExpired }));
  };
}

const logout: Handler = (call, state) => {
  state.signIns.endAllOf(requireUser(call.body, state).userId, state.clock.nowSeconds());
  return ok();
};

const history: Handler = (call, state) => {
  const ids: readonly unknown[] = Array.isArray(call.body) ? call.body : [];
  return ok(ids.flatMap((id) => toHistory(state.signIns.of(String(id)))));
};

/** The routes that change one field of a user. */
export const changeUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/update/status': takes('loginId status', change(status)),
  'POST /v1/mgmt/user/update/loginid': takes('loginId newLoginId', change(loginId)),
  'POST /v1/mgmt/user/update/email': takes(
    'loginId email verified failOnConflict',
    changeAddress('email', email),
  ),
  'POST /v1/mgmt/user/update/phone': takes(
    'loginId phone verified failOnConflict',
    changeAddress('phone', phone),
  ),
  'POST /v1/mgmt/user/update/name': takes(
    'loginId displayName name givenName middleName familyName',
    change(readProfile),
  ),
  'POST /v1/mgmt/user/update/picture': takes('loginId picture', change(readProfile)),
  'POST /v1/mgmt/user/update/customAttribute': takes('loginId attributeKey attributeValue', customAttribute),
  'POST /v1/mgmt/user/password/set': takes('loginId password setActive', setPassword(false)),
  'POST /v1/mgmt/user/password/set/temporary': takes('loginId password setActive', setPassword(false)),
  'POST /v1/mgmt/user/password/set/active': takes('loginId password setActive', setPassword(true)),
  'POST /v1/mgmt/user/password/expire': takes(
    'loginId',
    change(() => ({ passwordExpired: true })),
  ),
  'POST /v1/mgmt/user/logout': takes('loginId userId', logout),
  'POST /v1/mgmt/user/history': takes('*', history), // a list of ids
});

type Merge = (has: readonly string[], named: readonly string[]) => readonly string[];

const set: Merge = (_has, named) => [...new Set(named)];
const add: Merge = (has, named) => [...new Set([...has, ...named])];
const without: Merge = (has, named) => has.filter((name) => !named.includes(name));

function changeRoles(merge: Merge): Handler {
  return (call, state) => {
    const user = requireUser(call.body, state);
    const tenantId = readString(call.body, 'tenantId');
    const named = readStrings(call.body, 'roleNames') ?? [];
    if (merge !== without) assertRoles(state.project, named, tenantId);
    const change = tenantId === undefined ? { roleNames: merge(user.roleNames, named) } : undefined;
    return save(state, user, change ?? toTenantRoles(user, tenantId ?? '', (has) => merge(has, named)));
  };
}

const addTenant: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  const { tenantId } = requireTenant(call.body, state);
  const others = user.tenants.filter((grant) => grant.tenantId !== tenantId);
  const roleNames = user.tenants.find((grant) => grant.tenantId === tenantId)?.roleNames ?? [];
  return save(state, user, { tenants: [...others, { tenantId, roleNames }] });
};

const removeTenant: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  const tenantId = requireString(call.body, 'tenantId');
  return save(state, user, { tenants: user.tenants.filter((grant) => grant.tenantId !== tenantId) });
};

/** The routes that change the roles and tenants of a user. */
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

function requireTenant(body: JsonObject, state: ProjectState): { readonly tenantId: string } {
  const tenantId = requireString(body, 'tenantId');
  assertTenants(state.project, [{ tenantId, roleNames: [] }]);
  return { tenantId };
}

function save(state: ProjectState, user: UserRecord, change: Partial<UserRecord>) {
  return respondWithUser(state, state.project.users.save({ ...user, ...change }));
}
