// Management: searches for users, and sorts what it finds.
import { DescopeError } from '../errors.js';
import {
  hasAttributes,
  isObject,
  readBoolean,
  readNumber,
  readObject,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { toUserView } from '../sign-in/jwt-response.js';
import type { Project, UserRecord } from '../store/project.js';

const DEFAULT_LIMIT = 100;

const search: Handler = (call, state) => {
  const fitting = state.project.users.all.filter((user) => matches(user, call.body, state.project));
  const found = sortUsers(fitting, readObjects(call.body, 'sort') ?? []);
  const limit = readNumber(call.body, 'limit') || DEFAULT_LIMIT;
  const start = (readNumber(call.body, 'page') ?? 0) * limit;
  const page = found.slice(start, start + limit);
  return ok({ users: page.map((user) => toUserView(user, state.project)), total: found.length });
};

const FILTERS =
  'loginIds userIds emails phones statuses roleNames tenantIds customAttributes text testUsersOnly withTestUser ' +
  'limit page sort.field sort.desc fromCreatedTime toCreatedTime tenantRoleNames tenantRoleIds ' +
  'verifiedEmail verifiedPhone';

/** The routes that search for users. */
export const searchUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/search': takes(FILTERS, search),
  'POST /v2/mgmt/user/search': takes(FILTERS, search),
  'POST /v2/mgmt/user/search/test': takes(FILTERS, search),
});

// All filters must match; an empty list is no filter.
function matches(user: UserRecord, filters: JsonObject, project: Project): boolean {
  return (
    matchesTestUser(user, filters) &&
    matchesIdentity(user, filters) &&
    overlaps(readStrings(filters, 'statuses'), [user.status]) &&
    overlaps(readStrings(filters, 'roleNames'), user.roleNames) &&
    hasAttributes(user.customAttributes, readObject(filters, 'customAttributes') ?? {}) &&
    matchesTenants(user, filters, project) &&
    matchesTime(user, filters) &&
    matchesText(user, readString(filters, 'text'))
  );
}

function matchesTenants(user: UserRecord, filters: JsonObject, project: Project): boolean {
  const tenantIds = user.tenants.map(({ tenantId }) => tenantId);
  return (
    overlaps(readStrings(filters, 'tenantIds'), tenantIds) &&
    matchesTenantRoles(user, readObject(filters, 'tenantRoleNames') ?? {}) &&
    matchesTenantRoles(user, readObject(filters, 'tenantRoleIds') ?? {}, (id) => nameOf(project, id))
  );
}

function isSame(wanted: boolean | undefined, has: boolean): boolean {
  return wanted === undefined || wanted === has;
}

// An id that no role has is the name of none.
function nameOf({ roles }: Project, id: string): string | undefined {
  return roles.all.find((role) => role.id === id)?.name;
}

function matchesIdentity(user: UserRecord, filters: JsonObject): boolean {
  return (
    overlaps(readStrings(filters, 'loginIds'), user.loginIds) &&
    overlaps(readStrings(filters, 'userIds'), [user.userId]) &&
    overlaps(readStrings(filters, 'emails'), [user.email]) &&
    overlaps(readStrings(filters, 'phones'), [user.phone]) &&
    isSame(readBoolean(filters, 'verifiedEmail'), user.verifiedEmail) &&
    isSame(readBoolean(filters, 'verifiedPhone'), user.verifiedPhone)
  );
}

function matchesTestUser(user: UserRecord, filters: JsonObject): boolean {
  if (readBoolean(filters, 'testUsersOnly')) return user.test;
  return !user.test || (readBoolean(filters, 'withTestUser') ?? false);
}

function overlaps(wanted: readonly string[] | undefined, has: readonly (string | undefined)[]): boolean {
  return !wanted?.length || wanted.some((value) => has.includes(value));
}

// For each tenant: one of the roles, or with `and` all of them.
function matchesTenantRoles(
  user: UserRecord,
  wanted: JsonObject,
  toName: (value: string) => string | undefined = (name) => name,
): boolean {
  return Object.entries(wanted).every(([tenantId, filter]) => {
    if (!isObject(filter))
      throw new DescopeError('invalidArguments', 'The tenantRoleNames field is malformed');
    const names = readStrings(filter, 'values') ?? [];
    const has = user.tenants.find((grant) => grant.tenantId === tenantId)?.roleNames;
    if (has === undefined) return false;
    const holds = (value: string) => has.includes(toName(value) ?? '');
    return names.length === 0 || (readBoolean(filter, 'and') ? names.every(holds) : names.some(holds));
  });
}

// Filters are in milliseconds, users in seconds.
function matchesTime({ createdSeconds }: UserRecord, filters: JsonObject): boolean {
  const from = readNumber(filters, 'fromCreatedTime') || -Infinity;
  const to = readNumber(filters, 'toCreatedTime') || Infinity;
  return createdSeconds * 1000 >= from && createdSeconds * 1000 <= to;
}

function matchesText(user: UserRecord, text: string | undefined): boolean {
  if (text === undefined) return true;
  const values = [...user.loginIds, user.name, user.email, user.phone];
  return values.some((value) => value?.toLowerCase().includes(text.toLowerCase()));
}

/** Sorts users by the fields of Descope's `sort`, the first one foremost; rejects an unknown field. */
function sortUsers(users: readonly UserRecord[], sort: readonly JsonObject[]): readonly UserRecord[] {
  const orders = sort.map((one) => ({
    valueOf: requireValue(requireString(one, 'field')),
    sign: readBoolean(one, 'desc') ? -1 : 1,
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
