// The injectable face of core: the token-validation service.
import { Inject, Injectable } from '@nestjs/common';
import { inNestForm } from '../auth/http-error.js';
import type { ContextRequest } from '../auth/transports/execution-context.js';
import { toRequestLike } from '../auth/transports/execution-context.js';
import type { RequestLike } from '../core/http/request.js';
import type { DescopeSession } from '../core/session/session.js';
import { acceptOptionalSession, acceptSession } from '../core/session/session.js';
import { readMatches, readTenantGrants } from '../core/user/authorize.js';
import type { PermissionName, RoleName, TenantId } from '../core/user/custom-claims.js';
import type { DescopeUser } from '../core/user/descope-user.js';
import { LateServices } from './late-services.js';

/** A user, or the session of one. */
export type UserOrSession = DescopeUser | DescopeSession;

/** What `validateSession` may be told beyond the module's options. */
export interface ValidateSessionOptions {
  /** The audiences of which the token must name one; replaces the module's. `null` asks for none. */
  readonly audience?: string | readonly string[] | null;
}

/**
 * Validates tokens and requests, and answers what a user may do.
 * The checks have the names of `@descope/node-sdk`; in them an empty list is never satisfied, and a name that is
 * only inherited (`constructor`, `__proto__`) is never held.
 */
@Injectable()
export class DescopeService {
  @Inject(LateServices) private readonly services!: LateServices;

  /**
   * Proves a session token and gives its session. Rejects with a `DescopeCredentialError`, `DescopeAccessError` or
   * `DescopeUnavailableError` that carries the code. Each is an `HttpException` too: where the application does not catch
   * it, the answer has its status and code. Its `cause` says why.
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
   * Finds out who sent a request, Node's own or a framework's around it: a session, or one of nobody where no token was sent or the cookie does not count.
   * Rejects for a bad bearer token, a cross-site request and an outage.
   */
  async authenticate(request: RequestLike): Promise<DescopeSession> {
    return inNestForm(async () => {
      const { authenticator, config } = await this.services.find();
      const session = await authenticator.authenticate(toRequestLike(request as ContextRequest));
      return acceptOptionalSession(session, config.acceptance);
    });
  }

  /** Loads the keys ahead of the first request. Rejects with `KEYS_UNAVAILABLE`. */
  async hydrate(): Promise<void> {
    return inNestForm(async () => (await this.services.find()).keys.hydrate());
  }

  /** Tells whether the user has all of these project roles. */
  validateRoles(who: UserOrSession, roles: readonly RoleName[]): boolean {
    return isFull(this.getMatchedRoles(who, roles), roles);
  }

  /** Gives those of the roles that the user has in the project. */
  getMatchedRoles(who: UserOrSession, roles: readonly RoleName[]): string[] {
    return readMatches(toUser(who)?.roles, roles);
  }

  /** Tells whether the user has all of these roles in the tenant. */
  validateTenantRoles(who: UserOrSession, tenant: TenantId, roles: readonly RoleName[]): boolean {
    return isFull(this.getMatchedTenantRoles(who, tenant, roles), roles);
  }

  /** Gives those of the roles that the user has in the tenant. */
  getMatchedTenantRoles(who: UserOrSession, tenant: TenantId, roles: readonly RoleName[]): string[] {
    return readMatches(readTenantGrants(toUser(who), tenant)?.roles, roles);
  }

  /** Tells whether the user has all of these project permissions. */
  validatePermissions(who: UserOrSession, permissions: readonly PermissionName[]): boolean {
    return isFull(this.getMatchedPermissions(who, permissions), permissions);
  }

  /** Gives those of the permissions that the user has in the project. */
  getMatchedPermissions(who: UserOrSession, permissions: readonly PermissionName[]): string[] {
    return readMatches(toUser(who)?.permissions, permissions);
  }

  /** Tells whether the user has all of these permissions in the tenant. */
  validateTenantPermissions(
    who: UserOrSession,
    tenant: TenantId,
    permissions: readonly PermissionName[],
  ): boolean {
    return isFull(this.getMatchedTenantPermissions(who, tenant, permissions), permissions);
  }

  /** Gives those of the permissions that the user has in the tenant. */
  getMatchedTenantPermissions(
    who: UserOrSession,
    tenant: TenantId,
    permissions: readonly PermissionName[],
  ): string[] {
    return readMatches(readTenantGrants(toUser(who), tenant)?.permissions, permissions);
  }
}

function readAudience(
  asked: string | readonly string[] | null | undefined,
  configured: readonly string[] | undefined,
): readonly string[] | undefined {
  if (asked === undefined) return configured;
  if (asked === null) return undefined;
  return typeof asked === 'string' ? [asked] : asked;
}

function toUser(who: UserOrSession): DescopeUser | undefined {
  return 'user' in who ? who.user : who;
}

function isFull(matched: readonly string[], wanted: readonly string[]): boolean {
  return wanted.length > 0 && matched.length === wanted.length;
}
