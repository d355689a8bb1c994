// What core needs for browsers' sessions in its tests, as a configuration without options gives it.
import { DescopeUnavailableError } from '#lib/core/errors.js';
import type { CookieTokenStoreConfig } from '#lib/core/http/token-store.js';
import type { AuthenticationConfig } from '#lib/core/session/authenticator.js';
import type { KeySet } from '#lib/core/token/key-set.js';

export const AUTHENTICATION: AuthenticationConfig = {
  sources: ['bearer', 'cookie'],
  origins: { publicOrigin: undefined, trustedOrigins: [] },
  usernameClaim: 'sub',
  actorClaim: 'act',
  staffRole: 'is_staff',
  superuserRole: 'is_superuser',
};

export const COOKIES: CookieTokenStoreConfig = {
  sessionName: 'DS',
  refreshName: 'DSR',
  sameSite: 'Lax',
  domain: undefined,
  secure: 'auto',
  isProduction: false,
};

/** Keys that cannot be had at present. */
export const keysAway: KeySet = {
  find: () => {
    throw new DescopeUnavailableError('KEYS_UNAVAILABLE', 'away', { retryAfterSeconds: 1 });
  },
  hydrate: async () => {},
  checkHealth: async () => ({ state: 'none', keyCount: 0, keyAgeMs: undefined }),
  close: () => {},
};
