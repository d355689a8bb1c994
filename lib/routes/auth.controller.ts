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
import {
  DESCOPE_NOTIFY,
  DESCOPE_ROUTES,
  DESCOPE_UNRENEWED,
  markAuthController,
} from '../auth/injection-tokens.js';
import { Public } from '../auth/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import type { UnrenewedRoute } from '../auth/session/session-step.js';
import type { Notify } from '../core/notice.js';
import { CheckRoute } from './check/check-route.js';
import { LoginRoute } from './login/login-route.js';
import { MeRoute } from './session/me-route.js';
import { answer } from './route-call.js';
import { noteRouteDocs, noteTag } from './route-docs.js';
import { ROUTES } from './routes.js';
import type { Route, RouteParts } from './routes.js';
import { DEFAULT_PATH } from './routes-options.js';
import type { DescopeRoutesOptions } from './routes-options.js';
import { Profiles } from './session/profiles.js';
import { SessionRoutes } from './session/session-routes.js';
import { SignOutRoutes } from './session/sign-out-routes.js';

/** Makes the controller. It is version-neutral, and answers by itself, past global pipes and interceptors. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  class DescopeAuthController {
    @Inject(SessionRoutes) readonly session!: SessionRoutes;
    @Inject(SignOutRoutes) readonly signOut!: SignOutRoutes;
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
    { provide: DESCOPE_UNRENEWED, useValue: toUnrenewed(options) },
    SessionRoutes,
    SignOutRoutes,
    MeRoute,
    Profiles,
    CheckRoute,
    ...login,
  ];
}

function toUnrenewed(options: DescopeRoutesOptions): readonly UnrenewedRoute[] {
  return ROUTES.filter((route) => !route.isRenewed && options[route.option] !== false).flatMap(
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
    ...[request, response]: Parameters<typeof answer>
  ): Promise<void> {
    return answer(request, response, { run: (call) => route.run(this, call), notify: this.notify });
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
