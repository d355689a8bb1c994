// What is done with a session: refresh it, check it, select a tenant, end it.
import { ok } from '../http/answer.js';
import type { Answer } from '../http/answer.js';
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { requireText } from '../http/fields.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import { clearingCookies, toJwtAnswer } from '../sign-in/jwt-response.js';
import { claimRefreshToken, requireEnabledUser, requireSignIn } from '../sign-in/require-sign-in.js';
import type { SignIn } from '../sign-in/sign-ins.js';
import { assertMember } from '../sign-in/start-sign-in.js';
import { issueRefresh, issueSession } from '../tokens/token-issuer.js';
import { readToken } from '../tokens/token-reader.js';
import type { World } from '../world.js';

const refresh: Handler = async (call, world) => renew(call, world, await requireSignIn(call, world));

// Unlike refresh it does not fail: a caller who is not signed in gets an empty answer.
const tryRefresh: Handler = async (call, world) => {
  try {
    return await refresh(call, world);
  } catch (cause) {
    if (cause instanceof DescopeError) return ok();
    throw cause;
  }
};

const selectTenant: Handler = async (call, world) => {
  const signIn = await requireSignIn(call, world);
  const tenantId = requireText(call.body, 'tenant');
  assertMember(requireEnabledUser(world, signIn.userId), tenantId);
  signIn.tenantId = tenantId;
  return renew(call, world, signIn);
};

const logout: Handler = async (call, world) => {
  const signIn = await requireSignIn(call, world);
  signIn.ended = true;
  return { ...ok(), headers: clearingCookies(world) ?? {} };
};

const logoutAll: Handler = async (call, world) => {
  const signIn = await requireSignIn(call, world);
  world.signIns.endAllOf(signIn.userId, world.clock.nowSeconds());
  return { ...ok(), headers: clearingCookies(world) ?? {} };
};

const validate: Handler = async (call, world) => ok(await requireSession(call, world));

/** The routes of a session. */
export const sessionRoutes = routesFor('project', {
  'POST /v1/auth/refresh': takes('', refresh),
  'POST /v1/auth/try-refresh': takes('', tryRefresh),
  'POST /v1/auth/tenant/select': takes('tenant', selectTenant),
  'POST /v1/auth/logout': takes('', logout),
  'POST /v1/auth/logoutall': takes('', logoutAll),
  'POST /v1/auth/validate': takes('', validate),
});

async function renew(call: Call, world: World, signIn: SignIn): Promise<Answer> {
  claimRefreshToken(call, world, signIn);
  const user = requireEnabledUser(world, signIn.userId);
  const refreshJwt = world.settings.refreshRotation ? await issueRefresh(world, signIn) : undefined;
  const session = await issueSession(world, signIn);
  return toJwtAnswer(world, { signIn, user, refreshJwt, ...session });
}

async function requireSession(call: Call, world: World) {
  const token = call.authorization.credential || call.cookies.get(world.cookieName('session'));
  if (!token) throw new DescopeError('invalidToken', 'A session token is missing');
  const { claims } = await readToken(world, token, 'session');
  if (world.signIns.find(token)?.ended)
    throw new DescopeError('signedOut', 'The session was ended by a logout');
  return claims;
}
