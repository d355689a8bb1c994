// The claims of every kind of token: of sign-ins, access keys, inbound apps and agents.
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { AccessKeyRecord, InboundAppRecord, UserRecord } from '../store/project.js';
import { projectPermissions, toGrantClaims, toTenantsClaim } from '../store/roles.js';
import type { SignIn } from '../store/sign-ins.js';
import { shapeClaims, toAutoTenant, toTemplateClaims } from '../templates/apply-template.js';
import { lifetimesOf } from './lifetimes.js';

/** The claims of a session token. */
export function toSessionClaims(state: ProjectState, user: UserRecord, signIn: SignIn): JsonObject {
  const template = state.project.jwtTemplates.of('user');
  const tenantId = signIn.tenantId ?? toAutoTenant(template, user.tenants);
  const { sub: subject, ...added } = toTemplateClaims(template, toUserValues(state, user, tenantId));
  const claims = {
    ...added,
    ...user.customClaims,
    ...signIn.customClaims,
    ...toGrantClaims(user, state.project.roles),
    ...toCommonClaims(state, signIn, tenantId),
    ...toTimes(state, lifetimesOf(state, tenantId).session),
    drn: state.settings.sessionCookieName,
    sub: user.userId,
    rexp: toRfc3339(signIn.refreshEndsSeconds),
  };
  const shaped = shapeClaims(template, claims, { subject, oidcIssuer: state.issuerUrl });
  return { ...shaped, ...signIn.overrides };
}

/** The claims of a refresh token. */
export function toRefreshClaims(state: ProjectState, user: UserRecord, signIn: SignIn): JsonObject {
  const template = state.project.jwtTemplates.of('user');
  const tenantId = signIn.tenantId ?? toAutoTenant(template, user.tenants);
  const { sub: subject, ...added } = toTemplateClaims(template, toUserValues(state, user, tenantId));
  const claims = {
    ...(template?.omitCustomClaimsFromDSR ? {} : added),
    ...signIn.customClaims,
    ...toTenantsClaim(user, state.project.roles),
    ...toCommonClaims(state, signIn, tenantId),
    iat: state.clock.nowSeconds(),
    exp: signIn.refreshEndsSeconds,
    drn: state.settings.refreshCookieName,
    sub: user.userId,
  };
  return shapeClaims(template, claims, { subject, oidcIssuer: state.issuerUrl });
}

// What the placeholders of a template stand for.
function toUserValues(state: ProjectState, user: UserRecord, tenantId: string | undefined): JsonObject {
  const permissions = projectPermissions(user, state.project.roles);
  return { user: { ...user, permissions }, ...toTenantValues(state, tenantId) };
}

function toTenantValues({ project }: ProjectState, tenantId: string | undefined): JsonObject {
  return tenantId === undefined ? {} : { tenant: project.tenants.find(tenantId) };
}

/** The login options of an access key's exchange. */
interface ExchangeOptions {
  readonly callerClaims: JsonObject;
  readonly tenantId?: string | undefined;
}

/** The claims of the session token that an access key is exchanged for. */
export function toAccessKeyClaims(
  state: ProjectState,
  key: AccessKeyRecord,
  options: ExchangeOptions,
): JsonObject {
  const user = key.boundUserId === undefined ? undefined : state.project.users.find(key.boundUserId);
  const template = state.project.jwtTemplates.of('key');
  const tenantId = options.tenantId ?? toAutoTenant(template, (user ?? key).tenants);
  const values = { accessKey: key, ...toTenantValues(state, tenantId) };
  const { sub: subject, ...added } = toTemplateClaims(template, values);
  const claims = {
    ...added,
    ...key.customClaims,
    ...toGrantClaims(user ?? key, state.project.roles),
    ...(tenantId === undefined ? {} : { dct: tenantId }),
    ...toCallerClaims(options.callerClaims),
    ...toTimes(state, state.settings.sessionSeconds),
    drn: state.settings.sessionCookieName,
    iss: state.issuer,
    sub: user?.userId ?? key.id,
  };
  return shapeClaims(template, claims, { subject, oidcIssuer: state.issuerUrl });
}

/** What the token of an inbound app or an agent grants. */
interface AppGrant {
  /** The id of the user, or of the app itself. */
  readonly subject: string;
  /** The user, whose roles, permissions and tenants it carries. */
  readonly user?: UserRecord | undefined;
  readonly clientId: string;
  readonly audience: Audience;
  readonly scopes: readonly string[];
  readonly tenantId?: string | undefined;
  /** The MCP server of an agent; absent for an inbound app. */
  readonly serverId?: string | undefined;
  readonly lifetimeSeconds: number;
}

/** The claim `aud`. */
export type Audience = string | readonly string[];

/** The claims of a token of an inbound app or an agent. */
export function toAppClaims(state: ProjectState, grant: AppGrant): JsonObject {
  const { tenantId, scopes, user } = grant;
  return {
    ...(user === undefined ? {} : toGrantClaims(user, state.project.roles)),
    iss: toAppIssuer(state, grant.serverId),
    sub: grant.subject,
    aud: grant.audience,
    azp: grant.clientId,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    // `fromEntries` defines own members, also for a tenant called `__proto__`.
    ...(tenantId === undefined ? {} : { dct: tenantId, tenants: Object.fromEntries([[tenantId, {}]]) }),
    drn: state.settings.sessionCookieName,
    ...toTimes(state, grant.lifetimeSeconds),
  };
}

/** The issuer of inbound apps, or of the agents of an MCP server. */
export function toAppIssuer(state: ProjectState, serverId?: string): string {
  const base = `${state.url}/v1/apps`;
  return serverId === undefined
    ? `${base}/${state.projectId}`
    : `${base}/agentic/${state.projectId}/${serverId}`;
}

/** The audience of a token whose request names none. */
export function toDefaultAudience(
  state: ProjectState,
  app: Pick<InboundAppRecord, 'clientId' | 'defaultAudience'>,
  serverId?: string,
): Audience {
  if (serverId !== undefined) return state.project.mcpServers.find(serverId)?.url ?? serverId;
  if (app.defaultAudience === 'projectId') return state.projectId;
  if (app.defaultAudience === 'clientId') return app.clientId;
  return [state.projectId, app.clientId];
}

/** The claims of OpenID Connect about a user (Core, section 5.1). */
export function toProfileClaims(user: UserRecord): JsonObject {
  const claims = {
    name: user.name,
    given_name: user.givenName,
    family_name: user.familyName,
    picture: user.picture,
    email: user.email,
    email_verified: user.email === undefined ? undefined : user.verifiedEmail,
    phone_number: user.phone,
    phone_number_verified: user.phone === undefined ? undefined : user.verifiedPhone,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** The claims `iat` and `exp` for a lifetime in seconds. */
export function toTimes(
  state: ProjectState,
  seconds: number,
): { readonly iat: number; readonly exp: number } {
  const iat = state.clock.nowSeconds();
  return { iat, exp: iat + seconds };
}

function toCommonClaims(state: ProjectState, signIn: SignIn, tenantId: string | undefined): JsonObject {
  return {
    amr: [...signIn.amr],
    iss: state.issuer,
    ...(tenantId === undefined ? {} : { dct: tenantId }),
    ...toCallerClaims(signIn.callerClaims),
  };
}

function toCallerClaims(claims: JsonObject): JsonObject {
  return Object.keys(claims).length > 0 ? { nsec: claims } : {};
}

function toRfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
}
