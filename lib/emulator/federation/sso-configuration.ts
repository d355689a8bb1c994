// A tenant's SSO configurations: the identity provider, and what its users become in the tenant.
import type { JsonObject } from '../http/message.js';
import { toSeededId } from '../store/records.js';
import type { AttributeMapping } from './attributes.js';
import { OIDC_MAPPING, SAML_MAPPING } from './attributes.js';

/** An SSO configuration of a tenant. */
export interface SsoConfiguration {
  readonly tenantId: string;
  /** The id within the tenant; empty for the one that every tenant has. */
  readonly ssoId: string;
  readonly displayName: string;
  /** The e-mail domains of its users; empty for any. */
  readonly domains: readonly string[];
  readonly saml: SamlSettings;
  readonly oidc: OidcSettings;
}

/** The roles in the tenant that users of a group have. */
export interface RoleMapping {
  readonly roleName: string;
  readonly groups: readonly string[];
}

/** Settings that both protocols have. */
interface CommonSettings {
  readonly redirectUrl: string;
  readonly attributeMapping: AttributeMapping;
  readonly roleMappings: readonly RoleMapping[];
}

/** The settings of SAML; they are in use with a URL of the identity provider, or of its metadata. */
export interface SamlSettings extends CommonSettings {
  readonly idpUrl: string;
  readonly idpEntityId: string;
  readonly idpCertificate: string;
  readonly idpMetadataUrl: string;
  readonly defaultRoles: readonly string[];
  /** Replaces the URL that the identity provider would post to. */
  readonly spAcsUrl: string;
  /** Replaces the entity id of the project. */
  readonly spEntityId: string;
}

/** The settings of OpenID Connect; they are in use with a client id. */
export interface OidcSettings extends CommonSettings {
  readonly clientId: string;
  /** Whether a secret was given; the secret itself is never returned. */
  readonly hasSecret: boolean;
  /** Settings about the connection, which are returned: the emulator connects to no identity provider. */
  readonly connection: JsonObject;
}

/** The protocol of a configuration; undefined until one is configured. */
export type SsoProtocol = 'saml' | 'oidc';

const COMMON = { redirectUrl: '', roleMappings: [] };

/** The settings of SAML before they are set. */
export const NO_SAML: SamlSettings = {
  ...COMMON,
  attributeMapping: SAML_MAPPING,
  idpUrl: '',
  idpEntityId: '',
  idpCertificate: '',
  idpMetadataUrl: '',
  defaultRoles: [],
  spAcsUrl: '',
  spEntityId: '',
};

/** The settings of OpenID Connect before they are set. */
export const NO_OIDC: OidcSettings = {
  ...COMMON,
  attributeMapping: OIDC_MAPPING,
  clientId: '',
  hasSecret: false,
  connection: {},
};

/** Creates a configuration that no identity provider is set in. */
export function createConfiguration(tenantId: string, ssoId = '', displayName = ''): SsoConfiguration {
  return { tenantId, ssoId, displayName, domains: [], saml: NO_SAML, oidc: NO_OIDC };
}

/** The protocol that a configuration signs users in with. */
export function protocolOf({ saml, oidc }: SsoConfiguration): SsoProtocol | undefined {
  if (oidc.clientId !== '') return 'oidc';
  return saml.idpUrl !== '' || saml.idpMetadataUrl !== '' ? 'saml' : undefined;
}

/** The settings of the protocol that a configuration signs users in with. */
export function settingsOf(configuration: SsoConfiguration): CommonSettings {
  return protocolOf(configuration) === 'oidc' ? configuration.oidc : configuration.saml;
}

/** The roles in the tenant of a user with these groups. */
export function rolesFor(configuration: SsoConfiguration, groups: readonly string[]): readonly string[] {
  const { roleMappings } = settingsOf(configuration);
  const mapped = roleMappings
    .filter((mapping) => mapping.groups.some((group) => groups.includes(group)))
    .map(({ roleName }) => roleName);
  const defaults = protocolOf(configuration) === 'saml' ? configuration.saml.defaultRoles : [];
  return [...new Set([...defaults, ...mapped])];
}

/** Keeps configurations; in a map, so that `__proto__` is a tenant like any other. */
export class SsoConfigurations {
  readonly #byKey = new Map<string, SsoConfiguration>();

  /** Finds a configuration that was made. */
  find(tenantId: string, ssoId = ''): SsoConfiguration | undefined {
    return this.#byKey.get(toKey(tenantId, ssoId));
  }

  /** The configurations of a tenant, the one without an id first. */
  of(tenantId: string): readonly SsoConfiguration[] {
    const all = [...this.#byKey.values()].filter((one) => one.tenantId === tenantId);
    return [...all.filter(({ ssoId }) => ssoId === ''), ...all.filter(({ ssoId }) => ssoId !== '')];
  }

  /** The configured ones whose domains have the domain of an e-mail address. */
  forDomain(domain: string): readonly SsoConfiguration[] {
    const wanted = domain.toLowerCase();
    return [...this.#byKey.values()].filter(
      (one) => protocolOf(one) !== undefined && one.domains.some((have) => have.toLowerCase() === wanted),
    );
  }

  /** Adds or replaces a configuration. */
  put(configuration: SsoConfiguration): SsoConfiguration {
    this.#byKey.set(toKey(configuration.tenantId, configuration.ssoId), configuration);
    return configuration;
  }

  /** Removes a configuration. */
  remove(tenantId: string, ssoId = ''): void {
    this.#byKey.delete(toKey(tenantId, ssoId));
  }

  /** Removes those of a tenant. */
  removeTenant(tenantId: string): void {
    for (const { ssoId } of this.of(tenantId)) this.remove(tenantId, ssoId);
  }

  /** Removes all. */
  clear(): void {
    this.#byKey.clear();
  }
}

function toKey(tenantId: string, ssoId: string): string {
  return JSON.stringify([tenantId, ssoId]);
}

/** The id of a person at an identity provider of the emulator, the same at every sign-in. */
export function toSubject(provider: string, email: string): string {
  return toSeededId('', `${provider} ${email.toLowerCase()}`);
}
