// Finds demands on methods before which no guard runs, and endpoints that are open because they have no guard.
import 'reflect-metadata';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { ExternalContextCreator } from '@nestjs/core';
import { ACCESS_METADATA } from '../auth/access/access-metadata.js';
import type { HandlerClass } from '../auth/access/access-policy.js';
import { hasOwnDemand } from '../auth/access/access-policy.js';
import { isAuthController } from '../auth/injection-tokens.js';
import { DescopeConfigError } from '../core/errors.js';
import type { Notice } from '../core/logging.js';
import { readGraphqlEndpoints } from './graphql-fields.js';
import type { FoundHandler, HandlerWithPolicy } from './handlers.js';
import {
  isClass,
  isReached,
  isRouted,
  readClasses,
  readInjected,
  readMessageTransport,
  readMethodsOf,
  readResolverMetadata,
} from './handlers.js';

// Metadata of Nest 11 and 12 that any provider may have: it does not show that a framework calls a method.
const SILENT_METADATA: readonly unknown[] = [
  ACCESS_METADATA,
  '__injectable__',
  'scope:options',
  'self:paramtypes',
  'self:properties_metadata',
  'optional:paramtypes',
  'optional:properties_metadata',
  '__guards__',
  '__pipes__',
  '__interceptors__',
  '__exceptionFilters__',
  '__routeArguments__',
];

// Metadata of frameworks that call a method themselves and run no guard; the same for Nest 11 and 12.
const UNASKED_METADATA: readonly unknown[] = [
  ...['EVENT_LISTENER_METADATA'], // @nestjs/event-emitter
  ...['SCHEDULER_TYPE', 'SCHEDULER_NAME'], // @nestjs/schedule
  ...['SCHEDULE_CRON_OPTIONS', 'SCHEDULE_INTERVAL_OPTIONS', 'SCHEDULE_TIMEOUT_OPTIONS'],
  ...['bullmq:processor_metadata', 'bullmq:worker_metadata', 'bullmq:worker_events_metadata'], // @nestjs/bullmq
  ...['bullmq:queue_events_listener_metadata', 'bullmq:queue_events_metadata'],
  ...['bull:module_queue', 'bull:module_queue_process', 'bull:module_on_queue_event'], // @nestjs/bull
  ...['__commandHandler__', '__queryHandler__', '__eventsHandler__', '__saga__'], // @nestjs/cqrs
  ...['__command__', '__query__', '__event__'],
];

/**
 * Checks whether nothing indicates that a framework calls a method: it has no metadata of a framework, and neither has its
 * class, nor a subclass in the application. A framework that stores its methods elsewhere does not run Nest's guards either.
 */
export function isNeverGuarded(found: FoundHandler, modules: ModulesContainer): boolean {
  if (isRouted(found.handler)) return false; // the usual case, at the cost of one key
  if (hasOwnDemand(found.type, found.handler, found.methods) && isCalledUnasked(found)) return true; // also in a controller
  if (isClassMarked(found.type) || isMarked(found)) return false;
  const heirs = [...readClasses(modules)].filter((type) => type.prototype instanceof found.type);
  return !heirs.some((heir) => isClassMarked(heir) || readMethodsOf(heir).some(isMarked));
}

/**
 * Lists the methods with a demand that no known framework calls, if no library of the application uses Nest's
 * `ExternalContextCreator`, by which other libraries run guards.
 */
export function readUncheckedDemands(
  handlers: readonly HandlerWithPolicy[],
  modules: ModulesContainer,
): string[] {
  const unknown = handlers.filter(isOfUnknown);
  return unknown.length === 0 || isContextCreated(modules) ? [] : unknown.map(({ where }) => where);
}

function isOfUnknown(found: HandlerWithPolicy): boolean {
  const { demands, rules = [] } = found.policy;
  if (demands.length + rules.length === 0 || isHandler(found)) return false;
  // A demand of a class is meant for its handlers, not for its other methods.
  return (
    hasOwnDemand(found.type, found.handler, found.methods) ||
    isMarked(found) ||
    !readMethodsOf(found.type).some(isHandler)
  );
}

function isHandler({ type, name, handler }: FoundHandler): boolean {
  if (isRouted(handler) || readMessageTransport(handler) !== undefined) return true;
  return readResolverMetadata(type, handler, String(name)) !== undefined;
}

// Nest itself uses it for GraphQL's resolvers only.
function isContextCreated(modules: ModulesContainer): boolean {
  const wrappers = [...modules.values()].flatMap(({ providers }) => [...providers.values()]);
  return wrappers.some(({ metatype, inject }) => {
    if (typeof metatype !== 'function' || metatype.name === 'ResolversExplorerService') return false;
    return [...readInjected(metatype), ...((inject ?? []) as readonly unknown[])].includes(
      ExternalContextCreator,
    );
  });
}

/** Creates the error for a demand that no guard would check. */
export function neverGuardedError(where: string): DescopeConfigError {
  const message = `${where} has access decorators (its own or of its class), but no guard runs before it. Nest runs guards before the handlers of controllers, resolvers, gateways and similar classes. This is a method of a plain provider: it is called by the application itself, or by a library that runs no guards (@OnEvent, @Cron, @Interval, @Processor, @CommandHandler and similar). Move the decorators to the handlers that call it, or check the user in its code (user.hasRole). If something calls it through Nest's ExternalContextCreator, add any @SetMetadata() to the method.`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}

// Whether a method itself has metadata of a framework.
function isMarked(found: FoundHandler): boolean {
  return readMethodKeys(found).some(isTelling);
}

function isCalledUnasked(found: FoundHandler): boolean {
  return !isMarked(found) && readMethodKeys(found).some((key) => UNASKED_METADATA.includes(key));
}

function readMethodKeys({ type, name, handler }: FoundHandler): readonly unknown[] {
  const ofPrototype = Reflect.getMetadataKeys(type.prototype as object, name) as unknown[];
  const ofClass = Reflect.getMetadataKeys(type, name) as unknown[];
  return [...ofPrototype, ...ofClass, ...readKeys(handler)];
}

// If a decorator replaced the class with another function, the metadata is on the `constructor` of its prototype.
function isClassMarked(type: HandlerClass): boolean {
  const prototype = type.prototype as { readonly constructor: unknown };
  const known = isClass(prototype.constructor) ? readKeys(prototype.constructor) : [];
  return [...readKeys(type), ...readKeys(prototype), ...known].some(isTelling);
}

function readKeys(target: object): readonly unknown[] {
  return Reflect.getMetadataKeys(target) as unknown[];
}

function isTelling(key: unknown): boolean {
  if (UNASKED_METADATA.includes(key)) return false;
  return !SILENT_METADATA.includes(key) && !(typeof key === 'string' && key.startsWith('design:'));
}

// Lists endpoints that are open because they have no guard: the boot logs them, unless they are explicitly public.

/** The application's global guards, and whether it has HTTP. */
export interface GlobalGuards {
  readonly application: ApplicationConfig;
  readonly hasHttp: boolean;
}

/** Lists the handlers without any guard that are not public. A guard of the application counts, too. */
export function readOpenHandlers(handlers: readonly HandlerWithPolicy[], guards: GlobalGuards): Notice[] {
  const { application, hasHttp } = guards;
  const hasGlobal = application.getGlobalGuards().length + application.getGlobalRequestGuards().length > 0;
  if (hasGlobal && isReached('ws', hasHttp)) return [];
  const callable = handlers.filter(isCallable);
  const unguarded = callable.filter(({ guards }) => guards.length === 0);
  const open = unguarded.filter(({ policy }) => policy.mode === 'required');
  if (open.length === 0) return [];
  if (!hasGlobal && unguarded.length === callable.length) return [MISSING];
  const gateways = open.filter(({ transport }) => transport === 'ws');
  const names = [...new Set(gateways.map(({ type }) => type.name))];
  return names.length === 0 ? [] : [toGatewayNotice(names)];
}

/** Lists demands on methods before which it is not certain that a guard runs. */
export function readUncertainDemands(
  handlers: readonly HandlerWithPolicy[],
  modules: ModulesContainer,
): Notice[] {
  const names = readUncheckedDemands(handlers, modules);
  if (names.length === 0) return [];
  const message = `${names.join(', ')} have access decorators, but may run without a guard. They are not handlers of controllers, resolvers or gateways, and no library in this application uses Nest's ExternalContextCreator to run guards. Move the decorators to the handler that receives the request, or check the user in the code (user.hasRole).`;
  return [{ code: 'DEMAND_UNCHECKED', level: 'warn', message }];
}

/** Lists the gateways of GraphQL, which send every operation to their subgraphs; to be called after schemas are built. */
export function readOpenGateways(modules: ModulesContainer): Notice[] {
  const names = readGraphqlEndpoints(modules).flatMap(({ gateway }) => gateway ?? []);
  if (names.length === 0) return [];
  const message = `${[...new Set(names)].join(', ')} is a GraphQL gateway: it has no schema in this application and runs no guards, not even global ones. Anyone who can connect reaches its subgraphs. Guard each subgraph and forward the Authorization header to it. Or reject requests without a user in the option context (DescopeService.authenticate).`;
  return [{ code: 'GRAPHQL_GATEWAY_UNGUARDED', level: 'warn', message }];
}

function isCallable(found: HandlerWithPolicy): boolean {
  // Its own guards do not count for the application's handlers.
  return !isAuthController(found.type) && isHandler(found);
}

function toGatewayNotice(names: readonly string[]): Notice {
  const message = `No guard runs before the messages of ${names.join(', ')}: anyone who is connected may send them. Add @UseGuards(AuthGuard) to the gateway (Nest 11 runs no global guards for messages), or @Public() if that is intended.`;
  return { code: 'GATEWAY_UNGUARDED', level: 'warn', message };
}

const MISSING: Notice = {
  code: 'GUARD_MISSING',
  level: 'warn',
  message:
    'globalGuard is false, and no handler has a guard: every handler is open to everyone. Add @UseGuards(AuthGuard) where a session is needed, or @Public() where none is.',
};
