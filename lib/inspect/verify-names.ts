// Compares the roles and permissions of the access map with those of the project, by Descope's management API.
import type { INestApplicationContext } from '@nestjs/common';
import type { DescopeClient } from '../auth/injection-tokens.js';
import { DESCOPE_CLIENT, DESCOPE_CONFIG } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError, DescopeUnavailableError } from '../core/errors.js';
import { RequestFailure, toReason } from '../core/request-failure.js';
import type { AccessNamesReport, ProjectNames } from '../core/user/access-names.js';
import { compareNames, readNameUses } from '../core/user/access-names.js';
import { describeAccess } from './access-map.js';

/**
 * Compares the roles and permissions that handlers demand with those of the project, by Descope's management API. A role that
 * only tenants have is known where it is demanded in a tenant. Needs the option `managementKey`.
 * @returns the names that the project does not have; two empty lists if it has all of them
 * @throws {DescopeConfigError} CONFIG_MANAGEMENT_KEY_MISSING without a management key, CONFIG_MANAGEMENT_KEY_REFUSED when
 *   Descope rejects it
 * @throws {DescopeUnavailableError} DESCOPE_UNAVAILABLE
 * @example `expect(await verifyAccessNames(app)).toEqual({ unknownRoles: [], unknownPermissions: [] })`
 */
export async function verifyAccessNames(app: INestApplicationContext): Promise<AccessNamesReport> {
  const config = app.get<DescopeConfig>(DESCOPE_CONFIG, { strict: false });
  if (config.readSecrets().managementKey === undefined) throw missingKey();
  const { management } = app.get<DescopeClient>(DESCOPE_CLIENT, { strict: false });
  const uses = readNameUses(describeAccess(app), config.authentication);
  return compareNames(uses, toProjectNames(management, config.baseUrl));
}

function toProjectNames(management: DescopeClient['management'], url: string): ProjectNames {
  return {
    readRoles: () => ask(management.role.loadAll(), url),
    readPermissions: () => ask(management.permission.loadAll(), url),
    readTenants: () => ask(management.tenant.loadAll(), url),
    readTenantRoles: (tenantIds, roleNames) =>
      ask(management.role.search({ tenantIds: [...tenantIds], roleNames: [...roleNames] }), url),
  };
}

interface Answer<T> {
  readonly ok: boolean;
  readonly code?: number | undefined;
  readonly data?: T | undefined;
}

async function ask<T>(answering: Promise<Answer<T>>, url: string): Promise<T> {
  const {
    ok,
    code = 0,
    data,
  } = await answering.catch((cause: unknown) => {
    throw unavailable(cause);
  });
  if (ok && data !== undefined) return data;
  if (code === 401 || code === 403) throw rejectedKey(code);
  throw unavailable(new RequestFailure({ url, status: code }));
}

function missingKey(): DescopeConfigError {
  const message =
    'The names cannot be compared with the project without a management key. Set managementKey (DESCOPE_MANAGEMENT_KEY) to a key that may read roles, permissions and tenants. Create one in the Descope console under Company → Management Keys.';
  return new DescopeConfigError('CONFIG_MANAGEMENT_KEY_MISSING', message);
}

function rejectedKey(status: number): DescopeConfigError {
  const message =
    'Descope rejects the management key. Use a key of this project that may read roles, permissions and tenants.';
  return new DescopeConfigError('CONFIG_MANAGEMENT_KEY_REFUSED', message, { status });
}

function unavailable(cause: unknown): DescopeUnavailableError {
  const message = `Descope's management API is unavailable at present (${toReason(cause)}).`;
  return new DescopeUnavailableError('DESCOPE_UNAVAILABLE', message, { retryAfterSeconds: 10, cause });
}
