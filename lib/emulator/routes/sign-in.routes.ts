// The endpoints that sign a user in: password, one-time code, magic link and enchanted link.
import { noteLoginFailed } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { below, readObject, readString, requireString } from '../http/fields.js';
import type { Call } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import { createUser, PROFILE_FIELDS, readProfile } from '../management/user-body.js';
import type { ProjectState } from '../project-state.js';
import { respondWithSignIn } from '../sign-in/jwt-response.js';
import type { Approach } from '../sign-in/one-time-codes.js';
import {
  finishSignIn,
  MESSAGE_FIELDS,
  requireMethod,
  requireOwnSignIn,
  sendCode,
  sendEnchantedLink,
  sendLink,
  toAddressChange,
  toConfirmed,
  toPending,
} from '../sign-in/one-time-codes.js';
import {
  assertCurrentPassword,
  assertPasswordsEnabled,
  choosePassword,
  requirePassword,
} from '../sign-in/passwords.js';
import { readLoginOptions } from '../sign-in/start-sign-in.js';
import type { UserRecord } from '../store/project.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';

// The fields of a sign-in.
const SIGN_IN_FIELDS = `loginId ${MESSAGE_FIELDS} ${below(
  'loginOptions',
  `customClaims tenantId stepup mfa revokeOtherSessions ${MESSAGE_FIELDS}`,
)}`;

// The fields of a sign-up; some clients send the address beside the user too.
const SIGN_UP_FIELDS = `${SIGN_IN_FIELDS} email phone sms voice whatsapp ${below('user', `loginId ${PROFILE_FIELDS}`)}`;

// The fields of a changed address, beside the address.
const ADDRESS_FIELDS = `loginId ${MESSAGE_FIELDS}`;

// A rejected sign-in is an event too.
function attempt(handle: Handler): Handler {
  return async (call, state) => {
    try {
      return await handle(call, state);
    } catch (cause) {
      noteLoginFailed(state, readString(call.body, 'loginId'), cause);
      throw cause;
    }
  };
}

const signUp: Handler = async (call, state) => {
  const loginId = requireString(call.body, 'loginId');
  const options = await readLoginOptions(call, state);
  assertPasswordsEnabled(state, options);
  const password = choosePassword(state, options, requireString(call.body, 'password'));
  if (state.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const address = loginId.includes('@') ? { email: loginId } : {};
  const profile = readProfile(readObject(call.body, 'user') ?? {});
  const base = createUser(loginId, state.clock.nowSeconds());
  const user = state.project.users.save({ ...base, ...address, ...profile, password });
  return respondWithSignIn(state, { user, amr: ['pwd'], options });
};

const signIn: Handler = async (call, state) => {
  const user = readWithPassword(call, state, 'password');
  const options = await readLoginOptions(call, state);
  const owner = { user, tenantId: options.tenantId };
  assertPasswordsEnabled(state, owner);
  assertCurrentPassword(state, owner);
  return respondWithSignIn(state, { user, amr: ['pwd'], options });
};

const replace: Handler = (call, state) => {
  const user = setPassword(call, state, readWithPassword(call, state, 'oldPassword'));
  return respondWithSignIn(state, { user, amr: ['pwd'], options: NO_LOGIN_OPTIONS });
};

const update: Handler = async (call, state) => {
  setPassword(call, state, await requireOwnSignIn(call, state));
  return ok();
};

const reset: Handler = (call, state) => {
  const loginId = requireString(call.body, 'loginId');
  if (!state.project.users.find(loginId)) throw new DescopeError('noSuchUser', 'User not found');
  const pending = {
    loginId,
    deliveryMethod: 'email',
    options: NO_LOGIN_OPTIONS,
    changes: toConfirmed('email'),
    expiresMs: state.clock.now() + state.settings.codeSeconds * 1000,
  };
  return ok({ resetMethod: 'magiclink', pendingRef: '', linkId: '', ...sendLink(state, pending, call) });
};

// What a page can check itself, in the form of core-js-sdk's type.
const policy: Handler = (_call, state) => {
  const { minLength, lowercase, uppercase, number, nonAlphanumeric } = state.passwords.settingsOf();
  return ok({ minLength, lowercase, uppercase, number, nonAlphanumeric });
};

/** The routes of passwords. */
export const passwordRoutes = routesFor('project', {
  'POST /v1/auth/password/signup': takes(`password ${SIGN_UP_FIELDS}`, signUp),
  'POST /v1/auth/password/signin': takes(`password ${SIGN_IN_FIELDS}`, attempt(signIn)),
  'POST /v1/auth/password/replace': takes('loginId oldPassword newPassword', attempt(replace)),
  'POST /v1/auth/password/update': takes('loginId newPassword', update),
  'POST /v1/auth/password/reset': takes(`loginId redirectUrl ${MESSAGE_FIELDS}`, reset),
  'GET /v1/auth/password/policy': policy,
});

function readWithPassword(call: Call, state: ProjectState, field: string): UserRecord {
  const user = state.project.users.find(requireString(call.body, 'loginId'));
  return requirePassword(state, user, requireString(call.body, field));
}

function setPassword(call: Call, state: ProjectState, user: UserRecord): UserRecord {
  assertPasswordsEnabled(state, { user });
  const password = choosePassword(state, { user }, requireString(call.body, 'newPassword'));
  return state.project.users.save({ ...user, password, passwordExpired: false });
}

function startOtp(approach: Approach): Handler {
  return async (call, state) => ok(sendCode(state, await toPending(call, state, approach)));
}

const verifyOtp: Handler = (call, state) => {
  const code = {
    deliveryMethod: requireMethod(call),
    loginId: requireString(call.body, 'loginId'),
    code: requireString(call.body, 'code'),
  };
  return finishSignIn(state, state.pending.takeCode(code, state.clock.now()));
};

const updateAddress: Handler = async (call, state) => {
  await requireOwnSignIn(call, state);
  return ok(sendCode(state, toAddressChange(call, state)));
};

/** The routes of one-time codes. */
export const otpRoutes = routesFor('project', {
  'POST /v1/auth/otp/signin/:method': takes(SIGN_IN_FIELDS, startOtp('signin')),
  'POST /v1/auth/otp/signup/:method': takes(SIGN_UP_FIELDS, startOtp('signup')),
  'POST /v1/auth/otp/signup-in/:method': takes(SIGN_UP_FIELDS, startOtp('signup-in')),
  'POST /v1/auth/otp/verify/:method': takes('loginId code', attempt(verifyOtp)),
  'POST /v1/auth/otp/update/email': takes(`email ${ADDRESS_FIELDS}`, updateAddress),
  'POST /v1/auth/otp/update/phone/:method': takes(`phone ${ADDRESS_FIELDS}`, updateAddress),
});

function startMagicLink(approach: Approach): Handler {
  return async (call, state) => ok(sendLink(state, await toPending(call, state, approach), call));
}

const verifyMagicLink: Handler = (call, state) =>
  finishSignIn(state, state.pending.takeLink(requireString(call.body, 'token'), state.clock.now()));

/** The routes of magic links. */
export const magicLinkRoutes = routesFor('project', {
  'POST /v1/auth/magiclink/signin/:method': takes(`URI ${SIGN_IN_FIELDS}`, startMagicLink('signin')),
  'POST /v1/auth/magiclink/signup/:method': takes(`URI ${SIGN_UP_FIELDS}`, startMagicLink('signup')),
  'POST /v1/auth/magiclink/signup-in/:method': takes(`URI ${SIGN_UP_FIELDS}`, startMagicLink('signup-in')),
  'POST /v1/auth/magiclink/verify': takes('token', attempt(verifyMagicLink)),
});

// They are sent by mail only, so the path has no method.
function startEnchantedLink(approach: Approach): Handler {
  return async (call, state) => {
    const byMail: Call = { ...call, params: new Map([['method', 'email']]) };
    return ok(sendEnchantedLink(state, await toPending(byMail, state, approach), call));
  };
}

const verifyEnchantedLink: Handler = (call, state) => {
  state.enchantedLinks.verify(requireString(call.body, 'token'), state.clock.now());
  return ok();
};

const pendingSession: Handler = (call, state) =>
  finishSignIn(state, state.enchantedLinks.take(requireString(call.body, 'pendingRef'), state.clock.now()));

/** The routes of enchanted links. */
export const enchantedLinkRoutes = routesFor('project', {
  'POST /v1/auth/enchantedlink/signin/email': takes(
    `URI crossDevice ${SIGN_IN_FIELDS}`,
    startEnchantedLink('signin'),
  ),
  'POST /v1/auth/enchantedlink/signup/email': takes(
    `URI crossDevice ${SIGN_UP_FIELDS}`,
    startEnchantedLink('signup'),
  ),
  'POST /v1/auth/enchantedlink/signup-in/email': takes(
    `URI crossDevice ${SIGN_UP_FIELDS}`,
    startEnchantedLink('signup-in'),
  ),
  'POST /v1/auth/enchantedlink/verify': takes('token', verifyEnchantedLink),
  'POST /v1/auth/enchantedlink/pending-session': takes('pendingRef', attempt(pendingSession)),
});
