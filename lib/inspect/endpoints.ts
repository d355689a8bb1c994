// A handler → the endpoints by which it is called from outside, and a route → the paths under which Nest serves it.
import { RequestMethod, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { Handler, HandlerClass } from '../auth/access/access-policy.js';
import { areFieldsGuarded } from './graphql-fields.js';
import type { RouteMetadata, Versions } from './handlers.js';
import {
  readGatewayMessage,
  readHosts,
  readMessageMetadata,
  readModulePath,
  readNamespace,
  readRequestMethod,
  readResolverMetadata,
  readRouteMetadata,
  ROOT_TYPES,
} from './handlers.js';

/** One way to call a handler from outside. */
export interface Endpoint {
  /** The kind of handler; `message` is a pattern of a microservice. */
  readonly kind: 'http' | 'graphql' | 'websocket' | 'message';
  /** `GET`, `ALL`, …; `Query`, `Mutation`, `Subscription`, `Field`; `MESSAGE`, `EVENT`. */
  readonly method: string;
  /** The path of the route with prefix and version, the field, the event or the pattern. */
  readonly path: string;
  /** The namespace of a gateway; absent if it has none. */
  readonly namespace?: string;
  /** The hosts of the controller; absent if it serves all hosts. */
  readonly hosts?: readonly string[];
  /** The versions that a header or media type selects; absent if there are none. A version in the path is in `path`. */
  readonly versions?: readonly string[];
  /** Whether Nest runs guards before the handler. */
  readonly isGuardable: boolean;
}

/** A method of a class, its module, and the application. */
export interface EndpointInput {
  readonly type: HandlerClass;
  readonly name: string;
  readonly handler: Handler;
  readonly module: object;
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
}

/** Finds every endpoint of a handler; none for a method that only the application itself calls. */
export function readEndpoints(input: EndpointInput): Endpoint[] {
  return [...readRoutes(input), ...readFields(input), ...readEvents(input), ...readPatterns(input)];
}

function readRoutes({ type, handler, module, modules, application }: EndpointInput): Endpoint[] {
  const controller = readRouteMetadata(type);
  const route = readRouteMetadata(handler);
  if (controller === undefined || route === undefined) return [];
  const method = readRequestMethod(handler);
  const modulePath = readModulePath(module, modules.applicationId);
  const { paths, versions } = toServedPaths({ application, modulePath, controller, route, method });
  const hosts = readHosts(type);
  return paths.map((path) => ({
    kind: 'http',
    method: RequestMethod[method] ?? String(method),
    path,
    ...(hosts.length === 0 ? {} : { hosts }),
    ...(versions.length === 0 ? {} : { versions }),
    isGuardable: true,
  }));
}

function readFields({ type, handler, name, modules }: EndpointInput): Endpoint[] {
  const note = readResolverMetadata(type, handler, name);
  if (note === undefined) return [];
  const isRoot = ROOT_TYPES.includes(note.type);
  const method = isRoot ? note.type : 'Field';
  const path = isRoot ? note.name : `${note.type}.${note.name}`;
  // Nest runs no guard before the resolver of a field, unless the GraphQL module has `fieldResolverEnhancers: ['guards']`.
  return [{ kind: 'graphql', method, path, isGuardable: isRoot || areFieldsGuarded(modules) }];
}

function readEvents({ type, handler }: EndpointInput): Endpoint[] {
  const message = readGatewayMessage(handler);
  if (message === undefined) return [];
  const namespace = readNamespace(type);
  const place = namespace === undefined ? {} : { namespace };
  return [
    { kind: 'websocket', method: 'MESSAGE', path: toPatternText(message), ...place, isGuardable: true },
  ];
}

function readPatterns({ handler }: EndpointInput): Endpoint[] {
  const note = readMessageMetadata(handler);
  return (note?.patterns ?? []).map((pattern) => ({
    kind: 'message',
    method: note?.method ?? '',
    path: toPatternText(pattern),
    isGuardable: true,
  }));
}

function toPatternText(pattern: unknown): string {
  if (typeof pattern !== 'object' || pattern === null) return String(pattern);
  const members = Object.entries(pattern).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(Object.fromEntries(members));
}

// A route's metadata → the paths under which Nest serves it: prefix, version, module, controller, method.

/** A route with its controller, its module's path and the application. */
export interface RouteOwner {
  readonly application: ApplicationConfig;
  readonly modulePath: string;
  readonly controller: RouteMetadata;
  readonly route: RouteMetadata;
  readonly method: number;
}

/** The paths of a route, and the versions that a header or media type selects. */
export interface ServedPaths {
  readonly paths: readonly string[];
  readonly versions: readonly string[];
}

/** Builds the paths as Nest does (its `RoutePathFactory` is not public). */
export function toServedPaths(place: RouteOwner): ServedPaths {
  const { application, modulePath, controller, route, method } = place;
  const versions = readVersions(place);
  const isInPath = application.getVersioning()?.type === VersioningType.URI;
  const prefixes =
    isInPath && versions.length > 0 ? versions.map((version) => toVersionPrefix(application, version)) : [''];
  const paths = prefixes.flatMap((version) =>
    controller.paths.flatMap((outer) =>
      route.paths.map((inner) => {
        const path = join(modulePath, outer, inner);
        const prefix = isExcluded(application, path, method) ? '' : application.getGlobalPrefix();
        return join(prefix, version, path);
      }),
    ),
  );
  return { paths, versions: isInPath ? [] : versions.map(toVersionName) };
}

function readVersions({ application, controller, route }: RouteOwner): readonly (string | symbol)[] {
  const versioning = application.getVersioning();
  if (versioning === undefined) return [];
  const versions: Versions | undefined = route.versions ?? controller.versions ?? versioning.defaultVersion;
  if (versions === undefined) return [];
  return typeof versions === 'object' ? versions : [versions];
}

function toVersionPrefix(application: ApplicationConfig, version: string | symbol): string {
  const versioning = application.getVersioning();
  if (version === VERSION_NEUTRAL || versioning?.type !== VersioningType.URI) return '';
  const { prefix = 'v' } = versioning;
  return `${prefix === false ? '' : prefix}${String(version)}`;
}

function toVersionName(version: string | symbol): string {
  return version === VERSION_NEUTRAL ? 'neutral' : String(version);
}

function isExcluded(application: ApplicationConfig, path: string, method: number): boolean {
  const { exclude = [] } = application.getGlobalPrefixOptions();
  const methods: readonly number[] = [RequestMethod.ALL, -1, method];
  return exclude.some(
    ({ requestMethod, pathRegex }) => methods.includes(requestMethod) && pathRegex.test(path),
  );
}

function join(...parts: readonly string[]): string {
  return `/${parts
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter(Boolean)
    .join('/')}`;
}
