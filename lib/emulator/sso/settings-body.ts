// Reads SSO settings from the body of a management call, for both protocols and both forms of the API.
import { DescopeError } from '../errors.js';
import { NO_MAPPING, OIDC_MAPPING, readMapping, SAML_MAPPING } from '../federation/attributes.js';
import type { RoleMapping, SamlSettings, SsoConfiguration } from '../federation/sso-configuration.js';
import { NO_OIDC, NO_SAML } from '../federation/sso-configuration.js';
import {
  readField,
  readObject,
  readObjects,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';

const CONNECTION = [
  'name',
  'authUrl',
  'tokenUrl',
  'userDataUrl',
  'scope',
  'JWKsUrl',
  'manageProviderTokens',
  'callbackDomain',
  'prompt',
  'grantType',
  'issuer',
] as const;

/** The settings of OpenID Connect that are returned, and act nowhere. */
export const CONNECTION_FIELDS = CONNECTION.join(' ');

/** Reads the settings of SAML with the values of the identity provider; they take the place of OpenID Connect. */
export function readSaml({ body }: Call, state: ProjectState, current: SsoConfiguration): Changed {
  const settings = requireSettings(body);
  const idp = {
    idpUrl: requireString(settings, 'idpUrl'),
    idpCertificate: requireString(settings, 'idpCert'),
    idpEntityId: requireString(settings, 'entityId'),
  };
  return asSaml(current, { ...readCommon(settings, body, { state, current }), ...idp });
}

/** Reads the settings of SAML with the URL of the identity provider's metadata. */
export function readMetadata({ body }: Call, state: ProjectState, current: SsoConfiguration): Changed {
  const settings = requireSettings(body);
  const idp = {
    idpMetadataUrl: requireString(settings, 'idpMetadataUrl'),
    idpEntityId: readString(settings, 'entityId') ?? '',
  };
  return asSaml(current, { ...readCommon(settings, body, { state, current }), ...idp });
}

/** Reads the settings of OpenID Connect, which take the place of SAML. */
export function readOidc({ body }: Call, state: ProjectState, current: SsoConfiguration): Changed {
  const settings = requireSettings(body);
  const connection = CONNECTION.map((name) => [name, readField(settings, name)] as const);
  const oidc = {
    clientId: requireString(settings, 'clientId'),
    hasSecret: readString(settings, 'clientSecret') !== undefined,
    redirectUrl: readString(settings, 'redirectUrl') ?? '',
    attributeMapping: readMapping(settings, 'userAttrMapping') ?? OIDC_MAPPING,
    roleMappings: readRoleMappings(settings, state, current.tenantId),
    connection: Object.fromEntries(connection.filter(([, value]) => value !== undefined)) as JsonObject,
  };
  return { oidc, saml: { ...NO_SAML, redirectUrl: current.saml.redirectUrl } };
}

/** Reads the older form of {@link readSaml}, which leaves the mappings as they are. */
export function readOldSaml({ body }: Call, _state: ProjectState, current: SsoConfiguration): Changed {
  return asSaml(current, {
    ...withoutIdp(current.saml),
    idpUrl: requireString(body, 'idpURL'),
    idpCertificate: requireString(body, 'idpCert'),
    idpEntityId: requireString(body, 'entityId'),
    redirectUrl: readString(body, 'redirectURL') ?? current.saml.redirectUrl,
  });
}

/** Reads the older form of {@link readMetadata}, which leaves the mappings as they are. */
export function readOldMetadata({ body }: Call, _state: ProjectState, current: SsoConfiguration): Changed {
  return asSaml(current, {
    ...withoutIdp(current.saml),
    idpMetadataUrl: requireString(body, 'idpMetadataURL'),
    redirectUrl: readString(body, 'redirectURL') ?? current.saml.redirectUrl,
  });
}

/** Reads the mappings of SAML; what is left out is empty afterwards. */
export function readMappingSettings({ body }: Call, state: ProjectState, current: SsoConfiguration): Changed {
  const saml = {
    ...current.saml,
    attributeMapping: readMapping(body, 'attributeMapping') ?? NO_MAPPING,
    roleMappings: readRoleMappings(body, state, current.tenantId),
    defaultRoles: readRoles(body, 'defaultSSORoles', { state, tenantId: current.tenantId }),
  };
  return { saml };
}

type Changed = Partial<SsoConfiguration>;

/** A project, and the configuration to change. */
interface Subject {
  readonly state: ProjectState;
  readonly current: SsoConfiguration;
}

function readCommon(settings: JsonObject, body: JsonObject, { state, current }: Subject): SamlSettings {
  const { tenantId } = current;
  return {
    ...NO_SAML,
    redirectUrl: readString(body, 'redirectUrl') ?? current.saml.redirectUrl,
    attributeMapping: readMapping(settings, 'attributeMapping') ?? SAML_MAPPING,
    roleMappings: readRoleMappings(settings, state, tenantId),
    defaultRoles: readRoles(settings, 'defaultSSORoles', { state, tenantId }),
    spAcsUrl: readString(settings, 'spACSUrl') ?? '',
    spEntityId: readString(settings, 'spEntityId') ?? '',
  };
}

function asSaml({ oidc }: SsoConfiguration, saml: SamlSettings): Changed {
  return { saml, oidc: { ...NO_OIDC, redirectUrl: oidc.redirectUrl } };
}

function withoutIdp(saml: SamlSettings): SamlSettings {
  return { ...saml, idpUrl: '', idpCertificate: '', idpEntityId: '', idpMetadataUrl: '' };
}

function requireSettings(body: JsonObject): JsonObject {
  const settings = readObject(body, 'settings');
  if (!settings) throw new DescopeError('missingArguments', 'The settings argument is missing');
  return settings;
}

// python-sdk sends the name of a role as `roleName` too.
function readRoleMappings(body: JsonObject, state: ProjectState, tenantId: string): readonly RoleMapping[] {
  return (readObjects(body, 'roleMappings') ?? []).map((mapping) => {
    const roleName = requireString(mapping, 'roleName');
    assertRoleNames([roleName], { state, tenantId });
    return { roleName, groups: readStrings(mapping, 'groups') ?? [] };
  });
}

interface TenantOf {
  readonly state: ProjectState;
  readonly tenantId: string;
}

function readRoles(body: JsonObject, name: string, of: TenantOf): readonly string[] {
  const names = readStrings(body, name) ?? [];
  assertRoleNames(names, of);
  return names;
}

// Every project of Descope has it.
const BUILT_IN_ROLE = 'Tenant Admin';

function assertRoleNames(names: readonly string[], { state, tenantId }: TenantOf): void {
  const { roles } = state.project;
  const unknown = names.find(
    (name) => name !== BUILT_IN_ROLE && !roles.find(name, tenantId) && !roles.find(name),
  );
  if (unknown !== undefined) throw new DescopeError('invalidArguments', `There is no role ${unknown}`);
}
