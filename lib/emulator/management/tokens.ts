// Management of tokens: added claims, impersonation, and sign-ins, codes and links without proof.
import { DescopeError } from '../errors.js';
import { below, readBoolean, readNumber, readObject, readString, requireString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { toJwtResponse } from '../sign-in/jwt-response.js';
import type { Approach } from '../sign-in/one-time-codes.js';
import { readPage, toConfirmed, toLink } from '../sign-in/one-time-codes.js';
import { startSignIn } from '../sign-in/start-sign-in.js';
import type { PendingSignIn } from '../store/pending.js';
import type { UserRecord } from '../store/project.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import { CUSTOM_CLAIMS, withoutReserved } from '../templates/jwt-template.js';
import { readToken, signToken } from '../tokens/tokens.js';
import { createUser, PROFILE_FIELDS, readProfile, requireUser } from './user-body.js';

// The claims are added at the top level, as by Descope; later refreshes keep them.
const update: Handler = async (call, state) => {
  const jwt = requireString(call.body, 'jwt');
  const { claims } = await readToken(state, jwt);
  const added = withoutReserved(readObject(call.body, 'customClaims') ?? {});
  const updated = await signToken({ ...claims, ...added }, state.keys.current);
  const signIn = state.signIns.find(jwt);
  if (signIn) {
    signIn.customClaims = { ...signIn.customClaims, ...added };
    if (signIn.refreshToken === jwt) signIn.refreshToken = updated;
    state.signIns.bind(updated, signIn, claims);
  }
  return ok({ jwt: updated });
};

const impersonate: Handler = async (call, state) => {
  const impersonator = requireUser({ loginId: requireString(call.body, 'impersonatorId') }, state);
  const user = requireUser({ loginId: requireString(call.body, 'loginId') }, state);
  const { refreshJwt } = await startSignIn(state, {
    user,
    actorId: impersonator.userId,
    amr: ['impersonation'],
    options: { ...NO_LOGIN_OPTIONS, tenantId: readString(call.body, 'selectedTenant') },
    customClaims: {
      ...withoutReserved(readObject(call.body, 'customClaims') ?? {}),
      act: { sub: impersonator.userId },
    },
  });
  return ok({ jwt: refreshJwt });
};

function signInAs(approach: Approach): Handler {
  return async (call, state) => {
    const user = toUser(call.body, state, approach);
    const customClaims = withoutReserved(readObject(call.body, 'customClaims') ?? {});
    return toJwtResponse(state, await startSignIn(state, { user, amr: ['mgmt'], customClaims }));
  };
}

const SIGN_UP = `loginId ${CUSTOM_CLAIMS} ${below('user', `${PROFILE_FIELDS} verifiedEmail verifiedPhone`)}`;

/** The routes that manage tokens, and the licence that Descope's client requests when it is created. */
export const tokenRoutes = routesFor('management', {
  'POST /v1/mgmt/jwt/update': takes(`jwt ${CUSTOM_CLAIMS}`, update),
  'POST /v1/mgmt/impersonate': takes(`impersonatorId loginId ${CUSTOM_CLAIMS} selectedTenant`, impersonate),
  'POST /v1/mgmt/auth/signin': takes(`loginId ${CUSTOM_CLAIMS}`, signInAs('signin')),
  'POST /v1/mgmt/auth/signup': takes(SIGN_UP, signInAs('signup')),
  'POST /v1/mgmt/auth/signup-in': takes(SIGN_UP, signInAs('signup-in')),
  'GET /v1/mgmt/license': () => ok({ rateLimitTier: 'tier1' }),
});

function toUser(body: JsonObject, state: ProjectState, approach: Approach): UserRecord {
  const loginId = requireString(body, 'loginId');
  const known = state.project.users.find(loginId);
  if (known && approach === 'signup') throw new DescopeError('userExists', 'User already exists');
  if (!known && approach === 'signin') throw new DescopeError('userNotFound', 'User not found');
  if (known) return known;
  const profile = readObject(body, 'user') ?? {};
  const verified = {
    verifiedEmail: readBoolean(profile, 'verifiedEmail') ?? false,
    verifiedPhone: readBoolean(profile, 'verifiedPhone') ?? false,
  };
  const created = createUser(loginId, state.clock.nowSeconds());
  return state.project.users.save({ ...created, ...readProfile(profile), ...verified });
}

const otp: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  return ok({ loginId: pending.loginId, code: state.pending.issueCode(pending, 'generated') });
};

const magicLink: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  const page = readPage(call, state);
  return ok({ loginId: pending.loginId, link: toLink(page, state.pending.issueLink(pending)) });
};

const enchantedLink: Handler = (call, state) => {
  const pending = toTestPending(call, state);
  const page = readPage(call, state);
  const { token, pendingRef } = state.enchantedLinks.issue(pending, 'generated');
  return ok({ loginId: pending.loginId, link: toLink(page, token), pendingRef });
};

const embeddedLink: Handler = (call, state) => {
  const user = requireUser(call.body, state);
  const seconds = readNumber(call.body, 'timeout') || state.settings.codeSeconds;
  const callerClaims = readObject(call.body, 'customClaims') ?? {};
  const pending = toPending(state, user, { method: 'email', callerClaims, seconds });
  return ok({ token: state.pending.issueLink({ ...pending, deliveryMethod: 'link', changes: {} }) });
};

// The user is created once the link is used, unless somebody has taken the login id by then.
const signUpLink: Handler = ({ body }, state) => {
  const loginId = requireString(body, 'loginId');
  if (state.project.users.find(loginId)) throw new DescopeError('userExists', 'User already exists');
  const address = loginId.includes('@') ? { email: loginId } : {};
  const newUser = {
    ...createUser(loginId, state.clock.nowSeconds()),
    ...address,
    ...readProfile(readObject(body, 'user') ?? {}),
    verifiedEmail: readBoolean(body, 'emailVerified') ?? false,
    verifiedPhone: readBoolean(body, 'phoneVerified') ?? false,
  };
  const seconds = readNumber(body, 'timeout') || SIGN_UP_LINK_SECONDS;
  const callerClaims = readObject(readObject(body, 'loginOptions') ?? {}, 'customClaims') ?? {};
  const pending = toPending(state, newUser, { method: 'email', callerClaims, seconds });
  return ok({
    token: state.pending.issueLink({ ...pending, deliveryMethod: 'link', changes: {}, newUser }),
  });
};

// go-sdk, `EmbeddedLinkLoginOptions`.
const SIGN_UP_LINK_SECONDS = 60;

const TEST_FIELDS = 'loginId loginOptions.customClaims';

/** The routes that generate codes and links. */
export const testUserRoutes = routesFor('management', {
  'POST /v1/mgmt/tests/generate/otp': takes(`deliveryMethod ${TEST_FIELDS}`, otp),
  'POST /v1/mgmt/tests/generate/magiclink': takes(`deliveryMethod URI ${TEST_FIELDS}`, magicLink),
  'POST /v1/mgmt/tests/generate/enchantedlink': takes(`deliveryMethod URI ${TEST_FIELDS}`, enchantedLink),
  'POST /v1/mgmt/user/signin/embeddedlink': takes('loginId customClaims timeout', embeddedLink),
  'POST /v1/mgmt/user/signup/embeddedlink': takes(
    `loginId ${below('user', PROFILE_FIELDS)} emailVerified phoneVerified loginOptions.customClaims timeout`,
    signUpLink,
  ),
});

function toTestPending(call: Call, state: ProjectState): PendingSignIn {
  const user = requireUser(call.body, state);
  if (!user.test) throw new DescopeError('invalidArguments', 'The user is not a test user');
  const method = readString(call.body, 'deliveryMethod') ?? 'email';
  const options = readObject(call.body, 'loginOptions') ?? {};
  const callerClaims = readObject(options, 'customClaims') ?? {};
  const pending = toPending(state, user, { method, callerClaims, seconds: state.settings.codeSeconds });
  // The client verifies the code with the login id of this request.
  return { ...pending, loginId: readString(call.body, 'loginId') ?? pending.loginId };
}

interface Delivery {
  readonly method: string;
  readonly callerClaims: JsonObject;
  readonly seconds: number;
}

function toPending(state: ProjectState, user: UserRecord, delivery: Delivery): PendingSignIn {
  return {
    loginId: user.loginIds[0] ?? user.userId,
    deliveryMethod: delivery.method,
    options: { ...NO_LOGIN_OPTIONS, callerClaims: delivery.callerClaims },
    changes: toConfirmed(delivery.method),
    expiresMs: state.clock.now() + delivery.seconds * 1000,
  };
}
