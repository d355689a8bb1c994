// Handlers as frameworks know them: their metadata, the methods Nest could call, and which guards run before them.
import 'reflect-metadata';
import { types } from 'node:util';
import type { VersioningOptions } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import * as nest from '@nestjs/core';
import { APP_GUARD } from '@nestjs/core';
import type { AccessPolicy, Handler, HandlerClass, Methods } from '../auth/access/access-policy.js';
import { readMethods } from '../auth/access/access-policy.js';
import { AuthGuard, GlobalGuard } from '../auth/auth.guard.js';
import { DescopeConfigError } from '../core/errors.js';

/** Versions of Nest: strings, or its symbol for none. */
export type Versions = Exclude<VersioningOptions['defaultVersion'], undefined>;

/** The metadata of a controller, or of one of its methods. */
export interface RouteMetadata {
  readonly paths: readonly string[];
  readonly versions: Versions | undefined;
}

/** The metadata of a GraphQL resolver's method. */
export interface ResolverMetadata {
  /** `Query`, `Mutation`, `Subscription`, or the type whose field it resolves. */
  readonly type: string;
  readonly name: string;
}

/** The names of the types before whose fields Nest always runs guards. */
export const ROOT_TYPES: readonly string[] = ['Query', 'Mutation', 'Subscription'];

/** The type of a message's context (`context.getType()`). */
export type MessageTransport = 'ws' | 'rpc';

/** The metadata of a handler of messages. */
export interface MessageMetadata {
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
  interceptors: '__interceptors__',
};
const EVENT_HANDLER = 2;

/** Reads the metadata of `@Controller()` or `@Get()`; `undefined` if there is none. */
export function readRouteMetadata(target: object): RouteMetadata | undefined {
  const path = read(target, KEYS.path);
  if (path === undefined) return undefined;
  return { paths: toList(path).map(String), versions: read(target, KEYS.version) as Versions | undefined };
}

/** Checks whether a handler has a route. */
export function isRouted(handler: Handler): boolean {
  return read(handler, KEYS.method) !== undefined;
}

/** Reads the paths of a route, those of its class and its own separately. */
export function readPaths(type: HandlerClass, handler: Handler): readonly string[] {
  return [type, handler].flatMap((target) => toList(read(target, KEYS.path) ?? []).map(String));
}

/** Reads a route's method, as a number of Nest's `RequestMethod`. */
export function readRequestMethod(handler: Handler): number {
  return Number(read(handler, KEYS.method) ?? 0);
}

/** Reads the hosts of a controller; an empty list means all hosts. */
export function readHosts(type: HandlerClass): readonly string[] {
  return toList(read(type, KEYS.host) ?? []).map(String);
}

/** Reads the path of a module in `RouterModule`. */
export function readModulePath(module: object, applicationId: string): string {
  return toText(read(module, KEYS.modulePath + applicationId) ?? read(module, KEYS.modulePath) ?? '');
}

/** Reads which field a resolver's method resolves; `undefined` for another method. */
export function readResolverMetadata(
  type: HandlerClass,
  handler: Handler,
  name: string,
): ResolverMetadata | undefined {
  const own = read(handler, KEYS.resolverType);
  const isReference = read(handler, KEYS.resolverReference) === true;
  if (own === undefined && !isReference && read(handler, KEYS.resolverProperty) !== true) return undefined;
  const field = isReference ? '__resolveReference' : (read(handler, KEYS.resolverName) ?? name);
  return { type: toText(own ?? read(type, KEYS.resolverType) ?? type.name), name: toText(field) };
}

/**
 * Checks whether a handler resolves a field, or a reference of a federation. They are guarded only with the option
 * `fieldResolverEnhancers` of GraphQL's module.
 */
export function isFieldHandler(handler: Handler): boolean {
  return [KEYS.resolverProperty, KEYS.resolverReference].some((key) => read(handler, key) === true);
}

/** Checks whether a handler resolves the references of a federation. */
export function isReferenceHandler(handler: Handler): boolean {
  return read(handler, KEYS.resolverReference) === true;
}

/** Reads the transport of a handler's messages; `undefined` for a handler without messages. */
export function readMessageTransport(handler: Handler): MessageTransport | undefined {
  if (read(handler, KEYS.pattern) !== undefined) return 'rpc';
  return read(handler, KEYS.isSubscribed) === undefined ? undefined : 'ws';
}

/** Reads the message that a method of a gateway handles; `undefined` if there is none. */
export function readGatewayMessage(handler: Handler): unknown {
  return read(handler, KEYS.isSubscribed) === true ? read(handler, KEYS.message) : undefined;
}

/** Reads the namespace, or else the path, of a gateway. */
export function readNamespace(type: HandlerClass): string | undefined {
  const options = (read(type, KEYS.gateway) ?? {}) as Readonly<Record<'namespace' | 'path', unknown>>;
  const namespace = options.namespace ?? options.path;
  return namespace === undefined ? undefined : toText(namespace);
}

// Names and paths are strings; a namespace may be a pattern.
function toText(value: unknown): string {
  return typeof value === 'string' ? value : (value as RegExp).toString();
}

/** Reads the patterns of a microservice that a method handles. */
export function readMessageMetadata(handler: Handler): MessageMetadata | undefined {
  const patterns = read(handler, KEYS.pattern);
  if (patterns === undefined) return undefined;
  return {
    method: read(handler, KEYS.patternKind) === EVENT_HANDLER ? 'EVENT' : 'MESSAGE',
    patterns: toList(patterns),
  };
}

/** Reads the dependencies of a class: its constructor's parameters, then its properties. */
export function readInjected(type: object): readonly unknown[] {
  const tokens = [...toList(read(type, KEYS.parameterTypes) ?? [])];
  const named = toList(read(type, KEYS.injectedParameters) ?? []) as { index: number; param: unknown }[];
  for (const { index, param } of named) tokens[index] = param;
  const properties = toList(read(type, KEYS.injectedProperties) ?? []) as { readonly type: unknown }[];
  return [...tokens, ...properties.map((property) => property.type)];
}

/** Adds a filter or an interceptor before those of a class or method, once: Nest tries filters from the last to the first. */
export function prependEnhancer(target: object, kind: 'filters' | 'interceptors', enhancer: object): void {
  const enhancers = toList(read(target, KEYS[kind]) ?? []);
  if (!enhancers.includes(enhancer)) Reflect.defineMetadata(KEYS[kind], [enhancer, ...enhancers], target);
}

function read(target: object, key: string): unknown {
  return Reflect.getMetadata(key, target) as unknown;
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

// Every method of an application that Nest could call as a handler.

/** A method and its class. */
export interface FoundHandler {
  readonly type: HandlerClass;
  readonly name: string | symbol;
  readonly handler: Handler;
  /** All methods of the class. */
  readonly methods: Methods;
}

/** A handler with its policy and its metadata, read once for all checks. */
export interface HandlerWithPolicy extends FoundHandler {
  /** `Class.method` */
  readonly where: string;
  readonly policy: AccessPolicy;
  /** The guards of `@UseGuards`, on its class and on itself. */
  readonly guards: readonly unknown[];
  readonly isRouted: boolean;
  readonly transport: MessageTransport | undefined;
}

/** A class of which the application has an instance. */
export interface FoundClass {
  readonly type: HandlerClass;
  readonly module: object;
  /** Whether the application created the instance itself; only GraphQL finds handlers there. */
  readonly isMade: boolean;
}

/** Lists the methods of all controllers and providers; of instances that the application created, only resolvers. */
export function readHandlers(modules: ModulesContainer): readonly FoundHandler[] {
  const found = readFoundClasses(modules);
  const classes = new Set(found.flatMap(({ type, isMade }) => (isMade ? [] : [type])));
  const made = new Set(found.flatMap(({ type }) => (classes.has(type) ? [] : [type])));
  const isResolver = ({ type, name, handler }: FoundHandler): boolean =>
    readResolverMetadata(type, handler, String(name)) !== undefined;
  return [...[...classes].flatMap(readMethodsOf), ...[...made].flatMap(readMethodsOf).filter(isResolver)];
}

/** Lists the methods of a class. */
export function readMethodsOf(type: HandlerClass): FoundHandler[] {
  const methods = readMethods(type);
  return [...methods].map(([name, handler]) => ({ type, name, handler, methods }));
}

/** Lists the classes of all controllers and providers that Nest creates itself. */
export function readClasses(modules: ModulesContainer): Set<HandlerClass> {
  return new Set(readFoundClasses(modules).flatMap(({ type, isMade }) => (isMade ? [] : [type])));
}

/** Lists the classes of all controllers and providers, for each module that has them. */
export function readFoundClasses(modules: ModulesContainer): FoundClass[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values(), ...module.providers.values()].flatMap((wrapper) => {
      const { metatype, inject } = wrapper;
      const isMade = !isClass(metatype) || inject !== undefined;
      const type = isMade ? readClass(wrapper.instance) : metatype;
      return isClass(type) ? [{ type, module: module.metatype, isMade }] : [];
    }),
  );
}

/** Checks whether a value is a class. */
export function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

// Without reading a member of the instance itself, which may be a proxy that has every name.
function readClass(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  return prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
}

// Which guards are an AuthGuard, which are global, and before which handlers a global one runs: not before all messages.

/** Checks whether a guard is an `AuthGuard`: the class, an instance, one of a subclass, or the global one. */
export function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard instanceof GlobalGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

/** Checks whether a provider's token is one of `APP_GUARD`: Nest registers each under a separate token. */
export function isGlobalToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${APP_GUARD} (UUID: `);
}

/**
 * Checks whether a global guard is certain to run before handlers of this kind. Before messages of WebSockets it runs since
 * Nest 12. Before those of microservices it runs if the whole application is one: a hybrid application does not share its
 * global guards (`inheritAppConfig`).
 */
export function isReached(transport: MessageTransport | undefined, hasHttp: boolean): boolean {
  if (transport === undefined) return true;
  return transport === 'ws' ? isEsModule(nest) : !hasHttp;
}

// Nest 12 is the first version that is an ES module, and its websockets package needs that version of the core. In a bundle
// this cannot be seen, so it is not certain.
function isEsModule(namespace: object): boolean {
  if (!('default' in namespace)) return types.isModuleNamespaceObject(namespace);
  return types.isModuleNamespaceObject(namespace.default); // wrapped where a CommonJS module requires it
}

// Handlers of @GrpcStreamCall(): Nest does not catch what a guard throws before them, which ends the process.

// Nest's own value, the same in 11 and 12.
const PASSED_THROUGH = 'pt_stream';

/** Checks whether a handler has `@GrpcStreamCall()`. */
export function isStreamCall(handler: Handler): boolean {
  const patterns = readMessageMetadata(handler)?.patterns ?? [];
  return patterns.some((one) => (one as { streaming?: unknown } | null)?.streaming === PASSED_THROUGH);
}

/** Creates the error for such a handler that a guard could reject. */
export function fatalStreamCall(where: string): DescopeConfigError {
  const message = `${where} is a handler of @GrpcStreamCall(), where Nest does not catch the error of a guard: one caller without a session would end the process. Use @GrpcStreamMethod(), or mark it @Public().`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
