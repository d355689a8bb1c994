// The mounted routes of one application, loaded while it starts: an application without them does not load their code.
import { CheckRoute } from './check.routes.js';
import { LoginRoute } from './login.routes.js';
import { LogoutRoutes } from './logout.routes.js';
import { MeRoute, Profiles } from './me.routes.js';
import type { RouteParts } from './route-call.js';
import { respond } from './route-call.js';
import { SessionRoutes } from './session.routes.js';

/** The mounted routes, by what they are about. */
export interface MountedRoutes {
  /** `undefined` where it is switched off, because it needs the web component. */
  readonly login: LoginRoute | undefined;
  readonly check: CheckRoute;
  readonly session: SessionRoutes;
  readonly logout: LogoutRoutes;
  readonly me: MeRoute;
  /** Sends the response of one of them. */
  readonly respond: typeof respond;
}

/**
 * Creates the routes.
 * @throws {DescopeConfigError} CONFIG_INVALID for a login page without a script, or with wrong options
 */
export function createMountedRoutes(parts: RouteParts): MountedRoutes {
  const profiles = new Profiles(parts.config);
  return {
    login: parts.options.login === false ? undefined : new LoginRoute(parts),
    check: new CheckRoute(parts),
    session: new SessionRoutes(parts),
    logout: new LogoutRoutes(parts, profiles),
    me: new MeRoute(parts, profiles),
    respond,
  };
}
