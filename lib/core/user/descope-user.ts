// Claims → the user that handlers see, with grants and username, from the token alone, without a call to Descope.
import type { InspectOptions } from 'node:util';
import { inspect } from 'node:util';
import { DescopeAccessError } from '../errors.js';
import type { DescopeClaims, JsonObject, TokenKind } from '../token/claims.js';
import { isJsonObject, isWellFormed, readNames, readOwn, readSubjectId, readText } from '../token/claims.js';
import type { VerifiedToken } from '../token/token-verifier.js';
import type { DescopeActor } from './actor.js';
import { readActor } from './actor.js';
import type { CustomClaims, DescopeRegister, PermissionName, RoleName, TenantId } from './custom-claims.js';

/** The roles of staff and superusers, and the claim of actors. */
export interface UserConfig {
  readonly staffRole: string;
  readonly superuserRole: string;
  readonly actorClaim: string;
}

/** A verified token, and the output of the application's schema for its claims. */
export interface UserToken extends VerifiedToken {
  readonly customClaims?: CustomClaims | undefined;
}

/**
 * A frozen list of names. The type also allows a mutable list, so that `{ roles: ['admin'] } as DescopeUser` compiles.
 */
export type NameList = readonly string[] | string[];

/**
 * The caller of a request, read from the verified token without a call to Descope. It is frozen. A plain object of this
 * shape is also one, for tests.
 * @example `list(@CurrentUser() user: DescopeUser) { return this.orders.of(user.id); }`
 */
export interface DescopeUser {
  /** Descope's id of the user or access key: the claim `dsub` if present, otherwise `sub`. */
  readonly id: string;
  /** The claim that the option `usernameClaim` names; for access keys, apps and agents, the id. */
  readonly username: string;
  /** The kind of caller: a user, an access key, an app, an agent, or `'unknown'`. */
  readonly kind: TokenKind;
  /** The claim `email`, if the project's JWT template adds it. Do not use it as an identity: it can change. */
  readonly email: string | undefined;
  /** The claim `name`, if the project's JWT template adds it. */
  readonly name: string | undefined;
  /** The roles in the project. */
  readonly roles: NameList;
  /** The permissions in the project. */
  readonly permissions: NameList;
  /**
   * The OAuth scopes: the claim `scope`, which may be a string or a list.
   * @see https://www.rfc-editor.org/rfc/rfc6749#section-3.3
   */
  readonly scopes: NameList;
  /** The roles and permissions by tenant id. */
  readonly tenants: TenantGrants;
  /** The current tenant (the claim `dct`), if one was selected. */
  readonly tenant: TenantId | undefined;
  /**
   * Who acts as this user: a person who impersonates the user, or a service to which the user's access was delegated.
   * `undefined` if nobody does. Every right of the token is the user's.
   * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
   */
  readonly actor?: DescopeActor | undefined;
  /** Whether the user has the project role that the option `staffRole` names (`is_staff` unless changed). */
  readonly isStaff: boolean;
  /** Whether the user has the project role that the option `superuserRole` names (`is_superuser` unless changed). */
  readonly isSuperuser: boolean;
  /** All claims of the token. Not enumerable, so that logs and responses do not contain them. */
  readonly claims: DescopeClaims;
  /**
   * The output of the option `claimsSchema` for the claims. Without that option, the claims of the token, whose declared
   * type is not checked. Not enumerable.
   */
  readonly customClaims: CustomClaims;
  /**
   * Checks roles in the project, as `@Roles` does.
   * @returns whether the user has at least one of the roles; `false` without names
   */
  hasRole(...names: readonly RoleName[]): boolean;
  /**
   * Checks permissions in the project, as `@Permissions` does.
   * @returns whether the user has all of the permissions; `false` without names
   */
  hasPermission(...names: readonly PermissionName[]): boolean;
}

/** The type of the class `DescopeUser`. Private members are not part of it, so that plain objects fit the interface. */
export interface DescopeUserClass {
  /** @internal */
  new (token: UserToken, username: string, config: UserConfig): DescopeUser;
  /** Not for applications: the guard creates users, and in tests `createTestDescope().user()` does. */
  new (token: never, username: never, config: never): DescopeUser;
}

export const DescopeUser: DescopeUserClass = class DescopeUser {
  readonly id: string;
  readonly username: string;
  readonly kind: TokenKind;
  readonly email: string | undefined;
  readonly name: string | undefined;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly scopes: readonly string[];
  declare readonly tenants: TenantGrants;
  readonly tenant: TenantId | undefined;
  readonly actor: DescopeActor | undefined;
  readonly isStaff: boolean;
  readonly isSuperuser: boolean;
  declare readonly claims: DescopeClaims;
  declare readonly customClaims: CustomClaims;

  #tenants: TenantGrants | undefined;

  // Read on first use: most requests read no tenant, and a token may name hundreds. A proxy of a user has no private field.
  static readonly #lateTenants = {
    enumerable: true,
    get(this: DescopeUser): TenantGrants {
      if (!(#tenants in this)) return readGrantsByTenant((this as DescopeUser).claims);
      return (this.#tenants ??= readGrantsByTenant(this.claims));
    },
  };

  constructor(token: UserToken, username: string, config: UserConfig) {
    const { claims, kind, customClaims = claims } = token;
    const grants = readGrants(claims);
    this.id = readSubjectId(claims);
    this.username = username;
    this.kind = kind;
    this.email = readText(claims, 'email');
    this.name = readText(claims, 'name');
    this.roles = grants.roles;
    this.permissions = grants.permissions;
    this.scopes = readScopes(claims);
    Object.defineProperty(this, 'tenants', DescopeUser.#lateTenants);
    this.tenant = readText(claims, 'dct');
    this.actor = readActor(claims, config.actorClaim);
    this.isStaff = this.roles.includes(config.staffRole);
    this.isSuperuser = this.roles.includes(config.superuserRole);
    Object.defineProperty(this, 'claims', { value: claims });
    Object.defineProperty(this, 'customClaims', { value: customClaims });
    Object.freeze(this);
  }

  /** The form in logs: every value, with the tenants. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    const depth = (options.depth ?? Number.POSITIVE_INFINITY) - 1;
    return `DescopeUser ${inspect({ ...this }, { ...options, depth })}`;
  }

  hasRole(...names: readonly RoleName[]): boolean {
    return names.some((name) => this.roles.includes(name));
  }

  hasPermission(...names: readonly PermissionName[]): boolean {
    return names.length > 0 && names.every((name) => this.permissions.includes(name));
  }
};

// RFC 6749 §3.3: a string, separated by single spaces; a list is tolerated.
function readScopes(claims: DescopeClaims): readonly string[] {
  const text = readText(claims, 'scope');
  return text === undefined ? readNames(claims, 'scope') : Object.freeze(text.split(' ').filter(Boolean));
}

/** The type of `@CurrentUser()` and `request.user`: `DescopeUser`, unless `user` is declared in `DescopeRegister`. */
export type RegisteredUser = DescopeRegister extends { readonly user: infer User extends object }
  ? User
  : DescopeUser;

// Claims → grants, in the project and in each tenant.

/** Roles and permissions, in the project or in a tenant. */
export interface Grants {
  /** The exact names of the roles. */
  readonly roles: readonly string[];
  /** The exact names of the permissions. */
  readonly permissions: readonly string[];
}

/**
 * Roles and permissions by tenant id. The object has no prototype, so that an id like `constructor` is not found by
 * inheritance.
 */
export type TenantGrants = string extends TenantId
  ? Readonly<Record<string, Grants>>
  : Readonly<Partial<Record<TenantId, Grants>>>;

const NOTHING: Grants = Object.freeze({ roles: Object.freeze([]), permissions: Object.freeze([]) });

/**
 * Reads the grants of a token in the project. A claim of the wrong type grants nothing. A token with `dct` and without
 * `tenants` (Descope's `tenantOnly` template) has the grants of that tenant at the top: they count for the tenant only.
 */
export function readGrants(claims: DescopeClaims): Grants {
  return readOnlyTenant(claims) === undefined ? toGrants(claims) : NOTHING;
}

/** Reads the grants of a token in each tenant. */
export function readGrantsByTenant(claims: DescopeClaims): TenantGrants {
  const tenant = readOnlyTenant(claims);
  return toTenants(
    tenant === undefined ? readTenants(readOwn(claims, 'tenants')) : [[tenant, toGrants(claims)]],
  );
}

function readOnlyTenant(claims: DescopeClaims): string | undefined {
  const hasTenants = (readOwn(claims, 'tenants') ?? undefined) !== undefined;
  return hasTenants ? undefined : readText(claims, 'dct');
}

function readTenants(tenants: unknown): [string, Grants][] {
  if (!isJsonObject(tenants)) return [];
  return Object.entries(tenants).map(([id, grants]) => [
    id,
    isJsonObject(grants) ? toGrants(grants) : NOTHING,
  ]);
}

function toGrants(source: JsonObject): Grants {
  return Object.freeze({ roles: readNames(source, 'roles'), permissions: readNames(source, 'permissions') });
}

function toTenants(entries: readonly [string, Grants][]): TenantGrants {
  const tenants = Object.create(null) as Record<string, Grants>;
  for (const [id, grants] of entries) tenants[id] = grants;
  return Object.freeze(tenants);
}

// Claims → username: the only step of building a user that may reject.

/**
 * The claim that contains the username: its name, a path into nested claims, or a function of the claims.
 * @example `usernameClaim: ['profile', 'handle']`
 */
export type UsernameClaim = string | readonly string[] | ((claims: DescopeClaims) => unknown);

/**
 * Reads the username. For a user it is the claim, and nothing replaces a missing one; for access keys, apps and agents it
 * is the id, because the custom claims of a key must not impersonate a user.
 * Throws `USERNAME_CLAIM_MISSING` or, if a token does not prove that it belongs to a user, `USERNAME_KIND_UNPROVEN`.
 */
export function readUsername(token: VerifiedToken, claim: UsernameClaim): string {
  const id = readSubjectId(token.claims);
  if (token.kind !== 'user' && token.kind !== 'unknown') return id;
  const username = readClaim(token.claims, claim);
  if (typeof username !== 'string' || username.trim() === '' || !isWellFormed(username)) throw missing(claim);
  if (token.kind === 'unknown' && username !== id) throw unproven(claim);
  return username;
}

/** Returns a name for a username claim, for a message. */
export function toUsernameClaimName(claim: UsernameClaim): string {
  if (typeof claim === 'string') return claim;
  return typeof claim === 'function' ? claim.name || 'usernameClaim()' : claim.join(' → ');
}

function readClaim(claims: DescopeClaims, claim: UsernameClaim): unknown {
  if (typeof claim === 'function') return claim(claims);
  const path = typeof claim === 'string' ? [claim] : claim; // the name of a claim may contain dots
  return path.reduce<unknown>(
    (value, name) => (isJsonObject(value) ? readOwn(value, name) : undefined),
    claims,
  );
}

function missing(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The token has no username: its claim "${name}" is missing, empty or not a string. Add the claim to the project's JWT template, or change usernameClaim.`;
  return new DescopeAccessError('USERNAME_CLAIM_MISSING', message, { claim: name });
}

function unproven(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The claim "${name}" is not used as a username, because the token does not prove that it belongs to a user. A user's token has "drn" and "amr"; this one may belong to an access key.`;
  return new DescopeAccessError('USERNAME_KIND_UNPROVEN', message, { claim: name });
}
