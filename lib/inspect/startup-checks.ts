// Checks every handler once at boot: that a guard checks each demand, and that each demand can be met.
import type { Type } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { RouterModule } from '@nestjs/core';
import type { AccessAlternative } from '../auth/access/access-metadata.js';
import { isRuleClass } from '../auth/access/access-metadata.js';
import type { AccessPolicy, HandlerClass } from '../auth/access/access-policy.js';
import { listLeaves, readAccessPolicy, readGuards } from '../auth/access/access-policy.js';
import { isDemand } from '../auth/access/alternatives.js';
import type { DescopeConfig } from '../core/config/config.js';
import { DescopeConfigError } from '../core/errors.js';
import type { TokenKind } from '../core/token/claims.js';
import { readTenantSources } from '../core/user/demands.js';
import { isForeignKind } from '../core/user/token-acceptance.js';
import { assertLoader } from './dependencies.js';
import { areFieldsGuarded, unguardedField, unguardedReference } from './graphql-fields.js';
import type { FoundHandler, HandlerWithPolicy } from './handlers.js';
import {
  fatalStreamCall,
  isAuthGuard,
  isClass,
  isFieldHandler,
  isGlobalToken,
  isReached,
  isReferenceHandler,
  isRouted,
  isStreamCall,
  readHandlers,
  readMessageTransport,
  readPaths,
  readResolverMetadata,
} from './handlers.js';
import { isNeverGuarded, neverGuardedError } from './never-guarded.js';

/** What the checks need: the application's modules, its global guards, and the configuration. */
export interface ScanInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly config: DescopeConfig;
  /** Whether the application has HTTP; one that is only a microservice does not. */
  readonly hasHttp: boolean;
}

/**
 * Asserts that a guard checks every demand, and that every demand can be met.
 * @returns the handlers that were checked
 * @throws {DescopeConfigError} a `CONFIG_…` code
 */
export function checkHandlers(input: ScanInput): readonly HandlerWithPolicy[] {
  const handlers = readHandlers(input.modules).map(toHandlerWithPolicy);
  const facts = {
    ...input,
    isGlobal: isGuardGlobal(input),
    isStatic: isGuardStatic(input),
    hasFieldGuards: areFieldsGuarded(input.modules),
    hasResolverGuards: handlers.some(hasResolverGuard),
  };
  for (const handler of handlers) assertGuarded(handler, facts);
  assertSatisfiable(handlers, input);
  return handlers;
}

function toHandlerWithPolicy(found: FoundHandler): HandlerWithPolicy {
  const { type, name, handler, methods } = found;
  return {
    type,
    name,
    handler,
    methods,
    where: `${type.name}.${String(name)}`,
    policy: readAccessPolicy(type, handler, methods), // throws for a contradiction
    guards: readGuards(type, handler),
    isRouted: isRouted(handler),
    transport: readMessageTransport(handler),
  };
}

interface GuardFacts extends ScanInput {
  readonly isGlobal: boolean;
  /** Whether the global guard is a singleton; before a static handler, Nest runs no request-scoped guard. */
  readonly isStatic: boolean;
  readonly hasFieldGuards: boolean;
  /** Whether any handler of GraphQL has its own guard. */
  readonly hasResolverGuards: boolean;
}

function assertGuarded(found: HandlerWithPolicy, facts: GuardFacts): void {
  const { isGlobal, hasFieldGuards, modules } = facts;
  const { handler, where, policy } = found;
  if (isWeaker(readKnownPolicy(found), policy)) throw unread(where);
  const isGuarded = found.guards.some(isAuthGuard);
  if (policy.mode !== 'public' && (isGlobal || isGuarded)) assertRejectable(found);
  if (isOpenReference(found, facts)) throw unguardedReference(where);
  if (!isDemanding(policy)) return;
  assertRejectable(found);
  if (isNeverGuarded(found, modules)) throw neverGuardedError(where);
  if (!hasFieldGuards && isFieldHandler(handler)) throw unguardedField(where);
  if (!isGuarded && !isCovered(found, facts)) throw unguarded(where, found.transport);
}

// `_entities` of a subgraph is a separate endpoint. If nothing is guarded at all, the boot logs that instead.
function isOpenReference({ handler, policy, guards }: HandlerWithPolicy, facts: GuardFacts): boolean {
  if (policy.mode !== 'required' || !isReferenceHandler(handler)) return false;
  const isGuarded = facts.isGlobal || guards.some(isAuthGuard);
  if (isGuarded && facts.hasFieldGuards) return false;
  return facts.isGlobal || facts.hasResolverGuards || isDemanding(policy);
}

function hasResolverGuard({ type, name, handler, guards }: HandlerWithPolicy): boolean {
  return guards.some(isAuthGuard) && readResolverMetadata(type, handler, String(name)) !== undefined;
}

function isCovered({ type, transport }: HandlerWithPolicy, facts: GuardFacts): boolean {
  if (!facts.isGlobal || !isReached(transport, facts.hasHttp)) return false;
  return facts.isStatic || (transport !== 'ws' && isMadeForEach(type, facts.modules));
}

function isMadeForEach(type: HandlerClass, modules: ModulesContainer): boolean {
  const all = [...modules.values()].flatMap((module) => [
    ...module.controllers.values(),
    ...module.providers.values(),
  ]);
  return all
    .filter(({ metatype }) => metatype === type)
    .every((wrapper) => !wrapper.isDependencyTreeStatic());
}

function assertRejectable({ handler, where, transport }: HandlerWithPolicy): void {
  if (transport === 'rpc' && isStreamCall(handler)) throw fatalStreamCall(where);
}

function isDemanding({ demands, rules = [] }: AccessPolicy): boolean {
  return demands.length + rules.length > 0;
}

// Nest reads the class of an instance from `instance.constructor`, which a mixin that copies all members overwrites.
function readKnownPolicy({ type, handler, policy }: HandlerWithPolicy): AccessPolicy {
  const { constructor } = type.prototype as { readonly constructor: unknown };
  return constructor === type || !isClass(constructor) ? policy : readAccessPolicy(constructor, handler);
}

function isWeaker(policy: AccessPolicy, declared: AccessPolicy): boolean {
  if (declared.mode !== 'required') return false;
  const { demands, rules = [] } = policy;
  const isKept =
    declared.demands.every((demand) => demands.includes(demand)) &&
    (declared.rules ?? []).every((rule) => rules.includes(rule));
  return policy.mode !== 'required' || !isKept;
}

/** Checks whether an `AuthGuard` is global. */
export function isGuardGlobal(input: Pick<ScanInput, 'modules' | 'application'>): boolean {
  if (isGuardStatic(input)) return true;
  const modules = [...input.modules.values()];
  const all = modules.flatMap(({ providers, injectables }) => [
    ...providers.values(),
    ...injectables.values(),
  ]);
  return all.some(
    ({ token, name, metatype, instance }) =>
      isGlobalToken(token ?? name) && (isAuthGuard(instance) || isAuthGuard(metatype)),
  );
}

function isGuardStatic({ modules, application }: Pick<ScanInput, 'modules' | 'application'>): boolean {
  // A test may override the guard: any provider of its token counts as one.
  const standIns = [...modules.values()]
    .flatMap(({ providers }) => [...providers.values()])
    .filter(({ token }) => isAuthGuard(token))
    .map(({ instance }) => instance);
  return application.getGlobalGuards().some((guard) => isAuthGuard(guard) || standIns.includes(guard));
}

function unread(where: string): DescopeConfigError {
  const message = `The access decorators of ${where} cannot be read when it is called: "prototype.constructor" of its class is another class. Change the mixin or class decorator that set it, so that "constructor" is the class itself.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

// When a global guard is enough, by transport.
const COVERED = {
  http: 'leave globalGuard on',
  ws: 'leave globalGuard on and use Nest 12, unbundled: Nest 11 runs no global guards for WebSocket messages',
  rpc: 'leave globalGuard on where the whole application is a microservice: a hybrid application does not run it for messages',
};

function unguarded(where: string, transport: keyof typeof COVERED = 'http'): DescopeConfigError {
  const message = `${where} has access decorators (its own or of its class), but no AuthGuard runs before it. Add @UseGuards(AuthGuard) there, or ${COVERED[transport]}.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

// Checks at boot that demands can be met: a rule has a provider, a key is set, an audience is set, a parameter exists.

/** The modules, global guards and configuration of an application. */
export interface ApplicationFacts {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly config: DescopeConfig;
}

/**
 * Asserts that the demands and rules of handlers can be met.
 * @throws {DescopeConfigError} CONFIG_POLICY_MISSING, CONFIG_FGA_KEY_MISSING, CONFIG_DEMAND_AUDIENCELESS,
 *   CONFIG_DEMAND_INVALID, CONFIG_USER_LOADER_MISSING or CONFIG_SCOPE_INVALID
 */
export function assertSatisfiable(handlers: readonly HandlerWithPolicy[], facts: ApplicationFacts): void {
  const modules = [...facts.modules.values()];
  // The paths of RouterModule are stored where only Nest finds them.
  const isPathKnown = !modules.some(({ metatype }) => metatype === RouterModule);
  for (const handler of handlers) {
    assertRulesProvided(handler, modules);
    assertKeyGiven(handler, facts.config);
    assertAudienceGiven(handler, facts.config);
    assertProofsAccepted(handler, facts.config);
    if (isPathKnown && handler.isRouted) assertParamsRouted(handler, facts.application.getGlobalPrefix());
  }
  assertModuleAudience(handlers, facts.config);
  assertLoader(facts.config, modules);
}

type Modules = readonly { readonly providers: ReadonlyMap<unknown, unknown> }[];

function assertRulesProvided({ where, policy }: HandlerWithPolicy, modules: Modules): void {
  for (const leaf of listLeaves(policy)) {
    const type = readProvided(leaf);
    if (type === undefined) continue;
    if (isAuthGuard(type)) throw circular(where, type.name);
    if (modules.some(({ providers }) => providers.has(type))) continue;
    const decorator = policy.rules?.some((rule) => rule === leaf) === true ? '@Authorize' : '@AnyOf';
    const message = `${where} has ${decorator}(${type.name}), but no module provides ${type.name}. Add it to the providers of a module.`;
    throw new DescopeConfigError('CONFIG_POLICY_MISSING', message, { where, rule: type.name });
  }
}

// The class that a module must provide, of a rule or of a guard inside `@AnyOf`.
function readProvided(leaf: AccessAlternative): Type | undefined {
  if (leaf.kind === 'guard') return leaf.guard;
  return leaf.kind === 'rule' && isRuleClass(leaf.rule) ? leaf.rule : undefined;
}

function circular(where: string, name: string): DescopeConfigError {
  const message = `${where} has @AnyOf with ${name}, the guard that itself checks @AnyOf. Remove it there.`;
  return new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { where });
}

function assertKeyGiven({ where, policy }: HandlerWithPolicy, config: DescopeConfig): void {
  const hasRelation = listLeaves(policy).some(({ kind }) => kind === 'relation');
  if (!hasRelation || config.readSecrets().managementKey !== undefined) return;
  const message = `${where} has @FgaCheck, which needs a management key. Set managementKey (or DESCOPE_MANAGEMENT_KEY). A test needs no key with createTestDescope().override(…) of nestjs-descope/testing.`;
  throw new DescopeConfigError('CONFIG_FGA_KEY_MISSING', message, { where });
}

function assertAudienceGiven({ where, policy }: HandlerWithPolicy, { acceptance }: DescopeConfig): void {
  const kinds = policy.demands.flatMap((demand) => (demand.kind === 'accepts' ? demand.kinds : []));
  if (!kinds.some(isForeignKind) || acceptance.audience !== undefined || hasAudience(policy)) return;
  throw audienceless(`The @Accepts of ${where}`, kinds, where);
}

function assertProofsAccepted({ where, policy }: HandlerWithPolicy, { dpop }: DescopeConfig): void {
  if (dpop !== undefined || policy.demands.every(({ kind }) => kind !== 'dpop')) return;
  const message = `${where} has @Dpop, but bound tokens are rejected everywhere. Set the option dpop.`;
  throw new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { where });
}

// The option alone is a mistake only if a route relies on it, and none requires an audience.
function assertModuleAudience(handlers: readonly HandlerWithPolicy[], { acceptance }: DescopeConfig): void {
  const { accepts, audience } = acceptance;
  if (audience !== undefined || !accepts.some(isForeignKind)) return;
  if (handlers.some(({ policy }) => hasAudience(policy))) return;
  const requiring = handlers.find(({ policy, isRouted }) => isRouted && policy.mode !== 'public');
  if (requiring !== undefined) throw audienceless('The option accepts', accepts, requiring.where);
}

function assertParamsRouted({ type, handler, where, policy }: HandlerWithPolicy, prefix: string): void {
  const leaves = listLeaves(policy);
  const demands = leaves.filter(isDemand);
  const ofRules = leaves.flatMap((leaf) => (leaf.kind === 'relation' ? [leaf.resource] : []));
  for (const source of [...readTenantSources(demands), ...ofRules]) {
    const name = typeof source === 'string' ? PLAIN_PARAM.exec(source)?.[1] : undefined;
    if (name === undefined) continue;
    const paths = [...readPaths(type, handler), prefix];
    if (paths.some((path) => path.match(PARAM)?.some((text) => text.slice(1) === name))) continue;
    const message = `An access decorator of ${where} reads '${String(source)}', but its path has no such parameter. Use the name of a parameter of the path.`;
    throw new DescopeConfigError('CONFIG_DEMAND_INVALID', message, { where });
  }
}

// Quoted names of Express, and wildcards without a name, are not checked here, but for each request.
const PLAIN_PARAM = /^param:([A-Za-z_]\w*)$/;
const PARAM = /[:*]\w+/g;

function hasAudience({ demands }: AccessPolicy): boolean {
  return demands.some(({ kind }) => kind === 'audience' || kind === 'resource');
}

function audienceless(what: string, kinds: readonly TokenKind[], where: string): DescopeConfigError {
  const foreign = kinds.filter(isForeignKind).join(' and ');
  const message = `${what} accepts tokens of the kind ${foreign}, but no audience is required of them. Such tokens may be issued for other APIs, so without an audience all of them would be rejected. Add @Audience(…) there, or set audience (or DESCOPE_AUDIENCE).`;
  return new DescopeConfigError('CONFIG_DEMAND_AUDIENCELESS', message, { where });
}
