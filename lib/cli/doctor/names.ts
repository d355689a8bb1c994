// Checks the management key, and the role and permission names of an access map against those of the project.
import { callDescope, DescopeApiError } from '../../core/api/descope-api.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeUnavailableError } from '../../core/errors.js';
import { isJsonObject } from '../../core/token/claims.js';
import type { DemandingHandler, ProjectNames, UnknownAccessName } from '../../core/user/access-names.js';
import { compareNames, readNameUses } from '../../core/user/access-names.js';
import type { Finding } from './finding.js';
import { ok, problem, skipped, toCount, warning } from './finding.js';

const KEY_ADVICE =
  'Set DESCOPE_MANAGEMENT_KEY to a key of this project that may read roles, permissions and tenants.';

const ACCESS_MAP =
  'An access map lists what each handler demands; describeAccess(app) of nestjs-descope/inspect returns it.';

/** Compares the names of the access map with the project's; without a map it tries the management key alone. */
export async function checkNames(
  config: DescopeConfig,
  accessMap: readonly unknown[] | undefined,
): Promise<Finding[]> {
  const { managementKey } = config.readSecrets();
  if (managementKey === undefined) return [toKeyless(accessMap)];
  const project = toProjectNames(config, managementKey);
  try {
    return accessMap === undefined ? [await tryKey(project)] : await compare(accessMap, config, project);
  } catch (error) {
    return [toFailure(error)];
  }
}

function toKeyless(accessMap: readonly unknown[] | undefined): Finding {
  if (accessMap === undefined)
    return skipped('names', `There is neither a management key nor --access-map. ${ACCESS_MAP}`);
  return warning('names', 'The names of the access map cannot be compared without a management key.', {
    advice: KEY_ADVICE,
    code: 'CONFIG_MANAGEMENT_KEY_MISSING',
  });
}

async function tryKey(project: ProjectNames): Promise<Finding> {
  const [roles, permissions] = await Promise.all([project.readRoles(), project.readPermissions()]);
  const count = `${toCount(roles.length, 'role')} and ${toCount(permissions.length, 'permission')}`;
  return ok(
    'names',
    `The management key is accepted; the project has ${count}. Names are compared by --access-map. ${ACCESS_MAP}`,
  );
}

async function compare(
  accessMap: readonly unknown[],
  { authentication }: DescopeConfig,
  project: ProjectNames,
): Promise<Finding[]> {
  const handlers = accessMap.filter(isHandler);
  if (handlers.length < accessMap.length)
    return [
      problem('names', 'The file of --access-map is not what describeAccess(app) returns.', {
        advice:
          'Write JSON.stringify(describeAccess(app)) to it; describeAccess is in nestjs-descope/inspect.',
      }),
    ];
  const uses = readNameUses(handlers, authentication);
  const { unknownRoles, unknownPermissions } = await compareNames(uses, project);
  const flaws = [...toFlaws('role', unknownRoles), ...toFlaws('permission', unknownPermissions)];
  if (flaws.length > 0) return flaws;
  const count = new Set([...uses.roles, ...uses.permissions].map(({ name }) => name)).size;
  const counts = `${toCount(count, 'name')}, ${toCount(handlers.length, 'handler')}`;
  return [ok('names', `The project has every role and permission that is demanded: ${counts}.`)];
}

function toFlaws(kind: string, unknown: readonly UnknownAccessName[]): Finding[] {
  const advice = `Correct the name, or create the ${kind} at Descope; until then nobody can call these handlers.`;
  return unknown.map(({ name, usedBy }) =>
    problem(
      'names',
      `The project has no ${kind} ${JSON.stringify(name)}, which ${usedBy.join(', ')} demands.`,
      {
        advice,
      },
    ),
  );
}

function isHandler(value: unknown): value is DemandingHandler {
  if (!isJsonObject(value)) return false;
  const { handler, demands } = value;
  const isDemand = (demand: unknown) => isJsonObject(demand) && typeof demand['kind'] === 'string';
  return typeof handler === 'string' && Array.isArray(demands) && demands.every(isDemand);
}

function toFailure(error: unknown): Finding {
  if (error instanceof DescopeApiError) {
    const { errorCode = 'no code', status } = error;
    const message = `Descope rejects the management key (status ${status}, ${errorCode}).`;
    return problem('names', message, { advice: KEY_ADVICE, code: 'CONFIG_MANAGEMENT_KEY_REFUSED' });
  }
  if (error instanceof DescopeUnavailableError)
    return problem('names', error.message, {
      advice: 'Run the doctor again. If this stays, check the network and the rate limits of the project.',
      code: error.code,
    });
  throw error;
}

// The lists of the management API, by the pipeline's own bounded calls.
function toProjectNames(config: DescopeConfig, bearer: string): ProjectNames {
  const { baseUrl, projectId, fetch, keyFetch } = config;
  const api = { baseUrl, projectId, fetch, timeoutMs: keyFetch.timeoutMs, notify: () => undefined };
  const list = async (path: string, member: string, body?: object) => {
    const { json } = await callDescope(api, { path, bearer, ...(body && { body }) });
    const items: unknown = isJsonObject(json) ? json[member] : undefined;
    return Array.isArray(items) ? items.filter(isJsonObject) : [];
  };
  const named = async (path: string, member: string, body?: object) =>
    (await list(path, member, body)).map(toNamed);
  return {
    readRoles: () => named('/v1/mgmt/role/all', 'roles'),
    readPermissions: () => named('/v1/mgmt/permission/all', 'permissions'),
    readTenants: async () =>
      (await list('/v1/mgmt/tenant/all', 'tenants')).map(({ id }) => ({ id: String(id) })),
    readTenantRoles: (tenantIds, roleNames) =>
      named('/v1/mgmt/role/search', 'roles', { tenantIds, roleNames }),
  };
}

function toNamed({ name, tenantId }: Readonly<Record<string, unknown>>) {
  const own = typeof tenantId === 'string' && tenantId !== '' ? { tenantId } : {};
  return { name: typeof name === 'string' ? name : '', ...own };
}
