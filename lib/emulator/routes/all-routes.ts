// Every endpoint the emulator has.
import { appDiscoveryRoutes } from '../apps/discovery.js';
import { manageAppRoutes } from '../apps/manage-apps.js';
import { tokenEndpointRoutes } from '../apps/token-endpoint.js';
import { enchantedLinkRoutes } from '../codes/enchanted-link-routes.js';
import { fgaRoutes } from '../fga/fga-routes.js';
import { flowRoutes } from '../flows/flow-routes.js';
import { flowPageRoutes } from '../flows/flow-pages.js';
import type { Route } from '../http/router.js';
import { manageAccessKeyRoutes } from '../management/access-keys.js';
import { permissionRoutes } from '../management/permissions.js';
import { roleRoutes } from '../management/roles.js';
import { tenantRoutes } from '../management/tenants.js';
import { tokenRoutes } from '../management/tokens.js';
import { changeUserRoutes } from '../users/change-users.js';
import { grantUserRoutes } from '../users/grant-users.js';
import { manageUserRoutes } from '../users/manage-users.js';
import { searchUserRoutes } from '../users/search-users.js';
import { testUserRoutes } from '../users/test-users.js';
import { accessKeyRoutes } from './access-key.js';
import { keyRoutes } from './keys.js';
import { magicLinkRoutes } from './magic-link.js';
import { meRoutes } from './me.js';
import { otpRoutes } from './otp.js';
import { passwordRoutes } from './password.js';
import { sessionRoutes } from './session.js';

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
