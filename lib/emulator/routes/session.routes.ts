// The endpoints of a session: refresh, check, tenant, logout, its user, its keys, and an access key exchanged for one.
import { DescopeError } from '../errors.js';
import { readBoolean, readObject, readString, readStrings, requireString } from '../http/fields.js';
import type { Call, RouteResponse } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import { isPermitted } from '../management/access-keys.js';
import type { ProjectState } from '../project-state.js';
import { clearingCookies, toJwtResponse, toUserView } from '../sign-in/jwt-response.js';
import {
  assertMember,
  claimRefreshToken,
  requireEnabledUser,
  requireSignIn,
} from '../sign-in/start-sign-in.js';
import type { AccessKeyRecord } from '../store/project.js';
import { toDigest } from '../store/records.js';
import { belongsTo } from '../store/roles.js';
import type { SignIn } from '../store/sign-ins.js';
import { toHistory } from '../store/sign-ins.js';
import { toAccessKeyClaims } from '../tokens/claims.js';
import { issueRefresh, issueSession, readToken, signToken } from '../tokens/tokens.js';

const refresh: Handler = async (call, state) => toRefreshed(call, state, await requireSignIn(call, state));

// Unlike refresh, it responds to an anonymous caller with an empty object.
const tryRefresh: Handler = async (call, state) => {
  try {
    return await refresh(call, state);
  } catch (cause) {
    if (cause instanceof DescopeError) return ok();
    throw cause;
  }
};

const selectTenant: Handler = async (call, state) => {
  const signIn = await requireSignIn(call, state);
  const tenantId = requireString(call.body, 'tenant');
  assertMember(state, requireEnabledUser(state, signIn.userId), tenantId);
  signIn.tenantId = tenantId;
  return toRefreshed(call, state, signIn);
};

const logout: Handler = async (call, state) => {
  const signIn = await requireSignIn(call, state);
  signIn.ended = true;
  return { ...ok(), headers: clearingCookies(state) ?? {} };
};

const logoutAll: Handler = async (call, state) => {
  const signIn = await requireSignIn(call, state);
  state.signIns.endAllOf(signIn.userId, state.clock.nowSeconds());
  return { ...ok(), headers: clearingCookies(state) ?? {} };
};

const validate: Handler = async (call, state) => ok(await requireSession(call, state));

// What web-js-sdk says of its cookies, for Descope's statistics.
const BROWSER_HINTS = 'dcs dcr';

/** The routes that refresh, check and end a session. */
export const sessionRoutes = routesFor('project', {
  'POST /v1/auth/refresh': takesQuery(BROWSER_HINTS, refresh),
  'POST /v1/auth/try-refresh': takesQuery(BROWSER_HINTS, tryRefresh),
  'POST /v1/auth/tenant/select': takes('tenant', selectTenant),
  'POST /v1/auth/logout': logout,
  'POST /v1/auth/logoutall': logoutAll,
  'POST /v1/auth/validate': validate,
});

async function toRefreshed(call: Call, state: ProjectState, signIn: SignIn): Promise<RouteResponse> {
  claimRefreshToken(call, state, signIn);
  const user = requireEnabledUser(state, signIn.userId);
  const refreshJwt = state.settings.refreshRotation ? await issueRefresh(state, signIn) : undefined;
  const session = await issueSession(state, signIn);
  return toJwtResponse(state, { signIn, user, refreshJwt, ...session });
}

async function requireSession(call: Call, state: ProjectState) {
  const token = call.authorization.credential || call.cookies.get(state.cookieName('session'));
  if (!token) throw new DescopeError('invalidToken', 'A session token is missing');
  const { claims } = await readToken(state, token, 'session');
  if (state.signIns.isEnded(token, claims))
    throw new DescopeError('signedOut', 'The session was ended by a logout');
  return claims;
}

const me: Handler = async (call, state) => {
  const { userId } = await requireSignIn(call, state);
  return ok(toUserView(requireEnabledUser(state, userId), state.project));
};

const history: Handler = async (call, state) => {
  const { userId } = await requireSignIn(call, state);
  return ok(toHistory(state.signIns.of(userId)));
};

const tenants: Handler = async (call, state) => {
  const signIn = await requireSignIn(call, state);
  const user = requireEnabledUser(state, signIn.userId);
  const ids = readStrings(call.body, 'ids') ?? [];
  const wanted = readBoolean(call.body, 'dct') ? [signIn.tenantId] : ids;
  const found = user.tenants.filter(({ tenantId }) => wanted.length === 0 || wanted.includes(tenantId));
  return ok({
    tenants: found.map(({ tenantId }) => {
      const tenant = state.project.tenants.find(tenantId);
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

const keys: Handler = (call, state) => {
  assertProject(call, state.projectId);
  return ok({ keys: state.keys.published });
};

// Without an authorization endpoint: the emulator is not an OpenID provider.
const discovery: Handler = (call, state) => {
  assertProject(call, state.projectId);
  return ok({
    issuer: state.issuerUrl,
    jwks_uri: `${state.issuerUrl}/.well-known/jwks.json`,
    response_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [state.keys.current.algorithm],
  });
};

/** The routes of the published keys: Descope's path, and OpenID Connect's. */
export const keyRoutes = routesFor('open', {
  'GET /v2/keys/:projectId': keys,
  'GET /:projectId/.well-known/jwks.json': keys,
  'GET /:projectId/.well-known/openid-configuration': discovery,
});

function assertProject(call: Call, projectId: string): void {
  if (call.params.get('projectId') === projectId) return;
  throw new DescopeError('invalidToken', 'There is no such project');
}

const exchange: Handler = async (call, state) => {
  const key = requireKey(state, call.authorization.credential);
  if (!isPermitted(call.address, key.permittedIps)) {
    throw new DescopeError('invalidToken', 'The access key may not be used from this address');
  }
  const options = readObject(call.body, 'loginOptions') ?? {};
  const tenantId = readString(options, 'selectedTenant');
  assertTenant(state, key, tenantId);
  const wanted = { callerClaims: readObject(options, 'customClaims') ?? {}, tenantId };
  const claims = state.issueTimes.toUnique(toAccessKeyClaims(state, key, wanted));
  const sessionJwt = await signToken(claims, state.keys.current);
  return ok({ keyId: key.id, sessionJwt, expiration: claims.exp });
};

/** The route that exchanges an access key for a session token. */
export const accessKeyRoutes = routesFor('project', {
  'POST /v1/auth/accesskey/exchange': takes(
    'loginOptions.customClaims loginOptions.selectedTenant',
    exchange,
  ),
});

function requireKey(state: ProjectState, cleartext: string): AccessKeyRecord {
  const digest = toDigest(cleartext);
  const key = state.project.accessKeys.all.find((known) => known.digest === digest);
  if (!key || !key.active || isExpired(state, key)) {
    throw new DescopeError('invalidToken', 'The access key is unknown, inactive or expired');
  }
  return key;
}

function isExpired(state: ProjectState, key: AccessKeyRecord): boolean {
  return key.expiresSeconds !== 0 && key.expiresSeconds <= state.clock.nowSeconds();
}

function assertTenant(state: ProjectState, key: AccessKeyRecord, tenantId: string | undefined): void {
  const user = key.boundUserId === undefined ? undefined : state.project.users.find(key.boundUserId);
  if (key.boundUserId !== undefined && (!user || user.status === 'disabled')) {
    throw new DescopeError('invalidToken', 'The user of the access key is unknown or disabled');
  }
  if (tenantId !== undefined && !belongsTo(user ?? key, tenantId)) {
    throw new DescopeError('invalidArguments', `The access key does not belong to the tenant ${tenantId}`);
  }
}
