// The routes of this package and the application's own under one address: one of the two is never called.
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { readMethods } from '../../auth/access.policy.js';
import type { Notice } from '../../core/notice.js';
import { isAuthController } from '../../auth/injection-tokens.js';
import { readEndpoints } from '../map/endpoints.js';
import { isClass } from '../scan/handlers.js';

/** What the router is made from. */
export interface Routing {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly host: HttpAdapterHost;
}

/** A route of the application, or one of this package's. */
export interface ServedRoute {
  readonly handler: string;
  readonly method: string;
  readonly path: string;
  readonly isOurs: boolean;
}

/** Reads which routes stand in each other's way; to be asked when prefix and versions are set. */
export function readShadowedRoutes(routing: Routing): Notice[] {
  const routes = readServedRoutes(routing);
  if (!routes.some(({ isOurs }) => isOurs)) return [];
  const isOrdered = routing.host.httpAdapter.getType() !== 'fastify'; // whose router prefers what is more exact
  const clashes = routes.flatMap((first, index) =>
    routes
      .slice(index + 1)
      .flatMap((second) => (isClash(first, second, isOrdered) ? [toText(first, second, isOrdered)] : [])),
  );
  if (clashes.length === 0) return [];
  const message = `${clashes.join(' ')} Give one another path (routes.path), or switch that route off (routes: { login: false }, and so on).`;
  return [{ code: 'ROUTE_SHADOWED', level: 'warn', message }];
}

/** Lists the routes in the order in which Nest registers them; to be asked when prefix and versions are set. */
export function readServedRoutes({ modules, application }: Routing): ServedRoute[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype: type }) => {
      if (!isClass(type)) return [];
      const isOurs = isAuthController(type);
      return [...readMethods(type)].flatMap(([key, handler]) =>
        readEndpoints({ type, name: String(key), handler, module: module.metatype, modules, application })
          .filter(({ kind }) => kind === 'http')
          .map(({ method, path }) => ({ handler: `${type.name}.${String(key)}`, method, path, isOurs })),
      );
    }),
  );
}

function isClash(first: ServedRoute, second: ServedRoute, isOrdered: boolean): boolean {
  if (first.isOurs === second.isOurs || !isSameMethod(first.method, second.method)) return false;
  if (toLiteral(first.path) === toLiteral(second.path)) return true;
  return isOrdered && toPattern(first.path).test(second.path);
}

function isSameMethod(one: string, other: string): boolean {
  return one === other || one === 'ALL' || other === 'ALL';
}

function toText(first: ServedRoute, second: ServedRoute, isOrdered: boolean): string {
  const own = first.isOurs ? second : first;
  const ours = first.isOurs ? first : second;
  const outcome = isOrdered
    ? `${first.isOurs ? 'DescopeModule' : own.handler} comes first and answers, the other is never called`
    : 'only one of them is called';
  return `${ours.method} ${ours.path} is a route of DescopeModule, and ${own.method} ${own.path} one of ${own.handler}: ${outcome}.`;
}

// Express finds a path whatever its case.
function toLiteral(path: string): string {
  return path.toLowerCase().replace(/\/+$/, '');
}

// A path of path-to-regexp: parameters, wildcards and optional parts.
function toPattern(path: string): RegExp {
  const source = path.replace(
    /:\w+|\*\w*|[{}]|[^:*{}]+/g,
    (part) => PARTS[part[0] ?? ''] ?? part.replace(/[\\^$.|?+()[\]]/g, '\\$&'),
  );
  return new RegExp(`^${source}/?$`, 'i');
}

const PARTS: Readonly<Record<string, string>> = { ':': '[^/]+', '*': '.*', '{': '(?:', '}': ')?' };
