// The vendor's client uses a session: validates, refreshes, steps up, selects a tenant, ends.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const seed = {
  users: [
    {
      loginId: 'ada@example.com',
      name: 'Ada',
      roles: ['admin'],
      permissions: ['extra'],
      tenants: [{ tenantId: 'acme', roles: ['editor'] }, { tenantId: 'globex' }],
      customClaims: { plan: 'gold' },
    },
  ],
  tenants: [{ id: 'acme', name: 'Acme' }, { id: 'globex' }],
  roles: [
    { name: 'admin', permissions: ['users.write'] },
    { name: 'editor', permissions: ['docs.write'] },
  ],
};

const bed = useEmulator({ seed });

describe('a session, seen by the node-sdk', () => {
  it('is valid and carries roles, permissions, tenants and custom claims', async () => {
    const { sessionJwt, userId } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    const { token } = await bed.sdk.validateSession(sessionJwt);
    expect(token).toMatchObject({
      iss: bed.emulator.projectId,
      sub: userId,
      drn: 'DS',
      amr: ['email'],
      roles: ['admin'],
      permissions: ['users.write', 'extra'],
      tenants: { acme: { roles: ['editor'], permissions: ['docs.write'] }, globex: {} },
      dct: 'acme',
      plan: 'gold',
      rexp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
    expect(bed.sdk.validateTenantPermissions({ jwt: sessionJwt, token }, 'acme', ['docs.write'])).toBe(true);
  });

  it('is refreshed without a new refresh token while rotation is off', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const refreshed = await bed.sdk.refreshSession(refreshJwt);
    expect(refreshed.token.sub).toMatch(/^U/);
    expect(refreshed.refreshJwt).toBeFalsy();
    await expect(bed.sdk.refreshSession(refreshJwt)).resolves.toBeTruthy();
  });

  it('is refreshed with a new refresh token under rotation, and the old one is rejected', async () => {
    bed.emulator.configure({ refreshRotation: true });
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const refreshed = await bed.sdk.refresh(refreshJwt);
    const next = refreshed.data?.refreshJwt ?? '';
    expect(next).not.toBe(refreshJwt);
    const replay = await bed.sdk.refresh(refreshJwt);
    expect([replay.code, replay.error?.errorCode]).toEqual([401, 'E061005']);
    expect((await bed.sdk.refresh(next)).ok).toBe(true);
  });

  it('ends for good when a replaced refresh token is replayed and the project says so', async () => {
    bed.emulator.configure({ refreshRotation: true, replayEndsSignIn: true });
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const next = (await bed.sdk.refresh(refreshJwt)).data?.refreshJwt;
    await bed.sdk.refresh(refreshJwt);
    expect((await bed.sdk.refresh(next)).error?.errorCode).toBe('E064001');
  });

  it('takes a selected tenant along through refreshes', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await bed.sdk.selectTenant('globex', refreshJwt)).data?.claims.dct).toBe('globex');
    expect((await bed.sdk.refreshSession(refreshJwt)).token.dct).toBe('globex');
    expect((await bed.sdk.selectTenant('elsewhere', refreshJwt)).code).toBe(400);
  });

  it('ends by logout, and the other sessions of the user do not', async () => {
    const [one, two] = [
      await bed.emulator.signIn('ada@example.com'),
      await bed.emulator.signIn('ada@example.com'),
    ];
    expect(one.refreshJwt).not.toBe(two.refreshJwt);
    expect((await bed.sdk.logout(one.refreshJwt)).ok).toBe(true);
    expect((await bed.sdk.refresh(one.refreshJwt)).error?.errorCode).toBe('E064001');
    expect((await bed.sdk.refresh(two.refreshJwt)).ok).toBe(true);
  });

  it('ends everywhere by logoutAll', async () => {
    const [one, two] = [
      await bed.emulator.signIn('ada@example.com'),
      await bed.emulator.signIn('ada@example.com'),
    ];
    expect((await bed.sdk.logoutAll(one.refreshJwt)).ok).toBe(true);
    expect((await bed.sdk.refresh(two.refreshJwt)).code).toBe(401);
    expect((await bed.sdk.refresh((await bed.emulator.signIn('ada@example.com')).refreshJwt)).ok).toBe(true);
  });

  it('tells its user who they are, which tenants they have and when they signed in', async () => {
    const { refreshJwt, userId } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    expect((await bed.sdk.me(refreshJwt)).data).toMatchObject({
      userId,
      name: 'Ada',
      loginIds: ['ada@example.com'],
    });
    expect((await bed.sdk.myTenants(true, refreshJwt)).data?.tenants).toEqual([
      { id: 'acme', name: 'Acme', customAttributes: {} },
    ]);
    expect((await bed.sdk.myTenants(['globex'], refreshJwt)).data?.tenants).toHaveLength(1);
    expect((await bed.sdk.history(refreshJwt)).data).toMatchObject([{ userId }]);
  });
});

describe('a session in cookie mode', () => {
  it('comes in cookies, and the body holds no token', async () => {
    bed.emulator.configure({ responseMode: 'cookies' });
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const response = await bed.request('/v1/auth/tenant/select', {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.emulator.projectId}:${refreshJwt}` },
      body: JSON.stringify({ tenant: 'acme' }),
    });
    expect(await response.json()).toMatchObject({ sessionJwt: '', refreshJwt: '' });
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^DS=eyJ.+; Path=\/; Max-Age=600; HttpOnly; Secure; SameSite=None$/),
    ]);
    expect((await bed.sdk.refreshSession(refreshJwt)).token.drn).toBe('DS');
  });

  it('is refreshed and ended by its cookie alone, under names of the project', async () => {
    bed.emulator.configure({ responseMode: 'cookies', refreshCookieName: 'R', sessionCookieName: 'S' });
    const { refreshJwt, claims } = await bed.emulator.signIn('ada@example.com');
    expect(claims.drn).toBe('S');
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.emulator.projectId}`, cookie: `R=${refreshJwt}` },
    };
    expect((await bed.request('/v1/auth/refresh', init)).headers.getSetCookie()).toHaveLength(1);
    const logout = await bed.request('/v1/auth/logout', init);
    expect(logout.headers.getSetCookie()).toEqual([
      expect.stringContaining('S=; Path=/; Max-Age=0'),
      expect.stringContaining('R=; Path=/; Max-Age=0'),
    ]);
    expect((await bed.request('/v1/auth/refresh', init)).status).toBe(401);
  });
});

const stepUpBed = useEmulator({
  seed: {
    users: [
      {
        loginId: 'ada@example.com',
        password: 'long enough',
        tenants: [{ tenantId: 'acme', roles: ['editor'] }, { tenantId: 'globex' }],
      },
    ],
    accessKeys: [{ name: 'robot', cleartext: 'robot-secret', tenants: [{ tenantId: 'acme' }] }],
  },
});

const signIn = async () => (await stepUpBed.sdk.password.signIn('ada@example.com', 'long enough')).data;

describe('a step-up', () => {
  it('marks the next session alone, and keeps what the sign-in has selected', async () => {
    const { refreshJwt } = await stepUpBed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    await stepUpBed.sdk.otp.signIn.email('ada@example.com', { stepup: true }, refreshJwt);
    const { code = '' } = stepUpBed.emulator.outbox.last() ?? {};
    const { data } = await stepUpBed.sdk.otp.verify.email('ada@example.com', code);
    expect(data?.claims).toMatchObject({ su: true, dct: 'acme' });
    const refreshed = await stepUpBed.sdk.refresh(data?.refreshJwt ?? '');
    expect(refreshed.data?.claims.su).toBeUndefined();
    expect(refreshed.data?.claims.dct).toBe('acme');
  });

  it('needs the refresh token of a sign-in', async () => {
    const asked = await stepUpBed.sdk.otp.signIn.email('ada@example.com', { stepup: true });
    expect(asked.error?.errorCode).toBe('E011002');
    expect(stepUpBed.emulator.outbox.all).toEqual([]);
  });
});

describe('a tenant', () => {
  it('is selected, stays through refreshes, and gives way to another', async () => {
    const refreshJwt = (await signIn())?.refreshJwt ?? '';
    const selected = await stepUpBed.sdk.selectTenant('acme', refreshJwt);
    expect(selected.data?.claims).toMatchObject({ dct: 'acme', tenants: { acme: { roles: ['editor'] } } });
    expect((await stepUpBed.sdk.refresh(refreshJwt)).data?.claims.dct).toBe('acme');
    await stepUpBed.sdk.selectTenant('globex', refreshJwt);
    expect((await stepUpBed.sdk.refresh(refreshJwt)).data?.claims.dct).toBe('globex');
  });

  it('that is deleted is lost to users and access keys', async () => {
    await stepUpBed.admin.management.tenant.delete('acme');
    const claims = (await signIn())?.claims;
    expect(Object.keys((claims?.tenants as object | undefined) ?? {})).toEqual(['globex']);
    expect((await stepUpBed.sdk.exchangeAccessKey('robot-secret')).token.tenants).toBeUndefined();
    const asked = stepUpBed.sdk.exchangeAccessKey('robot-secret', { selectedTenant: 'acme' });
    await expect(asked).rejects.toThrow('does not belong to the tenant acme');
  });
});

describe('an access key', () => {
  it('selects a tenant and brings claims of its caller, which stay apart', async () => {
    const { token } = await stepUpBed.sdk.exchangeAccessKey('robot-secret', {
      selectedTenant: 'acme',
      customClaims: { roles: ['admin'], scope: 'all' },
    });
    expect(token).toMatchObject({ dct: 'acme', nsec: { roles: ['admin'], scope: 'all' } });
    expect([token.roles, token.scope]).toEqual([undefined, undefined]);
  });
});
