// Starts a sign-in, and finds it again by its refresh token.
import { noteLoginSucceeded } from '../audit/sign-in-events.js';
import { DescopeError } from '../errors.js';
import { isObject, readBoolean, readObject, readString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { UserRecord } from '../store/project.js';
import { belongsTo } from '../store/roles.js';
import type { LoginOptions, SignIn } from '../store/sign-ins.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import { lifetimesOf } from '../tokens/lifetimes.js';
import type { ReadToken } from '../tokens/tokens.js';
import { issueRefresh, issueSession, readToken } from '../tokens/tokens.js';

/** A request to sign a user in. */
interface SignInRequest {
  readonly user: UserRecord;
  readonly amr: readonly string[];
  readonly options?: LoginOptions | undefined;
  readonly customClaims?: JsonObject | undefined;
  readonly overrides?: JsonObject | undefined;
  /** Who signs the user in, if it is somebody else. */
  readonly actorId?: string | undefined;
}

/** A started sign-in with its tokens. */
interface StartedSignIn {
  readonly signIn: SignIn;
  readonly user: UserRecord;
  readonly sessionJwt: string;
  readonly refreshJwt: string;
  readonly claims: JsonObject;
  /** Whether the user had never signed in before. */
  readonly firstSeen: boolean;
}

/** Starts a sign-in: adds its record, ends others on request, and issues both tokens. */
export async function startSignIn(state: ProjectState, request: SignInRequest): Promise<StartedSignIn> {
  const { options = NO_LOGIN_OPTIONS } = request;
  if (request.user.status === 'disabled') throw new DescopeError('invalidToken', 'The user is disabled');
  const joined = request.user.seen ? request.user : joinOwnTenants(state, request.user);
  assertMember(state, joined, options.tenantId);
  const user = markAsSeen(state, joined);
  if (options.revokeOtherSessions) state.signIns.endAllOf(user.userId, state.clock.nowSeconds() - 1);
  const signIn = state.signIns.add(toSignIn(state, request, options));
  const refreshJwt = await issueRefresh(state, signIn);
  const session = await issueSession(state, signIn, options.stepUp ? { su: true } : {});
  noteLoginSucceeded(state, user, request.actorId);
  return { signIn, user, refreshJwt, firstSeen: !request.user.seen, ...session };
}

// The first sign-in enables an invited user.
function markAsSeen(state: ProjectState, user: UserRecord): UserRecord {
  if (user.seen && user.status === 'enabled') return user;
  return state.project.users.save({ ...user, seen: true, status: 'enabled' });
}

/** Rejects a tenant that the user does not belong to, or that is disabled. */
export function assertMember(state: ProjectState, user: UserRecord, tenantId: string | undefined): void {
  if (tenantId === undefined) return;
  if (state.project.tenants.find(tenantId)?.disabled) {
    throw new DescopeError('invalidArguments', `The tenant ${tenantId} is disabled`);
  }
  if (belongsTo(user, tenantId)) return;
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

/** Reads `loginOptions`; step-up and MFA need the refresh token of an earlier sign-in. */
export async function readLoginOptions(call: Call, state: ProjectState): Promise<LoginOptions> {
  const options = readObject(call.body, 'loginOptions') ?? {};
  const stepUp = readBoolean(options, 'stepup') ?? false;
  const mfa = readBoolean(options, 'mfa') ?? false;
  if ((stepUp || mfa) && !call.authorization.credential) {
    throw new DescopeError('missingArguments', 'A step-up or MFA sign-in needs the refresh token');
  }
  return {
    callerClaims: readObject(options, 'customClaims') ?? {},
    tenantId: readString(options, 'tenantId'),
    stepUp,
    revokeOtherSessions: readBoolean(options, 'revokeOtherSessions') ?? false,
    earlier: stepUp || mfa ? await requireSignIn(call, state) : undefined,
  };
}

/** Finds the sign-in of a call's refresh token, which is its credential or a cookie. */
export async function requireSignIn(call: Call, state: ProjectState): Promise<SignIn> {
  const token = requireRefreshToken(call, state);
  const read = await readToken(state, token, 'refresh');
  const user = requireEnabledUser(state, read.subject);
  const signIn = state.signIns.find(token) ?? addMintedSignIn(state, read, user);
  assertActive(state, signIn);
  if (signIn.ended) throw new DescopeError('signedOut', 'The session was ended by a logout');
  if (signIn.refreshToken !== token) rejectReplay(state, signIn);
  return signIn;
}

// A sign-in whose tenant has been disabled, or that was idle for longer than its tenant allows, has ended.
function assertActive(state: ProjectState, signIn: SignIn): void {
  const { tenantId, activeSeconds = signIn.startedSeconds } = signIn;
  const idleSeconds = state.clock.nowSeconds() - activeSeconds;
  if (idleSeconds > (lifetimesOf(state, tenantId).inactivity ?? Infinity)) signIn.ended = true;
  if (tenantId === undefined || !state.project.tenants.find(tenantId)?.disabled) return;
  throw new DescopeError('invalidToken', `The tenant ${tenantId} is disabled`);
}

// No await between check and write: of simultaneous requests with one token, only one succeeds.
/** Uses up a call's refresh token where the project rotates them; rejects one that was used before. */
export function claimRefreshToken(call: Call, state: ProjectState, signIn: SignIn): void {
  if (!state.settings.refreshRotation) return;
  if (signIn.refreshToken !== requireRefreshToken(call, state)) rejectReplay(state, signIn);
  signIn.refreshToken = '';
}

/** Finds the user of a token's subject; rejects an unknown or disabled one. */
export function requireEnabledUser(state: ProjectState, subject: string): UserRecord {
  const user = state.project.users.find(subject);
  if (user?.userId !== subject || user.status === 'disabled') {
    throw new DescopeError('invalidToken', 'The user of the token is unknown or disabled');
  }
  return user;
}

function requireRefreshToken(call: Call, state: ProjectState): string {
  const token = call.authorization.credential || call.cookies.get(state.cookieName('refresh'));
  if (!token) throw new DescopeError('invalidToken', 'A refresh token is missing');
  return token;
}

// A token that a test signed with the project's key is as valid as one of a sign-in.
function addMintedSignIn(state: ProjectState, read: ReadToken, user: UserRecord): SignIn {
  const { amr, dct, nsec, iat } = read.claims;
  const startedSeconds = typeof iat === 'number' ? iat : state.clock.nowSeconds();
  const signIn = state.signIns.add({
    userId: user.userId,
    startedSeconds,
    amr: Array.isArray(amr) ? amr.filter((name) => typeof name === 'string') : [],
    tenantId: typeof dct === 'string' ? dct : undefined,
    callerClaims: isObject(nsec) ? nsec : {},
    customClaims: {},
    overrides: {},
    refreshEndsSeconds: read.expiresSeconds,
    refreshToken: read.token,
    ended: state.signIns.wasEnded(user.userId, startedSeconds),
  });
  state.signIns.bind(read.token, signIn, read.claims);
  return signIn;
}

function rejectReplay(state: ProjectState, signIn: SignIn): never {
  if (state.settings.replayEndsSignIn) signIn.ended = true;
  throw new DescopeError('invalidToken', 'The refresh token was replaced by a newer one');
}

// A tenant that claims the domain of a verified e-mail address takes the user in at the first sign-in, with its default roles.
function joinOwnTenants(state: ProjectState, user: UserRecord): UserRecord {
  const domain = user.email?.split('@').at(-1)?.toLowerCase();
  if (domain === undefined || !user.verifiedEmail) return user;
  const joined = state.project.tenants.all.filter(
    ({ id, selfProvisioningDomains }) =>
      !belongsTo(user, id) && selfProvisioningDomains.some((own) => own.toLowerCase() === domain),
  );
  if (joined.length === 0) return user;
  const grants = joined.map(({ id, defaultRoles }) => ({ tenantId: id, roleNames: defaultRoles }));
  return { ...user, tenants: [...user.tenants, ...grants] };
}
