// An SSO configuration as responses show it: in the form of all its settings, and in the older one of SAML alone.
import type { AttributeMapping } from '../federation/attributes.js';
import type { OidcSettings, RoleMapping, SsoConfiguration } from '../federation/sso-configuration.js';
import type { JsonObject } from '../http/message.js';
import type { ProjectState } from '../project-state.js';
import type { TenantRecord } from '../store/project.js';
import { toSeededId } from '../store/records.js';
import { toTenantView } from '../tenants/tenants.js';

/** Writes a configuration as `GET /v2/mgmt/sso/settings` does: node-sdk's `SSOSettings`. */
export function toSettingsView(
  state: ProjectState,
  tenant: TenantRecord,
  configuration: SsoConfiguration,
): JsonObject {
  const { saml, oidc, ssoId, displayName } = configuration;
  return {
    tenant: toTenantView(tenant, state),
    saml: {
      ...toIdpView(configuration),
      ...toSpView(state, configuration),
      attributeMapping: toMappingView(saml.attributeMapping),
      groupsMapping: toGroupsView(state, tenant, saml.roleMappings),
      defaultSSORoles: saml.defaultRoles,
      redirectUrl: saml.redirectUrl,
    },
    oidc: toOidcView(oidc),
    ssoId,
    displayName,
  };
}

/** Writes a configuration as `GET /v1/mgmt/sso/settings` does: node-sdk's `SSOSettingsResponse`. */
export function toSamlView(
  state: ProjectState,
  tenant: TenantRecord,
  configuration: SsoConfiguration,
): JsonObject {
  const { saml, domains } = configuration;
  return {
    tenantId: tenant.id,
    ...toIdpView(configuration),
    ...toSpView(state, configuration),
    userMapping: toMappingView(saml.attributeMapping),
    groupsMapping: toGroupsView(state, tenant, saml.roleMappings),
    defaultSSORoles: saml.defaultRoles,
    redirectUrl: saml.redirectUrl,
    domains,
    domain: domains[0] ?? '',
  };
}

function toIdpView({ saml }: SsoConfiguration): JsonObject {
  return {
    idpEntityId: saml.idpEntityId,
    idpSSOUrl: saml.idpUrl,
    idpCertificate: saml.idpCertificate,
    idpMetadataUrl: saml.idpMetadataUrl,
  };
}

// python-sdk, tests/e2e/management/test_sso.py.
function toSpView(state: ProjectState, { tenantId, ssoId, saml }: SsoConfiguration): JsonObject {
  const query = new URLSearchParams({
    projectId: state.projectId,
    tenantId,
    ...(ssoId === '' ? {} : { ssoId }),
  });
  const entityId = [state.projectId, tenantId, ssoId].filter(Boolean).join('-');
  return {
    spEntityId: saml.spEntityId || entityId,
    spACSUrl: saml.spAcsUrl || `${state.url}/v1/auth/saml/acs?${query.toString()}`,
    spCertificate: '',
  };
}

// SAML's mapping has no login id: that is the NameID.
function toMappingView({ loginId: _loginId, ...mapping }: AttributeMapping): JsonObject {
  return mapping;
}

function toGroupsView(
  { project }: ProjectState,
  tenant: TenantRecord,
  mappings: readonly RoleMapping[],
): readonly JsonObject[] {
  return mappings.map(({ roleName, groups }) => {
    const role = project.roles.find(roleName, tenant.id) ?? project.roles.find(roleName);
    return { role: { id: role?.id ?? toSeededId('RL', roleName), name: roleName }, groups };
  });
}

// The secret is never returned.
function toOidcView(oidc: OidcSettings): JsonObject {
  return {
    ...NO_CONNECTION,
    ...oidc.connection,
    clientId: oidc.clientId,
    clientSecret: '',
    redirectUrl: oidc.redirectUrl,
    userAttrMapping: oidc.attributeMapping,
    roleMappings: oidc.roleMappings,
  };
}

const NO_CONNECTION = {
  name: '',
  authUrl: '',
  tokenUrl: '',
  userDataUrl: '',
  scope: [],
  JWKsUrl: '',
  manageProviderTokens: false,
  callbackDomain: '',
  prompt: [],
  grantType: 'authorization_code',
  issuer: '',
};
