// Starts an emulator: checks options and seed, creates keys, binds every endpoint to a socket.
import { auditRoutes } from './audit/audit.routes.js';
import { registrationRoutes } from './clients/registration.routes.js';
import { Emulator } from './emulator.js';
import { EmulatorError } from './errors.js';
import { providerPageRoutes } from './federation/provider-page.routes.js';
import { oauthSignInRoutes, ssoSignInRoutes } from './federation/start.routes.js';
import { authzRoutes } from './fga/authz.routes.js';
import { fgaRoutes } from './fga/fga.routes.js';
import { namespaceRoutes } from './fga/namespace.routes.js';
import { flowRoutes } from './flows/flow.routes.js';
import { componentLibraryRoutes, flowFileRoutes } from './flows/flow-files.routes.js';
import { manageFlowRoutes } from './flows/manage-flows.routes.js';
import { themeRoutes } from './flows/theme.routes.js';
import type { Route } from './http/router.js';
import { listen } from './http/server.js';
import { manageAccessKeyRoutes } from './management/access-keys.js';
import { changeUserRoutes, grantUserRoutes } from './management/change-users.js';
import { manageConsentRoutes } from './management/consents.js';
import { manageAppRoutes } from './management/inbound-apps.js';
import { listRoutes } from './management/lists.js';
import { passwordSettingsRoutes } from './management/password-settings.js';
import { projectRoutes } from './management/project.js';
import { permissionRoutes, roleRoutes } from './management/roles.js';
import { searchUserRoutes } from './management/search-users.js';
import { testUserRoutes, tokenRoutes } from './management/tokens.js';
import { manageUserRoutes } from './management/users.js';
import { authorizeRoutes } from './oauth/authorize.routes.js';
import { metadataRoutes } from './oauth/metadata.routes.js';
import { tokenEndpointRoutes } from './oauth/token.routes.js';
import { userInfoRoutes } from './oauth/user-info.routes.js';
import type { EmulatorOptions } from './options.js';
import { resolveOptions } from './options.js';
import { connectPageRoutes, connectRoutes } from './outbound/connect.routes.js';
import { fetchTokenRoutes, manageTokenRoutes } from './outbound/connection-tokens.js';
import { outboundAppRoutes } from './outbound/outbound-apps.js';
import { uploadRoutes } from './outbound/uploads.js';
import { ProjectState } from './project-state.js';
import { Projects } from './projects.js';
import { accessKeyRoutes, keyRoutes, meRoutes, sessionRoutes } from './routes/session.routes.js';
import { enchantedLinkRoutes, magicLinkRoutes, otpRoutes, passwordRoutes } from './routes/sign-in.routes.js';
import { loadSeed } from './seed/load-seed.js';
import { manageSsoRoutes } from './sso/settings.routes.js';
import { createKey, KeyRing } from './store/key-ring.js';
import { jwtTemplateRoutes } from './templates/template.routes.js';
import { tenantSettingsRoutes } from './tenants/tenant-settings.js';
import { tenantRoutes } from './tenants/tenants.js';
import { manageTotpRoutes, totpRoutes } from './totp/totp.routes.js';
import { userBatchRoutes } from './users/batches.js';
import { customAttributeRoutes } from './users/custom-attributes.routes.js';
import { groupRoutes } from './users/groups.routes.js';

/**
 * Starts an embedded Descope on a port of this machine, with new keys and the data of the seed, all in memory.
 *
 * @returns The running emulator. Close it when the tests are over.
 * @throws {EmulatorError} EMULATOR_IN_PRODUCTION when `NODE_ENV` is `production`
 * @throws {EmulatorError} EMULATOR_OPTIONS_INVALID when an option is unknown or has a wrong value
 * @throws {EmulatorError} EMULATOR_SEED_INVALID when the seed is not valid; the message lists all mistakes
 * @throws {EmulatorError} EMULATOR_SEED_UNREADABLE when the seed file cannot be read, or is not JSON
 * @throws {EmulatorError} EMULATOR_ADDRESS_TAKEN when the emulator cannot listen on the host and port
 * @example
 * const emulator = await startEmulator({ seed: { users: [{ loginId: 'ada@example.com', roles: ['admin'] }] } });
 * const { sessionJwt } = await emulator.signIn('ada@example.com');
 * // DescopeModule.forRoot({ projectId: emulator.projectId, baseUrl: emulator.url })
 * await emulator.close();
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  if (process.env.NODE_ENV?.trim() === 'production') {
    const message =
      'The emulator does not start with NODE_ENV=production, because anyone can sign in as any user.';
    throw new EmulatorError('EMULATOR_IN_PRODUCTION', message);
  }
  const resolved = resolveOptions(options);
  const seed = loadSeed(options.seed);
  const keys = new KeyRing(await createKey(resolved.algorithm));
  const state = new ProjectState(resolved, seed, keys);
  const projects = new Projects(state, resolved, allRoutes);
  const listening = await listen(projects.server, resolved.host, resolved.port);
  state.url = resolved.publicUrl ?? listening;
  return new Emulator(state, projects);
}

/** Every endpoint; no two of them match the same request. */
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
  ...flowFileRoutes,
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
  ...manageConsentRoutes,
  ...registrationRoutes,
  ...metadataRoutes,
  ...authorizeRoutes,
  ...tokenEndpointRoutes,
  ...userInfoRoutes,
  ...fgaRoutes,
  ...auditRoutes,
  ...jwtTemplateRoutes,
  ...authzRoutes,
  ...tenantSettingsRoutes,
  ...listRoutes,
  ...outboundAppRoutes,
  ...fetchTokenRoutes,
  ...manageTokenRoutes,
  ...uploadRoutes,
  ...connectRoutes,
  ...connectPageRoutes,
  ...componentLibraryRoutes,
  ...passwordSettingsRoutes,
  ...oauthSignInRoutes,
  ...ssoSignInRoutes,
  ...providerPageRoutes,
  ...manageSsoRoutes,
  ...totpRoutes,
  ...manageTotpRoutes,
  ...manageFlowRoutes,
  ...userBatchRoutes,
  ...customAttributeRoutes,
  ...groupRoutes,
  ...themeRoutes,
  ...namespaceRoutes,
  ...projectRoutes,
];
