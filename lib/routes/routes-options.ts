// Which routes are mounted, and where: known at registration.

import type { CheckOptions } from './check/check-options.js';
import type { LoginPageOptions } from './login/login-options.js';

/** Under which path the routes stand by default. */
export const DEFAULT_PATH = 'auth';
/** The gateway's check, beside the others. */
export const CHECK_PATH = 'check';

/** The routes that `DescopeModule` mounts. Each can be switched off. */
export interface DescopeRoutesOptions {
  /** Under which path they stand. Default: `'auth'`. */
  readonly path?: string | undefined;
  /** `GET login`, with the installed `@descope/web-component`. Default: `true`. */
  readonly login?: LoginPageOptions | boolean | undefined;
  /** Sends a browser that asks for a page without a session to the login page, and back. Default: `false`. */
  readonly loginRedirect?: boolean | undefined;
  /** `GET check`, for API gateways. Default: `true`. */
  readonly check?: CheckOptions | boolean | undefined;
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
