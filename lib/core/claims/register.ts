// The names that an application declares once, so that a misspelt one does not compile.

/**
 * What an application declares about its Descope project, by augmenting this interface: `roles`, `permissions` and
 * `tenants` as unions of names, `claims` as the type of its custom claims, `user` as what `loadUser` gives. Whatever is
 * left out stays as open as it is without.
 * @example `declare module 'nestjs-descope' { interface DescopeRegister { roles: 'admin' | 'editor' } }`
 */
export interface DescopeRegister {}

/** A role's name: any text, unless `roles` is registered. */
export type RoleName = DescopeRegister extends { readonly roles: infer Names extends string }
  ? Names
  : string;

/** A permission's name: any text, unless `permissions` is registered. */
export type PermissionName = DescopeRegister extends { readonly permissions: infer Names extends string }
  ? Names
  : string;

/** A tenant's id: any text, unless `tenants` is registered. */
export type TenantId = DescopeRegister extends { readonly tenants: infer Ids extends string } ? Ids : string;

/** The custom claims of the project's tokens: of unknown types, unless `claims` is registered. */
export type CustomClaims = DescopeRegister extends { readonly claims: infer Claims extends object }
  ? Readonly<Claims>
  : Readonly<Record<string, unknown>>;
