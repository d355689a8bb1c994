// The vendor's client manages access keys, and exchanges them for sessions.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', roles: ['admin'], tenants: [{ tenantId: 'acme' }] }],
    accessKeys: [
      {
        name: 'robot',
        cleartext: 'robot-secret',
        roles: ['worker'],
        tenants: [{ tenantId: 'acme', roles: ['editor'] }],
        customClaims: { fleet: 'blue' },
      },
      { name: 'of ada', cleartext: 'ada-secret', user: 'ada@example.com', roles: ['ignored'] },
      { name: 'old', cleartext: 'old-secret', expireTime: 1 },
    ],
  },
});

describe('an access key', () => {
  it('becomes a session with its own grants and claims, and those of the caller under nsec', async () => {
    const { token } = await bed.sdk.exchangeAccessKey('robot-secret', {
      customClaims: { fleet: 'red' },
      selectedTenant: 'acme',
    });
    expect(token).toMatchObject({
      sub: expect.stringMatching(/^K/),
      drn: 'DS',
      roles: ['worker'],
      tenants: { acme: { roles: ['editor'] } },
      dct: 'acme',
      fleet: 'blue',
      nsec: { fleet: 'red' },
    });
  });

  it('counts as its user where it is bound to one', async () => {
    const { token } = await bed.sdk.exchangeAccessKey('ada-secret');
    const { userId } = await bed.emulator.signIn('ada@example.com');
    expect(token).toMatchObject({ sub: userId, roles: ['admin'], tenants: { acme: {} } });
  });

  it('is rejected when it is unknown, expired, or asks for a tenant that is not its own', async () => {
    await expect(bed.sdk.exchangeAccessKey('who')).rejects.toThrow('could not exchange');
    await expect(bed.sdk.exchangeAccessKey('old-secret')).rejects.toThrow('could not exchange');
    const asked = bed.sdk.exchangeAccessKey('robot-secret', { selectedTenant: 'globex' });
    await expect(asked).rejects.toThrow('does not belong to the tenant globex');
  });

  it('tells its id and when its session ends', async () => {
    const { data } = await bed.sdk.accessKey.exchange('robot-secret');
    expect(data).toEqual({
      keyId: expect.stringMatching(/^K/),
      sessionJwt: expect.any(String),
      expiration: expect.any(Number),
    });
    expect((data?.expiration ?? 0) * 1000 - bed.emulator.clock.now()).toBeGreaterThan(595_000);
  });
});

describe('access keys under management', () => {
  it("get no claims that are Descope's own: another subject, tenant, role or step-up", async () => {
    const claims = {
      dsub: 'U1',
      dct: 'globex',
      tenants: { globex: {} },
      roles: ['admin'],
      su: true,
      team: 7,
    };
    const keys = bed.admin.management.accessKey;
    const { cleartext = '', key } = (await keys.create('new', 0, [], [], undefined, claims)).data ?? {};
    const { token } = await bed.sdk.exchangeAccessKey(cleartext);
    expect(Object.keys(token).sort()).toEqual(['drn', 'exp', 'iat', 'iss', 'sub', 'team']);
    expect(key).toMatchObject({ customClaims: { team: 7 } });
    expect(key).not.toHaveProperty('customClaims.dct');
  });

  it('are made with a cleartext that can be exchanged until they are deactivated', async () => {
    const keys = bed.admin.management.accessKey;
    const made = await keys.create('new', 0, ['worker'], undefined, undefined, { team: 7 });
    const { cleartext = '', key } = made.data ?? {};
    expect((await bed.sdk.exchangeAccessKey(cleartext)).token).toMatchObject({ sub: key?.id, team: 7 });
    await keys.deactivate(key?.id ?? '');
    expect((await bed.sdk.accessKey.exchange(cleartext)).code).toBe(401);
    await keys.activate(key?.id ?? '');
    expect((await bed.sdk.accessKey.exchange(cleartext)).ok).toBe(true);
    await keys.delete(key?.id ?? '');
    expect((await keys.load(key?.id ?? '')).code).toBe(400);
  });

  it('are found, changed and rotated', async () => {
    const keys = bed.admin.management.accessKey;
    const found = await keys.searchAll(['acme']);
    expect(found.data?.map(({ name }) => name)).toEqual(['robot']);
    const id = found.data?.[0]?.id ?? '';
    expect((await keys.update(id, 'android', 'renamed', ['worker'])).data?.name).toBe('android');
    const rotated = await keys.rotate(id);
    expect((await bed.sdk.accessKey.exchange('robot-secret')).code).toBe(401);
    expect((await bed.sdk.accessKey.exchange(rotated.data?.cleartext ?? '')).data?.keyId).toBe(id);
  });
});
