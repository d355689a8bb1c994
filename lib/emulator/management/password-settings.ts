// Management of password settings, of the project and of tenants.
import { DescopeError } from '../errors.js';
import { readBoolean, readNumber, readString } from '../http/fields.js';
import type { JsonObject } from '../http/message.js';
import { ok } from '../http/message.js';
import type { Handler } from '../http/router.js';
import { routesFor, takes, takesQuery } from '../http/router.js';
import type { ProjectState } from '../project-state.js';
import type { PasswordSettings } from '../store/password-policy.js';
import { findSettingsMistakes } from '../store/password-policy.js';

const load: Handler = (call, state) => {
  const tenantId = requireTenantId(call.query.get('tenantId') ?? '', state);
  const settings = state.passwords.settingsOf(tenantId);
  // go-sdk and the policy's endpoint write `nonAlphanumeric`, node-sdk's type `nonAlphaNumeric`.
  return ok({ ...settings, nonAlphaNumeric: settings.nonAlphanumeric, tenantId });
};

// What is left out stays as it is.
const configure: Handler = (call, state) => {
  const tenantId = requireTenantId(readString(call.body, 'tenantId') ?? '', state);
  const settings = readSettings(call.body, state.passwords.settingsOf(tenantId));
  const [mistake] = findSettingsMistakes(settings);
  if (mistake !== undefined) throw new DescopeError('invalidArguments', mistake);
  state.passwords.configure(tenantId, settings);
  return ok();
};

const SETTINGS =
  'tenantId enabled minLength lowercase uppercase number nonAlphanumeric nonAlphaNumeric expiration ' +
  'expirationWeeks reuse reuseAmount lock lockAttempts';

/** The routes that manage password settings. */
export const passwordSettingsRoutes = routesFor('management', {
  'GET /v1/mgmt/password/settings': takesQuery('tenantId', load),
  'POST /v1/mgmt/password/settings': takes(SETTINGS, configure),
});

function requireTenantId(tenantId: string, state: ProjectState): string {
  if (tenantId === '' || state.project.tenants.find(tenantId)) return tenantId;
  throw new DescopeError('invalidArguments', `There is no tenant ${tenantId}`);
}

function readSettings(body: JsonObject, current: PasswordSettings): PasswordSettings {
  const flag = (name: keyof PasswordSettings) => readBoolean(body, name) ?? current[name] === true;
  const count = (name: keyof PasswordSettings) => readNumber(body, name) ?? Number(current[name]);
  return {
    enabled: flag('enabled'),
    minLength: count('minLength'),
    lowercase: flag('lowercase'),
    uppercase: flag('uppercase'),
    number: flag('number'),
    nonAlphanumeric: readBoolean(body, 'nonAlphaNumeric') ?? flag('nonAlphanumeric'),
    expiration: flag('expiration'),
    expirationWeeks: count('expirationWeeks'),
    reuse: flag('reuse'),
    reuseAmount: count('reuseAmount'),
    lock: flag('lock'),
    lockAttempts: count('lockAttempts'),
  };
}
