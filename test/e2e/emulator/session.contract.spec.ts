// The vendor's client validates, refreshes and ends sessions that the emulator hands out.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startEmulator } from 'nestjs-descope/emulator';
import type { Emulator } from 'nestjs-descope/emulator';
import { createSdk } from '../../support/node-sdk.js';
import type { NodeSdk } from '../../support/node-sdk.js';

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

let emulator: Emulator;
let sdk: NodeSdk;

beforeAll(async () => {
  emulator = await startEmulator({ seed });
  sdk = createSdk(emulator);
});
afterEach(() => emulator.reset());
afterAll(() => emulator.close());

describe('a session, seen by the node-sdk', () => {
  it('is valid and carries roles, permissions, tenants and custom claims', async () => {
    const { sessionJwt, userId } = await emulator.signIn('ada@example.com', { tenantId: 'acme' });
    const { token } = await sdk.validateSession(sessionJwt);
    expect(token).toMatchObject({
      iss: emulator.projectId,
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
    expect(sdk.validateTenantPermissions({ jwt: sessionJwt, token }, 'acme', ['docs.write'])).toBe(true);
  });

  it('is renewed without a new refresh token while rotation is off', async () => {
    const { refreshJwt } = await emulator.signIn('ada@example.com');
    const renewed = await sdk.refreshSession(refreshJwt);
    expect(renewed.token.sub).toMatch(/^U/);
    expect(renewed.refreshJwt).toBeFalsy();
    await expect(sdk.refreshSession(refreshJwt)).resolves.toBeTruthy();
  });

  it('is renewed with a new refresh token under rotation, and the old one is refused', async () => {
    emulator.configure({ refreshRotation: true });
    const { refreshJwt } = await emulator.signIn('ada@example.com');
    const renewed = await sdk.refresh(refreshJwt);
    const next = renewed.data?.refreshJwt ?? '';
    expect(next).not.toBe(refreshJwt);
    const replay = await sdk.refresh(refreshJwt);
    expect([replay.code, replay.error?.errorCode]).toEqual([401, 'E061005']);
    expect((await sdk.refresh(next)).ok).toBe(true);
  });

  it('ends for good when a replaced refresh token is replayed and the project says so', async () => {
    emulator.configure({ refreshRotation: true, replayEndsSignIn: true });
    const { refreshJwt } = await emulator.signIn('ada@example.com');
    const next = (await sdk.refresh(refreshJwt)).data?.refreshJwt;
    await sdk.refresh(refreshJwt);
    expect((await sdk.refresh(next)).error?.errorCode).toBe('E064001');
  });

  it('takes a selected tenant along through refreshes', async () => {
    const { refreshJwt } = await emulator.signIn('ada@example.com');
    expect((await sdk.selectTenant('globex', refreshJwt)).data?.claims.dct).toBe('globex');
    expect((await sdk.refreshSession(refreshJwt)).token.dct).toBe('globex');
    expect((await sdk.selectTenant('elsewhere', refreshJwt)).code).toBe(400);
  });

  it('ends by logout, and the other sessions of the user do not', async () => {
    const [one, two] = [await emulator.signIn('ada@example.com'), await emulator.signIn('ada@example.com')];
    expect(one.refreshJwt).not.toBe(two.refreshJwt);
    expect((await sdk.logout(one.refreshJwt)).ok).toBe(true);
    expect((await sdk.refresh(one.refreshJwt)).error?.errorCode).toBe('E064001');
    expect((await sdk.refresh(two.refreshJwt)).ok).toBe(true);
  });

  it('ends everywhere by logoutAll', async () => {
    const [one, two] = [await emulator.signIn('ada@example.com'), await emulator.signIn('ada@example.com')];
    expect((await sdk.logoutAll(one.refreshJwt)).ok).toBe(true);
    expect((await sdk.refresh(two.refreshJwt)).code).toBe(401);
    expect((await sdk.refresh((await emulator.signIn('ada@example.com')).refreshJwt)).ok).toBe(true);
  });

  it('tells its user who they are, which tenants they have and when they signed in', async () => {
    const { refreshJwt, userId } = await emulator.signIn('ada@example.com', { tenantId: 'acme' });
    expect((await sdk.me(refreshJwt)).data).toMatchObject({
      userId,
      name: 'Ada',
      loginIds: ['ada@example.com'],
    });
    expect((await sdk.myTenants(true, refreshJwt)).data?.tenants).toEqual([
      { id: 'acme', name: 'Acme', customAttributes: {} },
    ]);
    expect((await sdk.myTenants(['globex'], refreshJwt)).data?.tenants).toHaveLength(1);
    expect((await sdk.history(refreshJwt)).data).toMatchObject([{ userId }]);
  });
});
