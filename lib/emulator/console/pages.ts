// The pages of the console, in the order of its navigation.
import type { ConsolePage } from '../console-parts/page.js';
import { accessKeysPage } from './access-keys.js';
import { grantsPage } from './grants.js';
import { inboundAppsPage } from './inbound-apps.js';
import { outboxPage } from './outbox.js';
import { overviewPage } from './overview.js';
import { clockPage, faultsPage, keysPage } from './simulation.js';
import { tokensPage } from './tokens.js';
import { requestsPage, webhooksPage } from './traffic.js';
import { userPage } from './user.js';
import { usersPage } from './users.js';

/** All pages. */
export const PAGES: readonly ConsolePage[] = [
  overviewPage,
  usersPage,
  userPage,
  grantsPage,
  outboxPage,
  tokensPage,
  accessKeysPage,
  inboundAppsPage,
  keysPage,
  clockPage,
  faultsPage,
  requestsPage,
  webhooksPage,
];
