// The data of a project: users, tenants, access keys and inbound apps, as the emulator keeps them.
import { DescopeError } from '../errors.js';
import type { JsonObject } from '../http/message.js';
import { countCharacters } from '../latest-records.js';
import { JwtTemplates } from '../templates/jwt-template.js';
import { TotpKeys } from '../totp/totp-keys.js';
import { CustomAttributes } from '../users/custom-attributes.js';
import type { FlowRecord, ImportedFlow } from './flows.js';
import type { ListRecord } from './lists.js';
import type { PasswordCheck } from './passwords.js';
import type { Change } from './records.js';
import { NamedRecords } from './records.js';
import type { PermissionRecord, RoleRecord, TenantGrant } from './roles.js';
import { Roles } from './roles.js';
import type { TenantSettings } from './tenant-settings.js';

/** The data of a project. */
export class Project {
  readonly users: Users;
  readonly roles: Roles;
  readonly accessKeys: NamedRecords<AccessKeyRecord>;
  readonly inboundApps = new NamedRecords<InboundAppRecord>((app) => app.id);
  readonly consents = new NamedRecords<ConsentRecord>((consent) => consent.id);
  readonly mcpServers = new NamedRecords<McpServerRecord>((server) => server.id);
  readonly jwtTemplates = new JwtTemplates();
  readonly customAttributes = new CustomAttributes();
  readonly totp = new TotpKeys<UserRecord>();
  readonly flows = new NamedRecords<FlowRecord>((flow) => flow.id);
  readonly importedFlows = new NamedRecords<ImportedFlow>((flow) => flow.id);
  name = 'Emulator';
  tags: readonly string[] = [];
  /** The theme that was imported, in the form of the API. */
  theme: JsonObject | undefined;
  readonly lists = new NamedRecords<ListRecord>((list) => list.id);
  readonly tenants: NamedRecords<TenantRecord>;
  readonly permissions: NamedRecords<PermissionRecord>;

  constructor(onChange: (change: RecordChange) => void = () => undefined) {
    this.users = new Users((change) => {
      if (change.before && !change.after) this.totp.remove(change.before.userId);
      onChange({ kind: 'User', ...change });
    });
    this.roles = new Roles((change) => onChange({ kind: 'Role', ...change }));
    this.accessKeys = new NamedRecords(
      (key) => key.id,
      (change) => onChange({ kind: 'AccessKey', ...change }),
    );
    this.tenants = new NamedRecords(
      (tenant) => tenant.id,
      (change) => onChange({ kind: 'Tenant', ...change }),
    );
    this.permissions = new NamedRecords(
      (permission) => permission.name,
      (change) => onChange({ kind: 'Permission', ...change }),
    );
  }
}

/** A change of a record that Descope's audit trail shows. */
export type RecordChange =
  | ({ readonly kind: 'User' } & Change<UserRecord>)
  | ({ readonly kind: 'AccessKey' } & Change<AccessKeyRecord>)
  | ({ readonly kind: 'Role' } & Change<RoleRecord>)
  | ({ readonly kind: 'Permission' } & Change<PermissionRecord>)
  | ({ readonly kind: 'Tenant' } & Change<TenantRecord>);

/** A user as the emulator keeps it. */
export interface UserRecord {
  readonly userId: string;
  readonly loginIds: readonly string[];
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly middleName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly picture?: string | undefined;
  readonly verifiedEmail: boolean;
  readonly verifiedPhone: boolean;
  readonly status: UserStatus;
  readonly test: boolean;
  /** Whether the user has signed in before; the first response has `firstSeen: true`. */
  readonly seen: boolean;
  readonly roleNames: readonly string[];
  /** Permissions beyond those of the roles; only a seed sets them. */
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
  readonly customAttributes: JsonObject;
  /** Claims at the top level of the user's session tokens. */
  readonly customClaims: JsonObject;
  readonly createdSeconds: number;
  readonly password?: PasswordCheck | undefined;
  readonly passwordExpired: boolean;
  /** The accounts at OAuth providers that the user has signed in with. */
  readonly oauthAccounts?: readonly OAuthAccount[] | undefined;
  /** The protocols of SSO that the user has signed in with. */
  readonly ssoProtocols?: readonly ('saml' | 'oidc')[] | undefined;
}

/** An account at an OAuth provider. */
export interface OAuthAccount {
  readonly provider: string;
  /** The id of the person at the provider. */
  readonly subject: string;
}

/** The status of a user. */
export type UserStatus = 'enabled' | 'disabled' | 'invited';

const MAX_USERS = 100_000;
// As JSON, all together; it is seven hundred characters for each.
const MAX_USER_CHARACTERS = 64 * 1024 * 1024;

/** Keeps users by user id and login id, in maps: `__proto__` is a login id like any other. */
class Users {
  readonly #byId = new Map<string, UserRecord>();
  readonly #idByLogin = new Map<string, string>();
  #characters = 0;

  constructor(private readonly onChange: (change: Change<UserRecord>) => void) {}

  /** All users, in the order of their creation. */
  get all(): readonly UserRecord[] {
    return [...this.#byId.values()];
  }

  /** Finds a user by login id or user id. */
  find(id: string): UserRecord | undefined {
    return this.#byId.get(this.#idByLogin.get(id) ?? id);
  }

  /** Adds or replaces a user; rejects a login id that belongs to another, and what there is no room for. */
  save(user: UserRecord): UserRecord {
    for (const loginId of user.loginIds) {
      if ((this.#idByLogin.get(loginId) ?? user.userId) !== user.userId) {
        throw new DescopeError('userExists', `A user with the login id ${loginId} already exists`);
      }
    }
    const before = this.#byId.get(user.userId);
    this.#takeRoom(user, before);
    this.#forgetLogins(user.userId);
    for (const loginId of user.loginIds) this.#idByLogin.set(loginId, user.userId);
    this.#byId.set(user.userId, user);
    this.onChange({ before, after: user });
    return user;
  }

  /** Removes a user. */
  remove(userId: string): void {
    this.#forgetLogins(userId);
    const before = this.#byId.get(userId);
    this.#byId.delete(userId);
    this.#characters -= before ? countCharacters(before) : 0;
    this.onChange({ before });
  }

  // A user is never forgotten: tests and seeds name them. What makes one smaller is always allowed.
  #takeRoom(user: UserRecord, before: UserRecord | undefined): void {
    const more = countCharacters(user) - (before ? countCharacters(before) : 0);
    const isOneTooMany = !before && this.#byId.size >= MAX_USERS;
    if (more > 0 && (isOneTooMany || this.#characters + more > MAX_USER_CHARACTERS)) {
      const kept = `at most ${MAX_USERS} users with ${MAX_USER_CHARACTERS} characters of data`;
      throw new DescopeError('full', `The emulator keeps ${kept}: delete some, or reset it`);
    }
    this.#characters += more;
  }

  #forgetLogins(userId: string): void {
    for (const loginId of this.#byId.get(userId)?.loginIds ?? []) this.#idByLogin.delete(loginId);
  }
}

/** A tenant as the emulator keeps it. */
export interface TenantRecord {
  readonly id: string;
  readonly name: string;
  readonly selfProvisioningDomains: readonly string[];
  readonly customAttributes: JsonObject;
  readonly enforceSSO: boolean;
  readonly disabled: boolean;
  readonly defaultRoles: readonly string[];
  /** Absent where the tenant has none of its own. */
  readonly settings?: TenantSettings | undefined;
  /** The tenant that it is part of; absent at the top. */
  readonly parentId?: string | undefined;
  readonly createdSeconds: number;
}

/** An access key as the emulator keeps it. */
export interface AccessKeyRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly roleNames: readonly string[];
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
  /** The user whose roles, permissions and tenants replace those of the key. */
  readonly boundUserId?: string | undefined;
  readonly customClaims: JsonObject;
  readonly customAttributes: JsonObject;
  readonly permittedIps: readonly string[];
  readonly active: boolean;
  readonly createdSeconds: number;
  /** When it expires, in seconds since 1970; 0 for never. */
  readonly expiresSeconds: number;
  readonly digest: string;
}

/** An inbound app as the emulator keeps it: an OAuth client of the project. */
export interface InboundAppRecord {
  readonly id: string;
  readonly clientId: string;
  /** In plain text, because a management call returns it; absent for a public client. */
  readonly clientSecret?: string | undefined;
  readonly name: string;
  /** The redirect URIs. */
  readonly callbackUrls: readonly string[];
  readonly grantTypes: readonly string[];
  /** Whether the client described itself, so that nobody vouches for its name. */
  readonly registered: boolean;
  /** The MCP server that it registered itself at, the only one that knows it. */
  readonly serverId?: string | undefined;
  readonly permissionsScopes: readonly AppScope[];
  readonly attributesScopes: readonly AppScope[];
  /** The tenants it may request; empty for any. */
  readonly tenantIds: readonly string[];
  readonly defaultAudience: DefaultAudience;
  /** Whether all its tokens are bound to a key (RFC 9449 section 5.2). */
  readonly isBound?: boolean | undefined;
  /** What it may exchange tokens of callers for; nothing where it is absent. */
  readonly exchanges?: readonly AppExchange[];
  /** Fields without effect, which are returned: description, logo, the URL of a login page. */
  readonly shown: JsonObject;
}

/** An MCP server as the emulator keeps it: an authorization server of its own. */
export interface McpServerRecord {
  readonly id: string;
  readonly name: string;
  /** The audience of its tokens, and the only resource that clients may name; absent: its id, and any resource. */
  readonly url?: string | undefined;
  readonly scopes: readonly AppScope[];
}

/** What a user has allowed a client. */
export interface ConsentRecord {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly scopes: readonly string[];
  readonly createdSeconds: number;
}

/** The grants of an inbound app; only one with a secret may act for itself. */
export const APP_GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'];

/** A policy of delegated access: a resource, and the scopes that an exchange may grant there. */
export interface AppExchange {
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** A scope that an app may request. */
export interface AppScope {
  readonly name: string;
  readonly description: string;
  /** The roles of which a user must have one to allow the scope; empty for none. */
  readonly values: readonly string[];
  /** Whether it is granted only when it is requested. */
  readonly optional: boolean;
}

/** The audience of a token whose request names none; an empty string for both. */
export type DefaultAudience = 'projectId' | 'clientId' | '';

/** The client id of an app, in the form of Descope's. */
export function toClientId(projectId: string, appId: string): string {
  return Buffer.from(`${projectId}:${appId}`).toString('base64');
}
