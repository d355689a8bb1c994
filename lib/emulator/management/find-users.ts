// The user that a management call names, and the roles and tenants that it may name.
import {
  hasAttributes,
  isObject,
  readFlag,
  readNumber,
  readObject,
  readObjects,
  readText,
  readTexts,
  requireText,
} from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { DescopeError, ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { toUserView } from '../sign-in/start-sign-in.js';
import type { Project } from '../store/project.js';
import type { TenantGrant } from '../store/roles.js';
import type { UserRecord } from '../store/users.js';

/** The user of a body's `loginId` (which may be a user id) or `userId`; rejects with E112102. */
export function requireUser(body: JsonObject, state: ProjectState): UserRecord {
  const id = readText(body, 'loginId') ?? readText(body, 'userId');
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
  const stranger = names.find((name) => !project.roles.find(name, tenantId) && !project.roles.find(name));
  if (stranger !== undefined) throw new DescopeError('invalidArguments', `There is no role ${stranger}`);
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

// Management: looks for users.

const DEFAULT_LIMIT = 100;

const search: Handler = (call, state) => {
  const fitting = state.project.users.all.filter((user) => fits(user, call.body));
  const found = sortUsers(fitting, readObjects(call.body, 'sort') ?? []);
  const limit = readNumber(call.body, 'limit') || DEFAULT_LIMIT;
  const start = (readNumber(call.body, 'page') ?? 0) * limit;
  const page = found.slice(start, start + limit);
  return ok({ users: page.map((user) => toUserView(user, state.project)), total: found.length });
};

const WISHES =
  'loginIds userIds emails phones statuses roleNames tenantIds customAttributes text testUsersOnly withTestUser ' +
  'limit page sort.field sort.desc fromCreatedTime toCreatedTime tenantRoleNames';

/** The routes that look for users. */
export const searchUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/search': takes(WISHES, search),
  'POST /v2/mgmt/user/search': takes(WISHES, search),
  'POST /v2/mgmt/user/search/test': takes(WISHES, search),
});

// Each wish narrows the search; an empty list is no wish.
function fits(user: UserRecord, wishes: JsonObject): boolean {
  return (
    fitsTestWishes(user, wishes) &&
    fitsIdentity(user, wishes) &&
    meets(readTexts(wishes, 'statuses'), [user.status]) &&
    meets(readTexts(wishes, 'roleNames'), user.roleNames) &&
    meets(
      readTexts(wishes, 'tenantIds'),
      user.tenants.map(({ tenantId }) => tenantId),
    ) &&
    hasAttributes(user.customAttributes, readObject(wishes, 'customAttributes') ?? {}) &&
    fitsTenantRoles(user, readObject(wishes, 'tenantRoleNames') ?? {}) &&
    fitsTime(user, wishes) &&
    fitsText(user, readText(wishes, 'text'))
  );
}

function fitsIdentity(user: UserRecord, wishes: JsonObject): boolean {
  return (
    meets(readTexts(wishes, 'loginIds'), user.loginIds) &&
    meets(readTexts(wishes, 'userIds'), [user.userId]) &&
    meets(readTexts(wishes, 'emails'), [user.email]) &&
    meets(readTexts(wishes, 'phones'), [user.phone])
  );
}

function fitsTestWishes(user: UserRecord, wishes: JsonObject): boolean {
  if (readFlag(wishes, 'testUsersOnly')) return user.test;
  return !user.test || (readFlag(wishes, 'withTestUser') ?? false);
}

function meets(wanted: readonly string[] | undefined, has: readonly (string | undefined)[]): boolean {
  return !wanted?.length || wanted.some((value) => has.includes(value));
}

// By tenant: one of the roles, or with `and` all of them.
function fitsTenantRoles(user: UserRecord, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(([tenantId, wish]) => {
    if (!isObject(wish)) throw new DescopeError('invalidArguments', 'The tenantRoleNames field is malformed');
    const names = readTexts(wish, 'values') ?? [];
    const has = user.tenants.find((grant) => grant.tenantId === tenantId)?.roleNames;
    if (has === undefined) return false;
    const holds = (name: string) => has.includes(name);
    return names.length === 0 || (readFlag(wish, 'and') ? names.every(holds) : names.some(holds));
  });
}

// Times of a search are milliseconds, those of users are seconds.
function fitsTime({ createdSeconds }: UserRecord, wishes: JsonObject): boolean {
  const from = readNumber(wishes, 'fromCreatedTime') || -Infinity;
  const to = readNumber(wishes, 'toCreatedTime') || Infinity;
  return createdSeconds * 1000 >= from && createdSeconds * 1000 <= to;
}

function fitsText(user: UserRecord, text: string | undefined): boolean {
  if (text === undefined) return true;
  const places = [...user.loginIds, user.name, user.email, user.phone];
  return places.some((place) => place?.toLowerCase().includes(text.toLowerCase()));
}

// The order of found users.

/** Sorts users by Descope's `sort`: the first field counts most; rejects a field that it cannot sort by. */
export function sortUsers(users: readonly UserRecord[], sort: readonly JsonObject[]): readonly UserRecord[] {
  const orders = sort.map((one) => ({
    valueOf: requireValue(requireText(one, 'field')),
    sign: readFlag(one, 'desc') ? -1 : 1,
  }));
  return users.toSorted((left, right) => {
    for (const { valueOf, sign } of orders) {
      const order = compare(valueOf(left), valueOf(right)) * sign;
      if (order !== 0) return order;
    }
    return 0;
  });
}

type Value = (user: UserRecord) => string | number;

const VALUES = new Map<string, Value>([
  ['name', ({ name }) => name ?? ''],
  ['displayName', ({ name }) => name ?? ''],
  ['givenName', ({ givenName }) => givenName ?? ''],
  ['familyName', ({ familyName }) => familyName ?? ''],
  ['email', ({ email }) => email ?? ''],
  ['phone', ({ phone }) => phone ?? ''],
  ['status', ({ status }) => status],
  ['createdTime', ({ createdSeconds }) => createdSeconds],
  ['userId', ({ userId }) => userId],
  ['loginId', ({ loginIds }) => loginIds[0] ?? ''],
]);

function requireValue(field: string): Value {
  const value = VALUES.get(field);
  if (value) return value;
  const known = [...VALUES.keys()].join(', ');
  const message = `The emulator does not sort by ${field.slice(0, 100)}; it sorts by ${known}`;
  throw new DescopeError('invalidArguments', message);
}

function compare(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return String(left).localeCompare(String(right));
}
