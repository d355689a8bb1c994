// Mounted routes: those that share an address with the application's, their paths, and bodies that no parser reads.
import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { readMethods } from '../auth/access/access-policy.js';
import { isAuthController } from '../auth/injection-tokens.js';
import type { UnrefreshedRoute } from '../auth/session.middleware.js';
import type { Notice, Notify } from '../core/logging.js';
import type { Endpoint } from '../inspect/endpoints.js';
import { readEndpoints } from '../inspect/endpoints.js';
import { isClass } from '../inspect/handlers.js';
import { LOGIN_HANDLER } from './auth.controller.js';
import { rejectBody, respond } from './route-call.js';

/** What the router is created from. */
export interface Routing {
  readonly modules: ModulesContainer;
  readonly application: ApplicationConfig;
  readonly host: HttpAdapterHost;
}

/** A route of the application, or a mounted route of this package. */
export interface ServedRoute {
  readonly handler: string;
  readonly method: string;
  readonly path: string;
  readonly isOurs: boolean;
}

function readShadowedRoutes(routing: Routing): Notice[] {
  if (readOwnEndpoints(routing).length === 0) return [];
  const routes = readServedRoutes(routing);
  const ours = [...routes.entries()].filter(([, { isOurs }]) => isOurs);
  const isOrdered = routing.host.httpAdapter.getType() !== 'fastify'; // Fastify's router prefers the more exact path
  const clashes = routes.flatMap((first, index) => {
    const later = first.isOurs
      ? routes.slice(index + 1)
      : ours.flatMap(([place, route]) => (place > index ? [route] : []));
    return findClashes(first, later, isOrdered).map((second) => toText(first, second, isOrdered));
  });
  if (clashes.length === 0) return [];
  const message = `${clashes.join(' ')} Change the path of one of them (routes.path), or switch the route of DescopeModule off (such as routes: { login: false }).`;
  return [{ code: 'ROUTE_SHADOWED', level: 'warn', message }];
}

/** Lists the routes in the order in which Nest registers them; to be called after prefix and versions are set. */
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

function findClashes(
  first: ServedRoute,
  later: readonly ServedRoute[],
  isOrdered: boolean,
): readonly ServedRoute[] {
  const rivals = later.filter(
    ({ isOurs, method }) => isOurs !== first.isOurs && isSameMethod(first.method, method),
  );
  if (rivals.length === 0) return [];
  const literal = toLiteral(first.path);
  const pattern = isOrdered ? toPattern(first.path) : undefined;
  return rivals.filter(({ path }) => toLiteral(path) === literal || pattern?.test(path));
}

function isSameMethod(one: string, other: string): boolean {
  return one === other || one === 'ALL' || other === 'ALL';
}

function toText(first: ServedRoute, second: ServedRoute, isOrdered: boolean): string {
  const own = first.isOurs ? second : first;
  const ours = first.isOurs ? first : second;
  const outcome = isOrdered
    ? `${first.isOurs ? 'DescopeModule' : own.handler} is registered first and handles the request; the other is never called`
    : 'only one of them is called';
  return `${ours.method} ${ours.path} is a route of DescopeModule, and ${own.method} ${own.path} is a route of ${own.handler}: ${outcome}.`;
}

// Express ignores the case of a path.
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

// On Fastify, a request to a mounted route with a body type that has no parser is rejected with this package's own response.

type Answered = Parameters<typeof respond>;
type ErrorHandler = (error: unknown, request: Answered[0], response: Answered[1]) => Promise<void>;

/** The members of a route of Fastify that are used. */
interface FastifyRoute {
  readonly url: string;
  readonly method: string | readonly string[];
  errorHandler?: ErrorHandler | undefined;
}

interface FastifyInstance {
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): unknown;
}

/** What the checks of one application need. */
export interface RouteChecksInput extends Routing {
  readonly notify: Notify;
  /** The route of events, whose bodies are read before any parser. */
  readonly events: { register(): void } | undefined;
}

/** The checks of the mounted routes. */
export class RouteChecks {
  readonly #input: RouteChecksInput;

  constructor(input: RouteChecksInput) {
    this.#input = input;
  }

  /** Reports routes that hide each other; to be called after prefix and versions are set. */
  readShadowed(): Notice[] {
    return readShadowedRoutes(this.#input);
  }

  /**
   * Adds an error handler to the mounted routes, before Nest registers them. Fastify selects a parser before any handler of
   * Nest runs, and only Fastify knows the types that have one: they may be registered by a pattern.
   */
  rejectUnreadBodies(): void {
    const { host, events } = this.#input;
    events?.register();
    if (host.httpAdapter.getType() !== 'fastify') return;
    const endpoints = readOwnEndpoints(this.#input).map(({ endpoint }) => endpoint);
    const paths = new Set(endpoints.filter(({ method }) => method === 'POST').map(({ path }) => path));
    if (paths.size === 0) return;
    const fastify: FastifyInstance = host.httpAdapter.getInstance();
    fastify.addHook('onRoute', (route) => {
      if (paths.has(route.url) && [route.method].flat().includes('POST')) route.errorHandler ??= this.#reject;
    });
  }

  readonly #reject: ErrorHandler = (error, request, response) => {
    const { code } = error as { readonly code?: unknown };
    if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error; // on to the application's own handler
    return respond(request, response, { run: rejectBody, notify: this.#input.notify });
  };
}

// The paths of the mounted routes as the router serves them: global prefix and its exclusions, RouterModule and versions
// are read as the access map reads them, at the first request, because the prefix may be set until then.

type Place = Omit<Routing, 'host'>;

/** Reads the path of the login page. */
export function readLoginPath(place: Place): string {
  const found = readOwnEndpoints(place).find(({ name }) => name === LOGIN_HANDLER);
  if (found === undefined) throw new TypeError('The login page of DescopeModule is not mounted.');
  return found.endpoint.path;
}

/** Reads the routes of the handlers before which the middleware does not refresh a session. */
export function readUnrefreshed(place: Place, handlers: readonly string[]): UnrefreshedRoute[] {
  const found = readOwnEndpoints(place).filter(({ name }) => handlers.includes(name));
  return found.map(({ endpoint: { method, path } }) => ({ method, path }));
}

interface OwnEndpoint {
  readonly name: string;
  readonly endpoint: Endpoint;
}

function readOwnEndpoints({ modules, application }: Place): OwnEndpoint[] {
  return [...modules.values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype: type }) => {
      if (!isClass(type) || !isAuthController(type)) return [];
      const place = { type, module: module.metatype, modules, application };
      return [...readMethods(type)].flatMap(([key, handler]) =>
        readEndpoints({ ...place, name: String(key), handler }).map((endpoint) => {
          return { name: String(key), endpoint };
        }),
      );
    }),
  );
}
