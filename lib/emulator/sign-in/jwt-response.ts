// The response that carries tokens: Descope's JWTResponse, in the body or in cookies.
import type { JsonObject, RouteResponse } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { Project, UserRecord } from '../store/project.js';
import { projectPermissions } from '../store/roles.js';
import type { LoginOptions, SignIn } from '../store/sign-ins.js';
import { lifetimesOf } from '../tokens/lifetimes.js';
import { startSignIn } from './start-sign-in.js';

/** A sign-in that needs no further proof. */
interface ProvenSignIn {
  readonly user: UserRecord;
  readonly amr: readonly string[];
  readonly options: LoginOptions;
}

/** Signs a user in; the response carries the tokens. */
export async function respondWithSignIn(state: ProjectState, proven: ProvenSignIn): Promise<RouteResponse> {
  return toJwtResponse(state, await startSignIn(state, proven));
}

/** The tokens of a response. */
interface ResponseTokens {
  readonly signIn: SignIn;
  readonly user: UserRecord;
  readonly sessionJwt: string;
  /** Absent after a refresh without rotation. */
  readonly refreshJwt?: string | undefined;
  readonly claims: JsonObject;
  readonly firstSeen?: boolean;
}

/** Creates the response; in cookie mode its body contains no token. */
export function toJwtResponse(state: ProjectState, tokens: ResponseTokens): RouteResponse {
  const inCookies = state.settings.responseMode === 'cookies';
  return {
    status: 200,
    body: {
      sessionJwt: inCookies ? '' : tokens.sessionJwt,
      refreshJwt: inCookies ? '' : (tokens.refreshJwt ?? ''),
      cookieDomain: '',
      cookiePath: '/',
      cookieMaxAge: secondsLeft(state, tokens.signIn),
      cookieExpiration: tokens.signIn.refreshEndsSeconds,
      cookieName: state.settings.refreshCookieName,
      user: toUserView(tokens.user, state.project),
      firstSeen: tokens.firstSeen ?? false,
      sessionExpiration: tokens.claims.exp,
      claims: tokens.claims,
      nextRefreshSeconds: lifetimesOf(state, tokens.signIn.tenantId).session,
    },
    ...(inCookies ? { headers: { 'set-cookie': toCookies(state, tokens) } } : {}),
  };
}

/** The headers that expire the cookies of a session; none in body mode. */
export function clearingCookies(state: ProjectState): RouteResponse['headers'] {
  if (state.settings.responseMode === 'body') return {};
  const { sessionCookieName, refreshCookieName } = state.settings;
  return {
    'set-cookie': [toCookie(state, [sessionCookieName, ''], 0), toCookie(state, [refreshCookieName, ''], 0)],
  };
}

function toCookies(state: ProjectState, tokens: ResponseTokens): readonly string[] {
  const { sessionCookieName, refreshCookieName } = state.settings;
  const sessionSeconds = lifetimesOf(state, tokens.signIn.tenantId).session;
  const session = toCookie(state, [sessionCookieName, tokens.sessionJwt], sessionSeconds);
  if (!tokens.refreshJwt) return [session];
  const maxAge = secondsLeft(state, tokens.signIn);
  return [session, toCookie(state, [refreshCookieName, tokens.refreshJwt], maxAge)];
}

// Projects of one server have one host, and each its own path.
function toCookie(
  { basePath }: ProjectState,
  [name, value]: readonly [name: string, value: string],
  maxAgeSeconds: number,
): string {
  return `${name}=${value}; Path=${basePath}/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=None`;
}

function secondsLeft(state: ProjectState, signIn: SignIn): number {
  return Math.max(0, signIn.refreshEndsSeconds - state.clock.nowSeconds());
}

/** Writes a user as responses show it, never its password. */
export function toUserView(user: UserRecord, project: Project): JsonObject {
  return {
    ...toProfile(user),
    status: user.status,
    test: user.test,
    roleNames: user.roleNames,
    permissions: projectPermissions(user, project.roles),
    userTenants: user.tenants.map(({ tenantId, roleNames }) => ({
      tenantId,
      tenantName: project.tenants.find(tenantId)?.name ?? tenantId,
      roleNames,
      permissions: project.roles.permissionsOf(roleNames, tenantId),
    })),
    customAttributes: user.customAttributes,
    createdTime: user.createdSeconds,
    password: user.password !== undefined,
    TOTP: project.totp.has(user.userId),
    SAML: user.ssoProtocols?.includes('saml') ?? false,
    OIDC: user.ssoProtocols?.includes('oidc') ?? false,
    SCIM: false,
    webauthn: false,
    OAuth: Object.fromEntries((user.oauthAccounts ?? []).map(({ provider }) => [provider, true])),
    ssoAppIds: [],
  };
}

function toProfile(user: UserRecord): JsonObject {
  return {
    userId: user.userId,
    loginIds: user.loginIds,
    externalIds: user.loginIds,
    name: user.name ?? '',
    givenName: user.givenName ?? '',
    middleName: user.middleName ?? '',
    familyName: user.familyName ?? '',
    email: user.email ?? '',
    phone: user.phone ?? '',
    picture: user.picture ?? '',
    verifiedEmail: user.verifiedEmail,
    verifiedPhone: user.verifiedPhone,
  };
}
