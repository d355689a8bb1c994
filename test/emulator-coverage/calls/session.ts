// What a session is asked for, and what the client reads from a token by itself.
import type { World } from '../world.js';
import { ACCESS_KEY, ADA, define, signIn } from '../world.js';

async function session(world: World) {
  const { sessionJwt } = await world.emulator.signIn(ADA, { tenantId: 'acme' });
  return world.sdk.validateSession(sessionJwt);
}

/** The calls of the client itself, and of `accessKey`. */
export const sessionCalls = define({
  'accessKey.exchange': ({ sdk }) => sdk.accessKey.exchange(ACCESS_KEY),
  exchangeAccessKey: ({ sdk }) => sdk.exchangeAccessKey(ACCESS_KEY),
  refresh: async (world) => world.sdk.refresh((await signIn(world)).refreshJwt),
  selectTenant: async (world) => world.sdk.selectTenant('acme', (await signIn(world)).refreshJwt),
  logout: async (world) => world.sdk.logout((await signIn(world)).refreshJwt),
  logoutAll: async (world) => world.sdk.logoutAll((await signIn(world)).refreshJwt),
  me: async (world) => world.sdk.me((await signIn(world)).refreshJwt),
  myTenants: async (world) => world.sdk.myTenants(['acme'], (await signIn(world)).refreshJwt),
  history: async (world) => world.sdk.history((await signIn(world)).refreshJwt),
  getKey: async (world) => {
    const { kid } = world.emulator.signingKey;
    return Boolean(await world.sdk.getKey({ alg: 'RS256', kid }));
  },
  validateJwt: async (world) => world.sdk.validateJwt((await signIn(world)).sessionJwt),
  validateSession: async (world) => world.sdk.validateSession((await signIn(world)).sessionJwt),
  refreshSession: async (world) => world.sdk.refreshSession((await signIn(world)).refreshJwt),
  validateAndRefreshSession: async (world) => {
    const { sessionJwt, refreshJwt } = await signIn(world);
    return world.sdk.validateAndRefreshSession(sessionJwt, refreshJwt);
  },
  isJwtExpired: async (world) => world.sdk.isJwtExpired((await signIn(world)).sessionJwt),
  getTenants: async (world) => world.sdk.getTenants((await signIn(world)).sessionJwt),
  getJwtPermissions: async (world) => world.sdk.getJwtPermissions((await signIn(world)).sessionJwt),
  getJwtRoles: async (world) => world.sdk.getJwtRoles((await signIn(world)).sessionJwt),
  getCurrentTenant: async (world) => world.sdk.getCurrentTenant((await signIn(world)).sessionJwt),
  validatePermissions: async (world) => world.sdk.validatePermissions(await session(world), ['write']),
  getMatchedPermissions: async (world) => world.sdk.getMatchedPermissions(await session(world), ['write']),
  validateTenantPermissions: async (world) =>
    world.sdk.validateTenantPermissions(await session(world), 'acme', ['write']),
  getMatchedTenantPermissions: async (world) =>
    world.sdk.getMatchedTenantPermissions(await session(world), 'acme', ['write']),
  validateRoles: async (world) => world.sdk.validateRoles(await session(world), ['admin']),
  getMatchedRoles: async (world) => world.sdk.getMatchedRoles(await session(world), ['admin']),
  validateTenantRoles: async (world) =>
    world.sdk.validateTenantRoles(await session(world), 'acme', ['editor']),
  getMatchedTenantRoles: async (world) =>
    world.sdk.getMatchedTenantRoles(await session(world), 'acme', ['editor']),
});
