// The parameter decorator that passes the token of the caller's connection, and the pipe behind it.
import type { ExecutionContext, OnModuleInit, PipeTransform } from '@nestjs/common';
import { createParamDecorator, Inject, Injectable, Optional } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import { readAcceptedSession, readTenant } from '../auth/param.decorators.js';
import { readParameter } from '../auth/transports/mistakes.js';
import { DescopeAccessError, DescopeConfigError } from '../core/errors.js';
import { requireSignedIn } from '../core/session/session.js';
import type { ConnectionOptions } from './descope.connections.js';
import { DescopeConnections, toQuery } from './descope.connections.js';

/** Whose connection `@ConnectionToken` takes, and which token. */
export interface ConnectionTokenOptions extends Pick<ConnectionOptions, 'scopes'> {
  /**
   * Whose connection: of the caller, of the caller in the tenant, or of the tenant itself. The tenant is that of
   * `@CurrentTenant()`, and the caller must belong to it.
   * @defaultValue `'user'`
   */
  readonly of?: 'user' | 'user-in-tenant' | 'tenant' | undefined;
}

// A function, so that no pipe or logger of the application finds the caller's session in the value.
type Fetching = (connections: DescopeConnections) => Promise<string>;

@Injectable()
class ConnectionTokenPipe implements PipeTransform<Fetching>, OnModuleInit {
  constructor(@Optional() @Inject(DescopeConnections) private readonly connections?: DescopeConnections) {}

  onModuleInit(): void {
    this.#requireConnections().assertUsable();
  }

  transform(find: Fetching): Promise<string> {
    return find(this.#requireConnections());
  }

  #requireConnections(): DescopeConnections {
    if (this.connections !== undefined) return this.connections;
    throw new DescopeConfigError('CONFIG_MODULE_MISSING', NO_MODULE);
  }
}

const NO_MODULE =
  'A handler has @ConnectionToken(), but no module imports DescopeOnBehalfModule. Import DescopeOnBehalfModule.forRoot() in the root module.';

/**
 * Passes the token of the caller's connection to a handler. Without a connection that can be used, the response is 403
 * `CONNECTION_REQUIRED`.
 * @param app the id of the outbound app
 * @throws {DescopeConfigError} CONFIG_INVALID for arguments of another form
 * @see https://docs.descope.com/outbound-apps
 * @example `@Get('events') list(@ConnectionToken('google-calendar') token: string) {}`
 */
export function ConnectionToken(app: string, options: ConnectionTokenOptions = {}): ParameterDecorator {
  const { of = 'user', ...which } = options;
  if (!['user', 'user-in-tenant', 'tenant'].includes(of)) throw new DescopeConfigError('CONFIG_INVALID', OF);
  toQuery(app, which); // a mistake is thrown when the class is defined
  const create = createParamDecorator((_data: undefined, context: ExecutionContext): Fetching => {
    const find = async (connections: DescopeConnections): Promise<string> => {
      const user = requireSignedIn(readAcceptedSession(context));
      if (of === 'user') return connections.getUserToken(app, user, which);
      const tenant = await readTenant(context);
      if (tenant === undefined) throw new DescopeAccessError('ACCESS_TENANT_MISSING', NO_TENANT);
      return of === 'tenant'
        ? connections.getTenantToken(app, tenant, which)
        : connections.getUserToken(app, user, { ...which, tenant });
    };
    return (connections) => inNestForm(() => readParameter(context, () => find(connections)));
  });
  return create(ConnectionTokenPipe);
}

const OF = "@ConnectionToken() expects { of: 'user' }, { of: 'user-in-tenant' } or { of: 'tenant' }.";
const NO_TENANT = 'The connection is of a tenant, and the request names none to which the caller belongs.';
