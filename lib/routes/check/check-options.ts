// What the API gateway's check may be told when the routes are mounted.

/** The properties of the user that may travel in a header. */
export const CHECK_VALUES = [
  'username',
  'id',
  'email',
  'name',
  'kind',
  'tenant',
  'roles',
  'permissions',
] as const;

/** A property of the user that may travel in a header. */
export type CheckHeaderValue = (typeof CHECK_VALUES)[number];

/** `GET check`: whether a gateway may let a request through. */
export interface CheckOptions {
  /** Roles that the gateway may ask for by `?role=`. Default: none. */
  readonly roles?: readonly string[] | undefined;
  /** Permissions that the gateway may ask for by `?permission=`. Default: none. */
  readonly permissions?: readonly string[] | undefined;
  /** Headers of the answer, and what they carry. Default: `X-Auth-User`, `-User-Id`, `-Roles`, `-Permissions`, `-Tenant`. */
  readonly headers?: Readonly<Record<string, CheckHeaderValue>> | undefined;
  /**
   * The header in which the gateway says the original method, such as `X-Original-Method`. The gateway must set it on
   * every request. Without it, cookies count on same-origin requests only.
   */
  readonly methodHeader?: string | undefined;
}
