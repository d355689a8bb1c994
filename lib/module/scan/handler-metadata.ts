// What frameworks noted on handlers and classes: under which route, field, event or pattern each is called, and what is injected.
import 'reflect-metadata';
import type { VersioningOptions } from '@nestjs/common';
import type { Handler, HandlerClass } from '../../auth/access.policy.js';

/** Versions as Nest takes them: texts, or its symbol for none. */
export type Versions = Exclude<VersioningOptions['defaultVersion'], undefined>;

/** What stands on a controller, or on one of its methods. */
export interface RouteNote {
  readonly paths: readonly string[];
  readonly versions: Versions | undefined;
}

/** What stands on a GraphQL resolver's method. */
export interface ResolverNote {
  /** `Query`, `Mutation`, `Subscription`, or the type of which it resolves a field. */
  readonly type: string;
  readonly name: string;
}

/** The types whose fields are handlers of their own to Nest, by their names. */
export const ROOT_TYPES: readonly string[] = ['Query', 'Mutation', 'Subscription'];

/** What brings messages, as Nest names it (`context.getType()`). */
export type MessageTransport = 'ws' | 'rpc';

/** What stands on a handler of messages. */
export interface MessageNote {
  readonly method: 'MESSAGE' | 'EVENT';
  readonly patterns: readonly unknown[];
}

// The frameworks' own keys, the same for Nest 11 and 12.
const KEYS = {
  path: 'path',
  method: 'method',
  host: 'host',
  version: '__version__',
  modulePath: '__module_path__',
  resolverType: 'graphql:resolver_type',
  resolverName: 'graphql:resolver_name',
  resolverProperty: 'graphql:resolve_property',
  resolverReference: 'graphql:resolve_reference',
  isSubscribed: 'websockets:message_mapping',
  message: 'message',
  gateway: 'websockets:gateway_options',
  pattern: 'microservices:pattern',
  patternKind: 'microservices:handler_type',
  parameterTypes: 'design:paramtypes',
  injectedParameters: 'self:paramtypes',
  injectedProperties: 'self:properties_metadata',
  filters: '__exceptionFilters__',
};
const EVENT_HANDLER = 2;

/** Reads what `@Controller()` or `@Get()` noted; `undefined` where neither stands. */
export function readRouteNote(target: object): RouteNote | undefined {
  const path = read(target, KEYS.path);
  if (path === undefined) return undefined;
  return { paths: toList(path).map(String), versions: read(target, KEYS.version) as Versions | undefined };
}

/**
 * Reads the paths that a handler of HTTP is routed at, its class's part and its own apart; `undefined` for one that is
 * not routed.
 */
export function readPaths(type: HandlerClass, handler: Handler): readonly string[] | undefined {
  if (read(handler, KEYS.method) === undefined) return undefined;
  return [type, handler].flatMap((target) => toList(read(target, KEYS.path) ?? []).map(String));
}

/** Reads the number of a route's method, as Nest's `RequestMethod` counts. */
export function readRequestMethod(handler: Handler): number {
  return Number(read(handler, KEYS.method) ?? 0);
}

/** Reads to which hosts a controller answers; none is all. */
export function readHosts(type: HandlerClass): readonly string[] {
  return toList(read(type, KEYS.host) ?? []).map(String);
}

/** Reads under which path `RouterModule` put a module. */
export function readModulePath(module: object, applicationId: string): string {
  return String(read(module, KEYS.modulePath + applicationId) ?? read(module, KEYS.modulePath) ?? '');
}

/** Reads which field a resolver's method resolves; `undefined` where it is none. */
export function readResolverNote(
  type: HandlerClass,
  handler: Handler,
  name: string,
): ResolverNote | undefined {
  const own = read(handler, KEYS.resolverType);
  const isReference = read(handler, KEYS.resolverReference) === true;
  if (own === undefined && !isReference && read(handler, KEYS.resolverProperty) !== true) return undefined;
  const field = isReference ? '__resolveReference' : (read(handler, KEYS.resolverName) ?? name);
  return { type: String(own ?? read(type, KEYS.resolverType) ?? type.name), name: String(field) };
}

/**
 * Tells whether a handler resolves a field, or a reference of a federation: those are guarded only where GraphQL's module
 * is told so.
 */
export function isFieldHandler(handler: Handler): boolean {
  return [KEYS.resolverProperty, KEYS.resolverReference].some((key) => read(handler, key) === true);
}

/** Tells whether a handler resolves the references of a federation. */
export function isReferenceHandler(handler: Handler): boolean {
  return read(handler, KEYS.resolverReference) === true;
}

/** Tells what a handler takes messages of; `undefined` for one that takes none. */
export function readMessageTransport(handler: Handler): MessageTransport | undefined {
  if (read(handler, KEYS.pattern) !== undefined) return 'rpc';
  return read(handler, KEYS.isSubscribed) === undefined ? undefined : 'ws';
}

/** Reads which messages of a gateway a method takes; none where it takes none. */
export function readGatewayMessage(handler: Handler): unknown {
  return read(handler, KEYS.isSubscribed) === true ? read(handler, KEYS.message) : undefined;
}

/** Reads the namespace, or else the path, of a gateway. */
export function readNamespace(type: HandlerClass): string | undefined {
  const options = (read(type, KEYS.gateway) ?? {}) as {
    readonly namespace?: unknown;
    readonly path?: unknown;
  };
  const namespace = options.namespace ?? options.path;
  return namespace === undefined ? undefined : String(namespace);
}

/** Reads which patterns of a microservice a method takes. */
export function readMessageNote(handler: Handler): MessageNote | undefined {
  const patterns = read(handler, KEYS.pattern);
  if (patterns === undefined) return undefined;
  return {
    method: read(handler, KEYS.patternKind) === EVENT_HANDLER ? 'EVENT' : 'MESSAGE',
    patterns: toList(patterns),
  };
}

/** Reads what Nest injects into a class: its constructor's parameters, then its properties. */
export function readInjected(type: object): readonly unknown[] {
  const tokens = [...toList(read(type, KEYS.parameterTypes) ?? [])];
  const named = toList(read(type, KEYS.injectedParameters) ?? []) as { index: number; param: unknown }[];
  for (const { index, param } of named) tokens[index] = param;
  const properties = toList(read(type, KEYS.injectedProperties) ?? []) as { readonly type: unknown }[];
  return [...tokens, ...properties.map((property) => property.type)];
}

/** Puts a filter before those of a class, so that Nest asks it after them, and once only. */
export function prependFilter(type: HandlerClass, filter: object): void {
  const filters = toList(read(type, KEYS.filters) ?? []);
  if (!filters.includes(filter)) Reflect.defineMetadata(KEYS.filters, [filter, ...filters], type);
}

function read(target: object, key: string): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
