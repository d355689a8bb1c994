// The vendor's client steps up, selects tenants and exchanges access keys: what tokens then say, and what a refresh takes back.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
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

const signIn = async () => (await bed.sdk.password.signIn('ada@example.com', 'long enough')).data;

describe('a step-up', () => {
  it('marks the next session alone, and keeps what the sign-in has selected', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    await bed.sdk.otp.signIn.email('ada@example.com', { stepup: true }, refreshJwt);
    const { code = '' } = bed.emulator.outbox.last() ?? {};
    const { data } = await bed.sdk.otp.verify.email('ada@example.com', code);
    expect(data?.claims).toMatchObject({ su: true, dct: 'acme' });
    const refreshed = await bed.sdk.refresh(data?.refreshJwt ?? '');
    expect(refreshed.data?.claims.su).toBeUndefined();
    expect(refreshed.data?.claims.dct).toBe('acme');
  });

  it('needs the refresh token of a sign-in', async () => {
    const asked = await bed.sdk.otp.signIn.email('ada@example.com', { stepup: true });
    expect(asked.error?.errorCode).toBe('E011002');
    expect(bed.emulator.outbox.all).toEqual([]);
  });
});

describe('a tenant', () => {
  it('is selected, stays through refreshes, and gives way to another', async () => {
    const refreshJwt = (await signIn())?.refreshJwt ?? '';
    const selected = await bed.sdk.selectTenant('acme', refreshJwt);
    expect(selected.data?.claims).toMatchObject({ dct: 'acme', tenants: { acme: { roles: ['editor'] } } });
    expect((await bed.sdk.refresh(refreshJwt)).data?.claims.dct).toBe('acme');
    await bed.sdk.selectTenant('globex', refreshJwt);
    expect((await bed.sdk.refresh(refreshJwt)).data?.claims.dct).toBe('globex');
  });

  it('that is deleted is lost to users and access keys', async () => {
    await bed.admin.management.tenant.delete('acme');
    const claims = (await signIn())?.claims;
    expect(Object.keys((claims?.tenants as object | undefined) ?? {})).toEqual(['globex']);
    expect((await bed.sdk.exchangeAccessKey('robot-secret')).token.tenants).toBeUndefined();
    const asked = bed.sdk.exchangeAccessKey('robot-secret', { selectedTenant: 'acme' });
    await expect(asked).rejects.toThrow('does not belong to the tenant acme');
  });
});

describe('an access key', () => {
  it('selects a tenant and brings claims of its caller, which stay apart', async () => {
    const { token } = await bed.sdk.exchangeAccessKey('robot-secret', {
      selectedTenant: 'acme',
      customClaims: { roles: ['admin'], scope: 'all' },
    });
    expect(token).toMatchObject({ dct: 'acme', nsec: { roles: ['admin'], scope: 'all' } });
    expect([token.roles, token.scope]).toEqual([undefined, undefined]);
  });
});
