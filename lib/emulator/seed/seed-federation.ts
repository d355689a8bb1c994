// The OAuth providers and the SSO of a seed, and what they become in the project.
import { NO_MAPPING, OIDC_MAPPING, SAML_MAPPING } from '../federation/attributes.js';
import type { Federation } from '../federation/federation.js';
import { BUILT_IN_PROVIDERS } from '../federation/federation.js';
import type { SsoConfiguration } from '../federation/sso-configuration.js';
import { createConfiguration, rolesFor } from '../federation/sso-configuration.js';
import type { Project } from '../store/project.js';
import type { TenantGrant } from '../store/roles.js';

/**
 * The social sign-in of a seed.
 *
 * @see {@link https://docs.descope.com/auth-methods/oauth | Social Login (OAuth)}
 */
export interface SeedOAuth {
  /**
   * Where a sign-in goes back to if its start names no URL.
   *
   * @defaultValue none: the start must name one
   */
  readonly redirectUrl?: string;
  /** Providers beside `google`, `github`, `microsoft` and the others that every project has, or changes of those. */
  readonly providers?: readonly SeedOAuthProvider[];
}

/** An OAuth provider of a seed. */
export interface SeedOAuthProvider {
  /** The name that a sign-in starts with, such as `spotify`. */
  readonly name: string;
  /**
   * The name that people see.
   *
   * @defaultValue the name
   */
  readonly displayName?: string;
  /**
   * Which claim of the provider fills which field of the user; fields that are left out keep their standard claim.
   *
   * @defaultValue the standard claims of OpenID Connect, such as `given_name` for `givenName`
   */
  readonly attributeMapping?: SeedAttributeMapping;
}

/**
 * The single sign-on of a tenant, whose identity provider the emulator plays.
 *
 * @see {@link https://docs.descope.com/auth-methods/sso | SSO (Single Sign-On)}
 */
export interface SeedSso {
  /**
   * The protocol.
   *
   * @defaultValue `saml`
   */
  readonly protocol?: 'saml' | 'oidc';
  /**
   * The e-mail domains of its users, which find the tenant, and whose users alone may sign in.
   *
   * @defaultValue any domain, and none finds the tenant
   */
  readonly domains?: readonly string[];
  /** Where a sign-in goes back to if its start names no URL. */
  readonly redirectUrl?: string;
  /** Which attribute of the identity provider fills which field of the user. */
  readonly attributeMapping?: SeedAttributeMapping;
  /** The roles in the tenant that users of a group have. */
  readonly roleMappings?: readonly SeedRoleMapping[];
  /** The roles in the tenant of everybody who signs in with SAML. */
  readonly defaultRoles?: readonly string[];
}

/** For each field of a user, the name of the provider's attribute that fills it. */
export interface SeedAttributeMapping {
  /**
   * The login id.
   *
   * @defaultValue the e-mail address
   */
  readonly loginId?: string;
  /** The display name. */
  readonly name?: string;
  /** The given name. */
  readonly givenName?: string;
  /** The middle name. */
  readonly middleName?: string;
  /** The family name. */
  readonly familyName?: string;
  /** The e-mail address. */
  readonly email?: string;
  /** Whether the e-mail address is verified. */
  readonly verifiedEmail?: string;
  /** The phone number. */
  readonly phoneNumber?: string;
  /** Whether the phone number is verified. */
  readonly verifiedPhone?: string;
  /** The URL of a picture. */
  readonly picture?: string;
  /**
   * The groups, which give roles.
   *
   * @defaultValue `groups`
   */
  readonly group?: string;
  /** By the name of a custom attribute. */
  readonly customAttributes?: Readonly<Record<string, string>>;
}

/** The role that users of some groups have. */
export interface SeedRoleMapping {
  /** The name of the role. */
  readonly role: string;
  /** The groups, as the identity provider names them. */
  readonly groups: readonly string[];
}

/** What a seed says of providers. */
interface FederationSeed {
  readonly oauth?: SeedOAuth;
  readonly approvedDomains?: readonly string[];
  readonly tenants?: readonly { readonly id: string; readonly sso?: SeedSso }[];
}

/** Adds providers and SSO configurations. */
export function applyFederation(
  federation: Federation,
  { oauth, approvedDomains, tenants }: FederationSeed,
): void {
  federation.redirectUrl = oauth?.redirectUrl ?? '';
  federation.approvedDomains = approvedDomains ?? [];
  for (const { name, displayName, attributeMapping } of oauth?.providers ?? []) {
    federation.providers.set(name, {
      name,
      displayName: displayName ?? BUILT_IN_PROVIDERS.get(name) ?? name,
      attributeMapping: { ...OIDC_MAPPING, ...attributeMapping },
    });
  }
  for (const { id, sso } of tenants ?? []) {
    if (sso) federation.configurations.put(toConfiguration(id, sso));
  }
}

/** Gives users the groups of their memberships, as if they had signed in with the SSO of the tenant. */
export function applyGroups(
  { users }: Project,
  federation: Federation,
  seeded: readonly GroupMember[] = [],
): void {
  for (const { loginId, tenants = [] } of seeded) {
    for (const { tenantId, groups = [] } of tenants) {
      const user = users.find(loginId);
      if (!user || groups.length === 0) continue;
      const configuration = federation.configurations.find(tenantId);
      const roleNames = configuration ? rolesFor(configuration, groups) : [];
      federation.keepGrant(user.userId, { tenantId, ssoId: '' }, { groups, roleNames });
      const withRoles = (grant: TenantGrant) =>
        grant.tenantId === tenantId
          ? { tenantId, roleNames: [...new Set([...grant.roleNames, ...roleNames])] }
          : grant;
      users.save({ ...user, tenants: user.tenants.map(withRoles) });
    }
  }
}

/** A user of a seed, as far as groups go. */
interface GroupMember {
  readonly loginId: string;
  readonly tenants?: readonly { readonly tenantId: string; readonly groups?: readonly string[] }[];
}

/** The roles that the SSO of a seed's tenant names. */
export function rolesOfSso({ roleMappings = [], defaultRoles = [] }: SeedSso): readonly string[] {
  return [...roleMappings.map(({ role }) => role), ...defaultRoles];
}

function toConfiguration(tenantId: string, seed: SeedSso): SsoConfiguration {
  const { protocol = 'saml', domains = [], redirectUrl = '', defaultRoles = [] } = seed;
  const roleMappings = (seed.roleMappings ?? []).map(({ role, groups }) => ({ roleName: role, groups }));
  const empty = createConfiguration(tenantId);
  const mapping = protocol === 'saml' ? SAML_MAPPING : OIDC_MAPPING;
  const attributeMapping = { ...NO_MAPPING, ...mapping, ...seed.attributeMapping };
  const common = { redirectUrl, roleMappings, attributeMapping };
  const idpUrl = `https://idp.example/${encodeURIComponent(tenantId)}`;
  return protocol === 'saml'
    ? { ...empty, domains, saml: { ...empty.saml, ...common, idpUrl, idpEntityId: idpUrl, defaultRoles } }
    : { ...empty, domains, oidc: { ...empty.oidc, ...common, clientId: 'emulator', hasSecret: true } };
}
