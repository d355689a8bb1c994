// A TestDescope gives the users and sessions that handlers are given, for tests that call a handler by itself.
import { describe, expect, it } from '@jest/globals';
import { DescopeModule, DescopeService, DescopeSession, DescopeUser } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { start } from '../../support/application.js';
import { bearer, WhoController } from '../../support/who.controller.js';

const descope = createTestDescope();
const ANNA = {
  sub: 'U2anna',
  roles: ['admin'],
  tenants: { acme: { roles: ['editor'] } },
  email: 'a@b.example',
};

describe('TestDescope.user() and session()', () => {
  it.each(['user', 'access-key'] as const)(
    'give what the application makes of the token: %s',
    async (kind) => {
      const metadata = { imports: [DescopeModule.forRoot({ audience: null })], controllers: [WhoController] };
      const application = await start('express', metadata, {
        override: (builder) => descope.override(builder),
      });
      const { user, token } = descope.session({ roles: ['admin'], tenants: { acme: {} }, kind });
      const answer = await application.request('/who', { headers: bearer(token) });
      await application.close();
      expect([answer.status, answer.body]).toEqual([200, JSON.parse(JSON.stringify(user))]);
    },
  );

  it.each(['user', 'access-key', 'app', 'agent'] as const)('are real ones of the kind %s', (kind) => {
    const session = descope.session({ kind });
    expect([session, session.user]).toEqual([expect.any(DescopeSession), expect.any(DescopeUser)]);
    expect([session.user.kind, session.requireUser()]).toEqual([kind, session.user]);
  });

  it('give roles, tenants and claims as a handler sees them, frozen', () => {
    const user = descope.user(ANNA);
    expect([user.id, user.username, user.email]).toEqual(['U2anna', 'U2anna', 'a@b.example']);
    expect([user.hasRole('admin'), user.tenants['acme']?.roles]).toEqual([true, ['editor']]);
    expect(user.claims).toMatchObject({ sub: 'U2anna', email: 'a@b.example' });
    expect(Object.isFrozen(user) && Object.isFrozen(user.claims)).toBe(true);
    expect(descope.session(ANNA).expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('are understood by DescopeService, and so are plain objects of their shape', async () => {
    const metadata = { imports: [DescopeModule.forRoot({ audience: null })] };
    const application = await start('express', metadata, {
      override: (builder) => descope.override(builder),
    });
    const service = application.app.get(DescopeService);
    const plain = { id: 'U1', roles: ['admin'] } as unknown as DescopeUser;
    for (const who of [descope.user(ANNA), descope.session(ANNA), plain, { user: plain } as DescopeSession])
      expect([service.validateRoles(who, ['admin']), service.validateRoles(who, ['owner'])]).toEqual([
        true,
        false,
      ]);
    await application.close();
  });
});
