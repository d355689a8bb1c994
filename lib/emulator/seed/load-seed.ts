// Loads a seed, given as an object or as the path of a JSON file: checks its shape, then that its names fit together.
import { readFileSync } from 'node:fs';
import { EmulatorError } from '../errors.js';
import { Authorization } from '../fga/authorization.js';
import { FgaError } from '../fga/tokenizer.js';
import { findSettingsMistakes } from '../store/password-policy.js';
import { findTemplateIssues } from '../templates/jwt-template.js';
import { CustomAttributes } from '../users/custom-attributes.js';
import { applyAuthorization } from './apply-seed.js';
import { toAttribute, toPasswordSettings, toTemplate } from './apply-settings.js';
import type { EmulatorSeed, SeedMembership } from './seed.js';
import { findConnectionMistakes } from './seed-connections.js';
import { rolesOfSso } from './seed-federation.js';
import type { SeedPasswordSettings } from './seed-settings.js';
import { findShapeMistakes } from './seed-shape.js';

/** Reads and checks a seed; throws `EMULATOR_SEED_UNREADABLE` or `EMULATOR_SEED_INVALID` with all mistakes. */
export function loadSeed(seed: EmulatorSeed | string | undefined): EmulatorSeed {
  if (seed === undefined) return {};
  const source = typeof seed === 'string' ? `The seed file ${seed}` : 'The seed';
  const value: unknown = typeof seed === 'string' ? readFile(seed) : seed;
  const mistakes = findSeedMistakes(value);
  if (mistakes.length > 0) {
    throw new EmulatorError('EMULATOR_SEED_INVALID', `${source} is not valid:\n- ${mistakes.join('\n- ')}`);
  }
  // A copy: what a test does to its object later must not change what `reset()` goes back to.
  return structuredClone(value as EmulatorSeed);
}

function readFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    const detail = cause instanceof Error ? `: ${cause.message}` : '';
    const message = `The seed file ${path} ${reason}${detail}`;
    throw new EmulatorError('EMULATOR_SEED_UNREADABLE', message, { cause });
  }
}

/** Lists what is wrong with a seed, one line a mistake; names are compared only once the shape is right. */
export function findSeedMistakes(seed: unknown): readonly string[] {
  const mistakes = findShapeMistakes(seed);
  return mistakes.length > 0 ? mistakes : findNameMistakes(seed as EmulatorSeed);
}

function findNameMistakes(seed: EmulatorSeed): readonly string[] {
  const { users = [], accessKeys = [], inboundApps = [], tenants = [] } = seed;
  return [
    ...findAllDuplicates(seed),
    ...users.flatMap((user, index) => findUnknownGrants(seed, user, `users[${index}]`)),
    ...accessKeys.flatMap((key, index) => findUnknownGrants(seed, key, `accessKeys[${index}]`)),
    ...accessKeys.flatMap((key, index) => findUnknownUser(seed, key.user, `accessKeys[${index}].user`)),
    ...inboundApps.flatMap((app, index) => findUnknownTenants(seed, app.tenants, `inboundApps[${index}]`)),
    ...findConnectionMistakes(seed),
    ...tenants.flatMap(({ sso }, index) =>
      findUnknownGrants(seed, { roles: sso && rolesOfSso(sso) }, `tenants[${index}].sso`),
    ),
    ...findFgaMistakes(seed),
    ...findTemplateMistakes(seed),
    ...findAttributeMistakes(seed),
    ...findPasswordMistakes(seed.passwordSettings, 'passwordSettings'),
    ...(seed.tenants ?? []).flatMap(({ passwordSettings }, index) =>
      findPasswordMistakes(passwordSettings, `tenants[${index}].passwordSettings`),
    ),
  ];
}

function findAllDuplicates(seed: EmulatorSeed): readonly string[] {
  const { users = [], tenants = [], roles = [], accessKeys = [], inboundApps = [], mcpServers = [] } = seed;
  const { flows = [] } = seed;
  const loginIds = users.flatMap((user) => [user.loginId, ...(user.additionalLoginIds ?? [])]);
  const userIds = users.flatMap((user) => user.userId ?? []);
  const roleNames = roles.map((role) => [role.tenantId, role.name].filter(Boolean).join(': '));
  const clientIds = inboundApps.flatMap((app) => app.clientId ?? []);
  const duplicates: readonly (readonly [what: string, names: readonly string[], where?: string])[] = [
    ['the login id', loginIds, ' in users'],
    ['the userId', userIds],
    ['the id', tenants.map((tenant) => tenant.id), ' in tenants'],
    ['the role', roleNames],
    ['the access key', accessKeys.map((key) => key.name)],
    ['the inbound app', inboundApps.map((app) => app.name)],
    ['the clientId', clientIds],
    ['the custom attribute', (seed.customAttributes ?? []).map((attribute) => attribute.name)],
    ['the outbound app', (seed.outboundApps ?? []).map((app) => app.id)],
    ['the MCP server', mcpServers.map((server) => server.name)],
    ['the JWT template', (seed.jwtTemplates ?? []).map((template) => template.name)],
    ['the id', mcpServers.flatMap((server) => server.id ?? []), ' in mcpServers'],
    ['the id', flows.map((flow) => flow.id), ' in flows'],
  ];
  return [
    ...duplicates.flatMap(([what, names, where = '']) =>
      findDuplicates(names).map((name) => `${what} ${JSON.stringify(name)} appears twice${where}`),
    ),
    // The cleartext itself is a secret and stays out of the message.
    ...findDuplicates(accessKeys.map((key) => key.cleartext)).map(
      () => 'two access keys have the same cleartext',
    ),
  ];
}

function findDuplicates(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

/** A user or an access key of a seed. */
interface GrantHolder {
  readonly roles?: readonly string[] | undefined;
  readonly tenants?: readonly SeedMembership[] | undefined;
}

// Without a list of roles (or tenants) any name is valid; with one, a name that is not in it is a mistake.
function findUnknownGrants(seed: EmulatorSeed, holder: GrantHolder, path: string): readonly string[] {
  const known = seed.roles && new Set(seed.roles.map((role) => role.name));
  const { roles = [], tenants = [] } = holder;
  const named = [...roles, ...tenants.flatMap((membership) => membership.roles ?? [])];
  const tenantIds = tenants.map(({ tenantId }) => tenantId);
  return [
    ...named
      .filter((name) => known && !known.has(name))
      .map((name) => `${path} has the role ${JSON.stringify(name)}, which is not in roles`),
    ...findUnknownTenants(seed, tenantIds, path),
  ];
}

function findUnknownTenants(seed: EmulatorSeed, ids: readonly string[] = [], path = ''): readonly string[] {
  const known = seed.tenants && new Set(seed.tenants.map((tenant) => tenant.id));
  return ids
    .filter((id) => known && !known.has(id))
    .map((id) => `${path} names the tenant ${JSON.stringify(id)}, which is not in tenants`);
}

function findUnknownUser(seed: EmulatorSeed, loginId: string | undefined, path: string): readonly string[] {
  if (loginId === undefined || seed.users?.some((user) => user.loginId === loginId)) return [];
  return [`${path} is ${JSON.stringify(loginId)}, which is not a loginId in users`];
}

function findPasswordMistakes(settings: SeedPasswordSettings | undefined, path: string): readonly string[] {
  return findSettingsMistakes(toPasswordSettings(settings)).map((mistake) => `${path}.${mistake}`);
}

function findTemplateMistakes({ jwtTemplates = [] }: EmulatorSeed): readonly string[] {
  return jwtTemplates.flatMap((template, index) =>
    findTemplateIssues(toTemplate(template)).map(
      ({ field, message }) => `jwtTemplates[${index}].${field}: ${message}`,
    ),
  );
}

// An attribute that is declared twice is found elsewhere.
function findAttributeMistakes({ customAttributes = [], users = [] }: EmulatorSeed): readonly string[] {
  const declared = new CustomAttributes();
  for (const attribute of customAttributes) declared.records.put(toAttribute(attribute));
  return users.flatMap((user, index) => {
    const mistake = declared.findMistake(user.customAttributes);
    return mistake === undefined ? [] : [`users[${index}].customAttributes: ${mistake}`];
  });
}

// Only the first relation that does not fit the schema is reported.
function findFgaMistakes(seed: EmulatorSeed): readonly string[] {
  try {
    applyAuthorization(new Authorization(), seed);
    return [];
  } catch (cause) {
    if (cause instanceof FgaError) return [`fga: ${cause.message}`];
    throw cause;
  }
}
