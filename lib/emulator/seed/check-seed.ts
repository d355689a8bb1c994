// Checks a seed: its shape first, then that its names fit together.
import { findAppMistakes, findFgaMistakes, fgaShape, inboundAppShape } from './check-apps.js';
import type { EmulatorSeed, SeedMembership } from './seed.js';
import { credential, flag, listOf, objectOf, oneOf, record, seconds, text } from './shape.js';
import { findTwins } from './twins.js';

const memberships = listOf(objectOf({ 'tenantId!': text, roles: listOf(text) }));

const seedShape = objectOf({
  users: listOf(
    objectOf({
      'loginId!': text,
      additionalLoginIds: listOf(text),
      userId: text,
      email: text,
      phone: text,
      name: text,
      givenName: text,
      familyName: text,
      picture: text,
      password: text,
      roles: listOf(text),
      permissions: listOf(text),
      tenants: memberships,
      customAttributes: record,
      customClaims: record,
      status: oneOf('enabled', 'disabled', 'invited'),
      test: flag,
    }),
  ),
  tenants: listOf(objectOf({ 'id!': text, name: text, customAttributes: record })),
  roles: listOf(objectOf({ 'name!': text, permissions: listOf(text), description: text, tenantId: text })),
  accessKeys: listOf(
    objectOf({
      'name!': text,
      'cleartext!': credential,
      id: text,
      roles: listOf(text),
      permissions: listOf(text),
      tenants: memberships,
      user: text,
      customClaims: record,
      expireTime: seconds,
    }),
  ),
  inboundApps: listOf(inboundAppShape),
  fga: fgaShape,
});

/** Says what is wrong with a seed, one line a mistake; names are only compared once the shape is right. */
export function findSeedMistakes(seed: unknown): readonly string[] {
  const mistakes = seedShape(seed, '');
  return mistakes.length > 0 ? mistakes : findNameMistakes(seed as EmulatorSeed);
}

function findNameMistakes(seed: EmulatorSeed): readonly string[] {
  const { users = [], accessKeys = [] } = seed;
  return [
    ...findAllTwins(seed),
    ...users.flatMap((user, index) => findStrangers(seed, user, `users[${index}]`)),
    ...accessKeys.flatMap((key, index) => findStrangers(seed, key, `accessKeys[${index}]`)),
    ...accessKeys.flatMap((key, index) => findUnknownUser(seed, key.user, `accessKeys[${index}].user`)),
    ...findAppMistakes(seed),
    ...findFgaMistakes(seed),
  ];
}

function findAllTwins({
  users = [],
  tenants = [],
  roles = [],
  accessKeys = [],
}: EmulatorSeed): readonly string[] {
  const loginIds = users.flatMap((user) => [user.loginId, ...(user.additionalLoginIds ?? [])]);
  const roleNames = roles.map((role) => [role.tenantId, role.name].filter(Boolean).join(': '));
  const cleartexts = accessKeys.map((key) => key.cleartext);
  return [
    ...findTwins(loginIds).map((twin) => `the login id ${twin} stands twice in users`),
    ...findTwins(users.flatMap((user) => user.userId ?? [])).map((twin) => `the userId ${twin} stands twice`),
    ...findTwins(tenants.map((tenant) => tenant.id)).map((twin) => `the id ${twin} stands twice in tenants`),
    ...findTwins(roleNames).map((twin) => `the role ${twin} stands twice`),
    ...findTwins(accessKeys.map((key) => key.name)).map((twin) => `the access key ${twin} stands twice`),
    // The cleartext itself is a secret and stays out of the message.
    ...findTwins(cleartexts).map(() => 'two access keys have the same cleartext'),
  ];
}

interface Holder {
  readonly roles?: readonly string[];
  readonly tenants?: readonly SeedMembership[];
}

// Without a list of roles (or tenants) any name will do; with one, a name that is not in it is a slip of the pen.
function findStrangers(seed: EmulatorSeed, holder: Holder, place: string): readonly string[] {
  const roles = seed.roles && new Set(seed.roles.map((role) => role.name));
  const tenants = seed.tenants && new Set(seed.tenants.map((tenant) => tenant.id));
  const { roles: roleNames = [], tenants: memberships = [] } = holder;
  const named = [...roleNames, ...memberships.flatMap((membership) => membership.roles ?? [])];
  return [
    ...named
      .filter((name) => roles && !roles.has(name))
      .map((name) => `${place} has the role ${JSON.stringify(name)}, which is not in roles`),
    ...memberships
      .filter(({ tenantId }) => tenants && !tenants.has(tenantId))
      .map(
        ({ tenantId }) => `${place} is in the tenant ${JSON.stringify(tenantId)}, which is not in tenants`,
      ),
  ];
}

function findUnknownUser(seed: EmulatorSeed, loginId: string | undefined, place: string): readonly string[] {
  if (loginId === undefined || seed.users?.some((user) => user.loginId === loginId)) return [];
  return [`${place} is ${JSON.stringify(loginId)}, which is no loginId in users`];
}
