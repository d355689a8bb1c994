// The data of a seed: what a project starts with, written by hand.
import type { JsonObject } from '../http/message.js';
import type { EmulatorWebhook } from '../webhooks/webhook-options.js';
import type { SeedInboundApp, SeedMcpServer } from './seed-apps.js';
import type { SeedOutboundApp } from './seed-connections.js';
import type { SeedOAuth, SeedSso } from './seed-federation.js';
import type { SeedFlow } from './seed-flows.js';
import type { SeedCustomAttribute, SeedJwtTemplate, SeedPasswordSettings } from './seed-settings.js';

/**
 * The data that the emulator starts with, and restores on `reset()`.
 *
 * @example
 * const seed = {
 *   users: [{ loginId: 'ada@example.com', password: 'Correct-horse-1', roles: ['admin'] }],
 *   roles: [{ name: 'admin', permissions: ['orders:write'] }],
 * };
 */
export interface EmulatorSeed {
  /** The users. */
  readonly users?: readonly SeedUser[];
  /**
   * The tenants; no other names are valid in the seed then.
   *
   * @defaultValue the tenants that users and access keys name
   */
  readonly tenants?: readonly SeedTenant[];
  /**
   * The roles; no other names are valid in the seed then.
   *
   * @defaultValue the roles that users and access keys name, without permissions
   */
  readonly roles?: readonly SeedRole[];
  /** The access keys. */
  readonly accessKeys?: readonly SeedAccessKey[];
  /** The inbound apps, which are OAuth clients of the project. */
  readonly inboundApps?: readonly SeedInboundApp[];
  /**
   * The MCP servers, each of which is an authorization server; no other ids are valid then.
   *
   * @defaultValue every id is an MCP server, with the scopes of all inbound apps
   */
  readonly mcpServers?: readonly SeedMcpServer[];
  /** The outbound apps, which are services that users and tenants connect to. */
  readonly outboundApps?: readonly SeedOutboundApp[];
  /** The schema and relations of fine-grained authorization. */
  readonly fga?: SeedAuthorization;
  /** The rules for passwords; those of a tenant stand there. */
  readonly passwordSettings?: SeedPasswordSettings;
  /**
   * The custom attributes that users may have; no others are valid then.
   *
   * @defaultValue users may have any
   */
  readonly customAttributes?: readonly SeedCustomAttribute[];
  /** The JWT templates, which add claims to tokens or change their form. */
  readonly jwtTemplates?: readonly SeedJwtTemplate[];
  /** The flows, beside those that every project has: one of each kind, whose id is the kind. */
  readonly flows?: readonly SeedFlow[];
  /** The social sign-in: OAuth providers, and where a sign-in goes back to. */
  readonly oauth?: SeedOAuth;
  /**
   * The domains that OAuth and SSO may go back to, such as `app.example.com` or `*.example.com`.
   *
   * @defaultValue any domain
   */
  readonly approvedDomains?: readonly string[];
  /** The audit webhooks, beside those of the option. */
  readonly webhooks?: readonly EmulatorWebhook[];
}

/** A user of a seed. */
export interface SeedUser {
  /** The login id, such as an e-mail address. */
  readonly loginId: string;
  /** Further login ids. */
  readonly additionalLoginIds?: readonly string[];
  /**
   * The user id, which is the claim `sub`.
   *
   * @defaultValue derived from the login id, the same at every start
   */
  readonly userId?: string;
  /**
   * The e-mail address, which counts as verified.
   *
   * @defaultValue the login id, if it contains `@`
   */
  readonly email?: string;
  /** The phone number, which counts as verified. */
  readonly phone?: string;
  /** The display name. */
  readonly name?: string;
  /** The given name. */
  readonly givenName?: string;
  /** The family name. */
  readonly familyName?: string;
  /** The URL of a picture. */
  readonly picture?: string;
  /** The password; without one the user signs in by other methods only. */
  readonly password?: string;
  /** The key of the authenticator app, in base32: at least 16 letters and digits from 2 to 7. */
  readonly totpSeed?: string;
  /** The names of the roles in the project. */
  readonly roles?: readonly string[];
  /** Permissions in the project beyond those of the roles. */
  readonly permissions?: readonly string[];
  /** The tenants that the user belongs to. */
  readonly tenants?: readonly SeedUserMembership[];
  /** The custom attributes. */
  readonly customAttributes?: JsonObject;
  /** Claims at the top level of the user's session tokens. */
  readonly customClaims?: JsonObject;
  /**
   * The status; a disabled user cannot sign in, an invited one becomes enabled at the first sign-in.
   *
   * @defaultValue `enabled`
   */
  readonly status?: 'enabled' | 'disabled' | 'invited';
  /**
   * Whether it is a test user, for whom management calls may generate codes.
   *
   * @defaultValue false
   */
  readonly test?: boolean;
}

/** The membership of a user or an access key in a tenant. */
export interface SeedMembership {
  /** The id of the tenant. */
  readonly tenantId: string;
  /** The names of the roles in the tenant. */
  readonly roles?: readonly string[];
}

/** The membership of a user in a tenant. */
export interface SeedUserMembership extends SeedMembership {
  /** The groups of the identity provider, with the roles that the tenant's SSO gives them. */
  readonly groups?: readonly string[];
}

/** A tenant of a seed. */
export interface SeedTenant {
  /** The id of the tenant. */
  readonly id: string;
  /**
   * The display name.
   *
   * @defaultValue the id
   */
  readonly name?: string;
  /** The custom attributes. */
  readonly customAttributes?: JsonObject;
  /** The rules for passwords of its users, in place of those of the project. */
  readonly passwordSettings?: SeedPasswordSettings;
  /**
   * The single sign-on of the tenant.
   *
   * @defaultValue none: SSO is rejected until a management call configures it
   */
  readonly sso?: SeedSso;
}

/** A role of a seed. */
export interface SeedRole {
  /** The name of the role. */
  readonly name: string;
  /** The names of the permissions that it grants. */
  readonly permissions?: readonly string[];
  /** The description. */
  readonly description?: string;
  /**
   * The only tenant that has the role.
   *
   * @defaultValue the role belongs to the project
   */
  readonly tenantId?: string;
}

/** An access key of a seed. */
export interface SeedAccessKey {
  /** The name of the key. */
  readonly name: string;
  /** The secret that a client exchanges for a session token, without whitespace or colons. */
  readonly cleartext: string;
  /**
   * The id of the key, which is the claim `sub` of its session tokens.
   *
   * @defaultValue derived from the name, the same at every start
   */
  readonly id?: string;
  /** The names of the roles in the project. */
  readonly roles?: readonly string[];
  /** Permissions in the project beyond those of the roles. */
  readonly permissions?: readonly string[];
  /** The tenants that the key belongs to. */
  readonly tenants?: readonly SeedMembership[];
  /** The login id of the user whose roles, permissions and tenants replace those of the key. */
  readonly user?: string;
  /** Claims at the top level of its session tokens. */
  readonly customClaims?: JsonObject;
  /**
   * When the key expires, in seconds since 1970.
   *
   * @defaultValue never
   */
  readonly expireTime?: number;
}

/**
 * The fine-grained authorization of a seed.
 *
 * @see {@link https://docs.descope.com/authorization/fga | Fine-Grained Authorization}
 */
export interface SeedAuthorization {
  /** The schema in Descope's language, which starts with `model AuthZ 1.0`. */
  readonly schema: string;
  /** The relations, which must match the schema. */
  readonly relations?: readonly SeedRelation[];
}

/** A relation of a seed: `target` has `relation` to `resource`. */
export interface SeedRelation {
  /** The id of the resource. */
  readonly resource: string;
  /** The type of the resource. */
  readonly resourceType: string;
  /** The name of the relation. */
  readonly relation: string;
  /** The id of the target, such as a user id. */
  readonly target: string;
  /** The type of the target. */
  readonly targetType: string;
}
