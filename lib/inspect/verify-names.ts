// Compares the roles and permissions that handlers demand with those of the project, by Descope's management API.
import type { INestApplicationContext } from '@nestjs/common';
import type { DescopeClient } from '../auth/injection-tokens.js';
import { DESCOPE_CLIENT, DESCOPE_CONFIG } from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError, DescopeUnavailableError } from '../core/errors.js';
import { RequestFailure, toReason } from '../core/request-failure.js';
import type { AccessMap, AccessMapDemand } from './access-map.js';
import { describeAccess } from './access-map.js';

/** A role or permission that the project does not have. */
export interface UnknownAccessName {
  /** The name of the role or permission. */
  readonly name: string;
  /** The handlers that demand it: `'OrdersController.remove'`. */
  readonly usedBy: readonly string[];
}

/** The roles and permissions that handlers demand and that the project does not have. */
export interface AccessNamesReport {
  /** The unknown roles, those of `@Staff()` and `@Superuser()` included. */
  readonly unknownRoles: readonly UnknownAccessName[];
  /** The unknown permissions. */
  readonly unknownPermissions: readonly UnknownAccessName[];
}

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
  const { baseUrl } = config;
  const uses = readNameUses(describeAccess(app), config.authentication);
  const [roles, permissions] = await Promise.all([
    ask(management.role.loadAll(), baseUrl),
    ask(management.permission.loadAll(), baseUrl),
  ]);
  const inProject = new Set(roles.filter(({ tenantId }) => !tenantId).map(({ name }) => name));
  const missing = uses.roles.filter(({ name }) => !inProject.has(name));
  const unknownRoles = await withoutTenantRoles(missing, management, baseUrl);
  const known = new Set(permissions.map(({ name }) => name));
  return {
    unknownRoles: group(unknownRoles),
    unknownPermissions: group(uses.permissions.filter(({ name }) => !known.has(name))),
  };
}

// Descope lists a tenant's own roles only if the request names the tenant.
async function withoutTenantRoles(
  missing: readonly NameUse[],
  management: DescopeClient['management'],
  url: string,
): Promise<readonly NameUse[]> {
  const wanted = [...new Set(missing.filter(({ inTenant }) => inTenant).map(({ name }) => name))];
  if (wanted.length === 0) return missing;
  const tenantIds = (await ask(management.tenant.loadAll(), url)).map(({ id }) => id);
  if (tenantIds.length === 0) return missing;
  const roles = await ask(management.role.search({ tenantIds, roleNames: wanted }), url);
  const found = new Set(roles.map(({ name }) => name));
  return missing.filter(({ name, inTenant }) => !inTenant || !found.has(name));
}

function group(uses: readonly NameUse[]): UnknownAccessName[] {
  const byName = new Map<string, Set<string>>();
  for (const { name, handler } of uses) byName.set(name, (byName.get(name) ?? new Set()).add(handler));
  return [...byName].map(([name, handlers]) => ({ name, usedBy: [...handlers] }));
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

// Reads the role and permission names of the access map, with their handlers.

/** One handler that demands a name. */
export interface NameUse {
  readonly name: string;
  readonly handler: string;
  /** Whether a tenant's own role is enough. */
  readonly inTenant: boolean;
}

/** Every use of a name, in the order of the map. */
export interface NameUses {
  readonly roles: readonly NameUse[];
  readonly permissions: readonly NameUse[];
}

/** The roles of `@Staff()` and `@Superuser()`. */
export interface StaffRoles {
  readonly staffRole: string;
  readonly superuserRole: string;
}

/** Lists the names that handlers demand. */
export function readNameUses(map: AccessMap, standing: StaffRoles): NameUses {
  const uses = map.flatMap(({ handler, demands }) =>
    demands.flatMap((demand) =>
      toNames(demand, standing).map((name) => {
        return { kind: toKind(demand), name, handler, inTenant: demand['tenant'] !== undefined };
      }),
    ),
  );
  const ofKind = (kind: string) =>
    uses
      .filter((use) => use.kind === kind)
      .map(({ name, handler, inTenant }) => ({ name, handler, inTenant }));
  return { roles: ofKind('roles'), permissions: ofKind('permissions') };
}

function toNames(
  { kind, names }: AccessMapDemand,
  { staffRole, superuserRole }: StaffRoles,
): readonly string[] {
  if (kind === 'staff') return [staffRole];
  if (kind === 'superuser') return [superuserRole];
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === 'string') : [];
}

function toKind({ kind }: AccessMapDemand): string {
  return kind === 'staff' || kind === 'superuser' ? 'roles' : kind;
}
