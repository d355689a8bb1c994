// The mountable controller: a class made for the routes that are asked for.
import {
  Controller,
  Inject,
  Req,
  RequestMapping,
  RequestMethod,
  Res,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { Public } from '../auth/access.decorators.js';
import { AuthGuard } from '../auth/auth.guard.js';
import { MeRoute } from './me-route.js';
import { answer } from './route-call.js';
import type { RouteCall, RouteReply } from './route-call.js';
import type { DescopeRoutesOptions } from './routes-options.js';
import { SessionRoutes } from './session-routes.js';
import { SignOutRoutes } from './sign-out-routes.js';

/** What the routes are made of. */
export const routeProviders: readonly Type[] = [SessionRoutes, SignOutRoutes, MeRoute];

interface RouteParts {
  readonly session: SessionRoutes;
  readonly signOut: SignOutRoutes;
  readonly me: MeRoute;
}

interface Route {
  readonly name: Exclude<keyof DescopeRoutesOptions, 'path'>;
  readonly method: RequestMethod;
  readonly paths: string[];
  /** Open to nobody in particular: it looks at the browser's tokens itself. */
  readonly isPublic: boolean;
  readonly run: (parts: RouteParts, call: RouteCall) => Promise<RouteReply>;
}

const { GET, POST } = RequestMethod;

const ROUTES: readonly Route[] = [
  {
    name: 'storeJwt',
    method: POST,
    paths: ['store_jwt', 'session'],
    isPublic: true,
    run: (to, call) => to.session.store(call),
  },
  {
    name: 'refresh',
    method: POST,
    paths: ['refresh'],
    isPublic: true,
    run: (to, call) => to.session.refresh(call),
  },
  {
    name: 'logout',
    method: POST,
    paths: ['logout'],
    isPublic: true,
    run: (to, call) => to.signOut.logout(call),
  },
  {
    name: 'logoutAll',
    method: POST,
    paths: ['logout-all'],
    isPublic: true,
    run: (to, call) => to.signOut.logoutAll(call),
  },
  { name: 'me', method: GET, paths: ['me'], isPublic: false, run: (to, call) => to.me.me(call) },
  {
    name: 'tenant',
    method: POST,
    paths: ['tenant'],
    isPublic: false,
    run: (to, call) => to.session.selectTenant(call),
  },
];

/** Makes the controller. It is version-neutral, and answers by itself, past global pipes and interceptors. */
export function createAuthController(options: DescopeRoutesOptions): Type {
  class DescopeAuthController {
    constructor(
      @Inject(SessionRoutes) readonly session: SessionRoutes,
      @Inject(SignOutRoutes) readonly signOut: SignOutRoutes,
      @Inject(MeRoute) readonly me: MeRoute,
    ) {}
  }
  for (const route of ROUTES) if (options[route.name] !== false) mount(DescopeAuthController, route);
  Controller({ path: options.path ?? 'auth', version: VERSION_NEUTRAL })(DescopeAuthController);
  return DescopeAuthController;
}

// What the decorators @Get, @Req, … would do, for a method that is there only if it is asked for.
function mount(controller: Type<RouteParts>, route: Route): void {
  const key = `${route.name}Route`;
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
