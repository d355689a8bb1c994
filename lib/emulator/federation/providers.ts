// The OAuth providers of the project, and the parameters of a redirect.
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

/** Adds a parameter to the query of a URL, and leaves the rest as it is. */
export function withParameter(url: string, name: string, value: string): string {
  const [target = '', ...fragment] = url.split('#');
  const separator = target.includes('?') ? '&' : '?';
  const added = `${target}${separator}${new URLSearchParams([[name, value]]).toString()}`;
  return [added, ...fragment].join('#');
}
