// Names that the application declares once: what does not fit them must not compile.
import { Permissions, Roles } from 'nestjs-descope';
import 'nestjs-descope/express';
import type { CustomClaims, DescopeService, DescopeUser } from 'nestjs-descope';

declare module 'nestjs-descope' {
  interface DescopeRegister {
    roles: 'admin' | 'editor' | 'is_staff';
    permissions: 'reports:read' | 'read';
    tenants: 'acme';
    claims: { plan: 'free' | 'pro' };
  }
}

Roles('admin', 'editor', { tenant: true });
Permissions('reports:read');
// @ts-expect-error a misspelt role
Roles('edtor');
// @ts-expect-error a misspelt permission
Permissions.any('reports:raed');

export function ask(user: DescopeUser, service: DescopeService, claims: CustomClaims): 'free' | 'pro' {
  user.hasRole('admin');
  // @ts-expect-error a misspelt role
  user.hasRole('edtor');
  service.validateTenantRoles(user, 'acme', ['editor']);
  // @ts-expect-error no such tenant
  service.validateTenantRoles(user, 'acmee', ['editor']);
  // @ts-expect-error no such claim
  claims.plam;
  return claims.plan;
}

/** Express' own request, as its handlers and middleware take it. */
export function whose(request: Express.Request): string | undefined {
  // @ts-expect-error nobody may be signed in
  request.user.id;
  return request.user?.id;
}
