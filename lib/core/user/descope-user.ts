// Claims → the user that handlers see. Built from the token alone, without a call to Descope.
import type { InspectOptions } from 'node:util';
import { inspect } from 'node:util';
import { DescopeAccessError } from '../errors.js';
import type { DescopeClaims, JsonObject, TokenKind } from '../token/claims.js';
import { isJsonObject, isWellFormed, readNames, readOwn, readSubjectId, readText } from '../token/claims.js';
import type { VerifiedToken } from '../token/token-verifier.js';
import type { CustomClaims, DescopeRegister, PermissionName, RoleName, TenantId } from './custom-claims.js';

/** The roles of staff and superusers. */
export interface UserConfig {
  readonly staffRole: string;
  readonly superuserRole: string;
}

/** A verified token, and what the application's schema returned for its claims. */
export interface UserToken extends VerifiedToken {
  readonly customClaims?: CustomClaims | undefined;
}

/** Names in a frozen list; typed in both ways, so that a plain list compares to it (`{ roles: ['admin'] } as DescopeUser`). */
export type NameList = readonly string[] | string[];

/** The caller of a request, as the verified token describes them. Frozen. A plain object of this shape is one, too. */
export interface DescopeUser {
  /** Descope's own id of the user or access key: `dsub ?? sub`. */
  readonly id: string;
  /** The name from `usernameClaim`; the id for access keys, apps and agents. */
  readonly username: string;
  /** The kind of caller: a user, an access key, an app, an agent, or `'unknown'`. */
  readonly kind: TokenKind;
  /** The claim `email`, where the project's JWT template adds it. Not an identity: it can change. */
  readonly email: string | undefined;
  /** The claim `name`, where the project's JWT template adds it. */
  readonly name: string | undefined;
  /** Project-level roles. */
  readonly roles: NameList;
  /** Project-level permissions. */
  readonly permissions: NameList;
  /** OAuth scopes (`scope`), as text or as a list. */
  readonly scopes: NameList;
  /** Roles and permissions by tenant id. An own property like the others, read from the claims when first asked for. */
  readonly tenants: TenantGrants;
  /** The current tenant (`dct`), if one was selected. */
  readonly tenant: TenantId | undefined;
  /** Whether the user has the project role `staffRole` (default `is_staff`). */
  readonly isStaff: boolean;
  /** Whether the user has the project role `superuserRole` (default `is_superuser`). */
  readonly isSuperuser: boolean;
  /** Every claim of the token. Not enumerable, so that it stays out of logs and responses. */
  readonly claims: DescopeClaims;
  /**
   * The claims as `claimsSchema` returns them: checked, with its defaults and changes. Without that option the token's
   * own, for which a registered type is an unchecked promise. Not enumerable either.
   */
  readonly customClaims: CustomClaims;
  /**
   * Checks project roles, like `@Roles`.
   * @returns whether the user has any of them; `false` for no names
   */
  hasRole(...names: readonly RoleName[]): boolean;
  /**
   * Checks project permissions, like `@Permissions`.
   * @returns whether the user has all of them; `false` for no names
   */
  hasPermission(...names: readonly PermissionName[]): boolean;
}

/** The class of users. Its private names are no part of the type, so that plain objects fit it. */
export interface DescopeUserClass {
  /** @internal */
  new (token: UserToken, username: string, policy: UserConfig): DescopeUser;
  /** The package alone makes users; for tests, `createTestDescope().user()` does. */
  new (token: never, username: never, policy: never): DescopeUser;
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
  readonly isStaff: boolean;
  readonly isSuperuser: boolean;
  declare readonly claims: DescopeClaims;
  declare readonly customClaims: CustomClaims;

  #tenants: TenantGrants | undefined;

  // Most requests read no tenant, and a token may name hundreds. A user in a proxy has no private field to keep them.
  static readonly #lateTenants = {
    enumerable: true,
    get(this: DescopeUser): TenantGrants {
      if (!(#tenants in this)) return readGrantsByTenant((this as DescopeUser).claims);
      return (this.#tenants ??= readGrantsByTenant(this.claims));
    },
  };

  constructor(token: UserToken, username: string, policy: UserConfig) {
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
    this.isStaff = this.roles.includes(policy.staffRole);
    this.isSuperuser = this.roles.includes(policy.superuserRole);
    Object.defineProperty(this, 'claims', { value: claims });
    Object.defineProperty(this, 'customClaims', { value: customClaims });
    Object.freeze(this);
  }

  /** What logs show: every value, tenants too. */
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

// RFC 6749 §3.3: a text with single blanks between; a list is tolerated.
function readScopes(claims: DescopeClaims): readonly string[] {
  const text = readText(claims, 'scope');
  return text === undefined ? readNames(claims, 'scope') : Object.freeze(text.split(' ').filter(Boolean));
}

/** The type of `@CurrentUser()`: a `DescopeUser`, unless `user` is registered in `DescopeRegister`. */
export type RegisteredUser = DescopeRegister extends { readonly user: infer User extends object }
  ? User
  : DescopeUser;

// Claims → grants, in the project and in each tenant.

/** Roles and permissions, by their exact names. */
export interface Grants {
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
}

/** Grants by tenant id. It has no prototype, so an id like `constructor` finds nothing that is not there. */
export type TenantGrants = string extends TenantId
  ? Readonly<Record<string, Grants>>
  : Readonly<Partial<Record<TenantId, Grants>>>;

const NOTHING: Grants = Object.freeze({ roles: Object.freeze([]), permissions: Object.freeze([]) });

/**
 * Reads what a token grants in the project. A claim of the wrong type grants nothing. A token with `dct` and without
 * `tenants` (Descope's `tenantOnly` template) carries that tenant's grants at the top: they count for the tenant only.
 */
export function readGrants(claims: DescopeClaims): Grants {
  return readOnlyTenant(claims) === undefined ? toGrants(claims) : NOTHING;
}

/** Reads what a token grants in each tenant. */
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

// Claims → username: the one step of building a user that may reject.

/** Which claim holds the username: its name, a path into nested claims, or a function of the claims. */
export type UsernameClaim = string | readonly string[] | ((claims: DescopeClaims) => unknown);

/**
 * Reads the username. A user's comes from the claim and is never replaced by another identity; access keys, apps and
 * agents have their id for it, because a key's own claims must not impersonate a user.
 * Throws `USERNAME_CLAIM_MISSING` or, where a token does not prove that it is a user's, `USERNAME_KIND_UNPROVEN`.
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
  const path = typeof claim === 'string' ? [claim] : claim; // a claim's name may itself hold dots
  return path.reduce<unknown>(
    (value, name) => (isJsonObject(value) ? readOwn(value, name) : undefined),
    claims,
  );
}

function missing(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The token has no username: its claim "${name}" is missing, empty or no text. Add the claim to the project's JWT template, or change usernameClaim.`;
  return new DescopeAccessError('USERNAME_CLAIM_MISSING', message, { claim: name });
}

function unproven(claim: UsernameClaim): DescopeAccessError {
  const name = toUsernameClaimName(claim);
  const message = `The claim "${name}" does not count as a username here: the token shows neither "drn" with "amr", so it may be an access key's.`;
  return new DescopeAccessError('USERNAME_KIND_UNPROVEN', message, { claim: name });
}
