// What frameworks noted on handlers and classes: under which route, field, event or pattern each is called, and what is injected.
import 'reflect-metadata';
import { types } from 'node:util';
import type { VersioningOptions } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import * as nest from '@nestjs/core';
import { APP_GUARD } from '@nestjs/core';
import type { AccessPolicy, Handler, HandlerClass } from '../auth/access/access-policy.js';
import { readMethods } from '../auth/access/access-policy.js';
import { AuthGuard, GlobalGuard } from '../auth/auth.guard.js';
import { DescopeConfigError } from '../core/errors.js';

/** Versions as Nest takes them: texts, or its symbol for none. */
export type Versions = Exclude<VersioningOptions['defaultVersion'], undefined>;

/** What stands on a controller, or on one of its methods. */
export interface RouteMetadata {
  readonly paths: readonly string[];
  readonly versions: Versions | undefined;
}

/** What stands on a GraphQL resolver's method. */
export interface ResolverMetadata {
  /** `Query`, `Mutation`, `Subscription`, or the type of which it resolves a field. */
  readonly type: string;
  readonly name: string;
}

/** The types whose fields are handlers of their own to Nest, by their names. */
export const ROOT_TYPES: readonly string[] = ['Query', 'Mutation', 'Subscription'];

/** What brings messages, as Nest names it (`context.getType()`). */
export type MessageTransport = 'ws' | 'rpc';

/** What stands on a handler of messages. */
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
};
const EVENT_HANDLER = 2;

/** Reads what `@Controller()` or `@Get()` noted; `undefined` where neither stands. */
export function readRouteMetadata(target: object): RouteMetadata | undefined {
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
  return toText(read(module, KEYS.modulePath + applicationId) ?? read(module, KEYS.modulePath) ?? '');
}

/** Reads which field a resolver's method resolves; `undefined` where it is none. */
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
  return namespace === undefined ? undefined : toText(namespace);
}

// Names and paths are strings; a namespace may be a pattern.
function toText(value: unknown): string {
  return typeof value === 'string' ? value : (value as RegExp).toString();
}

/** Reads which patterns of a microservice a method takes. */
export function readMessageMetadata(handler: Handler): MessageMetadata | undefined {
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

// Every method of an application that Nest could call as a handler.

/** A method, and the class that it is asked about with. */
export interface FoundHandler {
  readonly type: HandlerClass;
  readonly name: string | symbol;
  readonly handler: Handler;
}

/** A handler, and what it asks. */
export interface HandlerWithPolicy extends FoundHandler {
  /** `Class.method` */
  readonly where: string;
  readonly policy: AccessPolicy;
  /** The parts of its paths; `undefined` where it is not routed. */
  readonly paths: readonly string[] | undefined;
}

/** A class of which the application has an instance. */
export interface FoundClass {
  readonly type: HandlerClass;
  readonly module: object;
  /** Whether the application made the instance itself: of those GraphQL alone asks for handlers. */
  readonly isMade: boolean;
}

/** Lists the methods of all controllers and providers, and of instances that the application made those of GraphQL. */
export function readHandlers(modules: ModulesContainer): readonly FoundHandler[] {
  const classes = readClasses(modules);
  const made = new Set(readFoundClasses(modules).flatMap(({ type }) => (classes.has(type) ? [] : [type])));
  const isResolver = ({ type, name, handler }: FoundHandler): boolean =>
    readResolverMetadata(type, handler, String(name)) !== undefined;
  return [...[...classes].flatMap(readMethodsOf), ...[...made].flatMap(readMethodsOf).filter(isResolver)];
}

/** Lists the methods of a class. */
export function readMethodsOf(type: HandlerClass): FoundHandler[] {
  return [...readMethods(type)].map(([name, handler]) => ({ type, name, handler }));
}

/** Lists the classes of all controllers and providers that Nest makes itself. */
export function readClasses(modules: ModulesContainer): Set<HandlerClass> {
  return new Set(readFoundClasses(modules).flatMap(({ type, isMade }) => (isMade ? [] : [type])));
}

/** Lists the classes of all controllers and providers, in each module that has them. */
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

/** Tells whether a value can be asked for the methods of its instances. */
export function isClass(value: unknown): value is HandlerClass {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

// Without asking the instance itself, which may be a proxy that answers to any name.
function readClass(instance: unknown): unknown {
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  return prototype === null ? undefined : Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
}

// Which guards are ours, which are global, and which handlers a global one reaches: not all of those that take messages.

/** Tells whether this is an `AuthGuard`, the class or an instance, one derived from it, or the global one. */
export function isAuthGuard(guard: unknown): boolean {
  if (guard instanceof AuthGuard || guard instanceof GlobalGuard) return true;
  return typeof guard === 'function' && (guard === AuthGuard || guard.prototype instanceof AuthGuard);
}

/** Tells whether a provider's token is one of `APP_GUARD`: Nest registers each under a token of its own. */
export function isGlobalToken(token: unknown): boolean {
  return typeof token === 'string' && token.startsWith(`${APP_GUARD} (UUID: `);
}

/**
 * Tells whether a global guard is sure to stand before handlers of this kind. Before messages of WebSockets since Nest
 * 12; before those of microservices where the whole application is one, for a hybrid one keeps its global guards
 * to itself (`inheritAppConfig`).
 */
export function isReached(transport: MessageTransport | undefined, hasHttp: boolean): boolean {
  if (transport === undefined) return true;
  return transport === 'ws' ? isEsModule(nest) : !hasHttp;
}

// Nest 12 is the first that is an ES module, and its websockets package is found by no older core. Where that cannot be
// seen, as in a bundle, nothing is sure.
function isEsModule(namespace: object): boolean {
  if (!('default' in namespace)) return types.isModuleNamespaceObject(namespace);
  return types.isModuleNamespaceObject(namespace.default); // wrapped where a CommonJS module requires it
}

// Handlers of @GrpcStreamCall(): Nest leaves what a guard throws before them to nobody, which ends the process.

// Nest's own word, the same in 11 and 12.
const PASSED_THROUGH = 'pt_stream';

/** Tells whether a handler is one of `@GrpcStreamCall()`. */
export function isStreamCall(handler: Handler): boolean {
  const patterns = readMessageMetadata(handler)?.patterns ?? [];
  return patterns.some(
    (pattern) => (pattern as { streaming?: unknown } | null)?.streaming === PASSED_THROUGH,
  );
}

/** The error for one that a guard could reject. */
export function fatalStreamCall(where: string): DescopeConfigError {
  const message = `${where} is a handler of @GrpcStreamCall(), where Nest leaves a guard's rejection to nobody: one caller without a session would end the process. Use @GrpcStreamMethod(), or mark it @Public().`;
  return new DescopeConfigError('CONFIG_DEMAND_UNGUARDED', message, { where });
}
