// Tokens without HTTP: for tests and for sample applications.
import { EmulatorError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { UserRecord } from '../store/users.js';
import { toTimes } from '../tokens/claims.js';
import type { EmulatorKey } from '../tokens/key-ring.js';
import { signToken } from '../tokens/tokens.js';
import { startSignIn } from './start-sign-in.js';

/** Roles and permissions in a tenant. */
export interface DirectGrants {
  readonly roles?: readonly string[];
  readonly permissions?: readonly string[];
}

/** How a direct sign-in shall look. */
export interface DirectSignIn {
  /** How the user signed in. Default: `['email']`. */
  readonly amr?: readonly string[];
  /** The tenant to select, which becomes `dct`; one of the user's, or of `tenants`. */
  readonly tenantId?: string;
  /** The claim `tenants`, instead of the user's own. */
  readonly tenants?: Readonly<Record<string, DirectGrants>>;
  /** The claim `scope`. */
  readonly scopes?: readonly string[];
  /** Whether the user has just stepped up: `su` until the first refresh. Default: false. */
  readonly stepUp?: boolean;
  /** Claims of its session tokens, over all others, also after a refresh; undefined drops a claim. */
  readonly claims?: JsonObject;
}

/** What a direct sign-in hands out. */
export interface DirectTokens {
  readonly sessionJwt: string;
  readonly refreshJwt: string;
  readonly userId: string;
  /** The claims of the session token. */
  readonly claims: JsonObject;
}

/** How a token shall be minted. */
export interface TokenOrder {
  /** Claims over the usual `iss`, `sub`, `drn`, `iat`, `exp`; undefined drops a claim. */
  readonly claims?: JsonObject;
  /** Header members over `alg`, `kid`, `typ`; undefined drops one. */
  readonly header?: JsonObject;
  /** The lifetime in seconds; negative for an expired token. Default: that of sessions. */
  readonly expiresInSeconds?: number;
  /** The key to sign with. Default: the project's. */
  readonly key?: EmulatorKey;
}

/** Signs a user in; throws `EMULATOR_USER_UNKNOWN`. */
export async function signInDirectly(
  state: ProjectState,
  loginId: string,
  order: DirectSignIn,
): Promise<DirectTokens> {
  const { amr = ['email'], tenantId, tenants = {}, stepUp = false } = order;
  const user = requireKnownUser(state, loginId);
  // A tenant that only this session has is no tenant of the user's: it cannot be selected, but it can be claimed.
  const isClaimed = tenantId !== undefined && Object.hasOwn(tenants, tenantId);
  const options = { ...NO_LOGIN_OPTIONS, stepUp, tenantId: isClaimed ? undefined : tenantId };
  const overrides = { ...toOverrides(order), ...(isClaimed ? { dct: tenantId } : {}), ...order.claims };
  const started = await startSignIn(state, { user, amr, options, overrides });
  const { sessionJwt, refreshJwt } = started;
  return { sessionJwt, refreshJwt, userId: user.userId, claims: started.claims };
}

/** The user of a login id or a user id; throws `EMULATOR_USER_UNKNOWN` with those that there are. */
export function requireKnownUser(state: ProjectState, loginId: string): UserRecord {
  const user = state.project.users.find(loginId);
  if (user) return user;
  const known = state.project.users.all.flatMap(({ loginIds }) => loginIds);
  const message = `There is no user ${loginId}; there are: ${known.slice(0, 20).join(', ') || 'none'}.`;
  throw new EmulatorError('EMULATOR_USER_UNKNOWN', message);
}

/** Mints a token. */
export function mintToken(state: ProjectState, order: TokenOrder): Promise<string> {
  const usual = {
    iss: state.issuer,
    sub: state.project.users.all[0]?.userId ?? 'U2emulator00000000000000000A',
    drn: state.settings.sessionCookieName,
    ...toTimes(state, order.expiresInSeconds ?? state.settings.sessionSeconds),
  };
  return signToken({ ...usual, ...order.claims }, order.key ?? state.keys.current, order.header);
}

function toOverrides({ scopes, tenants }: DirectSignIn): JsonObject {
  return {
    ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
    ...(tenants === undefined ? {} : { tenants }),
  };
}
