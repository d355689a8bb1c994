// Management of users: create, read, change as a whole, delete.
import { ok } from '../http/answer.js';
import type { Answer } from '../http/answer.js';
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readFlag, readObjects, readText, readTexts, requireText } from '../http/fields.js';
import { routesFor } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { toDigest } from '../store/ids.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';
import { createUser, readStanding } from './new-user.js';
import { assertRoles, assertTenants, requireQueriedUser, requireUser } from './require-user.js';
import { toUserView } from './user-view.js';

const create: Handler = (call, world) => answerUser(world, addUser(call.body, world));

const createTest: Handler = (call, world) => answerUser(world, addUser({ ...call.body, test: true }, world));

const createBatch: Handler = (call, world) => {
  const results = (readObjects(call.body, 'users') ?? []).map((body) => tryToAdd(body, world));
  return ok({
    createdUsers: results.flatMap((result) => result.created ?? []),
    failedUsers: results.flatMap((result) => result.failed ?? []),
  });
};

const update: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const { userId, loginIds, passwordDigest, status, test, createdSeconds } = user;
  const kept = { userId, loginIds: toLoginIds(call.body, loginIds), passwordDigest, status, test };
  // An update replaces the user: what the call leaves out is emptied.
  return answerUser(world, saveStanding(world, { ...createUser('', createdSeconds), ...kept }, call.body));
};

const patch: Handler = (call, world) =>
  answerUser(world, saveStanding(world, requireUser(call.body, world), call.body));

const remove: Handler = (call, world) => {
  removeUser(requireUser(call.body, world), world);
  return ok();
};

const removeBatch: Handler = (call, world) => {
  for (const userId of readTexts(call.body, 'userIds') ?? []) {
    const user = world.project.users.find(userId);
    if (user) removeUser(user, world);
  }
  return ok();
};

const removeTestUsers: Handler = (_call, world) => {
  for (const user of world.project.users.all.filter(({ test }) => test)) removeUser(user, world);
  return ok();
};

const load: Handler = (call, world) => answerUser(world, requireQueriedUser(call, world));

const loadMany: Handler = (call, world) => {
  const users = (readTexts(call.body, 'userIds') ?? []).flatMap((id) => world.project.users.find(id) ?? []);
  return ok({ users: users.map((user) => toUserView(user, world.project)) });
};

/** The routes of users as a whole. */
export const manageUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/create': create,
  'POST /v1/mgmt/user/create/test': createTest,
  'POST /v1/mgmt/user/create/batch': createBatch,
  'POST /v1/mgmt/user/update': update,
  'PATCH /v1/mgmt/user/patch': patch,
  'POST /v1/mgmt/user/delete': remove,
  'POST /v1/mgmt/user/delete/batch': removeBatch,
  'DELETE /v1/mgmt/user/test/delete/all': removeTestUsers,
  'GET /v1/mgmt/user': load,
  'POST /v1/mgmt/users/load': loadMany,
});

/** The answer that holds one user. */
export function answerUser(world: World, user: UserRecord): Answer {
  return ok({ user: toUserView(user, world.project) });
}

function addUser(body: JsonObject, world: World): UserRecord {
  const loginId = requireText(body, 'loginId');
  if (world.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const password = readText(body, 'password');
  const user: UserRecord = {
    ...createUser(loginId, world.clock.nowSeconds()),
    loginIds: toLoginIds(body, [loginId]),
    status: readFlag(body, 'invite') ? 'invited' : 'enabled',
    test: readFlag(body, 'test') ?? false,
    passwordDigest: password === undefined ? undefined : toDigest(password),
  };
  return saveStanding(world, user, body);
}

function tryToAdd(body: JsonObject, world: World): { created?: JsonObject; failed?: JsonObject } {
  try {
    return { created: toUserView(addUser(body, world), world.project) };
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    return { failed: { failure: cause.message, user: body } };
  }
}

function saveStanding(world: World, user: UserRecord, body: JsonObject): UserRecord {
  const standing = readStanding(body);
  assertRoles(world.project, standing.roleNames);
  assertTenants(world.project, standing.tenants);
  return world.project.users.save({ ...user, ...standing });
}

function toLoginIds(body: JsonObject, loginIds: readonly string[]): readonly string[] {
  return [...new Set([...loginIds, ...(readTexts(body, 'additionalLoginIds') ?? [])])];
}

function removeUser(user: UserRecord, world: World): void {
  world.signIns.endAllOf(user.userId, world.clock.nowSeconds());
  world.project.users.remove(user.userId);
}
