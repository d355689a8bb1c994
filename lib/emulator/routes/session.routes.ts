// What is done with a session: refresh it, check it, select a tenant, end it.
import { readFlag, readObject, readText, readTexts, requireText } from '../http/fields.js';
import { DescopeError, ok } from '../http/message.js';
import type { Answer, Call } from '../http/message.js';
import { routesFor, takes } from '../http/router.js';
import type { Handler } from '../http/router.js';
import type { World } from '../project-state.js';
import { claimRefreshToken, requireEnabledUser, requireSignIn } from '../sign-in/require-sign-in.js';
import { assertMember, clearingCookies, toJwtAnswer, toUserView } from '../sign-in/start-sign-in.js';
import { isPermitted } from '../store/access-keys.js';
import type { AccessKeyRecord } from '../store/access-keys.js';
import { belongsTo } from '../store/roles.js';
import { toHistory } from '../store/sign-ins.js';
import type { SignIn } from '../store/sign-ins.js';
import { toAccessKeyClaims } from '../tokens/claims.js';
import { issueRefresh, issueSession, readToken, signToken } from '../tokens/tokens.js';

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

// What a signed-in user may read about itself.

const me: Handler = async (call, world) => {
  const { userId } = await requireSignIn(call, world);
  return ok(toUserView(requireEnabledUser(world, userId), world.project));
};

const history: Handler = async (call, world) => {
  const { userId } = await requireSignIn(call, world);
  return ok(toHistory(world.signIns.of(userId)));
};

const tenants: Handler = async (call, world) => {
  const signIn = await requireSignIn(call, world);
  const user = requireEnabledUser(world, signIn.userId);
  const ids = readTexts(call.body, 'ids') ?? [];
  const wanted = readFlag(call.body, 'dct') ? [signIn.tenantId] : ids;
  const found = user.tenants.filter(({ tenantId }) => wanted.length === 0 || wanted.includes(tenantId));
  return ok({
    tenants: found.map(({ tenantId }) => {
      const tenant = world.project.tenants.find(tenantId);
      return {
        id: tenantId,
        name: tenant?.name ?? tenantId,
        customAttributes: tenant?.customAttributes ?? {},
      };
    }),
  });
};

/** The routes of the signed-in user. */
export const meRoutes = routesFor('project', {
  'GET /v1/auth/me': me,
  'GET /v1/auth/me/history': history,
  'POST /v1/auth/me/tenants': takes('dct ids', tenants),
});

// Where clients find the project's public keys: Descope's own form, and OIDC's.

const keys: Handler = (call, world) => {
  assertProject(call, world.projectId);
  return ok({ keys: world.keys.published });
};

// Only what there is: the emulator plays no OpenID provider, so there is nothing to authorize at.
const discovery: Handler = (call, world) => {
  assertProject(call, world.projectId);
  return ok({
    issuer: world.issuerUrl,
    jwks_uri: `${world.issuerUrl}/.well-known/jwks.json`,
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [world.keys.current.algorithm],
  });
};

/** The routes of the keys. */
export const keyRoutes = routesFor('open', {
  'GET /v2/keys/:projectId': keys,
  'GET /:projectId/.well-known/jwks.json': keys,
  'GET /:projectId/.well-known/openid-configuration': discovery,
});

function assertProject(call: Call, projectId: string): void {
  if (call.params.get('projectId') === projectId) return;
  throw new DescopeError('invalidToken', 'There is no such project');
}

// Exchanges an access key for a session token.

const exchange: Handler = async (call, world) => {
  const key = requireKey(world, call.authorization.credential);
  if (!isPermitted(call.address, key.permittedIps)) {
    throw new DescopeError('invalidToken', 'The access key may not be used from this address');
  }
  const options = readObject(call.body, 'loginOptions') ?? {};
  const tenantId = readText(options, 'selectedTenant');
  assertTenant(world, key, tenantId);
  const wishes = { callerClaims: readObject(options, 'customClaims') ?? {}, tenantId };
  const claims = world.issueTimes.distinguish(toAccessKeyClaims(world, key, wishes));
  const sessionJwt = await signToken(claims, world.keys.current);
  return ok({ keyId: key.id, sessionJwt, expiration: claims.exp });
};

/** The routes of access keys for those who hold one. */
export const accessKeyRoutes = routesFor('project', {
  'POST /v1/auth/accesskey/exchange': takes(
    'loginOptions.customClaims loginOptions.selectedTenant',
    exchange,
  ),
});

function requireKey(world: World, cleartext: string): AccessKeyRecord {
  const key = world.project.accessKeys.findByCleartext(cleartext);
  if (!key || !key.active || isOver(world, key)) {
    throw new DescopeError('invalidToken', 'The access key is unknown, inactive or expired');
  }
  return key;
}

function isOver(world: World, key: AccessKeyRecord): boolean {
  return key.expiresSeconds !== 0 && key.expiresSeconds <= world.clock.nowSeconds();
}

function assertTenant(world: World, key: AccessKeyRecord, tenantId: string | undefined): void {
  const user = key.boundUserId === undefined ? undefined : world.project.users.find(key.boundUserId);
  if (key.boundUserId !== undefined && (!user || user.status === 'disabled')) {
    throw new DescopeError('invalidToken', 'The user of the access key is unknown or disabled');
  }
  if (tenantId !== undefined && !belongsTo(user ?? key, tenantId)) {
    throw new DescopeError('invalidArguments', `The access key does not belong to the tenant ${tenantId}`);
  }
}
