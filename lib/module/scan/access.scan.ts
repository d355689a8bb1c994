// Looks at every handler once at boot: a demand that contradicts itself, or that no guard covers, stops it.
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { readAccessPolicy, readGuards } from '../../auth/access.policy.js';
import type { AccessPolicy } from '../../auth/access/add-up.js';
import type { HandlerClass } from '../../auth/access.policy.js';
import type { DescopeConfig } from '../../core/config/config.js';
import { DescopeConfigError } from '../../core/errors.js';
import { assertAnswerable } from './answerable.js';
import type { AskedHandler } from './handlers.js';
import { areFieldsGuarded, unguardedField, unguardedReference } from './field-guards.js';
import { isAuthGuard, isGlobalToken, isReached } from './guard-reach.js';
import {
  isFieldHandler,
  isReferenceHandler,
  readMessageTransport,
  readPaths,
  readResolverNote,
} from './handler-metadata.js';
import { isClass, readHandlers } from './handlers.js';
import type { FoundHandler } from './handlers.js';
import { fatalStreamCall, isStreamCall } from './stream-calls.js';
import { isUnjudged, unjudged } from './unjudged.js';

/** Where to look: the application's modules, its global guards, and what the module was told. */
export interface ScanInput {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly config: DescopeConfig;
  /** Whether it answers HTTP; a microservice that is nothing else does not. */
  readonly hasHttp: boolean;
}

/** Asserts that demands can be kept, and met, and lists what was looked at. Throws a `CONFIG_…` code. */
export function assertAccessKept(input: ScanInput): readonly AskedHandler[] {
  const asked = readHandlers(input.modules).map(toAsked);
  const stand = {
    ...input,
    isGlobal: isGuardGlobal(input),
    isStatic: isGuardStatic(input),
    hasFieldGuards: areFieldsGuarded(input.modules),
    hasResolverGuards: asked.some(hasResolverGuard),
  };
  for (const handler of asked) assertJudged(handler, stand);
  assertAnswerable(asked, input);
  return asked;
}

function toAsked(found: FoundHandler): AskedHandler {
  const { type, name, handler } = found;
  const where = `${type.name}.${String(name)}`;
  const policy = readAccessPolicy(type, handler); // throws what is contradicted
  return { ...found, where, policy, paths: readPaths(type, handler) };
}

interface Stand extends ScanInput {
  readonly isGlobal: boolean;
  /** Whether the global guard is made once; before what is static, Nest asks no guard that is made for each request. */
  readonly isStatic: boolean;
  readonly hasFieldGuards: boolean;
  /** Whether a guard of its own stands before any handler of GraphQL. */
  readonly hasResolverGuards: boolean;
}

function assertJudged(asked: AskedHandler, stand: Stand): void {
  const { isGlobal, hasFieldGuards, modules } = stand;
  const { type, handler, where, policy } = asked;
  if (isWeaker(readAccessPolicy(toKnownClass(type), handler), policy)) throw unread(where);
  const isGuarded = readGuards(type, handler).some(isAuthGuard);
  if (policy.mode !== 'public' && (isGlobal || isGuarded)) assertRefusable(asked);
  if (isOpenReference(asked, stand)) throw unguardedReference(where);
  if (!isDemanding(policy)) return;
  assertRefusable(asked);
  if (isUnjudged(asked, modules)) throw unjudged(where);
  if (!hasFieldGuards && isFieldHandler(handler)) throw unguardedField(where);
  if (!isGuarded && !isCovered(asked, stand)) throw unguarded(where, readMessageTransport(handler));
}

// What `_entities` of a subgraph calls is a way in of its own. Where nothing is guarded at all, the boot says that.
function isOpenReference({ type, handler, policy }: AskedHandler, stand: Stand): boolean {
  if (!isReferenceHandler(handler) || policy.mode !== 'required') return false;
  const isGuarded = stand.isGlobal || readGuards(type, handler).some(isAuthGuard);
  if (isGuarded && stand.hasFieldGuards) return false;
  return stand.isGlobal || stand.hasResolverGuards || isDemanding(policy);
}

function hasResolverGuard({ type, name, handler }: AskedHandler): boolean {
  if (readResolverNote(type, handler, String(name)) === undefined) return false;
  return readGuards(type, handler).some(isAuthGuard);
}

function isCovered({ type, handler }: AskedHandler, stand: Stand): boolean {
  const transport = readMessageTransport(handler);
  if (!stand.isGlobal || !isReached(transport, stand.hasHttp)) return false;
  return stand.isStatic || (transport !== 'ws' && isMadeForEach(type, stand.modules));
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

function assertRefusable({ handler, where }: AskedHandler): void {
  if (isStreamCall(handler)) throw fatalStreamCall(where);
}

function isDemanding({ demands, rules = [] }: AccessPolicy): boolean {
  return demands.length + rules.length > 0;
}

// Nest names the class of an instance by `instance.constructor`, which a mixin that copies all members overwrites.
function toKnownClass(type: HandlerClass): HandlerClass {
  const { constructor } = type.prototype as { readonly constructor: unknown };
  return isClass(constructor) ? constructor : type;
}

function isWeaker(policy: AccessPolicy, asked: AccessPolicy): boolean {
  if (asked.mode !== 'required') return false;
  const { demands, rules = [] } = policy;
  const isKept =
    asked.demands.every((demand) => demands.includes(demand)) &&
    (asked.rules ?? []).every((rule) => rules.includes(rule));
  return policy.mode !== 'required' || !isKept;
}

/** Tells whether an `AuthGuard` stands before every handler. */
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
  // A test may override the guard: whatever stands under its token counts as one.
  const standIns = [...modules.values()]
    .flatMap(({ providers }) => [...providers.values()])
    .filter(({ token }) => isAuthGuard(token))
    .map(({ instance }) => instance as unknown);
  return application.getGlobalGuards().some((guard) => isAuthGuard(guard) || standIns.includes(guard));
}

function unread(where: string): DescopeConfigError {
  const message = `What ${where} asks for cannot be read where it is called, because "prototype.constructor" of its class is another class. Let the mixin or decorator that put it there leave "constructor" alone.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

// Where a global guard would do, by what brings the call.
const COVERED = {
  http: 'leave globalGuard on',
  ws: 'leave globalGuard on and take Nest 12, unbundled: Nest 11 asks no global guard about messages of WebSockets',
  rpc: 'leave globalGuard on where the whole application is a microservice: a hybrid one does not ask it about messages',
};

function unguarded(where: string, transport: keyof typeof COVERED = 'http'): DescopeConfigError {
  const message = `${where} asks for something, itself or by its class, and no AuthGuard covers it. Add @UseGuards(AuthGuard) there, or ${COVERED[transport]}.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
