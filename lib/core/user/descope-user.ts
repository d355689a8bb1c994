// Claims → the user that handlers see. Built from the token alone, without a call to Descope.
import { inspect } from 'node:util';
import type { InspectOptions } from 'node:util';
import { readNames, readText } from '../token/claims.js';
import type { DescopeClaims } from '../token/claims.js';
import { readSubjectId } from '../token/token-kind.js';
import type { TokenKind } from '../token/token-kind.js';
import type { VerifiedToken } from '../token/token-verifier.js';
import type {
  CustomClaims,
  DescopeRegister,
  PermissionName,
  RoleName,
  TenantId,
} from '../claims/register.js';
import { readGrants, readGrantsByTenant } from './grants.js';
import type { TenantGrants } from './grants.js';

/** What makes a user staff or superuser. */
export interface UserPolicy {
  readonly staffRole: string;
  readonly superuserRole: string;
}

/** A proven token, and what the application's schema made of its claims. */
export interface UserToken extends VerifiedToken {
  readonly customClaims?: CustomClaims | undefined;
}

/** Names in a list that nobody may change; spelled in both ways, so that a plain list compares to it (`{ roles: ['admin'] } as DescopeUser`). */
export type NameList = readonly string[] | string[];

/** The caller of a request, as its verified token describes them. Frozen. A plain object of this shape is one, too. */
export interface DescopeUser {
  /** Descope's own id of the user or access key: `dsub ?? sub`. */
  readonly id: string;
  /** The name from `usernameClaim`; the id for access keys, apps and agents. */
  readonly username: string;
  /** Who calls: a user, an access key, an app, an agent, or one cannot tell. */
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
  /** Every claim of the token. Not enumerable, so that it stays out of logs and answers. */
  readonly claims: DescopeClaims;
  /**
   * The claims as `claimsSchema` gives them: checked, with its defaults and changes. Without that option the token's
   * own, of which a registered type is an unchecked promise. Not enumerable either.
   */
  readonly customClaims: CustomClaims;
  /** Tells whether the user has any of these project roles, like `@Roles`. No names: `false`. */
  hasRole(...names: readonly RoleName[]): boolean;
  /** Tells whether the user has all of these project permissions, like `@Permissions`. No names: `false`. */
  hasPermission(...names: readonly PermissionName[]): boolean;
}

/** The class of users; its private names are no part of the type, which others can make then. */
export type DescopeUserClass = new (token: UserToken, username: string, policy: UserPolicy) => DescopeUser;

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

  // Most requests ask for no tenant, and a token may name hundreds. A user in a proxy has no private field to keep them.
  static readonly #lateTenants = {
    enumerable: true,
    get(this: DescopeUser): TenantGrants {
      if (!(#tenants in this)) return readGrantsByTenant((this as DescopeUser).claims);
      return (this.#tenants ??= readGrantsByTenant(this.claims));
    },
  };

  constructor(token: UserToken, username: string, policy: UserPolicy) {
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

/** What `@CurrentUser()` gives: Descope's user, unless `user` is registered. */
export type RegisteredUser = DescopeRegister extends { readonly user: infer User extends object }
  ? User
  : DescopeUser;
