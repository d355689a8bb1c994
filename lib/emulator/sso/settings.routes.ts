// Management of tenants' SSO: configurations, their mappings, and the roles that follow from them.
import { DescopeError } from '../errors.js';
import { MAPPED_FIELDS } from '../federation/attributes.js';
import { withTenant } from '../federation/finish-federated.js';
import type { SsoConfiguration } from '../federation/sso-configuration.js';
import { createConfiguration, rolesFor } from '../federation/sso-configuration.js';
import { below, readString, readStrings, requireString } from '../http/fields.js';
import type { Call, JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import { createId } from '../store/records.js';
import { requireTenant } from '../tenants/tenants.js';
import {
  CONNECTION_FIELDS,
  readMappingSettings,
  readMetadata,
  readOidc,
  readOldMetadata,
  readOldSaml,
  readSaml,
} from './settings-body.js';
import { toSamlView, toSettingsView } from './settings-views.js';

/** Reads the settings of a call, on top of those that the tenant has. */
type Change = (call: Call, state: ProjectState, current: SsoConfiguration) => Partial<SsoConfiguration>;

function configure(change: Change): Handler {
  return (call, state) => {
    const current = requireConfiguration(call.body, state);
    const domains = readStrings(call.body, 'domains') ?? current.domains;
    state.federation.configurations.put({ ...current, domains, ...change(call, state, current) });
    return ok();
  };
}

const create: Handler = (call, state) => {
  const tenant = requireTenant({ id: requireString(call.body, 'tenantId') }, state);
  const ssoId = readString(call.body, 'ssoId') ?? createId('SSO');
  const displayName = requireString(call.body, 'displayName');
  if (state.federation.configurations.find(tenant.id, ssoId)) {
    throw new DescopeError('invalidArguments', `The tenant has an SSO configuration ${ssoId}`);
  }
  const made = state.federation.configurations.put(createConfiguration(tenant.id, ssoId, displayName));
  return ok(toSettingsView(state, tenant, made));
};

const load: Handler = (call, state) => {
  const body = toBody(call);
  const tenant = requireTenant({ id: body.tenantId }, state);
  return ok(toSettingsView(state, tenant, requireConfiguration(body, state)));
};

const loadOld: Handler = (call, state) => {
  const tenant = requireTenant({ id: toBody(call).tenantId }, state);
  return ok(toSamlView(state, tenant, requireConfiguration(toBody(call), state)));
};

const loadAll: Handler = (call, state) => {
  const tenant = requireTenant({ id: toBody(call).tenantId }, state);
  const made = state.federation.configurations.of(tenant.id);
  const all = made.some(({ ssoId }) => ssoId === '') ? made : [createConfiguration(tenant.id), ...made];
  return ok({ SSOSettings: all.map((one) => toSettingsView(state, tenant, one)) });
};

const remove: Handler = (call, state) => {
  const { tenantId, ssoId } = requireConfiguration(toBody(call), state);
  state.federation.configurations.remove(tenantId, ssoId);
  return ok();
};

const redirect: Change = ({ body }, _state, { saml, oidc }) => ({
  saml: { ...saml, redirectUrl: readUrl(body, 'samlRedirectUrl') ?? saml.redirectUrl },
  oidc: { ...oidc, redirectUrl: readUrl(body, 'oauthRedirectUrl') ?? oidc.redirectUrl },
});

// An empty URL is set too, unlike one that is left out.
function readUrl(body: JsonObject, name: string): string | undefined {
  return body[name] === '' ? '' : readString(body, name);
}

// The roles of everybody who has signed in with the configuration, by the groups of their last sign-in.
const recalculate: Handler = (call, state) => {
  const configuration = requireConfiguration(call.body, state);
  for (const user of state.project.users.all) {
    const grant = state.federation.findGrant(user.userId, configuration);
    if (!grant) continue;
    const { groups } = grant;
    state.project.users.save(withTenant(state, user, { configuration, identity: { groups } }));
    const roleNames = rolesFor(configuration, groups);
    state.federation.keepGrant(user.userId, configuration, { groups, roleNames });
  }
  return ok();
};

const MAPPING = below('attributeMapping', [...MAPPED_FIELDS, 'customAttributes'].join(' '));
const ROLES = `${below('roleMappings', 'groups roleName')} defaultSSORoles`;
const SP = 'spACSUrl spEntityId';
const SAML = below('settings', `idpUrl idpCert entityId ${SP} ${ROLES} ${MAPPING}`);
const METADATA = below('settings', `idpMetadataUrl entityId ${SP} ${ROLES} ${MAPPING}`);
const OIDC = below(
  'settings',
  `clientId clientSecret redirectUrl ${CONNECTION_FIELDS} ${below('roleMappings', 'groups roleName')} ` +
    below('userAttrMapping', [...MAPPED_FIELDS, 'customAttributes'].join(' ')),
);
const TENANT = 'tenantId ssoId';

/** The routes that manage SSO. */
export const manageSsoRoutes = routesFor('management', {
  'GET /v1/mgmt/sso/settings': takesQuery(TENANT, loadOld),
  'GET /v2/mgmt/sso/settings': takesQuery(TENANT, load),
  'GET /v2/mgmt/sso/settings/all': takesQuery('tenantId', loadAll),
  'DELETE /v1/mgmt/sso/settings': takesQuery(TENANT, remove),
  'POST /v1/mgmt/sso/settings/new': takes(`${TENANT} displayName`, create),
  'POST /v1/mgmt/sso/settings': takes(
    'tenantId idpURL idpCert entityId redirectURL domains',
    configure(readOldSaml),
  ),
  'POST /v1/mgmt/sso/metadata': takes(
    'tenantId idpMetadataURL redirectURL domains',
    configure(readOldMetadata),
  ),
  'POST /v1/mgmt/sso/mapping': takes(`tenantId ${ROLES} ${MAPPING}`, configure(readMappingSettings)),
  'POST /v1/mgmt/sso/saml': takes(`${TENANT} redirectUrl domains ${SAML}`, configure(readSaml)),
  'POST /v1/mgmt/sso/saml/metadata': takes(
    `${TENANT} redirectUrl domains ${METADATA}`,
    configure(readMetadata),
  ),
  'POST /v1/mgmt/sso/oidc': takes(`${TENANT} domains ${OIDC}`, configure(readOidc)),
  'POST /v1/mgmt/sso/redirect': takes(`${TENANT} samlRedirectUrl oauthRedirectUrl`, configure(redirect)),
  'POST /v1/mgmt/sso/recalculate-mappings': takes(TENANT, recalculate),
});

function toBody({ query }: Call): JsonObject {
  return { tenantId: query.get('tenantId'), ssoId: query.get('ssoId') };
}

// Every tenant has one configuration; others are made.
function requireConfiguration(body: JsonObject, state: ProjectState): SsoConfiguration {
  const tenant = requireTenant({ id: requireString(body, 'tenantId') }, state);
  const ssoId = readString(body, 'ssoId') ?? '';
  const found = state.federation.configurations.find(tenant.id, ssoId);
  if (found) return found;
  if (ssoId === '') return createConfiguration(tenant.id);
  throw new DescopeError('invalidArguments', `The tenant has no SSO configuration ${ssoId}`);
}
