// Passwords: sign up and in with them, replace, reset and change them.
import { requireOwnSignIn } from '../codes/address-change.js';
import { sendLink, toConfirmed } from '../codes/delivery.js';
import { ok } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readObject, requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { answerSignIn } from '../sign-in/answer-sign-in.js';
import { NO_LOGIN_OPTIONS } from '../sign-in/login-options.js';
import { readLoginOptions } from '../sign-in/read-login-options.js';
import { PASSWORD_POLICY, toChosenPassword } from '../store/passwords.js';
import type { UserRecord } from '../store/users.js';
import { createUser, readProfile } from '../users/new-user.js';
import type { World } from '../world.js';
import { MESSAGE_FIELDS, SIGN_IN_FIELDS, SIGN_UP_FIELDS } from '../sign-in/sign-in-fields.js';

const signUp: Handler = async (call, world) => {
  const loginId = requireText(call.body, 'loginId');
  const password = toChosenPassword(requireText(call.body, 'password'));
  if (world.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const options = await readLoginOptions(call, world);
  const address = loginId.includes('@') ? { email: loginId } : {};
  const profile = readProfile(readObject(call.body, 'user') ?? {});
  const base = createUser(loginId, world.clock.nowSeconds());
  const user = world.project.users.save({ ...base, ...address, ...profile, password });
  return answerSignIn(world, { user, amr: ['pwd'], options });
};

const signIn: Handler = async (call, world) => {
  const user = requirePassword(call, world, 'password');
  if (user.passwordExpired) throw new DescopeError('passwordExpired', 'The password must be replaced');
  return answerSignIn(world, { user, amr: ['pwd'], options: await readLoginOptions(call, world) });
};

const replace: Handler = (call, world) => {
  const user = setPassword(call, world, requirePassword(call, world, 'oldPassword'));
  return answerSignIn(world, { user, amr: ['pwd'], options: NO_LOGIN_OPTIONS });
};

const update: Handler = async (call, world) => {
  setPassword(call, world, await requireOwnSignIn(call, world));
  return ok();
};

const reset: Handler = (call, world) => {
  const loginId = requireText(call.body, 'loginId');
  if (!world.project.users.find(loginId)) throw new DescopeError('noSuchUser', 'User not found');
  const pending = {
    loginId,
    deliveryMethod: 'email',
    options: NO_LOGIN_OPTIONS,
    changes: toConfirmed('email'),
    expiresMs: world.clock.now() + world.settings.codeSeconds * 1000,
  };
  return ok({ resetMethod: 'magiclink', pendingRef: '', linkId: '', ...sendLink(world, pending, call) });
};

/** The routes of passwords. */
export const passwordRoutes = routesFor('project', {
  'POST /v1/auth/password/signup': takes(`password ${SIGN_UP_FIELDS}`, signUp),
  'POST /v1/auth/password/signin': takes(`password ${SIGN_IN_FIELDS}`, signIn),
  'POST /v1/auth/password/replace': takes('loginId oldPassword newPassword', replace),
  'POST /v1/auth/password/update': takes('loginId newPassword', update),
  'POST /v1/auth/password/reset': takes(`loginId redirectUrl ${MESSAGE_FIELDS}`, reset),
  'GET /v1/auth/password/policy': () => ok(PASSWORD_POLICY),
});

// An unknown user and a wrong password get one answer, or it would tell who has an account.
function requirePassword(call: Call, world: World, field: string): UserRecord {
  const user = world.project.users.find(requireText(call.body, 'loginId'));
  const given = requireText(call.body, field);
  if (user?.password?.(given)) return user;
  throw new DescopeError('wrongPassword', 'The login id or the password is wrong');
}

function setPassword(call: Call, world: World, user: UserRecord): UserRecord {
  const password = toChosenPassword(requireText(call.body, 'newPassword'));
  return world.project.users.save({ ...user, password, passwordExpired: false });
}
