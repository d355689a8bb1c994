// Mounted routes: those that share an address with the application's, their paths, and bodies that no parser reads.
import type { Provider } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { readMethods } from '../auth/access/access-policy.js';
import type { LoginPath } from '../auth/error-response.js';
import {
  DESCOPE_EVENTS,
  DESCOPE_LOGIN_PATH,
  DESCOPE_NOTIFY,
  DESCOPE_UNREFRESHED,
  isAuthController,
} from '../auth/injection-tokens.js';
import type { UnrefreshedRoute } from '../auth/session.middleware.js';
import type { Notice, Notify } from '../core/logging.js';
import { EVENTS_HANDLER } from '../events/events.controller.js';
import type { EventsRoute } from '../events/events.route.js';
import type { Endpoint } from '../inspect/endpoints.js';
import { readEndpoints } from '../inspect/endpoints.js';
import { isClass } from '../inspect/handlers.js';
import { LOGIN_HANDLER, UNREFRESHED_HANDLERS } from '../routes/auth.controller.js';
import { rejectBody, respond } from '../routes/route-call.js';
import type { DescopeRoutesOptions } from '../routes/routes.options.js';

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

/** Reports routes that hide each other; to be called after prefix and versions are set. */
export function readShadowedRoutes(routing: Routing): Notice[] {
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

/** Rejects such requests. */
@Injectable()
export class UnreadBodies {
  @Inject(ModulesContainer) readonly modules!: ModulesContainer;
  @Inject(ApplicationConfig) readonly application!: ApplicationConfig;
  @Inject(HttpAdapterHost) readonly host!: HttpAdapterHost;
  @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;
  @Optional() @Inject(DESCOPE_EVENTS) private readonly events?: EventsRoute;

  /**
   * Adds an error handler to the mounted routes, before Nest registers them. Fastify selects a parser before any handler of
   * Nest runs, and only Fastify knows the types that have one: they may be registered by a pattern.
   */
  apply(): void {
    this.events?.register();
    if (this.host.httpAdapter.getType() !== 'fastify') return;
    const endpoints = readOwnEndpoints(this).map(({ endpoint }) => endpoint);
    const paths = new Set(endpoints.filter(({ method }) => method === 'POST').map(({ path }) => path));
    if (paths.size === 0) return;
    const fastify: FastifyInstance = this.host.httpAdapter.getInstance();
    fastify.addHook('onRoute', (route) => {
      if (paths.has(route.url) && [route.method].flat().includes('POST')) route.errorHandler ??= this.#reject;
    });
  }

  readonly #reject: ErrorHandler = (error, request, response) => {
    const { code } = error as { readonly code?: unknown };
    if (code !== 'FST_ERR_CTP_INVALID_MEDIA_TYPE') throw error; // on to the application's own handler
    return respond(request, response, { run: rejectBody, notify: this.notify });
  };
}

// The paths of the mounted routes as the router serves them: global prefix and its exclusions, RouterModule and versions
// are read as the access map reads them, at the first request, because the prefix may be set until then.

/** Provides the path to which browsers without a session are redirected, if `routes.loginRedirect` is on. */
export function toLoginPathProvider(routes: DescopeRoutesOptions | undefined): Provider {
  const isOn = routes?.loginRedirect === true && routes.login !== false;
  return {
    provide: DESCOPE_LOGIN_PATH,
    inject: [ApplicationConfig, ModulesContainer],
    useFactory: (application: ApplicationConfig, modules: ModulesContainer): LoginPath | undefined => {
      let path: string | undefined;
      return isOn ? () => (path ??= readLoginPath(application, modules)) : undefined;
    },
  };
}

function readLoginPath(application: ApplicationConfig, modules: ModulesContainer): string {
  const found = readOwnEndpoints({ modules, application }).find(({ name }) => name === LOGIN_HANDLER);
  if (found === undefined) throw new TypeError('The login page of DescopeModule is not mounted.');
  return found.endpoint.path;
}

/** Provides the routes before which the middleware does not refresh a session. */
export const unrefreshedRoutes: Provider = {
  provide: DESCOPE_UNREFRESHED,
  inject: [ApplicationConfig, ModulesContainer],
  useFactory: (application: ApplicationConfig, modules: ModulesContainer) => {
    let routes: readonly UnrefreshedRoute[] | undefined;
    return () => (routes ??= readUnrefreshed(application, modules));
  },
};

function readUnrefreshed(application: ApplicationConfig, modules: ModulesContainer): UnrefreshedRoute[] {
  const found = readOwnEndpoints({ modules, application }).filter(({ name }) =>
    [...UNREFRESHED_HANDLERS, EVENTS_HANDLER].includes(name),
  );
  return found.map(({ endpoint: { method, path } }) => ({ method, path }));
}

interface OwnEndpoint {
  readonly name: string;
  readonly endpoint: Endpoint;
}

function readOwnEndpoints({ modules, application }: Omit<Routing, 'host'>): OwnEndpoint[] {
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
