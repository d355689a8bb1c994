// Looks at boot whether there is what it takes to meet a demand: a rule's provider, a key, an audience, a parameter.
import { RouterModule } from '@nestjs/core';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { AccessPolicy } from '../../auth/access/add-up.js';
import { isUserLoaderClass } from '../../auth/session/own-user.js';
import { isPolicyClass } from '../../auth/rules/rules.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeConfigError } from '../../core/errors.js';
import type { TokenKind } from '../../core/token/token-kind.js';
import { isForeignKind } from '../../core/user/admitted.js';
import { readTenantSources } from '../../core/user/demands.js';
import type { AskedHandler } from './handlers.js';

/** What an application has. */
export interface Means {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly config: DescopeConfig;
}

/**
 * Asserts that what handlers ask for can be met. Throws `CONFIG_POLICY_MISSING`, `CONFIG_FGA_KEY_MISSING`,
 * `CONFIG_DEMAND_AUDIENCELESS`, `CONFIG_DEMAND_INVALID` or `CONFIG_USER_LOADER_MISSING`.
 */
export function assertAnswerable(handlers: readonly AskedHandler[], means: Means): void {
  const modules = [...means.modules.values()];
  // What RouterModule puts before a path is kept where only Nest finds it.
  const isPathKnown = !modules.some(({ metatype }) => metatype === RouterModule);
  for (const handler of handlers) {
    assertPoliciesProvided(handler, modules);
    assertKeyGiven(handler, means.config);
    assertAudienceAsked(handler, means.config);
    if (isPathKnown) assertParamsRouted(handler, means.application.getGlobalPrefix());
  }
  assertModuleAudience(handlers, means.config);
  assertLoaderProvided(means.config, modules);
}

type Modules = readonly { readonly providers: ReadonlyMap<unknown, unknown> }[];

function assertLoaderProvided({ loadUser }: DescopeConfig, modules: Modules): void {
  if (loadUser === undefined || !isUserLoaderClass(loadUser)) return;
  if (modules.some(({ providers }) => providers.has(loadUser))) return;
  const message = `The option loadUser is the class ${loadUser.name}, and no module provides it. Add it to the providers of a module.`;
  throw new DescopeConfigError('CONFIG_USER_LOADER_MISSING', message, { loader: loadUser.name });
}

function assertPoliciesProvided({ where, policy }: AskedHandler, modules: Modules): void {
  for (const rule of policy.rules ?? []) {
    if (rule.kind !== 'policy' || !isPolicyClass(rule.policy)) continue;
    const type = rule.policy;
    if (modules.some(({ providers }) => providers.has(type))) continue;
    const message = `${where} is under @Authorize(${type.name}), and no module provides ${type.name}. Add it to the providers of a module.`;
    throw new DescopeConfigError('CONFIG_POLICY_MISSING', message, { where, policy: type.name });
  }
}

function assertKeyGiven({ where, policy }: AskedHandler, config: DescopeConfig): void {
  const isAsked = (policy.rules ?? []).some(({ kind }) => kind === 'relation');
  if (!isAsked || config.readSecrets().managementKey !== undefined) return;
  const message = `${where} is under @FgaCheck, and Descope answers that to a management key only. Set managementKey (or DESCOPE_MANAGEMENT_KEY). A test needs none: createTestDescope().override(…) of nestjs-descope/testing boots without.`;
  throw new DescopeConfigError('CONFIG_FGA_KEY_MISSING', message, { where });
}

function assertAudienceAsked({ where, policy }: AskedHandler, { admission }: DescopeConfig): void {
  const kinds = policy.demands.flatMap((demand) => (demand.kind === 'accepts' ? demand.kinds : []));
  if (!kinds.some(isForeignKind) || admission.audience !== undefined || hasAudience(policy)) return;
  throw audienceless(`The @Accepts of ${where}`, kinds, where);
}

// The option alone: it is a mistake only where some route relies on it, and none asks for an audience.
function assertModuleAudience(handlers: readonly AskedHandler[], { admission }: DescopeConfig): void {
  const { accepts, audience } = admission;
  if (audience !== undefined || !accepts.some(isForeignKind)) return;
  if (handlers.some(({ policy }) => hasAudience(policy))) return;
  const relying = handlers.find(({ policy, paths }) => paths !== undefined && policy.mode !== 'public');
  if (relying !== undefined) throw audienceless('The option accepts', accepts, relying.where);
}

function assertParamsRouted({ where, policy, paths }: AskedHandler, prefix: string): void {
  if (paths === undefined) return;
  const ofRules = (policy.rules ?? []).flatMap((rule) => (rule.kind === 'relation' ? [rule.resource] : []));
  for (const source of [...readTenantSources(policy.demands), ...ofRules]) {
    const name = typeof source === 'string' ? PLAIN_PARAM.exec(source)?.[1] : undefined;
    const names = [...paths, prefix].flatMap((path) => path.match(PARAM) ?? []).map((text) => text.slice(1));
    if (name === undefined || names.includes(name)) continue;
    const message = `${where} is asked about '${source}', and its path has no such parameter.`;
    throw new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { where });
  }
}

// Names that Express quotes, and the nameless parameters of wildcards, are left to the request.
const PLAIN_PARAM = /^param:([A-Za-z_]\w*)$/;
const PARAM = /[:*]\w+/g;

function hasAudience({ demands }: AccessPolicy): boolean {
  return demands.some(({ kind }) => kind === 'audience');
}

function audienceless(what: string, kinds: readonly TokenKind[], where: string): DescopeConfigError {
  const foreign = kinds.filter(isForeignKind).join(' and ');
  const message = `${what} lets in tokens of the kind ${foreign}, which were made for somebody else's use, and no audience says for whom they must be meant: all of them would be refused. Add @Audience(…) there, or set audience (or DESCOPE_AUDIENCE).`;
  return new DescopeConfigError('CONFIG_DEMAND_AUDIENCELESS', message, { where });
}
