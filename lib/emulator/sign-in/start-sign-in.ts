// Signs a user in and hands out the tokens.
import type { JsonObject } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { belongsTo } from '../store/grants.js';
import type { UserRecord } from '../store/users.js';
import { issueRefresh, issueSession } from '../tokens/token-issuer.js';
import type { World } from '../world.js';
import { NO_LOGIN_OPTIONS } from './login-options.js';
import type { LoginOptions } from './login-options.js';
import type { SignIn } from './sign-ins.js';

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
export async function startSignIn(world: World, request: SignInRequest): Promise<StartedSignIn> {
  const { options = NO_LOGIN_OPTIONS } = request;
  if (request.user.status === 'disabled') throw new DescopeError('invalidToken', 'The user is disabled');
  assertMember(request.user, options.tenantId);
  const user = welcome(world, request.user);
  if (options.revokeOtherSessions) world.signIns.endAllOf(user.userId, world.clock.nowSeconds() - 1);
  const signIn = world.signIns.add(toSignIn(world, request, options));
  const refreshJwt = await issueRefresh(world, signIn);
  const session = await issueSession(world, signIn, options.stepUp ? { su: true } : {});
  return { signIn, user, refreshJwt, firstSeen: !request.user.seen, ...session };
}

// Whoever was invited is enabled by the first sign-in.
function welcome(world: World, user: UserRecord): UserRecord {
  if (user.seen && user.status === 'enabled') return user;
  return world.project.users.save({ ...user, seen: true, status: 'enabled' });
}

/** Refuses a tenant that the user does not belong to. */
export function assertMember(user: UserRecord, tenantId: string | undefined): void {
  if (tenantId === undefined || belongsTo(user, tenantId)) return;
  throw new DescopeError('invalidArguments', `The user does not belong to the tenant ${tenantId}`);
}

function toSignIn(world: World, request: SignInRequest, options: LoginOptions): SignIn {
  const earlier = options.earlier?.userId === request.user.userId ? options.earlier : undefined;
  return {
    userId: request.user.userId,
    startedSeconds: world.clock.nowSeconds(),
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
