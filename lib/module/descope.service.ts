// The injectable service: validates tokens and requests, checks roles and permissions, and forgets remembered users.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import { findOnce } from '../auth/request-state.js';
import type { ContextRequest } from '../auth/transports/call.js';
import { toKey, toRequestLike } from '../auth/transports/call.js';
import { describe } from '../core/config/option-reader.js';
import { DescopeConfigError } from '../core/errors.js';
import type { RequestLike } from '../core/http/request.js';
import type { DescopeSession } from '../core/session/session.js';
import { acceptOptionalSession, acceptSession } from '../core/session/session.js';
import { readMatches, readTenantGrants } from '../core/user/authorize.js';
import type { PermissionName, RoleName, TenantId } from '../core/user/custom-claims.js';
import type { DescopeUser } from '../core/user/descope-user.js';
import { LateServices } from './late-services.js';

/** A user, or a session. An anonymous session has no roles and no permissions. */
export type UserOrSession = DescopeUser | DescopeSession;

/** Options of `DescopeService.validateSession`. */
export interface ValidateSessionOptions {
  /**
   * The audiences of which the token must name one; `null` requires none.
   * @defaultValue the option `audience` of the module
   */
  readonly audience?: string | readonly string[] | null;
}

/**
 * Validates tokens and requests, and checks roles and permissions. The checks have the names of `@descope/node-sdk`. An empty
 * list of names is never satisfied.
 * @example `constructor(private readonly descope: DescopeService) {}`
 */
@Injectable()
export class DescopeService {
  @Inject(LateServices) private readonly services!: LateServices;

  /**
   * Validates a session token. Each error but a `DescopeConfigError` is also an `HttpException`: if the application does not
   * catch it, the response has its status and code.
   * @returns the session of the token
   * @throws {DescopeCredentialError} a `TOKEN_…` or `SESSION_…` code
   * @throws {DescopeAccessError} CLAIMS_REFUSED, or a `USERNAME_…` code
   * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE or SIGN_OUTS_UNAVAILABLE
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options of the module wait for this call
   */
  async validateSession(token: string, options: ValidateSessionOptions = {}): Promise<DescopeSession> {
    return inNestForm(async () => {
      const { authenticator, config } = await this.services.find();
      const { accepts, audience } = config.acceptance;
      const session = await authenticator.open(token, false);
      return acceptSession(session, { accepts, audience: readAudience(options.audience, audience) });
    });
  }

  /**
   * Authenticates a request, as a route with `@OptionalAuth()` does, without `loadUser`.
   * @param request Node's own request, or the one of Express or Fastify
   * @returns the session; anonymous without a credential, or with a cookie that is not valid
   * @throws {DescopeCredentialError} CREDENTIAL_MALFORMED, ACCESS_KEY_REFUSED, or a `TOKEN_…` or `SESSION_…` code for a bearer
   *   token that is not valid
   * @throws {DescopeAccessError} REQUEST_CROSS_SITE, CLAIMS_REFUSED, or a `USERNAME_…` code
   * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE, or another code of an outage
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options of the module wait for this call
   */
  async authenticate(request: RequestLike): Promise<DescopeSession> {
    return inNestForm(async () => {
      const { authenticator, config } = await this.services.find();
      const find = () => authenticator.authenticate(toRequestLike(request as ContextRequest));
      // A proof counts once: also for a guard that runs before or after this call.
      const session = config.dpop === undefined ? find() : findOnce(toKey(request), authenticator, find);
      return acceptOptionalSession(await session, config.acceptance);
    });
  }

  /**
   * Loads the keys before the first request.
   * @throws {DescopeUnavailableError} KEYS_UNAVAILABLE
   * @throws {DescopeConfigError} CONFIG_OPTIONS_CIRCULAR when the options of the module wait for this call
   */
  async hydrate(): Promise<void> {
    return inNestForm(async () => (await this.services.find()).keys.hydrate());
  }

  /**
   * Forgets what `loadUser` returned for a user, where the option `userCache` remembers it: the next request of each of the
   * user's sessions loads it again. With `shared.channel`, the other instances forget it within a second. Without `userCache`
   * it does nothing.
   * @param id the user's id at Descope: `user.id` of the session
   * @throws {DescopeConfigError} CONFIG_INVALID for an id that is empty or not a string, CONFIG_OPTIONS_CIRCULAR when the
   *   options of the module wait for this call
   * @example `await this.accounts.ban(id); await this.descope.forgetUser(id);`
   */
  async forgetUser(id: string): Promise<void> {
    return inNestForm(async () => {
      assertId(id);
      const { revocations } = (await this.services.find()).sessions;
      await revocations.announceChange(id);
    });
  }

  /**
   * Checks whether a user has all of these roles in the project.
   * @returns `false` for an empty list, too
   */
  validateRoles(who: UserOrSession, roles: readonly RoleName[]): boolean {
    return isFull(this.getMatchedRoles(who, roles), roles);
  }

  /**
   * Finds which of these roles a user has in the project.
   * @returns the roles, in the order of the list
   */
  getMatchedRoles(who: UserOrSession, roles: readonly RoleName[]): string[] {
    return readMatches(toUser(who)?.roles, roles);
  }

  /**
   * Checks whether a user has all of these roles in a tenant.
   * @param tenant the tenant's id
   * @returns `false` for an empty list, too
   */
  validateTenantRoles(who: UserOrSession, tenant: TenantId, roles: readonly RoleName[]): boolean {
    return isFull(this.getMatchedTenantRoles(who, tenant, roles), roles);
  }

  /**
   * Finds which of these roles a user has in a tenant.
   * @param tenant the tenant's id
   * @returns the roles, in the order of the list
   */
  getMatchedTenantRoles(who: UserOrSession, tenant: TenantId, roles: readonly RoleName[]): string[] {
    return readMatches(readTenantGrants(toUser(who), tenant)?.roles, roles);
  }

  /**
   * Checks whether a user has all of these permissions in the project.
   * @returns `false` for an empty list, too
   */
  validatePermissions(who: UserOrSession, permissions: readonly PermissionName[]): boolean {
    return isFull(this.getMatchedPermissions(who, permissions), permissions);
  }

  /**
   * Finds which of these permissions a user has in the project.
   * @returns the permissions, in the order of the list
   */
  getMatchedPermissions(who: UserOrSession, permissions: readonly PermissionName[]): string[] {
    return readMatches(toUser(who)?.permissions, permissions);
  }

  /**
   * Checks whether a user has all of these permissions in a tenant.
   * @param tenant the tenant's id
   * @returns `false` for an empty list, too
   */
  validateTenantPermissions(
    who: UserOrSession,
    tenant: TenantId,
    permissions: readonly PermissionName[],
  ): boolean {
    return isFull(this.getMatchedTenantPermissions(who, tenant, permissions), permissions);
  }

  /**
   * Finds which of these permissions a user has in a tenant.
   * @param tenant the tenant's id
   * @returns the permissions, in the order of the list
   */
  getMatchedTenantPermissions(
    who: UserOrSession,
    tenant: TenantId,
    permissions: readonly PermissionName[],
  ): string[] {
    return readMatches(readTenantGrants(toUser(who), tenant)?.permissions, permissions);
  }
}

function readAudience(
  given: string | readonly string[] | null | undefined,
  configured: readonly string[] | undefined,
): readonly string[] | undefined {
  if (given === undefined) return configured;
  if (given === null) return undefined;
  return typeof given === 'string' ? [given] : given;
}

function assertId(id: unknown): void {
  if (typeof id === 'string' && id.trim() !== '') return;
  const message = `DescopeService.forgetUser() got ${describe(id)}; expected the id at Descope, a string that is not empty.`;
  throw new DescopeConfigError('CONFIG_INVALID', message);
}

function toUser(who: UserOrSession): DescopeUser | undefined {
  return 'user' in who ? who.user : who;
}

function isFull(matched: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length > 0 && matched.length === wanted.length;
}
