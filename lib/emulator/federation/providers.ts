// The OAuth providers of the project, and where a redirect may go.
import { findRedirectMistake } from '../clients/redirect-uris.js';
import { DescopeError } from '../errors.js';
import type { ProjectState } from '../project-state.js';
import { OIDC_MAPPING } from './attributes.js';
import type { ProviderRecord } from './federation.js';
import { BUILT_IN_PROVIDERS } from './federation.js';

/** Finds a provider of the project, or rejects its name. */
export function requireProvider({ federation }: ProjectState, name: string): ProviderRecord {
  const builtIn = BUILT_IN_PROVIDERS.get(name);
  const provider = federation.providers.get(name);
  if (provider) return provider;
  if (builtIn !== undefined) return { name, displayName: builtIn, attributeMapping: OIDC_MAPPING };
  const names = [...new Set([...BUILT_IN_PROVIDERS.keys(), ...federation.providers.keys()])].join(', ');
  throw new DescopeError(
    'invalidArguments',
    `The project has no OAuth provider ${name.slice(0, 100)}; it has ${names}. Add one to the seed, as oauth.providers`,
  );
}

/** Rejects a redirect URL that a browser should not follow, or whose domain the project does not approve. */
export function assertRedirectUrl({ federation }: ProjectState, url: string): void {
  const mistake = findUrlMistake(url);
  if (mistake !== undefined) {
    throw new DescopeError('invalidArguments', `The redirect URL ${mistake}`);
  }
  const { hostname } = new URL(url);
  const { approvedDomains } = federation;
  if (approvedDomains.length === 0 || approvedDomains.some((domain) => isWithin(hostname, domain))) return;
  const message = `The redirect URL is not in an approved domain: ${approvedDomains.join(', ')}`;
  throw new DescopeError('invalidArguments', message);
}

// Plain http is for the developer to decide: their machine may have any name.
function findUrlMistake(url: string): string | undefined {
  return findRedirectMistake(url.replace(/^http:/i, 'https:').split('#', 1)[0] ?? '');
}

function isWithin(hostname: string, domain: string): boolean {
  if (domain.startsWith('*.')) return hostname.endsWith(domain.slice(1).toLowerCase());
  return hostname === domain.toLowerCase();
}

/** Adds a parameter to the query of a URL, and leaves the rest as it is. */
export function withParameter(url: string, name: string, value: string): string {
  const [target = '', ...fragment] = url.split('#');
  const separator = target.includes('?') ? '&' : '?';
  const added = `${target}${separator}${new URLSearchParams([[name, value]]).toString()}`;
  return [added, ...fragment].join('#');
}
