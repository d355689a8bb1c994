// Which routes are mounted, and where: known at registration.

/** The routes that `DescopeModule` mounts. Each can be switched off. */
export interface DescopeRoutesOptions {
  /** Under which path they stand. Default: `'auth'`. */
  readonly path?: string | undefined;
  /** `POST store_jwt`, and its alias `POST session`. Default: `true`. */
  readonly storeJwt?: boolean | undefined;
  /** `POST refresh`. Default: `true`. */
  readonly refresh?: boolean | undefined;
  /** `POST logout`. Default: `true`. */
  readonly logout?: boolean | undefined;
  /** `POST logout-all`. Default: `true`. */
  readonly logoutAll?: boolean | undefined;
  /** `GET me`. Default: `true`. */
  readonly me?: boolean | undefined;
  /** `POST tenant`. Default: `true`. */
  readonly tenant?: boolean | undefined;
}
