// DescopeService validates tokens and requests, and answers what a user may do.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DescopeModule, DescopeService, DescopeSession, DescopeUser } from 'nestjs-descope';
import { startEmulator } from 'nestjs-descope/emulator';
import type { TestIdentity } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';

type Tenants = NonNullable<TestIdentity['tenants']>;

describe.each(ADAPTERS)('DescopeService, on %s', (adapter) => {
  const descope = createTestDescope();
  let application: RunningApplication;
  let service: DescopeService;

  beforeAll(async () => {
    const imports = [DescopeModule.forRoot({ audience: 'orders' })];
    application = await start(adapter, { imports }, { override: (builder) => descope.override(builder) });
    service = application.app.get(DescopeService);
  });
  afterAll(() => application.close());

  const validate = (identity: TestIdentity = {}) =>
    service.validateSession(descope.as({ aud: 'orders', ...identity }).token);

  it('gives the session of a good token', async () => {
    const session = await validate({ sub: 'U2anna', roles: ['admin'] });
    expect(session).toBeInstanceOf(DescopeSession);
    expect(session.requireUser()).toBeInstanceOf(DescopeUser);
    expect([session.user?.id, session.claims?.aud]).toEqual(['U2anna', 'orders']);
  });

  it.each([
    ['TOKEN_EXPIRED', descope.expired({ aud: 'orders' }).token],
    ['TOKEN_SIGNATURE_INVALID', descope.tampered({ aud: 'orders' }).token],
    ['TOKEN_AUDIENCE_MISMATCH', descope.as({ aud: 'billing' }).token],
    ['TOKEN_AUDIENCE_MISMATCH', descope.as().token],
    ['TOKEN_NOT_A_SESSION', descope.as({ aud: 'orders', drn: 'DSR' }).token],
    ['TOKEN_MALFORMED', ''],
    ['TOKEN_MALFORMED', undefined as unknown as string],
  ])('rejects with %s', async (code, token) => {
    await expect(service.validateSession(token)).rejects.toMatchObject({ code });
  });

  it("lets a call's audience replace the module's", async () => {
    const { token } = descope.as({ aud: ['billing', 'mail'] });
    for (const audience of ['orders', ['bill'], []])
      await expect(service.validateSession(token, { audience })).rejects.toMatchObject({
        code: 'TOKEN_AUDIENCE_MISMATCH',
      });
  });

  it("counts Authorization headers on Node's own request, also when a framework wraps it", async () => {
    const { authorization } = descope.as({ aud: 'orders' }).bearer;
    const raw = {
      headers: { authorization },
      rawHeaders: ['Authorization', authorization, 'Authorization', authorization],
    };
    for (const request of [raw, { raw, headers: raw.headers }])
      await expect(service.authenticate(request)).rejects.toMatchObject({ code: 'CREDENTIAL_MALFORMED' });
  });

  it('returns the user of a request, an anonymous session, or an anonymous session with the reason', async () => {
    const { bearer, cookie } = descope.as({ aud: 'orders', sub: 'U2anna' });
    expect((await service.authenticate({ method: 'GET', headers: bearer })).user?.id).toBe('U2anna');
    expect((await service.authenticate({ method: 'GET', headers: cookie })).sentByBrowser).toBe(true);
    const nobody = await service.authenticate({ headers: {} });
    expect([nobody.user, nobody.rejectedWith]).toEqual([undefined, undefined]);
    const stale = await service.authenticate({ method: 'GET', headers: descope.expired().cookie });
    expect([stale.user, stale.rejectedWith]).toEqual([undefined, 'TOKEN_EXPIRED']);
    const elsewhere = await service.authenticate({ method: 'GET', headers: descope.as().cookie });
    expect([elsewhere.user, elsewhere.rejectedWith]).toEqual([undefined, 'TOKEN_AUDIENCE_MISMATCH']);
  });

  it('rejects a bad bearer token and a cross-site request', async () => {
    const tampered = { method: 'GET', headers: descope.tampered().bearer };
    await expect(service.authenticate(tampered)).rejects.toMatchObject({ code: 'TOKEN_SIGNATURE_INVALID' });
    const headers = { ...descope.as().cookie, origin: 'https://evil.example', host: 'app.example' };
    await expect(service.authenticate({ method: 'POST', headers })).rejects.toMatchObject({
      code: 'REQUEST_CROSS_SITE',
    });
  });

  it('tells roles and permissions of the project and of a tenant apart', async () => {
    const tenants = { acme: { roles: ['editor'], permissions: ['write'] } };
    const session = await validate({ roles: ['admin', 'staff'], permissions: ['read'], tenants });
    for (const who of [session, session.requireUser()]) {
      expect(service.validateRoles(who, ['admin', 'staff'])).toBe(true);
      expect(service.validateRoles(who, ['admin', 'editor'])).toBe(false);
      expect(service.getMatchedRoles(who, ['editor', 'staff'])).toEqual(['staff']);
      expect(service.validatePermissions(who, ['read'])).toBe(true);
      expect(service.getMatchedPermissions(who, ['write', 'read'])).toEqual(['read']);
      expect(service.validateTenantRoles(who, 'acme', ['editor'])).toBe(true);
      expect(service.validateTenantRoles(who, 'acme', ['admin'])).toBe(false);
      expect(service.validateTenantRoles(who, 'globex', ['editor'])).toBe(false);
      expect(service.getMatchedTenantRoles(who, 'acme', ['admin', 'editor'])).toEqual(['editor']);
      expect(service.validateTenantPermissions(who, 'acme', ['write'])).toBe(true);
      expect(service.getMatchedTenantPermissions(who, 'acme', ['read', 'write'])).toEqual(['write']);
    }
  });

  it('is never satisfied by an empty list, nor by an anonymous session', async () => {
    const session = await validate({ roles: ['admin'], tenants: { acme: { roles: ['admin'] } } });
    const nobody = DescopeSession.anonymous();
    expect([service.validateRoles(session, []), service.validatePermissions(session, [])]).toEqual([
      false,
      false,
    ]);
    expect(service.validateTenantRoles(session, 'acme', [])).toBe(false);
    expect(service.validateTenantPermissions(session, 'acme', [])).toBe(false);
    expect(service.validateRoles(nobody, ['admin'])).toBe(false);
    expect(service.getMatchedTenantRoles(nobody, 'acme', ['admin'])).toEqual([]);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'holds against the name %s',
    async (name) => {
      const session = await validate({
        roles: ['admin'],
        tenants: { acme: { roles: ['admin'] } },
      });
      expect(service.validateRoles(session, [name])).toBe(false);
      expect(service.validatePermissions(session, [name])).toBe(false);
      expect(service.validateTenantRoles(session, name, ['admin'])).toBe(false);
      expect(service.getMatchedTenantRoles(session, name, ['name', 'length', name])).toEqual([]);
      expect(service.getMatchedTenantPermissions(session, name, [name])).toEqual([]);
      const holder = await validate({
        roles: [name],
        tenants: JSON.parse(`{"${name}":{"roles":["admin"]}}`) as Tenants,
      });
      expect(service.validateRoles(holder, [name])).toBe(true);
      expect(service.validateTenantRoles(holder, name, ['admin'])).toBe(true);
      expect(service.validateTenantRoles(holder, 'acme', ['admin'])).toBe(false);
    },
  );
});

describe.each(ADAPTERS)('DescopeService.hydrate(), on %s', (adapter) => {
  it('loads the keys ahead, once, and rejects while they cannot be had', async () => {
    const emulator = await startEmulator();
    const fault = emulator.faults.add({ path: '/v2/keys', status: 500 });
    const imports = [DescopeModule.forRoot({ projectId: emulator.projectId, baseUrl: emulator.url })];
    const { app, close } = await start(adapter, { imports });
    const service = app.get(DescopeService);
    await expect(service.hydrate()).rejects.toMatchObject({ code: 'KEYS_UNAVAILABLE' });
    fault.remove();
    await service.hydrate();
    const count = emulator.requests.count('/v2/keys');
    await service.hydrate();
    expect(emulator.requests.count('/v2/keys')).toBe(count);
    await close();
    await emulator.close();
  });
});
