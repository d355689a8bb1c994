// The mountable controller: a class made for the routes that are asked for.
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
import type { Provider, Type } from '@nestjs/common';
import { DESCOPE_CHECK_PATH, DESCOPE_ROUTES } from '../auth/injection-tokens.js';
import { Public } from '../auth/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import { CheckRoute } from './check/check-route.js';
import { LoginRoute, SCRIPT_PATH } from './login/login-route.js';
import { MeRoute } from './me-route.js';
import { answer } from './route-call.js';
import type { RouteCall, RouteReply } from './route-call.js';
import { CHECK_PATH, DEFAULT_PATH } from './routes-options.js';
import type { DescopeRoutesOptions } from './routes-options.js';
import { SessionRoutes } from './session-routes.js';
import { SignOutRoutes } from './sign-out-routes.js';

interface RouteParts {
  readonly login: LoginRoute;
  readonly check: CheckRoute;
  readonly session: SessionRoutes;
  readonly signOut: SignOutRoutes;
  readonly me: MeRoute;
}

interface Route {
  /** The option that switches it off. */
  readonly option: Exclude<keyof DescopeRoutesOptions, 'path'>;
  readonly method: RequestMethod;
  readonly paths: string[];
  /** Open to nobody in particular: it looks at the browser's tokens itself. */
  readonly isPublic: boolean;
  readonly run: (parts: RouteParts, call: RouteCall) => RouteReply | Promise<RouteReply>;
}

const { GET, POST } = RequestMethod;

const ROUTES: readonly Route[] = [
  { option: 'login', method: GET, paths: ['login'], isPublic: true, run: (to, call) => to.login.page(call) },
  {
    option: 'login',
    method: GET,
    paths: [SCRIPT_PATH],
    isPublic: true,
    run: (to, call) => to.login.script(call),
  },
  {
    option: 'check',
    method: GET,
    paths: [CHECK_PATH],
    isPublic: true,
    run: (to, call) => to.check.check(call),
  },
  {
    option: 'storeJwt',
    method: POST,
    paths: ['store_jwt', 'session'],
    isPublic: true,
    run: (to, call) => to.session.store(call),
  },
  {
    option: 'refresh',
    method: POST,
    paths: ['refresh'],
    isPublic: true,
    run: (to, call) => to.session.refresh(call),
  },
  {
    option: 'logout',
    method: POST,
    paths: ['logout'],
    isPublic: true,
    run: (to, call) => to.signOut.logout(call),
  },
  {
    option: 'logoutAll',
    method: POST,
    paths: ['logout-all'],
    isPublic: true,
    run: (to, call) => to.signOut.logoutAll(call),
  },
  { option: 'me', method: GET, paths: ['me'], isPublic: false, run: (to, call) => to.me.me(call) },
  {
    option: 'tenant',
    method: POST,
    paths: ['tenant'],
    isPublic: false,
    run: (to, call) => to.session.selectTenant(call),
  },
];

/** Makes the controller. It is version-neutral, and answers by itself, past global pipes and interceptors. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  class DescopeAuthController {
    @Inject(SessionRoutes) readonly session!: SessionRoutes;
    @Inject(SignOutRoutes) readonly signOut!: SignOutRoutes;
    @Inject(MeRoute) readonly me!: MeRoute;
    @Inject(CheckRoute) readonly check!: CheckRoute;
    @Optional() @Inject(LoginRoute) readonly login!: LoginRoute;
  }
  for (const route of ROUTES) if (options[route.option] !== false) mount(DescopeAuthController, route);
  Controller({ path: options.path ?? DEFAULT_PATH, version: VERSION_NEUTRAL })(DescopeAuthController);
  return DescopeAuthController;
}

/** Lists what the routes are made of. */
export function toRouteProviders(options: DescopeRoutesOptions): Provider[] {
  const login = options.login === false ? [] : [LoginRoute]; // which needs the web component
  return [
    { provide: DESCOPE_ROUTES, useValue: options },
    { provide: DESCOPE_CHECK_PATH, useValue: `/${options.path ?? DEFAULT_PATH}/${CHECK_PATH}` },
    SessionRoutes,
    SignOutRoutes,
    MeRoute,
    CheckRoute,
    ...login,
  ];
}

// What the decorators @Get, @Req, … would do, for a method that is there only if it is asked for.
function mount(controller: Type<RouteParts>, route: Route): void {
  const key = `answer ${route.paths[0]}`;
  const prototype = controller.prototype as object;
  const handler = function (
    this: RouteParts,
    ...[request, response]: Parameters<typeof answer>
  ): Promise<void> {
    return answer(request, response, (call) => route.run(this, call));
  };
  const descriptor = { value: handler, writable: true, configurable: true };
  Object.defineProperty(prototype, key, descriptor);
  Req()(prototype, key, 0);
  Res()(prototype, key, 1);
  RequestMapping({ path: route.paths, method: route.method })(prototype, key, descriptor);
  if (route.isPublic) Public()(prototype, key, descriptor);
  else UseGuards(AuthGuard)(prototype, key, descriptor);
}
