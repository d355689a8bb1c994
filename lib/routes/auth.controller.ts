// The mountable controller: a class made for the routes that are asked for.
import type { Provider, Type } from '@nestjs/common';
import {
  Controller,
  Inject,
  Optional,
  Req,
  RequestMapping,
  RequestMethod,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { Public } from '../auth/access/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import {
  DESCOPE_NOTIFY,
  DESCOPE_ROUTES,
  DESCOPE_UNREFRESHED,
  markAuthController,
} from '../auth/injection-tokens.js';
import type { UnrefreshedRoute } from '../auth/session.middleware.js';
import type { Notify } from '../core/logging.js';
import { CheckRoute } from './check.routes.js';
import type { RouteCall, RouteResponse } from './http-exchange.js';
import { respond } from './http-exchange.js';
import { LoginRoute, SCRIPT_PATH } from './login.routes.js';
import { LogoutRoutes } from './logout.routes.js';
import { MeRoute, Profiles } from './me.routes.js';
import type { DescopeRoutesOptions } from './routes.options.js';
import { CHECK_PATH, DEFAULT_PATH } from './routes.options.js';
import { SessionRoutes } from './session.routes.js';

// What Swagger is told of the routes: its own metadata, written without importing it, read where it is installed.

/** What a route is for, what it takes, and what it answers. */
export interface RouteDocs {
  readonly summary: string;
  /** The JSON body, as an OpenAPI schema. */
  readonly body?: object;
  /** Query parameters by name. */
  readonly query?: Readonly<Record<string, string>>;
  /** Descriptions by status. */
  readonly answers: Readonly<Record<number, string>>;
}

const OPERATION = 'swagger/apiOperation';
const RESPONSE = 'swagger/apiResponse';
const PARAMETERS = 'swagger/apiParameters';
const TAGS = 'swagger/apiUseTags';

/** Notes what a route's method is for. */
export function noteRouteDocs(method: object, docs: RouteDocs): void {
  const answers = Object.entries(docs.answers).map(([status, description]) => [status, { description }]);
  const query = Object.entries(docs.query ?? {}).map(([name, description]) => {
    return { in: 'query', name, description, required: false, schema: { type: 'string' } };
  });
  const body =
    docs.body === undefined ? [] : [{ in: 'body', required: true, type: String, schema: docs.body }];
  Reflect.defineMetadata(OPERATION, { summary: docs.summary }, method);
  Reflect.defineMetadata(RESPONSE, Object.fromEntries(answers), method);
  Reflect.defineMetadata(PARAMETERS, [...query, ...body], method);
}

/** Notes under which heading the routes stand. */
export function noteTag(controller: object, tag: string): void {
  Reflect.defineMetadata(TAGS, [tag], controller);
}

const text = { type: 'string' };

/** The body of a sign-in. */
export const TOKENS_BODY = { type: 'object', properties: { sessionJwt: text, refreshJwt: text } };

/** The body that selects a tenant. */
export const TENANT_BODY = { type: 'object', properties: { tenant: text }, required: ['tenant'] };

// The table of routes: where each stands, who may ask, what it does, and what Swagger says of it.

/** What the routes are made of. */
export interface RouteParts {
  readonly login: LoginRoute;
  readonly check: CheckRoute;
  readonly session: SessionRoutes;
  readonly signOut: LogoutRoutes;
  readonly me: MeRoute;
  readonly notify: Notify;
}

/** One route. */
export interface Route {
  /** The option that switches it off. */
  readonly option: Exclude<keyof DescopeRoutesOptions, 'path'>;
  readonly method: RequestMethod;
  readonly paths: string[];
  /** Open to nobody in particular: it looks at the browser's tokens itself. */
  readonly isPublic: boolean;
  /**
   * Whether the middleware refreshes a session on the way here: not for a gateway's question, of whose answer the browser
   * sees no cookie, nor where the route itself refreshes, replaces or ends what there is.
   */
  readonly isRefreshed: boolean;
  readonly run: (parts: RouteParts, call: RouteCall) => RouteResponse | Promise<RouteResponse>;
  readonly docs: RouteDocs;
}

const { GET, POST } = RequestMethod;
const REFUSED = { 401: 'No session, or one that is not good', 403: 'Another site, or a missing grant' };
const OUTAGE = { 503: 'Descope cannot be asked at present' };

type Place = Pick<Route, 'option' | 'method' | 'paths' | 'isPublic' | 'isRefreshed'>;

const open = (option: Route['option'], method: RequestMethod, ...paths: string[]): Place => {
  return { option, method, paths, isPublic: true, isRefreshed: option === 'login' };
};
const closed = (option: Route['option'], method: RequestMethod, ...paths: string[]): Place => {
  return { option, method, paths, isPublic: false, isRefreshed: true };
};

/** Every route that can be mounted. */
export const ROUTES: readonly Route[] = [
  {
    ...open('login', GET, 'login'),
    run: (to, call) => to.login.page(call),
    docs: {
      summary: 'Shows the sign-in page',
      query: { next: 'Where to go afterwards' },
      answers: { 200: 'HTML' },
    },
  },
  {
    ...open('login', GET, SCRIPT_PATH),
    run: (to, call) => to.login.script(call),
    docs: { summary: 'Serves the web component', answers: { 200: 'JavaScript' } },
  },
  {
    ...open('check', GET, CHECK_PATH),
    run: (to, call) => to.check.check(call),
    docs: {
      summary: 'Tells an API gateway whether a request may pass',
      query: { role: 'A role to ask for', permission: 'A permission to ask for' },
      answers: { 204: 'It may; headers say who it is', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...open('storeJwt', POST, 'store_jwt', 'session'),
    run: (to, call) => to.session.store(call),
    docs: {
      summary: 'Keeps the tokens of a sign-in',
      body: TOKENS_BODY,
      answers: { 200: 'The user', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...open('refresh', POST, 'refresh'),
    run: (to, call) => to.session.refresh(call),
    docs: { summary: 'Refreshes the session', answers: { 200: 'The user', ...REFUSED, ...OUTAGE } },
  },
  {
    ...open('logout', POST, 'logout'),
    run: (to, call) => to.signOut.logout(call),
    docs: { summary: 'Ends this session', answers: { 204: 'Signed out', 403: REFUSED[403] } },
  },
  {
    ...open('logoutAll', POST, 'logout-all'),
    run: (to, call) => to.signOut.logoutAll(call),
    docs: { summary: 'Ends every session of the user', answers: { 204: 'Signed out', ...REFUSED } },
  },
  {
    ...closed('me', GET, 'me'),
    run: (to, call) => to.me.me(call),
    docs: {
      summary: 'Says who is signed in',
      query: { profile: "1 asks for Descope's profile too" },
      answers: { 200: 'User and claims', ...REFUSED, ...OUTAGE },
    },
  },
  {
    ...closed('tenant', POST, 'tenant'),
    run: (to, call) => to.session.selectTenant(call),
    docs: {
      summary: 'Selects the current tenant',
      body: TENANT_BODY,
      answers: { 200: 'The user', ...REFUSED, ...OUTAGE },
    },
  },
];

/** Makes the controller. It is version-neutral, and answers by itself, past global pipes and interceptors. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  class DescopeAuthController {
    @Inject(SessionRoutes) readonly session!: SessionRoutes;
    @Inject(LogoutRoutes) readonly signOut!: LogoutRoutes;
    @Inject(MeRoute) readonly me!: MeRoute;
    @Inject(CheckRoute) readonly check!: CheckRoute;
    @Optional() @Inject(LoginRoute) readonly login!: LoginRoute;
    @Inject(DESCOPE_NOTIFY) readonly notify!: Notify;
  }
  for (const route of ROUTES) if (options[route.option] !== false) mount(DescopeAuthController, route);
  noteTag(DescopeAuthController, options.path ?? DEFAULT_PATH);
  Controller({ path: options.path ?? DEFAULT_PATH, version: VERSION_NEUTRAL })(DescopeAuthController);
  markAuthController(DescopeAuthController);
  return DescopeAuthController;
}

/** Lists what the routes are made of. */
export function toRouteProviders(options: DescopeRoutesOptions): Provider[] {
  const login = options.login === false ? [] : [LoginRoute]; // which needs the web component
  return [
    { provide: DESCOPE_ROUTES, useValue: options },
    { provide: DESCOPE_UNREFRESHED, useValue: toUnrefreshed(options) },
    SessionRoutes,
    LogoutRoutes,
    MeRoute,
    Profiles,
    CheckRoute,
    ...login,
  ];
}

function toUnrefreshed(options: DescopeRoutesOptions): readonly UnrefreshedRoute[] {
  return ROUTES.filter((route) => !route.isRefreshed && options[route.option] !== false).flatMap(
    ({ method, paths }) =>
      paths.map((path) => ({
        method: RequestMethod[method],
        path: `/${options.path ?? DEFAULT_PATH}/${path}`,
      })),
  );
}

// What the decorators @Get, @Req, … would do, for a method that is there only if it is asked for.
function mount(controller: Type<RouteParts>, route: Route): void {
  const key = `answer_${route.paths[0]}`; // no name that an injected part has
  const prototype = controller.prototype as object;
  const handler = function (
    this: RouteParts,
    ...[request, response]: Parameters<typeof respond>
  ): Promise<void> {
    return respond(request, response, { run: (call) => route.run(this, call), notify: this.notify });
  };
  const descriptor = { value: handler, writable: true, configurable: true };
  Object.defineProperty(prototype, key, descriptor);
  Req()(prototype, key, 0);
  Res()(prototype, key, 1);
  RequestMapping({ path: route.paths, method: route.method })(prototype, key, descriptor);
  noteRouteDocs(handler, route.docs);
  if (route.isPublic) Public()(prototype, key, descriptor);
  else UseGuards(AuthGuard)(prototype, key, descriptor);
}
