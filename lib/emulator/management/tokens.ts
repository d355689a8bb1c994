// Management of tokens: claims added by the backend, impersonation, sign-in without proof.
import { below, readFlag, readObject, readText, requireText } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { DescopeError, ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { Approach } from '../sign-in/one-time-codes.js';
import { PROFILE_FIELDS } from '../sign-in/require-sign-in.js';
import { startSignIn, toJwtAnswer } from '../sign-in/start-sign-in.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import { readToken, signToken } from '../tokens/tokens.js';
import { requireUser } from './find-users.js';
import { createUser, readProfile } from './new-user.js';

// The claims go to the top level, where Descope puts what a project's backend vouches for; later refreshes keep them.
const update: Handler = async (call, state) => {
  const jwt = requireText(call.body, 'jwt');
  const { claims } = await readToken(state, jwt);
  const added = withoutReserved(readObject(call.body, 'customClaims') ?? {});
  const updated = await signToken({ ...claims, ...added }, state.keys.current);
  const signIn = state.signIns.find(jwt);
  if (signIn) {
    signIn.customClaims = { ...signIn.customClaims, ...added };
    state.signIns.bind(updated, signIn);
    if (signIn.refreshToken === jwt) signIn.refreshToken = updated;
  }
  return ok({ jwt: updated });
};

const impersonate: Handler = async (call, state) => {
  const impersonator = requireUser({ loginId: requireText(call.body, 'impersonatorId') }, state);
  const user = requireUser({ loginId: requireText(call.body, 'loginId') }, state);
  const { refreshJwt } = await startSignIn(state, {
    user,
    amr: ['impersonation'],
    options: { ...NO_LOGIN_OPTIONS, tenantId: readText(call.body, 'selectedTenant') },
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
    return toJwtAnswer(state, await startSignIn(state, { user, amr: ['mgmt'], customClaims }));
  };
}

const SIGN_UP = `loginId customClaims ${below('user', `${PROFILE_FIELDS} verifiedEmail verifiedPhone`)}`;

/** The routes that manage tokens, and the licence that a client asks for when it is made. */
export const tokenRoutes = routesFor('management', {
  'POST /v1/mgmt/jwt/update': takes('jwt customClaims', update),
  'POST /v1/mgmt/impersonate': takes('impersonatorId loginId customClaims selectedTenant', impersonate),
  'POST /v1/mgmt/auth/signin': takes('loginId customClaims', signInAs('signin')),
  'POST /v1/mgmt/auth/signup': takes(SIGN_UP, signInAs('signup')),
  'POST /v1/mgmt/auth/signup-in': takes(SIGN_UP, signInAs('signup-in')),
  'GET /v1/mgmt/license': () => ok({ rateLimitTier: 'tier1' }),
});

// What Descope itself says in a token, a backend cannot change.
const RESERVED = new Set(
  'iss sub drn exp iat nbf rexp amr roles permissions tenants dct su nsec act dsub'.split(' '),
);

function withoutReserved(claims: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED.has(name)));
}

function toUser(body: JsonObject, state: ProjectState, approach: Approach): UserRecord {
  const loginId = requireText(body, 'loginId');
  const known = state.project.users.find(loginId);
  if (known && approach === 'signup') throw new DescopeError('userExists', 'User already exists');
  if (!known && approach === 'signin') throw new DescopeError('userNotFound', 'User not found');
  if (known) return known;
  const said = readObject(body, 'user') ?? {};
  const verified = {
    verifiedEmail: readFlag(said, 'verifiedEmail') ?? false,
    verifiedPhone: readFlag(said, 'verifiedPhone') ?? false,
  };
  const created = createUser(loginId, state.clock.nowSeconds());
  return state.project.users.save({ ...created, ...readProfile(said), ...verified });
}
