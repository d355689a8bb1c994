// Tokens without HTTP, for tests and sample applications: of users, inbound apps and agents.
import { EmulatorError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import { startSignIn } from '../sign-in/start-sign-in.js';
import type { EmulatorKey } from '../store/key-ring.js';
import type { InboundAppRecord, UserRecord } from '../store/project.js';
import { toClientId } from '../store/project.js';
import { toSeededId } from '../store/records.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import { toAppClaims, toDefaultAudience, toTimes } from './claims.js';
import { signToken } from './tokens.js';

/** Options of `signIn`. */
export interface SignInOptions {
  /**
   * The authentication methods, which are the claim `amr`.
   *
   * @defaultValue `['email']`
   * @see RFC 8176, section 2
   */
  readonly amr?: readonly string[];
  /**
   * The tenant to select, which is the claim `dct`; one of the user's, or of the option `tenants`.
   *
   * @defaultValue none
   */
  readonly tenantId?: string;
  /**
   * The claim `tenants`, by tenant id.
   *
   * @defaultValue the tenants of the user
   */
  readonly tenants?: Readonly<Record<string, TenantClaim>>;
  /**
   * The scopes, which are the claim `scope`.
   *
   * @defaultValue none: there is no claim `scope`
   * @see RFC 6749, section 3.3
   */
  readonly scopes?: readonly string[];
  /**
   * Whether the user has just stepped up: the claim `su` until the first refresh.
   *
   * @defaultValue false
   */
  readonly stepUp?: boolean;
  /**
   * Claims that replace any others in the session tokens, after a refresh too; undefined removes a claim.
   *
   * @defaultValue none
   */
  readonly claims?: JsonObject;
}

/** The roles and permissions of a tenant in the claim `tenants`. */
export interface TenantClaim {
  /** The names of the roles in the tenant. */
  readonly roles?: readonly string[];
  /** The names of the permissions in the tenant. */
  readonly permissions?: readonly string[];
}

/** The tokens that `signIn` returns. */
export interface SignInTokens {
  /** The session token. */
  readonly sessionJwt: string;
  /** The refresh token. */
  readonly refreshJwt: string;
  /** The user id. */
  readonly userId: string;
  /** The claims of the session token. */
  readonly claims: JsonObject;
}

/** Options of `signToken`. */
export interface TokenOptions {
  /**
   * Claims that replace or extend the claims of the token; undefined removes a claim.
   *
   * @defaultValue `iss`, `sub`, `drn`, `iat` and `exp` of a valid token
   */
  readonly claims?: JsonObject;
  /**
   * Header parameters that replace or extend those of the token; undefined removes one.
   *
   * @defaultValue `alg` and `kid` of the key, and `typ`
   */
  readonly header?: JsonObject;
  /**
   * The lifetime in seconds; a negative number issues an expired token.
   *
   * @defaultValue the setting `sessionSeconds`
   */
  readonly expiresInSeconds?: number;
  /**
   * The key to sign with, such as one from `createKey`.
   *
   * @defaultValue the signing key of the project
   */
  readonly key?: EmulatorKey;
}

/** Options of `issueAppToken`. */
export interface AppTokenOptions extends TokenOptions {
  /**
   * The app, by client id or name; any other string is used as the client id.
   *
   * @defaultValue the first app of the seed, or an invented one
   */
  readonly app?: string;
  /**
   * The user on whose behalf the app calls, by login id or user id.
   *
   * @defaultValue none: the token is of the app itself, as with client credentials
   */
  readonly onBehalfOf?: string;
  /**
   * The scopes, which are the claim `scope`.
   *
   * @defaultValue none
   * @see RFC 6749, section 3.3
   */
  readonly scopes?: readonly string[];
  /**
   * The claim `aud`.
   *
   * @defaultValue the default audience of the app; for an agent, the id of its MCP server
   */
  readonly audience?: string | readonly string[];
  /**
   * The tenant of the token: the claim `dct`, and the only member of the claim `tenants`.
   *
   * @defaultValue none
   */
  readonly tenantId?: string;
}

/** Options of `issueAgentToken`. */
export interface AgentTokenOptions extends AppTokenOptions {
  /**
   * The id of the MCP server, which the issuer contains.
   *
   * @defaultValue `MS2emulator00000000000000000A`
   */
  readonly serverId?: string;
}

/** Signs a user in; throws `EMULATOR_USER_UNKNOWN`. */
export async function signInDirectly(
  state: ProjectState,
  loginId: string,
  signInOptions: SignInOptions,
): Promise<SignInTokens> {
  const { amr = ['email'], tenantId, tenants = {}, stepUp = false, claims } = signInOptions;
  const user = requireKnownUser(state, loginId);
  // A tenant of the option `tenants` is not one of the user's: it can be claimed, but not be selected.
  const isClaimed = tenantId !== undefined && Object.hasOwn(tenants, tenantId);
  const options = { ...NO_LOGIN_OPTIONS, stepUp, tenantId: isClaimed ? undefined : tenantId };
  const overrides = { ...toOverrides(signInOptions), ...(isClaimed ? { dct: tenantId } : {}), ...claims };
  const started = await startSignIn(state, { user, amr, options, overrides });
  const { sessionJwt, refreshJwt } = started;
  return { sessionJwt, refreshJwt, userId: user.userId, claims: started.claims };
}

/** Signs a token with any claims and header. */
export function mintToken(state: ProjectState, options: TokenOptions): Promise<string> {
  const defaults = {
    iss: state.issuer,
    sub: state.project.users.all[0]?.userId ?? 'U2emulator00000000000000000A',
    drn: state.settings.sessionCookieName,
    ...toTimes(state, options.expiresInSeconds ?? state.settings.sessionSeconds),
  };
  return signWith(state, defaults, options);
}

/** Issues a token of an inbound app; throws `EMULATOR_USER_UNKNOWN`. */
export function issueAppToken(state: ProjectState, options: AppTokenOptions): Promise<string> {
  return issue(state, options);
}

/** Issues a token of an agent; throws `EMULATOR_USER_UNKNOWN`. */
export function issueAgentToken(state: ProjectState, options: AgentTokenOptions): Promise<string> {
  return issue(state, options, options.serverId ?? DEFAULT_SERVER_ID);
}

const DEFAULT_SERVER_ID = 'MS2emulator00000000000000000A';

async function issue(state: ProjectState, options: AppTokenOptions, serverId?: string): Promise<string> {
  const app = toApp(state, options.app);
  const { onBehalfOf, tenantId, scopes = [] } = options;
  const user = onBehalfOf === undefined ? undefined : requireKnownUser(state, onBehalfOf);
  const claims = toAppClaims(state, {
    subject: user?.userId ?? app.id,
    user,
    clientId: app.clientId,
    audience: options.audience ?? toDefaultAudience(state, app, serverId),
    scopes,
    tenantId,
    serverId,
    lifetimeSeconds: options.expiresInSeconds ?? state.settings.sessionSeconds,
  });
  return signWith(state, claims, options);
}

function signWith(state: ProjectState, defaults: JsonObject, options: TokenOptions): Promise<string> {
  return signToken({ ...defaults, ...options.claims }, options.key ?? state.keys.current, options.header);
}

type AppIdentity = Pick<InboundAppRecord, 'id' | 'clientId' | 'defaultAudience'>;

function toApp(state: ProjectState, wanted: string | undefined): AppIdentity {
  const apps = state.project.inboundApps.all;
  const found =
    wanted === undefined
      ? apps[0]
      : apps.find(({ clientId, name }) => clientId === wanted || name === wanted);
  if (found) return found;
  const id = toSeededId('TPA', wanted ?? 'emulator');
  return { id, clientId: wanted ?? toClientId(state.projectId, id), defaultAudience: '' };
}

function requireKnownUser(state: ProjectState, loginId: string): UserRecord {
  const user = state.project.users.find(loginId);
  if (user) return user;
  const known = state.project.users.all.flatMap(({ loginIds }) => loginIds);
  const message = `Unknown user ${loginId}; known login ids: ${known.slice(0, 20).join(', ') || 'none'}.`;
  throw new EmulatorError('EMULATOR_USER_UNKNOWN', message);
}

function toOverrides({ scopes, tenants }: SignInOptions): JsonObject {
  return {
    ...(scopes === undefined ? {} : { scope: scopes.join(' ') }),
    ...(tenants === undefined ? {} : { tenants }),
  };
}
