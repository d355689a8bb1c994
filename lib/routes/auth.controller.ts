// The mountable controller of the `auth/…` routes.
import type { Provider, Type } from '@nestjs/common';
import {
  Controller,
  Get,
  Inject,
  Optional,
  Post,
  Req,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { Public } from '../auth/access/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import { DESCOPE_NOTIFY, DESCOPE_ROUTES, markAuthController } from '../auth/injection-tokens.js';
import type { Notify } from '../core/logging.js';
import { CheckRoute } from './check.routes.js';
import { LoginRoute, SCRIPT_PATH } from './login.routes.js';
import { LogoutRoutes } from './logout.routes.js';
import { MeRoute, Profiles } from './me.routes.js';
import type { FrameworkRequest, FrameworkResponse, RouteExecution } from './route-call.js';
import { respond } from './route-call.js';
import type { DescopeRoutesOptions } from './routes.options.js';
import { CHECK_PATH, DEFAULT_PATH } from './routes.options.js';
import { SessionRoutes } from './session.routes.js';

/** What Swagger shows of a route. */
interface RouteDocs {
  readonly summary: string;
  /** The JSON body: properties that are strings, of which some are required. */
  readonly body?: { readonly properties: readonly string[]; readonly required?: readonly string[] };
  /** Descriptions of query parameters by name. */
  readonly query?: Readonly<Record<string, string>>;
  /** Descriptions by status. */
  readonly responses: Readonly<Record<number, string>>;
}

const REJECTED = {
  401: 'No session, or an invalid one',
  403: 'A request from another site, or a missing role or permission',
};
const UNAVAILABLE = { 503: 'Descope cannot be reached' };

/**
 * What the routes of `DescopeModule` need. `createAuthController()` adds the routes: decorated here, they would take a
 * tenth of the time that it takes to import the package, also in an application that mounts none.
 */
class DescopeAuthController {
  @Optional() @Inject(LoginRoute) readonly loginRoute!: LoginRoute;
  @Inject(CheckRoute) readonly checkRoute!: CheckRoute;
  @Inject(SessionRoutes) readonly sessionRoutes!: SessionRoutes;
  @Inject(LogoutRoutes) readonly logoutRoutes!: LogoutRoutes;
  @Inject(MeRoute) readonly meRoute!: MeRoute;
  @Inject(DESCOPE_NOTIFY) readonly notify!: Notify;
}

type Run = RouteExecution['run'];

interface Route {
  readonly method: typeof Get;
  readonly path: string | string[];
  /** The option that switches it off. */
  readonly option: Exclude<keyof DescopeRoutesOptions, 'path' | 'loginRedirect'>;
  /** Whether it uses `AuthGuard` itself; without it, it is public, whatever guards the application has. */
  readonly isGuarded?: boolean;
  readonly docs: RouteDocs;
  readonly run: (controller: DescopeAuthController, call: Parameters<Run>[0]) => ReturnType<Run>;
}

// By the names of their handlers. Each writes its response itself, past global pipes and interceptors.
const ROUTES = {
  login: {
    method: Get,
    path: 'login',
    option: 'login',
    docs: {
      summary: 'Shows the sign-in page',
      query: { next: 'The path to redirect to after the sign-in' },
      responses: { 200: 'HTML' },
    },
    run: ({ loginRoute }, call) => loginRoute.page(call),
  },
  loginScript: {
    method: Get,
    path: SCRIPT_PATH,
    option: 'login',
    docs: { summary: 'Serves the web component', responses: { 200: 'JavaScript' } },
    run: ({ loginRoute }, call) => loginRoute.script(call),
  },
  check: {
    method: Get,
    path: CHECK_PATH,
    option: 'check',
    docs: {
      summary: 'Checks a request for an API gateway',
      query: { role: 'A required role', permission: 'A required permission' },
      responses: { 204: 'Allowed; headers contain the user', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ checkRoute }, call) => checkRoute.check(call),
  },
  storeJwt: {
    method: Post,
    path: ['store_jwt', 'session'],
    option: 'storeJwt',
    docs: {
      summary: 'Stores the tokens of a sign-in',
      body: { properties: ['sessionJwt', 'refreshJwt'] },
      responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ sessionRoutes }, call) => sessionRoutes.store(call),
  },
  refresh: {
    method: Post,
    path: 'refresh',
    option: 'refresh',
    docs: {
      summary: 'Refreshes the session',
      responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ sessionRoutes }, call) => sessionRoutes.refresh(call),
  },
  logout: {
    method: Post,
    path: 'logout',
    option: 'logout',
    docs: {
      summary: 'Ends this session',
      responses: { 204: 'Signed out', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ logoutRoutes }, call) => logoutRoutes.logout(call),
  },
  logoutAll: {
    method: Post,
    path: 'logout-all',
    option: 'logoutAll',
    docs: {
      summary: 'Ends every session of the user',
      responses: { 204: 'Signed out', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ logoutRoutes }, call) => logoutRoutes.logoutAll(call),
  },
  me: {
    method: Get,
    path: 'me',
    option: 'me',
    isGuarded: true,
    docs: {
      summary: 'Returns the signed-in user',
      query: { profile: "1 includes Descope's profile" },
      responses: { 200: 'User and claims', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ meRoute }, call) => meRoute.me(call),
  },
  tenant: {
    method: Post,
    path: 'tenant',
    option: 'tenant',
    isGuarded: true,
    docs: {
      summary: 'Selects the current tenant',
      body: { properties: ['tenant'], required: ['tenant'] },
      responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
    },
    run: ({ sessionRoutes }, call) => sessionRoutes.selectTenant(call),
  },
} satisfies Readonly<Record<string, Route>>;

type RouteHandler = keyof typeof ROUTES;

/** The handler of the login page. */
export const LOGIN_HANDLER: RouteHandler = 'login';

/**
 * The handlers before which the middleware must not refresh the session: a gateway drops the cookies of `check`, and the
 * others refresh, replace or end the session themselves.
 */
export const UNREFRESHED_HANDLERS: readonly string[] = [
  'check',
  'storeJwt',
  'refresh',
  'logout',
  'logoutAll',
] satisfies RouteHandler[];

/** Creates the controller of one registration, at its own path and without the routes that it switches off. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  const path = options.path ?? DEFAULT_PATH;
  const controller = class extends DescopeAuthController {};
  Object.defineProperty(controller, 'name', { value: DescopeAuthController.name }); // in logs and in the access map
  for (const [name, route] of Object.entries<Route>(ROUTES))
    if (options[route.option] !== false) addRoute(controller.prototype, name, route);
  Controller({ path, version: VERSION_NEUTRAL })(controller);
  Reflect.defineMetadata('swagger/apiUseTags', [path], controller);
  markAuthController(controller);
  return controller;
}

function addRoute(prototype: DescopeAuthController, name: string, route: Route): void {
  const { method, path, isGuarded = false, docs, run } = route;
  const { [name]: value } = {
    [name](this: DescopeAuthController, request: FrameworkRequest, response: FrameworkResponse) {
      return respond(request, response, { run: (call) => run(this, call), notify: this.notify });
    },
  };
  const descriptor: PropertyDescriptor = { value, writable: true, configurable: true };
  Object.defineProperty(prototype, name, descriptor);
  for (const decorate of [method(path), isGuarded ? UseGuards(AuthGuard) : Public(), Documented(docs)])
    decorate(prototype, name, descriptor);
  for (const [index, decorate] of [Req(), Res()].entries()) decorate(prototype, name, index);
}

/** Lists the providers that the controller needs. */
export function toRouteProviders(options: DescopeRoutesOptions): Provider[] {
  const login = options.login === false ? [] : [LoginRoute]; // which needs the web component
  return [
    { provide: DESCOPE_ROUTES, useValue: options },
    SessionRoutes,
    LogoutRoutes,
    MeRoute,
    Profiles,
    CheckRoute,
    ...login,
  ];
}

// Swagger's own metadata, written without importing it, read where it is installed.
function Documented({ summary, body, query = {}, responses }: RouteDocs): MethodDecorator {
  return (_prototype, _name, { value: handler }: PropertyDescriptor) => {
    const parameters: object[] = Object.entries(query).map(([name, description]) => {
      return { in: 'query', name, description, required: false, schema: { type: 'string' } };
    });
    if (body !== undefined)
      parameters.push({ in: 'body', required: true, type: String, schema: toSchema(body) });
    const described = Object.entries(responses).map(([status, description]) => [status, { description }]);
    const method = handler as object;
    Reflect.defineMetadata('swagger/apiOperation', { summary }, method);
    Reflect.defineMetadata('swagger/apiResponse', Object.fromEntries(described), method);
    Reflect.defineMetadata('swagger/apiParameters', parameters, method);
  };
}

function toSchema({ properties, required }: NonNullable<RouteDocs['body']>): object {
  const texts = properties.map((name) => [name, { type: 'string' }]);
  return { type: 'object', properties: Object.fromEntries(texts) as object, ...(required && { required }) };
}
