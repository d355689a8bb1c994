// Checks a seed: its shape first, then that its names fit together.
import { Authorization } from '../fga/authorization.js';
import { FgaError } from '../fga/schema.js';
import { isObject } from '../http/fields.js';
import { plantAuthorization } from './apply-seed.js';
import type { EmulatorSeed, SeedMembership } from './seed.js';

// A small language for the shape of a seed, which says where a value is wrong and what was wanted.

/** Collects what is wrong with a value that stands at a place. */
export type Shape = (value: unknown, place: string) => readonly string[];

/** Some text; what it is for is said in the message. */
export const text: Shape = (value, place) =>
  typeof value === 'string' && value.trim() !== '' ? [] : [wrong(place, 'a non-empty string', value)];

/** True or false. */
export const flag: Shape = (value, place) =>
  typeof value === 'boolean' ? [] : [wrong(place, 'true or false', value)];

/** A number of seconds. */
export const seconds: Shape = (value, place) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? []
    : [wrong(place, 'a whole number of seconds', value)];

/** An object with members of any name. */
export const record: Shape = (value, place) => (isObject(value) ? [] : [wrong(place, 'an object', value)]);

/** Text without blanks and colons, which would not survive in an Authorization header. */
export const credential: Shape = (value, place) =>
  typeof value === 'string' && /^[^\s:]+$/.test(value)
    ? []
    : [`${place} must be text without blanks and colons`];

/** One of some words. */
export function oneOf(...words: readonly string[]): Shape {
  return (value, place) => (words.includes(value as string) ? [] : [wrong(place, words.join(', '), value)]);
}

/** A list. */
export function listOf(item: Shape): Shape {
  return (value, place) =>
    Array.isArray(value)
      ? value.flatMap((member: unknown, index) => item(member, `${place}[${index}]`))
      : [wrong(place, 'an array', value)];
}

/** An object with these members; the ones whose name ends in `!` must be there, and there may be no others. */
export function objectOf(members: Readonly<Record<string, Shape>>): Shape {
  const shapes = new Map(Object.entries(members).map(([name, shape]) => [name.replace('!', ''), shape]));
  const required = Object.keys(members).filter((name) => name.endsWith('!'));
  return (value, place) => {
    if (!isObject(value)) return [wrong(place, 'an object', value)];
    const missing = required
      .map((name) => name.slice(0, -1))
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${join(place, name)} is missing`);
    const present = Object.entries(value).flatMap(([name, member]) => {
      if (member === undefined) return [];
      const shape = shapes.get(name);
      const known = [...shapes.keys()].join(', ');
      return shape
        ? shape(member, join(place, name))
        : [`${join(place, name)} is unknown; known are ${known}`];
    });
    return [...missing, ...present];
  };
}

function join(place: string, name: string): string {
  return place === '' ? name : `${place}.${name}`;
}

function wrong(place: string, wanted: string, got: unknown): string {
  const shown =
    typeof got === 'object' && got !== null ? (Array.isArray(got) ? 'an array' : 'an object') : show(got);
  return `${place || 'the seed'} must be ${wanted}, got ${shown}`;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}

// Checks the inbound apps and the authorization of a seed.

/** An inbound app of a seed. */
export const inboundAppShape = objectOf({
  'name!': text,
  'clientSecret!': text,
  clientId: text,
  scopes: listOf(text),
  tenants: listOf(text),
  defaultAudience: oneOf('projectId', 'clientId'),
});

/** The authorization of a seed. */
export const fgaShape = objectOf({
  'schema!': text,
  relations: listOf(
    objectOf({
      'resource!': text,
      'resourceType!': text,
      'relation!': text,
      'target!': text,
      'targetType!': text,
    }),
  ),
});

/** Says what is wrong with the names of a seed's apps. */
export function findAppMistakes({ inboundApps = [], tenants }: EmulatorSeed): readonly string[] {
  const known = tenants && new Set(tenants.map(({ id }) => id));
  return [
    ...findTwins(inboundApps.map(({ name }) => name)).map((twin) => `the inbound app ${twin} stands twice`),
    ...findTwins(inboundApps.flatMap(({ clientId }) => clientId ?? [])).map(
      (twin) => `the clientId ${twin} stands twice`,
    ),
    ...inboundApps.flatMap((app, index) =>
      (app.tenants ?? [])
        .filter((id) => known && !known.has(id))
        .map((id) => `inboundApps[${index}] names the tenant ${JSON.stringify(id)}, which is not in tenants`),
    ),
  ];
}

/** Says what is wrong with a seed's schema, or with the first relation that does not fit it. */
export function findFgaMistakes(seed: EmulatorSeed): readonly string[] {
  try {
    plantAuthorization(new Authorization(), seed);
    return [];
  } catch (cause) {
    if (cause instanceof FgaError) return [`fga: ${cause.message}`];
    throw cause;
  }
}

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

// Which names stand more than once.

/** The names that stand more than once, quoted. */
export function findTwins(names: readonly string[]): readonly string[] {
  const twins = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twins].map((name) => JSON.stringify(name));
}
