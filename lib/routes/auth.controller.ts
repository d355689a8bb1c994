// The mountable controller of the `auth/…` routes.
import type { Provider, Type } from '@nestjs/common';
import { Controller, Get, Inject, Post, Req, Res, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Public } from '../auth/access/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import {
  DESCOPE_AUTHENTICATOR,
  DESCOPE_CONFIG,
  DESCOPE_NOTIFY,
  DESCOPE_ROUTES,
  DESCOPE_SESSIONS,
  markAuthController,
} from '../auth/injection-tokens.js';
import type { DescopeConfig } from '../core/config/config.js';
import type { Notify } from '../core/logging.js';
import type { Authenticator } from '../core/session/authenticator.js';
import type { Sessions } from '../core/session/auto-refresh.js';
import type { MountedRoutes } from './mounted.routes.js';
import type { FrameworkRequest, FrameworkResponse, RouteExecution } from './route-call.js';
import type { DescopeRoutesOptions } from './routes.options.js';
import { CHECK_PATH, DEFAULT_PATH, SCRIPT_PATH } from './routes.options.js';

/** What Swagger shows of a route. */
export interface RouteDocs {
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

type RouteOption = Exclude<keyof DescopeRoutesOptions, 'path' | 'loginRedirect'>;

// The handlers that each option switches off.
const HANDLERS = {
  login: ['login', 'loginScript'],
  check: ['check'],
  storeJwt: ['storeJwt'],
  refresh: ['refresh'],
  logout: ['logout'],
  logoutAll: ['logoutAll'],
  me: ['me'],
  tenant: ['tenant'],
} as const satisfies Record<RouteOption, readonly string[]>;

type RouteHandler = (typeof HANDLERS)[RouteOption][number];

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

const DOCS = {
  login: {
    summary: 'Shows the sign-in page',
    query: { next: 'The path to redirect to after the sign-in' },
    responses: { 200: 'HTML' },
  },
  loginScript: { summary: 'Serves the web component', responses: { 200: 'JavaScript' } },
  check: {
    summary: 'Checks a request for an API gateway',
    query: { role: 'A required role', permission: 'A required permission' },
    responses: { 204: 'Allowed; headers contain the user', ...REJECTED, ...UNAVAILABLE },
  },
  storeJwt: {
    summary: 'Stores the tokens of a sign-in',
    body: { properties: ['sessionJwt', 'refreshJwt'] },
    responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
  },
  refresh: {
    summary: 'Refreshes the session',
    responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
  },
  logout: {
    summary: 'Ends this session',
    responses: { 204: 'Signed out', ...REJECTED, ...UNAVAILABLE },
  },
  logoutAll: {
    summary: 'Ends every session of the user',
    responses: { 204: 'Signed out', ...REJECTED, ...UNAVAILABLE },
  },
  me: {
    summary: 'Returns the signed-in user',
    query: { profile: "1 includes Descope's profile" },
    responses: { 200: 'User and claims', ...REJECTED, ...UNAVAILABLE },
  },
  tenant: {
    summary: 'Selects the current tenant',
    body: { properties: ['tenant'], required: ['tenant'] },
    responses: { 200: 'The user', ...REJECTED, ...UNAVAILABLE },
  },
} satisfies Record<RouteHandler, RouteDocs>;

/** Creates the controller of one registration, at its own path and without the routes that it switches off. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  const path = options.path ?? DEFAULT_PATH;
  const controller = defineController(path);
  for (const option of Object.keys(HANDLERS) as RouteOption[])
    if (options[option] === false) HANDLERS[option].forEach((handler) => removeRoute(controller, handler));
  noteController(controller, path, HANDLERS.login);
  return controller;
}

/** Marks a controller as one of the mounted routes, which Swagger shows under their path; its pages are for everybody. */
export function noteController(controller: Type, path: string, pages: readonly string[] = []): void {
  Reflect.defineMetadata('swagger/apiUseTags', [path], controller);
  markAuthController(controller, pages);
}

/**
 * The routes that `DescopeModule` mounts. Each is public or uses `AuthGuard` itself, whatever guards the application has,
 * and writes its response itself, past global pipes and interceptors. The class is defined when it is mounted: its
 * decorators would take a tenth of the time that it takes to import the package.
 */
function defineController(path: string) {
  @Controller({ path, version: VERSION_NEUTRAL })
  class DescopeAuthController {
    @Inject(DESCOPE_ROUTES) private readonly routes!: MountedRoutes;
    @Inject(DESCOPE_NOTIFY) private readonly notify!: Notify;

    @Get('login')
    @Public()
    @Documented(DOCS.login)
    login(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.login?.page(call) ?? NO_LOGIN);
    }

    @Get(SCRIPT_PATH)
    @Public()
    @Documented(DOCS.loginScript)
    loginScript(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.login?.script(call) ?? NO_LOGIN);
    }

    @Get(CHECK_PATH)
    @Public()
    @Documented(DOCS.check)
    check(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.check.check(call));
    }

    @Post(['store_jwt', 'session'])
    @Public()
    @Documented(DOCS.storeJwt)
    storeJwt(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.session.store(call));
    }

    @Post('refresh')
    @Public()
    @Documented(DOCS.refresh)
    refresh(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.session.refresh(call));
    }

    @Post('logout')
    @Public()
    @Documented(DOCS.logout)
    logout(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.logout.logout(call));
    }

    @Post('logout-all')
    @Public()
    @Documented(DOCS.logoutAll)
    logoutAll(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.logout.logoutAll(call));
    }

    @Get('me')
    @UseGuards(AuthGuard)
    @Documented(DOCS.me)
    me(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.me.me(call));
    }

    @Post('tenant')
    @UseGuards(AuthGuard)
    @Documented(DOCS.tenant)
    tenant(@Req() request: FrameworkRequest, @Res() response: FrameworkResponse): Promise<void> {
      return this.#respond(request, response, (call) => this.routes.session.selectTenant(call));
    }

    #respond(
      request: FrameworkRequest,
      response: FrameworkResponse,
      run: RouteExecution['run'],
    ): Promise<void> {
      return this.routes.respond(request, response, { run, notify: this.notify });
    }
  }
  return DescopeAuthController satisfies new () => Record<RouteHandler, unknown>;
}

// Nest routes a method by the metadata on it: a method without any is no route.
function removeRoute(controller: Type, handler: RouteHandler): void {
  Object.defineProperty(controller.prototype, handler, { value: () => undefined, configurable: true });
}

const NO_LOGIN = { status: 404 }; // never answered: where the page is switched off, it is no route

type LoadedParts = readonly [DescopeConfig, Sessions, Authenticator, ModuleRef];

/** Provides what the controller needs. */
export function toRoutesProvider(options: DescopeRoutesOptions): Provider {
  return {
    provide: DESCOPE_ROUTES,
    inject: [DESCOPE_CONFIG, DESCOPE_SESSIONS, DESCOPE_AUTHENTICATOR, ModuleRef],
    useFactory: async (
      ...[config, sessions, authenticator, modules]: LoadedParts
    ): Promise<MountedRoutes> => {
      const { createMountedRoutes } = await import('./mounted.routes.js');
      const loaded = { ...sessions, ...(await sessions.loadSignIns()) };
      return createMountedRoutes({ options, config, sessions: loaded, authenticator, modules });
    },
  };
}

/** Adds metadata of Swagger, which is not imported: it reads them where it is installed. */
export function Documented({ summary, body, query = {}, responses }: RouteDocs): MethodDecorator {
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
