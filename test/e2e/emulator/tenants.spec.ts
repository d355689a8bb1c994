// The settings of a tenant act on sign-ins to it; the vendor's client reads them back.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', tenants: [{ tenantId: 'acme' }, { tenantId: 'globex' }] },
      { loginId: 'eve@example.com', tenants: [{ tenantId: 'acme' }] },
    ],
    tenants: [{ id: 'acme' }, { id: 'globex' }],
    roles: [{ name: 'member', permissions: ['read'] }],
  },
});

const tenant = () => bed.admin.management.tenant;
const MINUTE_MS = 60 * 1000;

/** The lifetime of a session token and of a refresh token, in minutes. */
const lifetimes = async (tenantId?: string) => {
  const options = tenantId === undefined ? {} : { tenantId };
  const { claims, refreshJwt } = await bed.emulator.signIn('ada@example.com', options);
  const { token } = await bed.sdk.validateJwt(refreshJwt);
  const minutes = (exp: unknown, iat: unknown) => Math.round((Number(exp) - Number(iat)) / 60);
  return [minutes(claims.exp, claims.iat), minutes(token.exp, token.iat)];
};

// node-sdk's type TenantSettings, and tenant.test.ts.
describe('the settings of a tenant', () => {
  const settings = {
    selfProvisioningDomains: ['acme.example'],
    domains: ['sso.acme.example'],
    authType: 'none' as const,
    enabled: true,
    sessionTokenExpiration: 2,
    sessionTokenExpirationUnit: 'hours' as const,
    refreshTokenExpiration: 3,
    refreshTokenExpirationUnit: 'days' as const,
    stepupTokenExpiration: 5,
    stepupTokenExpirationUnit: 'minutes' as const,
    enableInactivity: true,
    InactivityTime: 30,
    InactivityTimeUnit: 'minutes' as const,
    JITDisabled: true,
    ssoSetupSuiteSettings: { enabled: true, disabledFeatures: { scim: true } },
  };

  it('are read back, and have defaults before', async () => {
    expect((await tenant().getSettings('acme')).data).toMatchObject({
      selfProvisioningDomains: [],
      enabled: false,
      authType: 'none',
    });
    expect((await tenant().configureSettings('acme', settings)).ok).toBe(true);
    expect((await tenant().getSettings('acme')).data).toMatchObject(settings);
    expect((await tenant().load('acme')).data).toMatchObject({
      selfProvisioningDomains: ['acme.example'],
      domains: ['sso.acme.example'],
    });
    expect((await tenant().configureSettings('unknown', settings)).code).toBe(400);
    const wrong = { ...settings, sessionTokenExpirationUnit: 'years' as 'weeks' };
    expect((await tenant().configureSettings('acme', wrong)).code).toBe(400);
    const endless = { ...settings, refreshTokenExpiration: 1e15 };
    expect((await tenant().configureSettings('acme', endless)).code).toBe(400);
  });

  it('decide how long tokens of a sign-in to the tenant last, and no others', async () => {
    await tenant().configureSettings('acme', settings);
    expect(await lifetimes('acme')).toEqual([2 * 60, 3 * 24 * 60]);
    expect(await lifetimes('globex')).toEqual([10, 4 * 7 * 24 * 60]);
    expect(await lifetimes()).toEqual([10, 4 * 7 * 24 * 60]);
    const stepUp = { tenantId: 'acme', stepUp: true };
    const { claims } = await bed.emulator.signIn('ada@example.com', stepUp);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(5 * 60);
    await tenant().configureSettings('acme', { ...settings, enabled: false });
    expect(await lifetimes('acme')).toEqual([10, 4 * 7 * 24 * 60]);
  });

  it('decide it also after a tenant is selected', async () => {
    await tenant().configureSettings('acme', settings);
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const { data } = await bed.sdk.selectTenant('acme', refreshJwt);
    expect(data?.nextRefreshSeconds).toBe(2 * 60 * 60);
  });

  it('end a sign-in that was idle for too long', async () => {
    await tenant().configureSettings('acme', settings);
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    bed.emulator.clock.advance(29 * MINUTE_MS);
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
    bed.emulator.clock.advance(29 * MINUTE_MS);
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
    bed.emulator.clock.advance(31 * MINUTE_MS);
    expect((await bed.sdk.refresh(refreshJwt)).code).toBe(401);
  });
});

describe('a domain for self-provisioning', () => {
  const signUp = async (email: string) => {
    await bed.sdk.otp.signUp.email(email);
    const { code = '' } = bed.emulator.outbox.last(email) ?? {};
    return (await bed.sdk.otp.verify.email(email, code)).data;
  };

  it('makes users with a verified address of it members, with the default roles', async () => {
    await tenant().update('acme', 'Acme', ['acme.example']);
    await tenant().updateDefaultRoles('acme', ['member']);
    const joined = await signUp('new@ACME.example');
    expect(joined?.user?.userTenants).toMatchObject([{ tenantId: 'acme', roleNames: ['member'] }]);
    expect(joined?.claims?.tenants).toEqual({ acme: { roles: ['member'], permissions: ['read'] } });
    expect((await signUp('new@other.example'))?.user?.userTenants).toEqual([]);
    const password = await bed.sdk.password.signUp('unverified@acme.example', 'Correct-horse-1');
    expect(password.data?.user?.userTenants).toEqual([]);
  });
});

describe('a tenant', () => {
  it('that is disabled lets nobody sign in to it, or refresh', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    await tenant().update('acme', 'Acme', [], {}, false, true);
    expect((await tenant().load('acme')).data).toMatchObject({ disabled: true });
    expect((await bed.sdk.refresh(refreshJwt)).code).toBe(401);
    await expect(bed.emulator.signIn('ada@example.com', { tenantId: 'acme' })).rejects.toThrow('is disabled');
    const { refreshJwt: other } = await bed.emulator.signIn('ada@example.com');
    expect((await bed.sdk.selectTenant('acme', other)).code).toBe(400);
    await tenant().update('acme', 'Acme');
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
  });

  it('may be part of another, by which it is found', async () => {
    await tenant().createWithId('acme-berlin', 'Berlin', [], {}, false, false, 'acme');
    expect((await tenant().searchAll([], [], [], {}, 'acme')).data).toMatchObject([{ id: 'acme-berlin' }]);
    expect((await tenant().create('Nowhere', [], {}, false, false, 'unknown')).code).toBe(400);
  });

  // go-sdk's documentation of Delete: "all users/keys associated only with this tenant".
  it('takes its own users with it, where that is asked for', async () => {
    await tenant().delete('acme', true);
    expect(bed.emulator.loginIds).toEqual(['ada@example.com']);
    expect((await bed.emulator.signIn('ada@example.com')).claims.tenants).toEqual({ globex: {} });
  });
});
