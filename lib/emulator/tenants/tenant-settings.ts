// Management of the settings of a tenant: domains, the lifetimes of its tokens, and who may be created by single sign-on.
import { DescopeError } from '../errors.js';
import {
  readBoolean,
  readNumber,
  readObject,
  readString,
  readStrings,
  requireString,
} from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { TenantRecord } from '../store/project.js';
import type { Expiration, TenantSettings } from '../store/tenant-settings.js';
import { DEFAULT_TENANT_SETTINGS, EXPIRATION_UNITS } from '../store/tenant-settings.js';
import { requireTenant } from './tenants.js';

const load: Handler = (call, state) => ok(toSettingsView(requireTenant({ id: call.query.get('id') }, state)));

// All settings at once: go-sdk sends each, and what node-sdk leaves out has its default.
const save: Handler = (call, state) => {
  const { body } = call;
  const tenant = requireTenant({ id: requireString(body, 'tenantId') }, state);
  const selfProvisioningDomains = readStrings(body, 'selfProvisioningDomains') ?? [];
  state.project.tenants.put({ ...tenant, selfProvisioningDomains, settings: readSettings(body) });
  return ok();
};

// node-sdk's type writes two names with a capital.
const SETTINGS =
  'tenantId selfProvisioningDomains domains authType enabled ' +
  'refreshTokenExpiration refreshTokenExpirationUnit sessionTokenExpiration sessionTokenExpirationUnit ' +
  'stepupTokenExpiration stepupTokenExpirationUnit enableInactivity inactivityTime inactivityTimeUnit ' +
  'InactivityTime InactivityTimeUnit JITDisabled ssoSetupSuiteSettings';

/** The routes of a tenant's settings. */
export const tenantSettingsRoutes = routesFor('management', {
  'GET /v1/mgmt/tenant/settings': takesQuery('id', load),
  'POST /v1/mgmt/tenant/settings': takes(SETTINGS, save),
});

function readSettings(body: JsonObject): TenantSettings {
  return {
    domains: readStrings(body, 'domains') ?? [],
    authType: readString(body, 'authType') ?? 'none',
    enabled: readBoolean(body, 'enabled') ?? false,
    sessionToken: readExpiration(body, 'sessionTokenExpiration'),
    refreshToken: readExpiration(body, 'refreshTokenExpiration'),
    stepupToken: readExpiration(body, 'stepupTokenExpiration'),
    inactivityEnabled: readBoolean(body, 'enableInactivity') ?? false,
    inactivity: readExpiration(
      body,
      Object.hasOwn(body, 'InactivityTime') ? 'InactivityTime' : 'inactivityTime',
    ),
    jitDisabled: readBoolean(body, 'JITDisabled') ?? false,
    ssoSetupSuiteSettings: readObject(body, 'ssoSetupSuiteSettings') ?? {},
  };
}

const MAX_AMOUNT = 100_000; // so many weeks end before the year 10000, which dates can be written with

function readExpiration(body: JsonObject, name: string): Expiration {
  const amount = readNumber(body, name) ?? 0;
  const given = readString(body, `${name}Unit`);
  const unit = given === undefined ? 'minutes' : EXPIRATION_UNITS.find((known) => known === given);
  if (unit !== undefined && Number.isInteger(amount) && amount >= 0 && amount <= MAX_AMOUNT)
    return { amount, unit };
  const message = `The ${name} field must be a whole number up to ${MAX_AMOUNT}, with ${EXPIRATION_UNITS.join(', ')} as its unit`;
  throw new DescopeError('invalidArguments', message);
}

function toSettingsView({ settings = DEFAULT_TENANT_SETTINGS, selfProvisioningDomains }: TenantRecord) {
  const { sessionToken, refreshToken, stepupToken, inactivity } = settings;
  return {
    selfProvisioningDomains,
    domains: settings.domains,
    authType: settings.authType,
    enabled: settings.enabled,
    refreshTokenExpiration: refreshToken.amount,
    refreshTokenExpirationUnit: refreshToken.unit,
    sessionTokenExpiration: sessionToken.amount,
    sessionTokenExpirationUnit: sessionToken.unit,
    stepupTokenExpiration: stepupToken.amount,
    stepupTokenExpirationUnit: stepupToken.unit,
    enableInactivity: settings.inactivityEnabled,
    inactivityTime: inactivity.amount,
    inactivityTimeUnit: inactivity.unit,
    InactivityTime: inactivity.amount,
    InactivityTimeUnit: inactivity.unit,
    JITDisabled: settings.jitDisabled,
    ssoSetupSuiteSettings: settings.ssoSetupSuiteSettings,
  };
}
