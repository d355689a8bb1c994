// The vendor's client manages roles, permissions, tenants and tokens.
import { describe, expect, it } from '@jest/globals';
import { createSdk } from '../../support/node-sdk.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com' }, { loginId: 'eve@example.com', roles: ['admin'] }],
    roles: [{ name: 'admin', permissions: ['read', 'write'] }],
    tenants: [{ id: 'acme', name: 'Acme' }],
  },
});

const management = () => bed.admin.management;

describe('roles and permissions under management', () => {
  it('are made, given and seen in the next token', async () => {
    await management().permission.create('paint', 'with a brush');
    await management().role.create('painter', 'paints', ['paint']);
    await management().user.addRoles('ada@example.com', ['painter']);
    const { claims } = await bed.emulator.signIn('ada@example.com');
    expect(claims).toMatchObject({ roles: ['painter'], permissions: ['paint'] });
    expect((await management().role.create('painter')).code).toBe(400);
    expect((await management().role.create('other', '', ['unknown'])).code).toBe(400);
  });

  it('keep together when a permission is renamed or deleted', async () => {
    await management().permission.update('write', 'edit');
    await management().permission.delete('read');
    expect((await bed.emulator.signIn('eve@example.com')).claims.permissions).toEqual(['edit']);
    expect((await management().permission.loadAll()).data?.map(({ name }) => name)).toEqual(['edit']);
  });

  it('may belong to a tenant, and are found, renamed and deleted', async () => {
    const role = management().role;
    await role.create('local', 'here only', [], 'acme');
    expect((await role.search({ tenantIds: ['acme'] })).data).toMatchObject([
      { name: 'local', tenantId: 'acme' },
    ]);
    await role.update('local', 'native', 'renamed', ['read'], 'acme');
    expect((await role.loadAll()).data?.map(({ name }) => name)).toEqual(['admin', 'native']);
    await role.delete('native', 'acme');
    expect((await role.loadAll()).data).toHaveLength(1);
  });
});

describe('tenants under management', () => {
  it('are made, changed, found and deleted, also from their users', async () => {
    const { tenant, user } = management();
    const { data } = await tenant.create('Globex', ['globex.example']);
    const id = data?.id ?? '';
    await tenant.createWithId('initech', 'Initech');
    await tenant.update('initech', 'Initrode');
    expect((await tenant.load('initech')).data).toMatchObject({ id: 'initech', name: 'Initrode' });
    expect((await tenant.searchAll([id])).data).toMatchObject([
      { name: 'Globex', selfProvisioningDomains: ['globex.example'] },
    ]);
    await user.addTenant('ada@example.com', id);
    await tenant.delete(id);
    expect((await bed.emulator.signIn('ada@example.com')).claims.tenants).toBeUndefined();
    expect((await tenant.loadAll()).data?.map((found) => found.id)).toEqual(['acme', 'initech']);
  });
});

describe('tokens under management', () => {
  it('take claims of the backend, which refreshes keep, but none of its own claims', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const updated =
      (await management().jwt.update(refreshJwt, { plan: 'gold', roles: ['admin'] })).data?.jwt ?? '';
    const { token } = await bed.sdk.refreshSession(updated);
    expect([token.plan, token.roles]).toEqual(['gold', undefined]);
  });

  it('say who impersonates whom', async () => {
    const { userId } = await bed.emulator.signIn('eve@example.com');
    const { data } = await management().jwt.impersonate('eve@example.com', 'ada@example.com', false);
    const { token } = await bed.sdk.refreshSession(data?.jwt ?? '');
    expect(token.act).toEqual({ sub: userId });
    expect((await bed.sdk.me(data?.jwt)).data?.loginIds).toEqual(['ada@example.com']);
  });

  it('are handed out by the backend without proof', async () => {
    const { data } = await management().jwt.signUpOrIn(
      'new@example.com',
      { name: 'New' },
      { customClaims: { a: 1 } },
    );
    expect(data).toMatchObject({ firstSeen: true, claims: { a: 1 }, user: { name: 'New' } });
    expect((await management().jwt.signIn('who@example.com')).error?.errorCode).toBe('E112102');
  });
});

describe('the management key', () => {
  it('is asked for by every management call', async () => {
    const plain = createSdk(bed.emulator);
    expect((await plain.management.user.search({})).error?.errorCode).toBe('E061005');
    const guess = { headers: { authorization: `Bearer ${bed.emulator.projectId}:guess` } };
    expect((await bed.request('/v1/mgmt/license', guess)).status).toBe(401);
  });

  it('opens the licence call that a client makes by itself', async () => {
    const { projectId, managementKey } = bed.emulator;
    const headers = { authorization: `Bearer ${projectId}:${managementKey}` };
    expect(await (await bed.request('/v1/mgmt/license', { headers })).json()).toEqual({
      rateLimitTier: 'tier1',
    });
  });
});
