// Management: looks for users.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import {
  hasAttributes,
  isObject,
  readFlag,
  readNumber,
  readObject,
  readObjects,
  readText,
  readTexts,
} from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { UserRecord } from '../store/users.js';
import { sortUsers } from './sort-users.js';
import { toUserView } from './user-view.js';

const DEFAULT_LIMIT = 100;

const search: Handler = (call, world) => {
  const fitting = world.project.users.all.filter((user) => fits(user, call.body));
  const found = sortUsers(fitting, readObjects(call.body, 'sort') ?? []);
  const limit = readNumber(call.body, 'limit') || DEFAULT_LIMIT;
  const start = (readNumber(call.body, 'page') ?? 0) * limit;
  const page = found.slice(start, start + limit);
  return ok({ users: page.map((user) => toUserView(user, world.project)), total: found.length });
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
