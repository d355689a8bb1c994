// Starts a sign-in with a provider: what a person is sent to, for the API and for flows.
import { DescopeError } from '../errors.js';
import { assertRedirectUrl } from '../http/redirect-uris.js';
import type { ProjectState } from '../project-state.js';
import type { LoginOptions } from '../store/sign-ins.js';
import { NO_LOGIN_OPTIONS } from '../store/sign-ins.js';
import type { FederatedApproach, FederatedRequest } from './federation.js';
import { requireProvider } from './providers.js';
import type { SsoConfiguration } from './sso-configuration.js';
import { protocolOf, settingsOf } from './sso-configuration.js';

/** How a sign-in with a provider starts; what is left out is the default. */
interface FederatedStart {
  /** Where the browser goes back to; left out, where the project or the tenant says. */
  readonly redirectUrl?: string | undefined;
  readonly options?: LoginOptions | undefined;
  /** The e-mail address that the page suggests. */
  readonly loginHint?: string | undefined;
  readonly ask?: FederatedRequest['ask'] | undefined;
}

/** The start of a sign-in with an OAuth provider. */
interface ProviderStart extends FederatedStart {
  readonly provider: string;
  readonly approach?: FederatedApproach | undefined;
  /** The user who adds the provider, where the approach is `update`. */
  readonly userId?: string | undefined;
}

/** The start of a sign-in with a tenant's identity provider. */
interface SsoStart extends FederatedStart {
  /** The id or the name of the tenant, or an e-mail address of one of its domains. */
  readonly tenant: string;
  readonly ssoId?: string | undefined;
  readonly initiatedEmail?: string | undefined;
}

/** Starts a sign-in with an OAuth provider, and returns the URL of the page that plays it. */
export function startProviderSignIn(state: ProjectState, start: ProviderStart): string {
  const { name } = requireProvider(state, start.provider);
  const redirectUrl = start.redirectUrl ?? state.federation.redirectUrl;
  const request = toRequest(state, { ...start, redirectUrl });
  const secret = state.federation.keepRequest({
    ...request,
    provider: name,
    approach: start.approach ?? 'signup-in',
    userId: start.userId,
  });
  return `${state.url}/emulator/oauth/${encodeURIComponent(name)}?request=${secret}`;
}

/** Starts a sign-in with a tenant's identity provider, and returns the URL of the page that plays it. */
export function startSsoSignIn(state: ProjectState, start: SsoStart): string {
  const configuration = requireConfiguration(state, start.tenant, start.ssoId);
  const { tenantId, ssoId } = configuration;
  const redirectUrl = start.redirectUrl ?? settingsOf(configuration).redirectUrl;
  const loginHint = start.loginHint ?? (start.tenant.includes('@') ? start.tenant : undefined);
  const secret = state.federation.keepRequest({
    ...toRequest(state, { ...start, redirectUrl, loginHint }),
    sso: { tenantId, ssoId },
    initiatedEmail: start.initiatedEmail ?? '',
  });
  return `${state.url}/emulator/sso/${encodeURIComponent(tenantId)}?request=${secret}`;
}

// As long as a page may stay open.
const PAGE_MS = 10 * 60 * 1000;

function toRequest(state: ProjectState, start: FederatedStart & { redirectUrl: string }): FederatedRequest {
  if (start.redirectUrl === '') {
    const message = 'The redirectURL argument is missing, and neither project nor tenant has a redirect URL';
    throw new DescopeError('missingArguments', message);
  }
  assertRedirectUrl(state.federation.approvedDomains, start.redirectUrl);
  return {
    approach: 'signup-in',
    redirectUrl: start.redirectUrl,
    options: start.options ?? NO_LOGIN_OPTIONS,
    loginHint: start.loginHint ?? '',
    ask: start.ask ?? 'default',
    initiatedEmail: '',
    expiresMs: state.clock.now() + PAGE_MS,
  };
}

/** Finds the configured SSO of a tenant, which its id, its name or an e-mail address names. */
function requireConfiguration(state: ProjectState, tenant: string, ssoId = ''): SsoConfiguration {
  const tenantId = findTenantId(state, tenant, ssoId);
  const found = state.project.tenants.find(tenantId);
  if (found?.disabled) throw new DescopeError('invalidArguments', `The tenant ${tenantId} is disabled`);
  const configuration = state.federation.configurations.find(tenantId, ssoId);
  if (configuration && protocolOf(configuration) !== undefined) return configuration;
  const which = ssoId === '' ? '' : ` ${ssoId}`;
  throw new DescopeError('invalidArguments', `The tenant ${tenantId} has no SSO configuration${which}`);
}

function findTenantId({ project, federation }: ProjectState, tenant: string, ssoId: string): string {
  if (project.tenants.find(tenant)) return tenant;
  const named = project.tenants.all.find(({ name }) => name === tenant);
  if (named) return named.id;
  const domain = tenant.includes('@') ? tenant.slice(tenant.lastIndexOf('@') + 1) : '';
  const owners = domain === '' ? [] : federation.configurations.forDomain(domain);
  const owner = owners.find((one) => one.ssoId === ssoId) ?? owners[0];
  if (owner) return owner.tenantId;
  // Descope's documentation, page "Errors and Troubleshooting": E011001.
  throw new DescopeError(
    'badRequest',
    `Received tenant from query param, but it does not match any pattern: ${tenant.slice(0, 100)}`,
  );
}
