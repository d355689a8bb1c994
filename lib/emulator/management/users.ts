// Management of users: create, read, change as a whole, delete.
import {
  below,
  readField,
  readFlag,
  readNumber,
  readObject,
  readObjects,
  readText,
  readTexts,
  requireText,
} from '../http/fields.js';
import { DescopeError, ok } from '../http/message.js';
import type { Answer, JsonObject } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { World } from '../project-state.js';
import { MESSAGE_FIELDS, PROFILE_FIELDS } from '../sign-in/require-sign-in.js';
import { toUserView } from '../sign-in/start-sign-in.js';
import { readHashedPassword } from '../store/hashed-passwords.js';
import { toPasswordCheck } from '../store/users.js';
import type { PasswordCheck, UserRecord } from '../store/users.js';
import { assertRoles, assertTenants, requireQueriedUser, requireUser } from './find-users.js';
import { createUser, readStanding } from './new-user.js';

const create: Handler = (call, world) => answerUser(world, addUser(call.body, world));

const createTest: Handler = (call, world) => answerUser(world, addUser({ ...call.body, test: true }, world));

// A hash that cannot be checked refuses the whole call: among the failed users it would be overlooked.
const createBatch: Handler = (call, world) => {
  const bodies = readObjects(call.body, 'users') ?? [];
  for (const body of bodies) readPassword(body);
  const results = bodies.map((body) => tryToAdd(body, world, call.body));
  return ok({
    createdUsers: results.flatMap((result) => result.created ?? []),
    failedUsers: results.flatMap((result) => result.failed ?? []),
    additionalErrors: Object.fromEntries(results.flatMap((result) => result.error ?? [])),
  });
};

const NO_PROFILE = {
  name: undefined,
  givenName: undefined,
  middleName: undefined,
  familyName: undefined,
  email: undefined,
  phone: undefined,
  picture: undefined,
  verifiedEmail: false,
  verifiedPhone: false,
};

const update: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const loginIds = toLoginIds(call.body, user.loginIds);
  // An update replaces what management says of the user: what the call leaves out is emptied.
  const emptied = { ...user, ...NO_PROFILE, loginIds, roleNames: [], tenants: [], customAttributes: {} };
  return answerUser(world, saveStanding(world, emptied, call.body));
};

// What the call leaves out is kept; an empty text empties.
const patch: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  const emptied = Object.keys(NO_PROFILE).filter((name) => readField(call.body, name) === '');
  const left = { ...user, ...Object.fromEntries(emptied.map((name) => [name, undefined])) };
  const loginIds = toLoginIds(call.body, user.loginIds);
  return answerUser(world, saveStanding(world, { ...left, loginIds }, call.body));
};

// By user id the answer is the user who was deleted.
const remove: Handler = (call, world) => {
  const user = requireUser(call.body, world);
  removeUser(user, world);
  return ok(readText(call.body, 'loginId') === undefined ? toUserView(user, world.project) : {});
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

const USER =
  `loginId userId ${PROFILE_FIELDS} additionalLoginIds verifiedEmail verifiedPhone customAttributes status ` +
  `roleNames ${below('userTenants', 'tenantId tenantName roleNames')}`;
const NEW_USER = `${USER} test password hashedPassword createdTime`;
// What a mail looks like changes nothing here: the outbox says that it went out.
const INVITATION = `invite inviteUrl sendMail sendSMS ${MESSAGE_FIELDS}`;

/** The routes of users as a whole. */
export const manageUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/create': takes(`${NEW_USER} ${INVITATION}`, create),
  'POST /v1/mgmt/user/create/test': takes(NEW_USER, createTest),
  'POST /v1/mgmt/user/create/batch': takes(`${INVITATION} ${below('users', NEW_USER)}`, createBatch),
  'POST /v1/mgmt/user/update': takes(USER, update),
  'PATCH /v1/mgmt/user/patch': takes(USER, patch),
  'POST /v1/mgmt/user/delete': takes('loginId userId', remove),
  'POST /v1/mgmt/user/delete/batch': takes('userIds', removeBatch),
  'DELETE /v1/mgmt/user/test/delete/all': removeTestUsers,
  'GET /v1/mgmt/user': load,
  'POST /v1/mgmt/users/load': takes('userIds', loadMany),
});

/** The answer that holds one user. */
export function answerUser(world: World, user: UserRecord): Answer {
  return ok({ user: toUserView(user, world.project) });
}

function addUser(body: JsonObject, world: World, invitation = body): UserRecord {
  const loginId = requireText(body, 'loginId');
  if (world.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const user: UserRecord = {
    ...createUser(loginId, readNumber(body, 'createdTime') || world.clock.nowSeconds()),
    loginIds: toLoginIds(body, [loginId]),
    ...toAddress(loginId, readText(body, 'email')),
    status: 'invited',
    test: readFlag(body, 'test') ?? false,
    password: readPassword(body),
  };
  const saved = saveStanding(world, user, body);
  if (readFlag(invitation, 'invite')) sendInvitation(world, saved, invitation);
  return saved;
}

// A login id that is an address is the user's, and counts as verified unless the call says otherwise.
function toAddress(loginId: string, email = loginId): Partial<UserRecord> {
  return email === loginId && /^[^\s@]+@[^\s@]+$/.test(loginId) ? { email, verifiedEmail: true } : {};
}

function readPassword(body: JsonObject): PasswordCheck | undefined {
  const [password, hashed] = [readText(body, 'password'), readObject(body, 'hashedPassword')];
  if (password !== undefined) return toPasswordCheck(password);
  return hashed === undefined || Object.keys(hashed).length === 0 ? undefined : readHashedPassword(hashed);
}

// By mail where nothing else is said; the page is the one that the call names.
function sendInvitation(world: World, user: UserRecord, invitation: JsonObject): void {
  const bySms = readFlag(invitation, 'sendSMS') ?? false;
  const byMail = readFlag(invitation, 'sendMail') ?? !bySms;
  const link = readText(invitation, 'inviteUrl') ?? `${world.url}/invited`;
  const [loginId = ''] = user.loginIds;
  const send = (deliveryMethod: string) =>
    world.outbox.add({ loginId, deliveryMethod, link, atMs: world.clock.now() });
  if (byMail && user.email !== undefined) send('email');
  if (bySms && user.phone !== undefined) send('sms');
}

interface Added {
  readonly created?: JsonObject;
  readonly failed?: JsonObject;
  readonly error?: readonly [readonly [loginId: string, message: string]];
}

function tryToAdd(body: JsonObject, world: World, invitation: JsonObject): Added {
  try {
    return { created: toUserView(addUser(body, world, invitation), world.project) };
  } catch (cause) {
    if (!(cause instanceof DescopeError)) throw cause;
    const { password: _password, hashedPassword: _hashed, ...user } = body;
    const error = [[readText(body, 'loginId') ?? '', cause.message]] as const;
    return { failed: { failure: cause.message, user }, error };
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
