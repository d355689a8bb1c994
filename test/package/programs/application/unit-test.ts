// Unit tests of controllers call handlers with users and sessions of their own making: those must compile.
import type { DescopeSession, DescopeUser, DescopeUserLoader, SignedInSession } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';

class Orders {
  list(user: DescopeUser): string | readonly string[] {
    return user.roles.includes('admin') ? user.roles.filter((role) => role !== 'admin') : user.id;
  }

  expiry(session: DescopeSession): Date | undefined {
    return session.expiresAt;
  }
}

const orders = new Orders();
orders.list({ id: 'U1', username: 'anna', roles: ['admin'] } as DescopeUser);
orders.list({ id: 'U1', roles: [] } as unknown as DescopeUser);
orders.expiry({ user: { id: 'U1' } } as DescopeSession);

/** A plain object of the whole shape. */
export const whole: DescopeUser = {
  id: 'U1',
  username: 'anna',
  kind: 'user',
  email: undefined,
  name: undefined,
  roles: ['admin'],
  permissions: [],
  scopes: [],
  tenants: { acme: { roles: [], permissions: [] } },
  tenant: undefined,
  isStaff: false,
  isSuperuser: false,
  claims: { iss: 'P', sub: 'U1', iat: 1, exp: 2 },
  customClaims: { plan: 'free' },
  hasRole: () => true,
  hasPermission: () => true,
};
// @ts-expect-error nobody changes a user's roles
whole.roles.push('owner');

const descope = createTestDescope();
orders.list(descope.user({ roles: ['admin'] }));
orders.expiry(descope.session());

export class Accounts implements DescopeUserLoader {
  loadUser({ user, token, expiresAt }: SignedInSession, request: { readonly headers: object }): string {
    return [user.id, token.length, expiresAt.getTime(), Object.keys(request.headers).length].join();
  }
}
