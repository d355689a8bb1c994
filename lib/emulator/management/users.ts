// Management of users: creates, loads, updates, patches and deletes them.
import { DescopeError } from '../errors.js';
import {
  below,
  readBoolean,
  readField,
  readNumber,
  readObject,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { toUserView } from '../sign-in/jwt-response.js';
import { MESSAGE_FIELDS } from '../sign-in/one-time-codes.js';
import type { PasswordCheck } from '../store/passwords.js';
import { readHashedPassword, toPasswordCheck } from '../store/passwords.js';
import type { UserRecord } from '../store/project.js';
import {
  assertRoles,
  assertTenants,
  createUser,
  PROFILE_FIELDS,
  readUserFields,
  requireQueriedUser,
  requireUser,
} from './user-body.js';

const create: Handler = (call, state) => respondWithUser(state, addUser(call.body, state));

const createTest: Handler = (call, state) =>
  respondWithUser(state, addUser({ ...call.body, test: true }, state));

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

const update: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  const loginIds = toLoginIds(call.body, user.loginIds);
  // An update replaces all fields: those that are absent are emptied.
  const emptied = { ...user, ...NO_PROFILE, loginIds, roleNames: [], tenants: [], customAttributes: {} };
  return respondWithUser(state, saveUserFields(state, emptied, call.body));
};

const patch: Handler = (call, state) => respondWithUser(state, patchUser(call.body, state));

/** Changes the fields that a body has: absent ones are kept, an empty string empties one. */
export function patchUser(body: JsonObject, state: ProjectState): UserRecord {
  const user = requireUser(body, state);
  const emptied = Object.keys(NO_PROFILE).filter((name) => readField(body, name) === '');
  const left = { ...user, ...Object.fromEntries(emptied.map((name) => [name, undefined])) };
  const loginIds = toLoginIds(body, [
    ...user.loginIds,
    ...(readStrings(body, 'additionalIdentifiers') ?? []),
  ]);
  return saveUserFields(state, { ...left, loginIds }, { ...toVerified(body), ...body });
}

// A management key vouches for the addresses that it writes.
function toVerified(body: JsonObject): JsonObject {
  return {
    ...(readString(body, 'email') === undefined ? {} : { verifiedEmail: true }),
    ...(readString(body, 'phone') === undefined ? {} : { verifiedPhone: true }),
  };
}

// A call by user id returns the deleted user.
const remove: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  removeUser(user, state);
  return ok(readString(call.body, 'loginId') === undefined ? toUserView(user, state.project) : {});
};

const removeBatch: Handler = (call, state) => {
  for (const userId of readStrings(call.body, 'userIds') ?? []) {
    const user = state.project.users.find(userId);
    if (user) removeUser(user, state);
  }
  return ok();
};

const removeTestUsers: Handler = (_call, state) => {
  for (const user of state.project.users.all.filter(({ test }) => test)) removeUser(user, state);
  return ok();
};

const load: Handler = (call, state) => respondWithUser(state, requireQueriedUser(call, state));

const loadMany: Handler = (call, state) => {
  const users = (readStrings(call.body, 'userIds') ?? []).flatMap((id) => state.project.users.find(id) ?? []);
  return ok({ users: users.map((user) => toUserView(user, state.project)) });
};

const USER =
  `loginId userId ${PROFILE_FIELDS} additionalLoginIds verifiedEmail verifiedPhone customAttributes status ` +
  `roleNames ${below('userTenants', 'tenantId tenantName roleNames')}`;
/** The fields of a new user. */
export const NEW_USER = `${USER} test password hashedPassword createdTime`;
/** Those of an invitation; the content of the message has no effect: the outbox shows that it was sent. */
export const INVITATION = `invite inviteUrl sendMail sendSMS ${MESSAGE_FIELDS}`;
/** The fields of a patch, whose further login ids have a name of their own in node-sdk. */
export const PATCH = `${USER} additionalIdentifiers`;

/** The routes that manage users. */
export const manageUserRoutes = routesFor('management', {
  'POST /v1/mgmt/user/create': takes(`${NEW_USER} ${INVITATION}`, create),
  'POST /v1/mgmt/user/create/test': takes(NEW_USER, createTest),
  'POST /v1/mgmt/user/update': takes(USER, update),
  'PATCH /v1/mgmt/user/patch': takes(PATCH, patch),
  'POST /v1/mgmt/user/delete': takes('loginId userId', remove),
  'POST /v1/mgmt/user/delete/batch': takes('userIds', removeBatch),
  'DELETE /v1/mgmt/user/test/delete/all': removeTestUsers,
  'GET /v1/mgmt/user': takesQuery('loginId userId', load),
  'POST /v1/mgmt/users/load': takes('userIds', loadMany),
});

/** Creates the response that contains one user. */
export function respondWithUser(state: ProjectState, user: UserRecord): RouteResponse {
  return ok({ user: toUserView(user, state.project) });
}

/** Adds a user, and sends the invitation that is asked for. */
export function addUser(body: JsonObject, state: ProjectState, invitation = body): UserRecord {
  const loginId = requireString(body, 'loginId');
  if (state.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const user: UserRecord = {
    ...createUser(loginId, readNumber(body, 'createdTime') || state.clock.nowSeconds()),
    loginIds: toLoginIds(body, [loginId]),
    ...toAddress(loginId, readString(body, 'email')),
    status: 'invited',
    test: readBoolean(body, 'test') ?? false,
    password: readPassword(body),
  };
  const saved = saveUserFields(state, user, body);
  if (readBoolean(invitation, 'invite')) sendInvitation(state, saved, invitation);
  return saved;
}

// A login id that is an e-mail address is the user's address, and counts as verified unless the call sets `verifiedEmail`.
function toAddress(loginId: string, email = loginId): Partial<UserRecord> {
  return email === loginId && /^[^\s@]+@[^\s@]+$/.test(loginId) ? { email, verifiedEmail: true } : {};
}

/** Reads a plain or hashed password; rejects a hash that cannot be checked. */
export function readPassword(body: JsonObject): PasswordCheck | undefined {
  const [password, hashed] = [readString(body, 'password'), readObject(body, 'hashedPassword')];
  if (password !== undefined) return toPasswordCheck(password);
  return hashed === undefined || Object.keys(hashed).length === 0 ? undefined : readHashedPassword(hashed);
}

// By mail, unless `sendSMS` or `sendMail` decides otherwise.
function sendInvitation(state: ProjectState, user: UserRecord, invitation: JsonObject): void {
  const bySms = readBoolean(invitation, 'sendSMS') ?? false;
  const byMail = readBoolean(invitation, 'sendMail') ?? !bySms;
  const link = readString(invitation, 'inviteUrl') ?? `${state.url}/invited`;
  const [loginId = ''] = user.loginIds;
  const send = (deliveryMethod: string) =>
    state.outbox.add({ loginId, deliveryMethod, link, atMs: state.clock.now() });
  if (byMail && user.email !== undefined) send('email');
  if (bySms && user.phone !== undefined) send('sms');
}

function saveUserFields(state: ProjectState, user: UserRecord, body: JsonObject): UserRecord {
  const fields = readUserFields(body);
  state.project.customAttributes.check(fields.customAttributes);
  assertRoles(state.project, fields.roleNames);
  assertTenants(state.project, fields.tenants);
  return state.project.users.save({ ...user, ...fields });
}

function toLoginIds(body: JsonObject, loginIds: readonly string[]): readonly string[] {
  return [...new Set([...loginIds, ...(readStrings(body, 'additionalLoginIds') ?? [])])];
}

function removeUser(user: UserRecord, state: ProjectState): void {
  state.signIns.endAllOf(user.userId, state.clock.nowSeconds());
  state.project.users.remove(user.userId);
}
