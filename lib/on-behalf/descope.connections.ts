// The injectable that fetches the tokens of connections from Descope's vault.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import { DescopeConfigError } from '../core/errors.js';
import type { ConnectionQuery } from '../core/m2m/connection-tokens.js';
import { ConnectionTokens } from '../core/m2m/connection-tokens.js';
import { isScope } from '../core/token/claims.js';
import type { TenantId } from '../core/user/custom-claims.js';
import type { DescopeUser } from '../core/user/descope-user.js';
import { OnBehalfParts } from './on-behalf.parts.js';

/** Which token of a connection. */
export interface ConnectionOptions {
  /**
   * The scopes that the token must have, exactly.
   * @defaultValue none: the latest token, whatever its scopes
   */
  readonly scopes?: readonly string[] | undefined;
  /**
   * Which of several accounts at the service.
   * @defaultValue any
   */
  readonly externalIdentifier?: string | undefined;
  /**
   * Lets Descope refresh the token at the service first, after the service rejected it.
   * @defaultValue `false`
   */
  readonly forceRefresh?: boolean | undefined;
}

/** Which token of a user's connection. */
export interface UserConnectionOptions extends ConnectionOptions {
  /**
   * The tenant for which the user has connected.
   * @defaultValue none: Descope decides
   */
  readonly tenant?: TenantId | undefined;
}

/**
 * Fetches the tokens that users and tenants have left in Descope's vault for calls to other services (outbound apps), by the
 * management key. A token is remembered in this process alone, until shortly before it ends.
 * @see https://docs.descope.com/outbound-apps
 * @example `const token = await connections.getUserToken('google-calendar', user);`
 */
@Injectable()
export class DescopeConnections {
  @Inject(OnBehalfParts) private readonly parts!: OnBehalfParts;
  #tokens: ConnectionTokens | undefined;

  /**
   * Fetches the token of a user's connection.
   * @param app the id of the outbound app
   * @param user whose connection: the user of `@CurrentUser()`, or an object with the id of a user. Never pass an id that a
   *   request names: Descope does not check whose request it is
   * @returns the access token, or the API key
   * @throws {DescopeAccessError} CONNECTION_REQUIRED when the user has no connection that can be used
   * @throws {DescopeUnavailableError} DESCOPE_UNAVAILABLE
   * @throws {DescopeConfigError} CONFIG_MANAGEMENT_KEY_MISSING, CONFIG_MANAGEMENT_KEY_REFUSED, or CONFIG_INVALID for an argument
   *   that Descope or this method rejects
   */
  async getUserToken(
    app: string,
    user: Pick<DescopeUser, 'id'>,
    options: UserConnectionOptions = {},
  ): Promise<string> {
    return inNestForm(() => {
      const id: unknown = (user as Partial<DescopeUser> | undefined)?.id;
      const { tenant, ...others } = options;
      if (!isText(id) || !(tenant === undefined || isText(tenant))) throw invalid(USER);
      return this.#find(app, { userId: id, tenantId: tenant }, others);
    });
  }

  /**
   * Fetches the token of a tenant's own connection.
   * @param app the id of the outbound app
   * @param tenant the id of the tenant, which the caller must be known to belong to: `@CurrentTenant()` passes such an id
   * @returns the access token, or the API key
   * @throws {DescopeAccessError} CONNECTION_REQUIRED when the tenant has no connection that can be used
   * @throws {DescopeUnavailableError} DESCOPE_UNAVAILABLE
   * @throws {DescopeConfigError} CONFIG_MANAGEMENT_KEY_MISSING, CONFIG_MANAGEMENT_KEY_REFUSED, or CONFIG_INVALID for an argument
   *   that Descope or this method rejects
   */
  async getTenantToken(app: string, tenant: TenantId, options: ConnectionOptions = {}): Promise<string> {
    return inNestForm(() => {
      if (!isText(tenant)) throw invalid('the id of a tenant');
      return this.#find(app, { userId: undefined, tenantId: tenant }, options);
    });
  }

  /**
   * Asserts that there is a management key.
   * @internal
   */
  assertUsable(): void {
    this.parts.requireManagementKey();
  }

  #find(app: string, owner: Pick<ConnectionQuery, 'userId' | 'tenantId'>, options: ConnectionOptions) {
    const { forceRefresh, ...which } = options;
    const query = { ...toQuery(app, which), ...owner };
    const tokens = this.#findTokens();
    return forceRefresh === true ? tokens.refresh(query) : tokens.find(query);
  }

  #findTokens(): ConnectionTokens {
    if (this.#tokens !== undefined) return this.#tokens;
    const { api, config } = this.parts;
    const managementKey = this.parts.requireManagementKey();
    const maxAgeMs = this.parts.readOptions().connectionMaxAgeMs;
    return (this.#tokens = new ConnectionTokens({ api, managementKey, clock: config.clock, maxAgeMs }));
  }
}

/** Checks which token is asked for. Throws `CONFIG_INVALID`. */
export function toQuery(
  app: string,
  { scopes, externalIdentifier, ...others }: ConnectionOptions,
): Pick<ConnectionQuery, 'app' | 'scopes' | 'externalIdentifier'> {
  if (!isText(app)) throw invalid('the id of an outbound app');
  if (Object.keys(others).length > 0) throw invalid('scopes, externalIdentifier and forceRefresh as options');
  if (externalIdentifier !== undefined && !isText(externalIdentifier))
    throw invalid('externalIdentifier to be a non-empty string');
  if (scopes !== undefined && !(Array.isArray(scopes) && scopes.length > 0 && scopes.every(isScope)))
    throw invalid('scopes to be a list of one or more scopes');
  return { app, scopes: scopes && [...new Set(scopes)].sort(), externalIdentifier };
}

const USER = 'a user with an id, and perhaps the id of a tenant';

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function invalid(expected: string): DescopeConfigError {
  return new DescopeConfigError('CONFIG_INVALID', `A token of a connection expects ${expected}.`);
}
