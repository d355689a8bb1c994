// The access decorators: what a handler, or every handler of a class, demands of its caller.
import type { TokenKind } from '../../core/token/claims.js';
import { isScope } from '../../core/token/claims.js';
import type { PermissionName, RoleName } from '../../core/user/custom-claims.js';
import type { GrantDemand, NameMatch } from '../../core/user/demands.js';
import type { AccessDecorator } from './access-metadata.js';
import {
  addDemand,
  addMetadata,
  assertChoices,
  assertNames,
  assertValueSource,
  invalid,
} from './access-metadata.js';
import type { ValueSource } from './request-values.js';

/** The kinds of caller that `@Accepts` takes. */
export type AcceptedKind = Exclude<TokenKind, 'unknown'>;

const KINDS: readonly AcceptedKind[] = ['user', 'access-key', 'app', 'agent'];

/** The type of `@Scopes(…)` and `@Scopes.any(…)`. */
export interface ScopesDecorator {
  /** Requires all of the scopes. */
  (...scopes: readonly string[]): AccessDecorator;
  /** Requires one of the scopes. */
  any(...scopes: readonly string[]): AccessDecorator;
}

/** The type of `@Amr(…)` and `@Amr.all(…)`. */
export interface AmrDecorator {
  /** Requires one of the methods. */
  (...methods: readonly string[]): AccessDecorator;
  /** Requires all of the methods. */
  all(...methods: readonly string[]): AccessDecorator;
}

/**
 * Requires membership in the tenant that the request names. Otherwise the response is 403 `ACCESS_TENANT_MISSING`, or 403
 * `ACCESS_TENANT_UNNAMED` if the request names none. `@CurrentTenant()` passes the tenant's id to the handler.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when `from` is not a `ValueSource`
 * @example `@Tenant({ from: 'param:tenantId' }) @Get(':tenantId/orders') list(@CurrentTenant() tenant: string) {}`
 */
export function Tenant({ from }: { readonly from: ValueSource }): AccessDecorator {
  assertValueSource(from, '@Tenant({ from })');
  return addDemand({ kind: 'tenant', from }, '@Tenant');
}

/**
 * Requires all of these OAuth scopes, or with `@Scopes.any` one of them. Otherwise the response is 403
 * `ACCESS_SCOPE_MISSING`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a scope
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID for a string that is not one scope (RFC 6749 §3.3)
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 * @example `@Scopes('orders:read') @Get('orders') list() {}`
 */
export const Scopes: ScopesDecorator = Object.assign(
  (...scopes: readonly string[]) => askScopes(scopes, 'all'),
  { any: (...scopes: readonly string[]) => askScopes(scopes, 'any') },
);

/** The options of `@StepUp`. */
export interface StepUpOptions {
  /**
   * The greatest age in seconds of the token with `su`, by its `iat`.
   * @defaultValue as long as Descope keeps `su` in the token
   */
  readonly maxAgeSeconds?: number;
  /**
   * The authentication context classes that the challenge names, in the order of preference. They are not compared with the
   * token, whose `su` says that a step-up took place.
   * @defaultValue none
   */
  readonly acrValues?: readonly string[];
}

/**
 * Requires a step-up (claim `su`). Otherwise the response is 401 `AUTH_STEP_UP_REQUIRED`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when `maxAgeSeconds` is not above zero, when `acrValues` are not such
 *   names, or for an unknown option
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 * @example `@StepUp({ maxAgeSeconds: 300 }) @Post('payments') pay() {}`
 */
export function StepUp(options: StepUpOptions = {}): AccessDecorator {
  const { maxAgeSeconds, acrValues, ...others } = options;
  const isAge = maxAgeSeconds === undefined || (Number.isFinite(maxAgeSeconds) && maxAgeSeconds > 0);
  if (!isAge || !isAcrValues(acrValues) || Object.keys(others).length > 0)
    throw invalid(
      '@StepUp()',
      '{ maxAgeSeconds } with a number above zero, { acrValues } with names without spaces or quotes, both, or no argument',
    );
  const classes = acrValues === undefined ? {} : { acrValues: Object.freeze([...acrValues]) };
  return addDemand({ kind: 'step-up', maxAgeSeconds, ...classes }, '@StepUp');
}

// They have the same characters as scopes, and stand in the challenge with a space between them (RFC 9470 §3).
function isAcrValues(given: unknown): boolean {
  return given === undefined || (Array.isArray(given) && given.length > 0 && given.every(isScope));
}

/**
 * Requires a sign-in with two factors: the claim `amr` contains `mfa`, or two methods. Otherwise the response is 401
 * `AUTH_MFA_REQUIRED`.
 * @see https://www.rfc-editor.org/rfc/rfc8176#section-2
 */
export function Mfa(): AccessDecorator {
  return addDemand({ kind: 'mfa' }, '@Mfa');
}

/**
 * Requires a sign-in by one of these methods (claim `amr`), or with `@Amr.all` by all of them. Otherwise the response is
 * 401 `AUTH_METHOD_REQUIRED`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a method
 * @see https://www.rfc-editor.org/rfc/rfc8176
 * @example `@Amr('webauthn', 'totp') @Get('vault') open() {}`
 */
export const Amr: AmrDecorator = Object.assign(
  (...methods: readonly string[]) => askMethods(methods, 'any'),
  { all: (...methods: readonly string[]) => askMethods(methods, 'all') },
);

/**
 * Requires a token for one of these audiences (claim `aud`), and replaces the option `audience`. Otherwise the response is
 * 401 `TOKEN_AUDIENCE_MISMATCH`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without an audience
 * @see https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3
 * @example `@Audience('https://api.example.com') @Get('reports') list() {}`
 */
export function Audience(...audiences: readonly string[]): AccessDecorator {
  assertNames(audiences, '@Audience');
  return addDemand({ kind: 'audience', names: audiences }, '@Audience');
}

/**
 * Accepts tokens of these kinds of caller, and replaces the option `accepts`. For any other token the response is 401
 * `TOKEN_KIND_NOT_ACCEPTED`. Tokens of apps and agents also need an audience: `@Audience`, or the option `audience`.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a kind
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID for an unknown kind
 * @example `@Accepts('user', 'access-key') @Get('exports') list() {}`
 */
export function Accepts(...kinds: readonly AcceptedKind[]): AccessDecorator {
  assertChoices(kinds, KINDS, '@Accepts');
  return addDemand({ kind: 'accepts', kinds }, '@Accepts');
}

/**
 * Requires the project role that the option `staffRole` names (`is_staff` if it is not set). Otherwise the response is 403
 * `ACCESS_STAFF_MISSING`.
 */
export function Staff(): AccessDecorator {
  return addDemand({ kind: 'staff' }, '@Staff');
}

/**
 * Requires the project role that the option `superuserRole` names (`is_superuser` if it is not set). Otherwise the response
 * is 403 `ACCESS_SUPERUSER_MISSING`.
 */
export function Superuser(): AccessDecorator {
  return addDemand({ kind: 'superuser' }, '@Superuser');
}

function askScopes(scopes: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'all' ? '@Scopes' : '@Scopes.any';
  assertNames(scopes, decorator);
  if (!scopes.every(isScope))
    throw invalid(`${decorator}()`, 'one scope per argument, without spaces or quotes');
  return addDemand({ kind: 'scopes', names: scopes, match }, decorator);
}

function askMethods(methods: readonly string[], match: NameMatch): AccessDecorator {
  const decorator = match === 'any' ? '@Amr' : '@Amr.all';
  assertNames(methods, decorator);
  return addDemand({ kind: 'amr', names: methods, match }, decorator);
}

// The decorators that are used most: public, optional, roles and permissions.

/** The tenant in which a role or permission is required. */
export interface GrantOptions {
  /** `true` for the tenant of the route's `@Tenant`, or where the request names the tenant. */
  readonly tenant: true | ValueSource;
  /**
   * Accepts the same role or permission in the project, too.
   * @defaultValue `false`
   */
  readonly orProject?: boolean;
}

/** The required names. The last argument may name a tenant. */
export type GrantArguments<Name extends string = string> =
  readonly Name[] | readonly [...names: Name[], options: GrantOptions];

// For a call that fits no overload, the compiler reports the first one first: names alone, where most mistakes are made.

/** The type of `@Roles(…)` and `@Roles.all(…)`. */
export interface RolesDecorator {
  /** Requires one of the roles in the project. */
  (...names: readonly RoleName[]): AccessDecorator;
  /** Requires one of the roles in the tenant that the last argument names. */
  (...names: GrantArguments<RoleName>): AccessDecorator;
  /** Requires all of the roles in the project. */
  all(...names: readonly RoleName[]): AccessDecorator;
  /** Requires all of the roles in the tenant that the last argument names. */
  all(...names: GrantArguments<RoleName>): AccessDecorator;
}

/** The type of `@Permissions(…)` and `@Permissions.any(…)`. */
export interface PermissionsDecorator {
  /** Requires all of the permissions in the project. */
  (...names: readonly PermissionName[]): AccessDecorator;
  /** Requires all of the permissions in the tenant that the last argument names. */
  (...names: GrantArguments<PermissionName>): AccessDecorator;
  /** Requires one of the permissions in the project. */
  any(...names: readonly PermissionName[]): AccessDecorator;
  /** Requires one of the permissions in the tenant that the last argument names. */
  any(...names: GrantArguments<PermissionName>): AccessDecorator;
}

/**
 * Makes a handler public: no token is read, and `@CurrentUser()` is `undefined`. On a class it applies to the handlers that
 * the class itself declares, not to those that a subclass adds or overrides. `@Public(false)` requires a session again.
 * Under a public class, a demand on a handler (`@Roles`, …) requires a session for it. `@Public()` and a demand on the same
 * handler stop the boot with `CONFIG_DEMAND_CONTRADICTED`.
 * @param given left out, the same as `true`; `false` and `undefined` require a session
 * @example `@Public() @Get('health') health() {}`
 */
export function Public(...given: [isPublic?: boolean]): AccessDecorator {
  // An explicit `undefined` is a missing setting: only `true`, or no argument, makes a handler public.
  const isPublic = given.length === 0 || given[0] === true;
  return addMetadata({
    mode: isPublic ? 'public' : 'required',
    label: isPublic ? '@Public()' : '@Public(false)',
  });
}

/**
 * Makes authentication optional: without credentials the request proceeds, and `@CurrentUser()` is `undefined`. On a class
 * it applies to the handlers that the class itself declares.
 * An invalid bearer token is rejected, and so is a caller for whom `loadUser` returns no user. With an invalid cookie the
 * caller is anonymous.
 * @example `@OptionalAuth() @Get() home(@CurrentUser() user?: DescopeUser) {}`
 */
export function OptionalAuth(): AccessDecorator {
  return addMetadata({ mode: 'optional', label: '@OptionalAuth()' });
}

/**
 * Requires one of these roles, or with `@Roles.all` all of them. Otherwise the response is 403 `ACCESS_ROLE_MISSING`.
 * Roles of the project count, or with `{ tenant }` those in this tenant.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a name
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when the last argument is not valid `GrantOptions`
 * @example `@Roles('admin', 'editor') @Delete(':id') remove() {}`
 * @example `@Tenant({ from: 'param:tenantId' }) @Roles('admin', { tenant: true }) @Get(':tenantId') show() {}`
 */
export const Roles: RolesDecorator = Object.assign(
  (...names: GrantArguments) => askGrants('roles', 'any', names),
  { all: (...names: GrantArguments) => askGrants('roles', 'all', names) },
);

/**
 * Requires all of these permissions, or with `@Permissions.any` one of them. Otherwise the response is 403
 * `ACCESS_PERMISSION_MISSING`. Permissions of the project count, or with `{ tenant }` those in this tenant.
 * @throws {DescopeConfigError} CONFIG_DEMAND_EMPTY without a name
 * @throws {DescopeConfigError} CONFIG_DEMAND_INVALID when the last argument is not valid `GrantOptions`
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
    throw invalid(`${decorator}()`, 'names, optionally followed by { tenant, orProject }');
  return { tenant, orProject } as GrantOptions;
}
