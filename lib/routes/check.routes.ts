// The check of an API gateway: nginx auth_request, Traefik ForwardAuth, Envoy ext_authz.
import { assertOwnUser } from '../auth/request-user.js';
import { DescopeAccessError } from '../core/errors.js';
import { publishAccepted } from '../core/events.js';
import type { RequestLike } from '../core/http/request.js';
import { readHeader } from '../core/http/request.js';
import { acceptSession, requireSignedIn } from '../core/session/session.js';
import { isWellFormed } from '../core/token/claims.js';
import { assertAccess } from '../core/user/authorize.js';
import type { Demand } from '../core/user/demands.js';
import type { DescopeUser } from '../core/user/descope-user.js';
import type { RouteCall, RouteParts, RouteResponse } from './route-call.js';
import type { CheckHeaderValue, CheckOptions } from './routes.options.js';

const HEADERS: Readonly<Record<string, CheckHeaderValue>> = {
  'X-Auth-User': 'username',
  'X-Auth-User-Id': 'id',
  'X-Auth-Roles': 'roles',
  'X-Auth-Permissions': 'permissions',
  'X-Auth-Tenant': 'tenant',
};

const NO_TENANTS = new Map<never, string>();

export class CheckRoute {
  readonly #parts: RouteParts;
  readonly #options: CheckOptions;

  constructor(parts: RouteParts) {
    this.#parts = parts;
    this.#options = typeof parts.options.check === 'object' ? parts.options.check : {};
  }

  /**
   * `GET check`: responds 204 with the user in headers. It refreshes nothing, for the gateway would drop the cookies.
   * @throws {DescopeCredentialError} what the guard throws
   * @throws {DescopeAccessError} CHECK_DEMAND_NOT_ALLOWED, ACCESS_ROLE_MISSING, ACCESS_PERMISSION_MISSING, USER_NOT_ACCEPTED
   */
  async check(call: RouteCall): Promise<RouteResponse> {
    const demands = this.#readDemands(call.query);
    const { config, modules, authenticator, sessions } = this.#parts;
    const session = await authenticator.authenticate(this.#toOriginal(call.exchange.request));
    const user = requireSignedIn(acceptSession(session, config.acceptance));
    await assertOwnUser(call.request, session, { config, modules, userCache: sessions.userCache });
    assertAccess(user, demands, { nowMs: config.clock(), tenants: NO_TENANTS, superuserBypass: false });
    publishAccepted(user, session.sentByBrowser, config.projectId);
    return { status: 204, headers: this.#toHeaders(user) };
  }

  // The gateway writes the query, yet a mistake in it must not grant access: unknown names are rejected.
  #readDemands(query: Readonly<Record<string, unknown>>): Demand[] {
    const { roles = [], permissions = [] } = this.#options;
    return Object.entries(query).map(([name, value]) => {
      const names = [value].flat().map(String);
      const allowed = name === 'role' ? roles : name === 'permission' ? permissions : [];
      if (!names.every((item) => allowed.includes(item))) throw notAllowed(name);
      return { kind: name === 'role' ? 'roles' : 'permissions', names, match: 'all' };
    });
  }

  // The gateway sends GET whatever the browser sent; whether cookies count depends on the browser's method.
  #toOriginal(request: RequestLike): RequestLike {
    const { methodHeader } = this.#options;
    const method = methodHeader === undefined ? undefined : readHeader(request, methodHeader.toLowerCase());
    const { headers, rawHeaders, socket, session } = request;
    return { method: method?.toUpperCase() ?? 'POST', headers, rawHeaders, socket, session };
  }

  #toHeaders(user: DescopeUser): Record<string, string> {
    const headers = Object.entries(this.#options.headers ?? HEADERS);
    return Object.fromEntries(headers.map(([name, property]) => [name, encode(user[property])]));
  }
}

// Item by item, so that neither a comma nor a line break in a name splits it. A lone surrogate cannot be encoded, and
// its replacement could be another name: such an item is left out.
function encode(value: string | readonly string[] | undefined): string {
  return [value ?? []].flat().map(String).filter(isWellFormed).map(encodeURIComponent).join(',');
}

function notAllowed(name: string): DescopeAccessError {
  const message = `The query parameter "${name}" has a value that the option routes.check does not list.`;
  return new DescopeAccessError('CHECK_DEMAND_NOT_ALLOWED', message);
}
