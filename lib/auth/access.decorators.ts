// What a handler, or all of a class, most often asks for. Only noted here; access.policy reads it back.
import type { PermissionName, RoleName } from '../core/claims/register.js';
import type { GrantDemand, NameMatch } from '../core/user/demands.js';
import { assertNames, assertValueSource, invalid } from './access/definition.js';
import { ask, note } from './access/note.js';
import type { AccessDecorator } from './access/note.js';
import type { ValueSource } from './access/request-value.js';

/** In which tenant a role or permission is asked for. */
export interface GrantOptions {
  /** `true` for the tenant of the route's `@Tenant`, or where the request names it. */
  readonly tenant: true | ValueSource;
  /** Whether the same grant in the project will do as well. Default: `false`. */
  readonly orProject?: boolean;
}

/** The names that are asked for, and in the end in which tenant. */
export type GrantArguments<Name extends string = string> =
  readonly Name[] | readonly [...names: Name[], options: GrantOptions];

// Of a call that fits no form the compiler speaks of the first one first: that of names alone, which most misspell.

/** A decorator of names with a variant: `@Roles(…)` and `@Roles.all(…)`. */
export interface RolesDecorator {
  (...names: readonly RoleName[]): AccessDecorator;
  (...names: GrantArguments<RoleName>): AccessDecorator;
  /** Asks for all of the roles. */
  all(...names: readonly RoleName[]): AccessDecorator;
  all(...names: GrantArguments<RoleName>): AccessDecorator;
}

/** A decorator of names with a variant: `@Permissions(…)` and `@Permissions.any(…)`. */
export interface PermissionsDecorator {
  (...names: readonly PermissionName[]): AccessDecorator;
  (...names: GrantArguments<PermissionName>): AccessDecorator;
  /** Asks for one of the permissions. */
  any(...names: readonly PermissionName[]): AccessDecorator;
  any(...names: GrantArguments<PermissionName>): AccessDecorator;
}

/**
 * Opens a route, or all routes that a class itself writes, to everybody: no token is read. `@Public(false)` closes it
 * again. What a subclass adds or overrides is not opened by it.
 * A demand (`@Roles`, `@Permissions`) on a handler closes it under a public class; both on the same handler stop the boot.
 */
export function Public(...given: [isPublic?: boolean]): AccessDecorator {
  // An `undefined` that was handed in is a setting that is missing: only what was left out, or true, opens a door.
  const isPublic = given.length === 0 || given[0] === true;
  return note({ mode: isPublic ? 'public' : 'required', label: isPublic ? '@Public()' : '@Public(false)' });
}

/**
 * Lets everybody in and tells who is signed in: `@CurrentUser()` is `undefined` for nobody. On a class it is about the
 * handlers that the class itself writes.
 * A bad bearer token is refused all the same, and so is whom `loadUser` does not know; a bad cookie counts as nobody.
 */
export function OptionalAuth(): AccessDecorator {
  return note({ mode: 'optional', label: '@OptionalAuth()' });
}

/**
 * Asks for any of these roles, or with `@Roles.all` for all of them; else 403 `ACCESS_ROLE_MISSING`. Project-level
 * roles, or with `{ tenant }` those in that tenant. Throws `CONFIG_DEMAND_EMPTY` without a name.
 * @example `@Roles('admin', 'editor') @Delete(':id') remove() {}`
 * @example `@Tenant({ from: 'param:tenantId' }) @Roles('admin', { tenant: true }) @Get(':tenantId') show() {}`
 */
export const Roles: RolesDecorator = Object.assign(
  (...names: GrantArguments) => askGrants('roles', 'any', names),
  { all: (...names: GrantArguments) => askGrants('roles', 'all', names) },
);

/**
 * Asks for all of these permissions, or with `@Permissions.any` for one of them; else 403
 * `ACCESS_PERMISSION_MISSING`. Project-level ones, or with `{ tenant }` those in that tenant. Throws
 * `CONFIG_DEMAND_EMPTY` without a name.
 * @example `@Permissions('reports:read') @Get() list() {}`
 */
export const Permissions: PermissionsDecorator = Object.assign(
  (...names: GrantArguments) => askGrants('permissions', 'all', names),
  { any: (...names: GrantArguments) => askGrants('permissions', 'any', names) },
);

const GRANT_DECORATORS = {
  roles: { any: '@Roles', all: '@Roles.all' },
  permissions: { any: '@Permissions.any', all: '@Permissions' },
};

function askGrants(kind: GrantDemand['kind'], match: NameMatch, given: GrantArguments): AccessDecorator {
  const decorator = GRANT_DECORATORS[kind][match];
  const last: unknown = given.at(-1);
  const isOptions = typeof last === 'object' && last !== null && !Array.isArray(last);
  const options = isOptions ? assertGrantOptions(last, decorator) : undefined;
  const names: readonly unknown[] = options === undefined ? given : given.slice(0, -1);
  assertNames(names, decorator);
  return ask({ kind, names, match, tenant: options?.tenant, orProject: options?.orProject }, decorator);
}

function assertGrantOptions(given: object, decorator: string): GrantOptions {
  const options = { ...given } as Partial<Record<string, unknown>>;
  const { tenant, orProject = false, ...others } = options;
  if (tenant !== true) assertValueSource(tenant, `${decorator}(…, { tenant })`);
  if (typeof orProject !== 'boolean' || Object.keys(others).length > 0)
    throw invalid(`${decorator}()`, 'names, and after them at most { tenant, orProject }');
  return { tenant, orProject } as GrantOptions;
}
