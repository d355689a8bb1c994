// What else a handler may ask for: a tenant, scopes, how one signed in, which callers and audiences.
import type { TokenKind } from '../../core/token/claims.js';
import type { PermissionName, RoleName } from '../../core/user/custom-claims.js';
import type { GrantDemand, NameMatch } from '../../core/user/requirements.js';
import type { AccessDecorator } from './access-metadata.js';
import {
  addDemand,
  addMetadata,
  assertChoices,
  assertNames,
  assertValueSource,
  invalid,
} from './access-metadata.js';
import type { ValueSource } from './check-access.js';

/** Who may call: everybody that a token's kind can name. */
export type AcceptedKind = Exclude<TokenKind, 'unknown'>;

const KINDS: readonly AcceptedKind[] = ['user', 'access-key', 'app', 'agent'];
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/; // RFC 6749 §3.3, which also keeps the challenge well-formed

/** A decorator of scopes with a variant: `@Scopes(…)` and `@Scopes.any(…)`. */
export interface ScopesDecorator {
  (...scopes: readonly string[]): AccessDecorator;
  /** Asks for one of the scopes. */
  any(...scopes: readonly string[]): AccessDecorator;
}

/** A decorator of sign-in methods with a variant: `@Amr(…)` and `@Amr.all(…)`. */
export interface AmrDecorator {
  (...methods: readonly string[]): AccessDecorator;
  /** Asks for all of the methods. */
  all(...methods: readonly string[]): AccessDecorator;
}

/**
 * Asks for membership in the tenant that the request names; else 403 `ACCESS_TENANT_MISSING`, or
 * `ACCESS_TENANT_UNNAMED` where it names none. `@CurrentTenant()` gives it to the handler.
 * @example `@Tenant({ from: 'param:tenantId' }) @Get(':tenantId/orders') list(@CurrentTenant() tenant: string) {}`
 */
export function Tenant({ from }: { readonly from: ValueSource }): AccessDecorator {
  assertValueSource(from, '@Tenant({ from })');
  return addDemand({ kind: 'tenant', from }, '@Tenant');
}

/** Asks for all of these OAuth scopes, or with `@Scopes.any` for one; else 403 `ACCESS_SCOPE_MISSING` (RFC 6750 §3.1). */
export const Scopes: ScopesDecorator = Object.assign(
  (...scopes: readonly string[]) => askScopes(scopes, 'all'),
  { any: (...scopes: readonly string[]) => askScopes(scopes, 'any') },
);

/**
 * Asks for a step-up (`su`), at most so many seconds old; else 401 `AUTH_STEP_UP_REQUIRED` (RFC 9470). The age is that
 * of the token which bears it. Default: as long as Descope lets it last.
 */
export function StepUp(options: { readonly maxAgeSeconds?: number } = {}): AccessDecorator {
  const { maxAgeSeconds } = options;
  const isAge = maxAgeSeconds === undefined || (Number.isFinite(maxAgeSeconds) && maxAgeSeconds > 0);
  if (!isAge || Object.keys(options).some((name) => name !== 'maxAgeSeconds'))
    throw invalid('@StepUp()', '{ maxAgeSeconds } above zero, or nothing');
  return addDemand({ kind: 'step-up', maxAgeSeconds }, '@StepUp');
}

/** Asks for a sign-in with two factors (`amr` says `mfa`, or names two methods); else 401 `AUTH_MFA_REQUIRED`. */
export function Mfa(): AccessDecorator {
  return addDemand({ kind: 'mfa' }, '@Mfa');
}

/** Asks for a sign-in by one of these methods (`amr`, RFC 8176), or with `@Amr.all` by all; else 401 `AUTH_METHOD_REQUIRED`. */
export const Amr: AmrDecorator = Object.assign(
  (...methods: readonly string[]) => askMethods(methods, 'any'),
  { all: (...methods: readonly string[]) => askMethods(methods, 'all') },
);

/** Asks for a token that names one of these audiences, in place of the option `audience`; else 401 `TOKEN_AUDIENCE_MISMATCH`. */
export function Audience(...audiences: readonly string[]): AccessDecorator {
  assertNames(audiences, '@Audience');
  return addDemand({ kind: 'audience', names: audiences }, '@Audience');
}

/**
 * Says who may call, in place of the option `accepts`; else 401 `TOKEN_KIND_NOT_ACCEPTED`. Tokens of apps and agents
 * need an audience, by `@Audience` or the option.
 */
export function Accepts(...kinds: readonly AcceptedKind[]): AccessDecorator {
  assertChoices(kinds, KINDS, '@Accepts');
  return addDemand({ kind: 'accepts', kinds }, '@Accepts');
}

/** Asks for the project role `staffRole` (default `is_staff`); else 403 `ACCESS_STAFF_MISSING`. */
export function Staff(): AccessDecorator {
  return addDemand({ kind: 'staff' }, '@Staff');
}

/** Asks for the project role `superuserRole` (default `is_superuser`); else 403 `ACCESS_SUPERUSER_MISSING`. */
export function Superuser(): AccessDecorator {
  return addDemand({ kind: 'superuser' }, '@Superuser');
}

function askScopes(scopes: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'all' ? '@Scopes' : '@Scopes.any';
  assertNames(scopes, decorator);
  if (!scopes.every((scope) => SCOPE.test(scope)))
    throw invalid(`${decorator}()`, 'scopes one by one, without blanks or quotes');
  return addDemand({ kind: 'scopes', names: scopes, match }, decorator);
}

function askMethods(methods: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'any' ? '@Amr' : '@Amr.all';
  assertNames(methods, decorator);
  return addDemand({ kind: 'amr', names: methods, match }, decorator);
}

// What a handler, or all of a class, most often asks for. Only noted here; access.policy reads it back.

/** In which tenant a role or permission is asked for. */
export interface GrantOptions {
  /** `true` for the tenant of the route's `@Tenant`, or where the request names it. */
  readonly tenant: true | ValueSource;
  /** Whether the same grant in the project will do as well. Default: `false`. */
  readonly orProject?: boolean;
}

/** The required names; the last argument may say in which tenant. */
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
  return addMetadata({
    mode: isPublic ? 'public' : 'required',
    label: isPublic ? '@Public()' : '@Public(false)',
  });
}

/**
 * Lets everybody in and tells who is signed in: `@CurrentUser()` is `undefined` for nobody. On a class it is about the
 * handlers that the class itself writes.
 * A bad bearer token is rejected all the same, and so is whom `loadUser` does not know; a bad cookie counts as nobody.
 */
export function OptionalAuth(): AccessDecorator {
  return addMetadata({ mode: 'optional', label: '@OptionalAuth()' });
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
  return addDemand({ kind, names, match, tenant: options?.tenant, orProject: options?.orProject }, decorator);
}

function assertGrantOptions(given: object, decorator: string): GrantOptions {
  const options = { ...given } as Partial<Record<string, unknown>>;
  const { tenant, orProject = false, ...others } = options;
  if (tenant !== true) assertValueSource(tenant, `${decorator}(…, { tenant })`);
  if (typeof orProject !== 'boolean' || Object.keys(others).length > 0)
    throw invalid(`${decorator}()`, 'names, and after them at most { tenant, orProject }');
  return { tenant, orProject } as GrantOptions;
}
