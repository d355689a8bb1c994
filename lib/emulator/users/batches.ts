// Management of many users at once: creates, invites and patches them.
import { DescopeError } from '../errors.js';
import { below, readObjects, readString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { addUser, INVITATION, NEW_USER, PATCH, patchUser, readPassword } from '../management/users.js';
import type { ProjectState } from '../project-state.js';
import { toUserView } from '../sign-in/jwt-response.js';
import type { UserRecord } from '../store/project.js';
import { readBase32 } from '../totp/totp.js';

// A hash or a key that cannot be used rejects the whole call: in the list of failed users it would be overlooked.
const create: Handler = (call, state) => {
  const bodies = readObjects(call.body, 'users') ?? [];
  for (const body of bodies) {
    readPassword(body);
    readSeed(body);
  }
  const batch = run(bodies, state, (body) => addWithSeed(body, state, call.body));
  return ok({ createdUsers: batch.users, ...batch.failures });
};

const patch: Handler = (call, state) => {
  const batch = run(readObjects(call.body, 'users') ?? [], state, (body) => patchUser(body, state));
  return ok({ patchedUsers: batch.users, ...batch.failures });
};

/** The routes that create, invite and patch many users. */
export const userBatchRoutes = routesFor('management', {
  'POST /v1/mgmt/user/create/batch': takes(`${INVITATION} ${below('users', `${NEW_USER} seed`)}`, create),
  'PATCH /v1/mgmt/user/patch/batch': takes(below('users', PATCH), patch),
});

function addWithSeed(body: JsonObject, state: ProjectState, invitation: JsonObject): UserRecord {
  const user = addUser(body, state, invitation);
  const key = readSeed(body);
  if (key) state.project.totp.set(user.userId, key);
  return user;
}

function readSeed(body: JsonObject): Buffer | undefined {
  const seed = readString(body, 'seed');
  if (seed === undefined) return undefined;
  const key = readBase32(seed);
  if (key) return key;
  throw new DescopeError('invalidArguments', 'The seed field must be at least 16 characters of base32');
}

function run(
  bodies: readonly JsonObject[],
  { project }: ProjectState,
  act: (body: JsonObject) => UserRecord,
) {
  const users: JsonObject[] = [];
  const failedUsers: JsonObject[] = [];
  // In a map: `__proto__` is a login id like any other.
  const errors = new Map<string, string>();
  for (const body of bodies) {
    try {
      users.push(toUserView(act(body), project));
    } catch (cause) {
      if (!(cause instanceof DescopeError)) throw cause;
      const { password: _password, hashedPassword: _hashed, seed: _seed, ...user } = body;
      failedUsers.push({ failure: cause.message, user });
      errors.set(readString(body, 'loginId') ?? '', cause.message);
    }
  }
  return { users, failures: { failedUsers, additionalErrors: Object.fromEntries(errors) } };
}
