// Puts a checked seed into a project.
import type { Authorization } from '../fga/authorization.js';
import { toPasswordCheck } from '../store/passwords.js';
import type { AppScope, InboundAppRecord, McpServerRecord, Project, TenantRecord } from '../store/project.js';
import { APP_GRANTS, toClientId } from '../store/project.js';
import { toDigest, toSeededId } from '../store/records.js';
import type { TenantGrant } from '../store/roles.js';
import { readBase32 } from '../totp/totp.js';
import type { EmulatorSeed, SeedAccessKey, SeedMembership, SeedRole, SeedTenant, SeedUser } from './seed.js';
import type { SeedInboundApp, SeedMcpServer, SeedScope } from './seed-apps.js';
import { rolesOfSso } from './seed-federation.js';

/** Adds users, tenants, roles and access keys. */
export function applySeed(project: Project, seed: EmulatorSeed, nowSeconds: number): void {
  for (const tenant of seed.tenants ?? []) project.tenants.put(toTenant(tenant, nowSeconds));
  for (const role of seed.roles ?? []) addRole(project, role, nowSeconds);
  for (const holder of holdersOf(seed)) addNamedGrants(project, holder, nowSeconds);
  for (const user of seed.users ?? []) {
    addUser(project, user, nowSeconds);
    addTotpKey(project, user);
  }
  for (const key of seed.accessKeys ?? []) addAccessKey(project, key, nowSeconds);
}

/** Adds inbound apps and MCP servers. */
export function applyInboundApps(project: Project, seed: EmulatorSeed, projectId: string): void {
  for (const app of seed.inboundApps ?? []) project.inboundApps.put(toApp(app, projectId));
  for (const server of seed.mcpServers ?? []) project.mcpServers.put(toMcpServer(server));
}

/** Sets the schema and adds relations of fine-grained authorization. */
export function applyAuthorization(authorization: Authorization, { fga }: EmulatorSeed): void {
  if (!fga) return;
  authorization.save(fga.schema);
  authorization.add(fga.relations ?? []);
}

function toTenant({ id, name, customAttributes }: SeedTenant, createdSeconds: number): TenantRecord {
  return {
    id,
    name: name ?? id,
    selfProvisioningDomains: [],
    customAttributes: customAttributes ?? {},
    enforceSSO: false,
    disabled: false,
    defaultRoles: [],
    createdSeconds,
  };
}

function addRole(project: Project, role: SeedRole, createdSeconds: number): void {
  const permissionNames = role.permissions ?? [];
  for (const name of permissionNames) {
    project.permissions.put({ id: toSeededId('PR', name), name, description: '' });
  }
  project.roles.add({
    id: toSeededId('RL', `${role.tenantId ?? ''} ${role.name}`),
    name: role.name,
    description: role.description ?? '',
    permissionNames,
    tenantId: role.tenantId ?? '',
    isDefault: false,
    createdSeconds,
  });
}

/** A user, an access key or an SSO of a seed. */
interface GrantHolder {
  readonly roles?: readonly string[] | undefined;
  readonly tenants?: readonly SeedMembership[] | undefined;
}

function holdersOf({ users = [], accessKeys = [], tenants = [] }: EmulatorSeed): readonly GrantHolder[] {
  const ssoHolders = tenants.flatMap(({ sso }) => (sso ? [{ roles: rolesOfSso(sso) }] : []));
  return [...users, ...accessKeys, ...ssoHolders];
}

// A seed without a list of roles (or tenants) has those that its users and access keys name.
function addNamedGrants(project: Project, holder: GrantHolder, nowSeconds: number): void {
  const memberships = holder.tenants ?? [];
  for (const { tenantId: id } of memberships) {
    if (!project.tenants.find(id)) project.tenants.put(toTenant({ id }, nowSeconds));
  }
  for (const name of [...(holder.roles ?? []), ...memberships.flatMap(({ roles }) => roles ?? [])]) {
    if (!project.roles.all.some((role) => role.name === name)) addRole(project, { name }, nowSeconds);
  }
}

function addUser(project: Project, user: SeedUser, createdSeconds: number): void {
  const email = user.email ?? (user.loginId.includes('@') ? user.loginId : undefined);
  project.users.save({
    userId: user.userId ?? toSeededId('U', user.loginId),
    loginIds: [user.loginId, ...(user.additionalLoginIds ?? [])],
    name: user.name,
    givenName: user.givenName,
    familyName: user.familyName,
    email,
    phone: user.phone,
    picture: user.picture,
    verifiedEmail: email !== undefined,
    verifiedPhone: user.phone !== undefined,
    status: user.status ?? 'enabled',
    test: user.test ?? false,
    seen: user.status !== 'invited',
    roleNames: user.roles ?? [],
    permissions: user.permissions ?? [],
    tenants: toGrants(user.tenants),
    customAttributes: user.customAttributes ?? {},
    customClaims: user.customClaims ?? {},
    createdSeconds,
    password: user.password === undefined ? undefined : toPasswordCheck(user.password),
    passwordExpired: false,
  });
}

function addTotpKey(project: Project, { loginId, totpSeed = '' }: SeedUser): void {
  const [user, key] = [project.users.find(loginId), readBase32(totpSeed)];
  if (user && key) project.totp.set(user.userId, key);
}

function addAccessKey(project: Project, key: SeedAccessKey, createdSeconds: number): void {
  project.accessKeys.put({
    id: key.id ?? toSeededId('K', key.name),
    name: key.name,
    description: '',
    roleNames: key.roles ?? [],
    permissions: key.permissions ?? [],
    tenants: toGrants(key.tenants),
    boundUserId: key.user === undefined ? undefined : project.users.find(key.user)?.userId,
    customClaims: key.customClaims ?? {},
    customAttributes: {},
    permittedIps: [],
    active: true,
    createdSeconds,
    expiresSeconds: key.expireTime ?? 0,
    digest: toDigest(key.cleartext),
  });
}

function toGrants(memberships: readonly SeedMembership[] = []): readonly TenantGrant[] {
  return memberships.map(({ tenantId, roles }) => ({ tenantId, roleNames: roles ?? [] }));
}

function toApp(app: SeedInboundApp, projectId: string): InboundAppRecord {
  const id = toSeededId('TPA', app.name);
  return {
    id,
    clientId: app.clientId ?? toClientId(projectId, id),
    clientSecret: app.clientSecret,
    name: app.name,
    callbackUrls: app.redirectUris ?? [],
    grantTypes: APP_GRANTS,
    registered: false,
    permissionsScopes: (app.scopes ?? []).map(toScope),
    attributesScopes: [],
    tenantIds: app.tenants ?? [],
    defaultAudience: app.defaultAudience ?? '',
    isBound: app.dpopBoundAccessTokens,
    exchanges: (app.exchanges ?? []).map(({ resource, scopes = [] }) => ({ resource, scopes })),
    shown: { description: '', logo: '', loginPageUrl: '' },
  };
}

function toMcpServer({ id, name, url, scopes = [] }: SeedMcpServer): McpServerRecord {
  return { id: id ?? toSeededId('MS', name), name, url, scopes: scopes.map(toScope) };
}

function toScope(scope: string | SeedScope): AppScope {
  if (typeof scope === 'string') return { name: scope, description: '', values: [], optional: false };
  const { name, description = '', roles = [], optional = false } = scope;
  return { name, description, values: roles, optional };
}
