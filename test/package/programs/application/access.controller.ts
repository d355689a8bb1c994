// What a handler may ask for, beyond roles; and rules of the application, written without a cast.
import { Controller, ExecutionContext, Get, Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  Accepts,
  Amr,
  Audience,
  Authorize,
  CurrentTenant,
  CurrentUser,
  DescopeUser,
  Mfa,
  Permissions,
  Roles,
  Scopes,
  Staff,
  StepUp,
  Superuser,
  Tenant,
} from 'nestjs-descope';
import type { DescopeRule, DescopeRuleFunction } from 'nestjs-descope';

interface Account {
  readonly isBanned: boolean;
}

@Injectable()
export class IsAnna implements DescopeRule {
  isAllowed(user: DescopeUser, context: ExecutionContext): boolean {
    return user.id === 'U2anna' && context.getType() === 'http';
  }
}

@Injectable({ scope: Scope.REQUEST })
export class IsLocal implements DescopeRule {
  constructor(@Inject(REQUEST) private readonly request: { url: string }) {}

  async isAllowed(): Promise<boolean> {
    return this.request.url === '/policies';
  }
}

export class IsWelcome implements DescopeRule<Account> {
  isAllowed(account: Account): boolean {
    return !account.isBanned;
  }
}

const isStaff: DescopeRuleFunction = (user) => user.isStaff;

@Controller()
export class AccessController {
  @Tenant({ from: 'param:tenantId' })
  @Roles('admin', { tenant: true })
  @Get('tenants/:tenantId')
  tenant(@CurrentTenant() tenant: string) {
    return { tenant };
  }

  @Tenant({ from: async (context) => context.switchToHttp().getRequest<{ url: string }>().url.slice(1) })
  @Permissions.any('read', { tenant: 'dct', orProject: true })
  @Get('acme')
  named() {
    return {};
  }

  @Scopes('orders:read')
  @Get('scopes')
  scopes(@CurrentUser('scopes') scopes: readonly string[]) {
    return { scopes };
  }

  @StepUp({ maxAgeSeconds: 300 })
  @Mfa()
  @Amr('totp', 'webauthn')
  @Get('strong')
  strong() {
    return {};
  }

  @Accepts('app', 'agent')
  @Audience('orders')
  @Get('apps')
  apps() {
    return {};
  }

  @Staff()
  @Superuser()
  @Get('standing')
  standing() {
    return {};
  }

  @Authorize(IsAnna)
  @Authorize(IsLocal)
  @Authorize((user, context) => user.kind === 'user' && context.getType() === 'http')
  @Get('policies')
  policies() {
    return {};
  }

  @Authorize(isStaff)
  @Authorize(async (user: DescopeUser) => user.hasRole('is_staff'))
  @Get('functions')
  functions() {
    return {};
  }

  /** Compiled only: an application's own user is no DescopeUser. */
  @Authorize(IsWelcome)
  @Authorize((account: Account) => !account.isBanned)
  welcome() {
    return {};
  }
}
