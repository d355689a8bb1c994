// Management: looks for users.
import { ok } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { readFlag, readNumber, readObject, readText, readTexts } from '../http/fields.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { UserRecord } from '../store/users.js';
import { toUserView } from './user-view.js';

const DEFAULT_LIMIT = 100;

const search: Handler = (call, world) => {
  const found = world.project.users.all.filter((user) => fits(user, call.body));
  const limit = readNumber(call.body, 'limit') || DEFAULT_LIMIT;
  const start = (readNumber(call.body, 'page') ?? 0) * limit;
  const page = found.slice(start, start + limit);
  return ok({ users: page.map((user) => toUserView(user, world.project)), total: found.length });
};

/** The routes that look for users. */
export const searchUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/search': search,
  'POST /v2/mgmt/user/search': search,
  'POST /v2/mgmt/user/search/test': search,
});

// Each wish narrows the search; an empty list is no wish.
function fits(user: UserRecord, wishes: JsonObject): boolean {
  return (
    fitsTestWishes(user, wishes) &&
    meets(readTexts(wishes, 'loginIds'), user.loginIds) &&
    meets(readTexts(wishes, 'userIds'), [user.userId]) &&
    meets(readTexts(wishes, 'emails'), [user.email]) &&
    meets(readTexts(wishes, 'phones'), [user.phone]) &&
    meets(readTexts(wishes, 'statuses'), [user.status]) &&
    meets(readTexts(wishes, 'roleNames'), user.roleNames) &&
    meets(
      readTexts(wishes, 'tenantIds'),
      user.tenants.map(({ tenantId }) => tenantId),
    ) &&
    fitsAttributes(user, readObject(wishes, 'customAttributes') ?? {}) &&
    fitsText(user, readText(wishes, 'text'))
  );
}

function fitsTestWishes(user: UserRecord, wishes: JsonObject): boolean {
  if (readFlag(wishes, 'testUsersOnly')) return user.test;
  return !user.test || (readFlag(wishes, 'withTestUser') ?? false);
}

function meets(wanted: readonly string[] | undefined, has: readonly (string | undefined)[]): boolean {
  return !wanted?.length || wanted.some((value) => has.includes(value));
}

function fitsAttributes(user: UserRecord, wanted: JsonObject): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(user.customAttributes, name) && user.customAttributes[name] === value,
  );
}

function fitsText(user: UserRecord, text: string | undefined): boolean {
  if (text === undefined) return true;
  const places = [...user.loginIds, user.name, user.email, user.phone];
  return places.some((place) => place?.toLowerCase().includes(text.toLowerCase()));
}
