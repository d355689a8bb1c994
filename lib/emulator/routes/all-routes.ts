// Every endpoint the emulator has.
import { manageAppRoutes } from '../apps/manage-apps.js';
import { appDiscoveryRoutes, tokenEndpointRoutes } from '../apps/token-endpoint.js';
import type { Route } from '../http/router.js';
import { manageAccessKeyRoutes } from '../management/access-keys.js';
import { changeUserRoutes, grantUserRoutes } from '../management/change-users.js';
import { searchUserRoutes } from '../management/find-users.js';
import { permissionRoutes, roleRoutes } from '../management/roles.js';
import { tenantRoutes } from '../management/tenants.js';
import { testUserRoutes } from '../management/test-users.js';
import { tokenRoutes } from '../management/tokens.js';
import { manageUserRoutes } from '../management/users.js';
import { fgaRoutes } from './fga.routes.js';
import { flowPageRoutes, flowRoutes } from './flow.routes.js';
import { accessKeyRoutes, keyRoutes, meRoutes, sessionRoutes } from './session.routes.js';
import { enchantedLinkRoutes, magicLinkRoutes, otpRoutes, passwordRoutes } from './sign-in.routes.js';

/** The routes; no two of them fit the same request. */
export const allRoutes: readonly Route[] = [
  ...keyRoutes,
  ...sessionRoutes,
  ...meRoutes,
  ...accessKeyRoutes,
  ...otpRoutes,
  ...magicLinkRoutes,
  ...enchantedLinkRoutes,
  ...passwordRoutes,
  ...flowRoutes,
  ...flowPageRoutes,
  ...manageUserRoutes,
  ...searchUserRoutes,
  ...changeUserRoutes,
  ...grantUserRoutes,
  ...testUserRoutes,
  ...manageAccessKeyRoutes,
  ...roleRoutes,
  ...permissionRoutes,
  ...tenantRoutes,
  ...tokenRoutes,
  ...manageAppRoutes,
  ...tokenEndpointRoutes,
  ...appDiscoveryRoutes,
  ...fgaRoutes,
];
