// Signs a user in and hands out the tokens.
import { readFlag, readObject, readText } from '../http/fields.js';
import type { Answer, Call, JsonObject } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { Project } from '../store/project.js';
import { belongsTo, projectPermissions } from '../store/roles.js';
import type { LoginOptions, SignIn } from '../store/sign-ins.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import { issueRefresh, issueSession } from '../tokens/tokens.js';
import { requireSignIn } from './require-sign-in.js';

/** A sign-in that is about to happen. */
export interface SignInRequest {
  readonly user: UserRecord;
  readonly amr: readonly string[];
  readonly options?: LoginOptions | undefined;
  readonly customClaims?: JsonObject | undefined;
  readonly overrides?: JsonObject | undefined;
}

/** A sign-in that has happened, with its tokens. */
export interface StartedSignIn {
  readonly signIn: SignIn;
  readonly user: UserRecord;
  readonly sessionJwt: string;
  readonly refreshJwt: string;
  readonly claims: JsonObject;
  /** Whether the user had never signed in before. */
  readonly firstSeen: boolean;
}

/** Starts a sign-in: makes its record, ends others if asked to, issues both tokens. */
export async function startSignIn(state: ProjectState, request: SignInRequest): Promise<StartedSignIn> {
  const { options = NO_LOGIN_OPTIONS } = request;
  if (request.user.status === 'disabled') throw new DescopeError('invalidToken', 'The user is disabled');
  assertMember(request.user, options.tenantId);
  const user = welcome(state, request.user);
  if (options.revokeOtherSessions) state.signIns.endAllOf(user.userId, state.clock.nowSeconds() - 1);
  const signIn = state.signIns.add(toSignIn(state, request, options));
  const refreshJwt = await issueRefresh(state, signIn);
  const session = await issueSession(state, signIn, options.stepUp ? { su: true } : {});
  return { signIn, user, refreshJwt, firstSeen: !request.user.seen, ...session };
}

// Anyone who was invited is enabled by the first sign-in.
function welcome(state: ProjectState, user: UserRecord): UserRecord {
  if (user.seen && user.status === 'enabled') return user;
  return state.project.users.save({ ...user, seen: true, status: 'enabled' });
}

/** Rejects a tenant that the user does not belong to. */
export function assertMember(user: UserRecord, tenantId: string | undefined): void {
  if (tenantId === undefined || belongsTo(user, tenantId)) return;
  throw new DescopeError('invalidArguments', `The user does not belong to the tenant ${tenantId}`);
}

function toSignIn(state: ProjectState, request: SignInRequest, options: LoginOptions): SignIn {
  const earlier = options.earlier?.userId === request.user.userId ? options.earlier : undefined;
  return {
    userId: request.user.userId,
    startedSeconds: state.clock.nowSeconds(),
    amr: earlier ? [...new Set([...earlier.amr, ...request.amr, 'mfa'])] : request.amr,
    tenantId: options.tenantId ?? earlier?.tenantId,
    callerClaims: options.callerClaims,
    customClaims: request.customClaims ?? {},
    overrides: request.overrides ?? {},
    refreshEndsSeconds: 0,
    refreshToken: '',
    ended: false,
  };
}

// Signs a proven user in and answers with tokens.

/** A sign-in that needs no more proof. */
export interface ProvenSignIn {
  readonly user: UserRecord;
  readonly amr: readonly string[];
  readonly options: LoginOptions;
}

/** Signs a user in and answers with tokens. */
export async function answerSignIn(state: ProjectState, proven: ProvenSignIn): Promise<Answer> {
  return toJwtAnswer(state, await startSignIn(state, proven));
}

// What a client may ask of a sign-in: Descope's `loginOptions`.

/** Reads `loginOptions`; step-up and MFA need the refresh token of an earlier sign-in. */
export async function readLoginOptions(call: Call, state: ProjectState): Promise<LoginOptions> {
  const options = readObject(call.body, 'loginOptions') ?? {};
  const stepUp = readFlag(options, 'stepup') ?? false;
  const mfa = readFlag(options, 'mfa') ?? false;
  if ((stepUp || mfa) && !call.authorization.credential) {
    throw new DescopeError('missingArguments', 'A step-up or MFA sign-in needs the refresh token');
  }
  return {
    callerClaims: readObject(options, 'customClaims') ?? {},
    tenantId: readText(options, 'tenantId'),
    stepUp,
    revokeOtherSessions: readFlag(options, 'revokeOtherSessions') ?? false,
    earlier: stepUp || mfa ? await requireSignIn(call, state) : undefined,
  };
}

// The answer that carries tokens: Descope's JWTResponse, in the body or in cookies.

/** Tokens on their way to a client. */
export interface HandedTokens {
  readonly signIn: SignIn;
  readonly user: UserRecord;
  readonly sessionJwt: string;
  /** Left out where a refresh does not rotate. */
  readonly refreshJwt?: string | undefined;
  readonly claims: JsonObject;
  readonly firstSeen?: boolean;
}

/** Makes the answer; in cookie mode its body holds no token. */
export function toJwtAnswer(state: ProjectState, tokens: HandedTokens): Answer {
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
      nextRefreshSeconds: state.settings.sessionSeconds,
    },
    ...(inCookies ? { headers: { 'set-cookie': toCookies(state, tokens) } } : {}),
  };
}

/** The cookies that end a session in the browser; none in body mode. */
export function clearingCookies(state: ProjectState): Answer['headers'] {
  if (state.settings.responseMode === 'body') return {};
  const { sessionCookieName, refreshCookieName } = state.settings;
  return { 'set-cookie': [toCookie(sessionCookieName, '', 0), toCookie(refreshCookieName, '', 0)] };
}

function toCookies(state: ProjectState, tokens: HandedTokens): readonly string[] {
  const { sessionCookieName, refreshCookieName, sessionSeconds } = state.settings;
  const session = toCookie(sessionCookieName, tokens.sessionJwt, sessionSeconds);
  if (!tokens.refreshJwt) return [session];
  return [session, toCookie(refreshCookieName, tokens.refreshJwt, secondsLeft(state, tokens.signIn))];
}

function toCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; Secure; SameSite=None`;
}

function secondsLeft(state: ProjectState, signIn: SignIn): number {
  return Math.max(0, signIn.refreshEndsSeconds - state.clock.nowSeconds());
}

// A user as Descope's API shows it.

/** The user as it stands in answers; never its password. */
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
    TOTP: false,
    SAML: false,
    SCIM: false,
    webauthn: false,
    OAuth: {},
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
