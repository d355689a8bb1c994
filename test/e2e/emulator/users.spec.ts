// The vendor's client manages users, among them test users.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', name: 'Ada', roles: ['admin'] }],
    roles: [{ name: 'admin', permissions: ['all'] }, { name: 'reader' }],
    tenants: [{ id: 'acme', name: 'Acme' }],
  },
});

const users = () => bed.admin.management.user;

describe('users under management', () => {
  it('are made, loaded, changed and deleted', async () => {
    const made = await users().create('eve@example.com', {
      email: 'eve@example.com',
      displayName: 'Eve',
      roles: ['reader'],
      userTenants: [{ tenantId: 'acme', roleNames: ['admin'] }],
      customAttributes: { shoe: 41 },
    });
    const userId = made.data?.userId ?? '';
    expect((await users().loadByUserId(userId)).data).toMatchObject({
      name: 'Eve',
      roleNames: ['reader'],
      userTenants: [{ tenantId: 'acme', tenantName: 'Acme', roleNames: ['admin'], permissions: ['all'] }],
      customAttributes: { shoe: 41 },
    });
    expect((await users().patch('eve@example.com', { displayName: 'Eva' })).data).toMatchObject({
      name: 'Eva',
      roleNames: ['reader'],
    });
    expect((await users().update(userId, { displayName: 'Evi' })).data).toMatchObject({
      name: 'Evi',
      roleNames: [],
    });
    expect((await users().delete('eve@example.com')).ok).toBe(true);
    expect((await users().load('eve@example.com')).error?.errorCode).toBe('E112102');
  });

  // python-sdk, tests/e2e/management/test_user.py: the phone number of a patch is verified.
  it('have verified addresses when a patch writes them, unless it says otherwise', async () => {
    const patched = await users().patch('ada@example.com', { phone: '+1234567890' });
    expect(patched.data).toMatchObject({ phone: '+1234567890', verifiedPhone: true });
    const unverified = await users().patch('ada@example.com', { email: 'a@b.c', verifiedEmail: false });
    expect(unverified.data).toMatchObject({ email: 'a@b.c', verifiedEmail: false, verifiedPhone: true });
  });

  it('are rejected twice under one login id, and with roles or tenants that there are not', async () => {
    expect((await users().create('ada@example.com')).error?.errorCode).toBe('E062107');
    expect((await users().create('x', { roles: ['nobody'] })).error?.errorMessage).toContain(
      'no role nobody',
    );
    expect((await users().addTenant('ada@example.com', 'globex')).error?.errorMessage).toContain(
      'no tenant globex',
    );
  });

  it('get and lose roles and tenants, which their next token shows', async () => {
    await users().addRoles('ada@example.com', ['reader']);
    await users().addTenant('ada@example.com', 'acme');
    await users().setTenantRoles('ada@example.com', 'acme', ['admin', 'reader']);
    await users().removeTenantRoles('ada@example.com', 'acme', ['reader']);
    const { refreshJwt, claims } = await bed.emulator.signIn('ada@example.com');
    expect(claims).toMatchObject({ roles: ['admin', 'reader'], tenants: { acme: { roles: ['admin'] } } });
    await users().setRoles('ada@example.com', ['reader']);
    await users().removeTenant('ada@example.com', 'acme');
    const refreshed = (await bed.sdk.refreshSession(refreshJwt)).token;
    expect([refreshed.roles, refreshed.tenants, refreshed.permissions]).toEqual([
      ['reader'],
      undefined,
      undefined,
    ]);
  });

  it('change one thing at a time', async () => {
    const { data: first } = await users().load('ada@example.com');
    await users().updateEmail('ada@example.com', 'a@example.com', true);
    await users().updatePhone('ada@example.com', '+15551234567', true);
    await users().updateDisplayName('ada@example.com', 'Countess');
    await users().updatePicture('ada@example.com', 'https://example.com/a.png');
    await users().updateCustomAttribute('ada@example.com', '__proto__', 'just a name');
    const { data } = await users().updateLoginId('ada@example.com', 'countess');
    expect(data).toMatchObject({
      userId: first?.userId,
      loginIds: ['countess'],
      email: 'a@example.com',
      phone: '+15551234567',
      name: 'Countess',
      picture: 'https://example.com/a.png',
    });
    expect(Object.keys(data?.customAttributes ?? {})).toEqual(['__proto__']);
  });

  it('are found by what they are', async () => {
    await users().createBatch([
      { loginId: 'b1', roles: ['reader'] },
      { loginId: 'b2' },
      { loginId: 'ada@example.com' },
    ]);
    const found = async (wish: object) =>
      (await users().search(wish)).data?.users.map(({ loginIds }) => loginIds[0]);
    expect(await found({ roles: ['reader'] })).toEqual(['b1']);
    expect(await found({ text: 'ADA' })).toEqual(['ada@example.com']);
    expect(await found({ loginIds: ['b1', 'b2'], limit: 1, page: 1 })).toEqual(['b2']);
    expect((await users().search({})).data?.total).toBe(3);
  });

  it('are kept out by deactivation and by a logout of the backend', async () => {
    const { refreshJwt } = await bed.emulator.signIn('ada@example.com');
    await users().deactivate('ada@example.com');
    expect((await bed.sdk.refresh(refreshJwt)).error?.errorCode).toBe('E061005');
    await users().activate('ada@example.com');
    expect((await bed.sdk.refresh(refreshJwt)).ok).toBe(true);
    await users().logoutUser('ada@example.com');
    expect((await bed.sdk.refresh(refreshJwt)).error?.errorCode).toBe('E064001');
  });

  it('get passwords, temporary ones to be replaced', async () => {
    await users().setActivePassword('ada@example.com', 'correct horse');
    expect((await bed.sdk.password.signIn('ada@example.com', 'correct horse')).ok).toBe(true);
    await users().setTemporaryPassword('ada@example.com', 'passing horse');
    expect((await bed.sdk.password.signIn('ada@example.com', 'passing horse')).error?.errorCode).toBe(
      'E062909',
    );
    await bed.sdk.password.replace('ada@example.com', 'passing horse', 'correct horse');
    expect((await bed.sdk.password.signIn('ada@example.com', 'correct horse')).ok).toBe(true);
  });
});

describe('a test user', () => {
  it('signs in with codes and links that the backend generates', async () => {
    await users().createTestUser('t@example.com', { email: 't@example.com' });
    const otp = await users().generateOTPForTestUser('sms', 't@example.com', { customClaims: { a: 1 } });
    const verified = await bed.sdk.otp.verify.sms('t@example.com', otp.data?.code ?? '');
    expect(verified.data?.claims).toMatchObject({ amr: ['sms'], nsec: { a: 1 } });
    const link = (await users().generateMagicLinkForTestUser('email', 't@example.com', 'https://a.example/'))
      .data?.link;
    expect((await bed.sdk.magicLink.verify(new URL(link ?? '').searchParams.get('t') ?? '')).ok).toBe(true);
    const embedded = await users().generateEmbeddedLink('t@example.com');
    expect((await bed.sdk.magicLink.verify(embedded.data?.token ?? '')).ok).toBe(true);
  });

  it('is the only one to have codes generated, is found on request and deleted with its kind', async () => {
    expect((await users().generateOTPForTestUser('email', 'ada@example.com')).code).toBe(400);
    await users().createTestUser('t@example.com');
    expect((await users().search({})).data?.total).toBe(1);
    expect((await users().searchTestUsers({})).data?.users[0]?.test).toBe(true);
    await users().deleteAllTestUsers();
    expect((await users().search({ withTestUser: true })).data?.total).toBe(1);
  });
});

const testUsersBed = useEmulator();
const testUsersUsers = () => testUsersBed.admin.management.user;
const generate = async () => (await testUsersUsers().generateOTPForTestUser('email', 't1')).data?.code ?? '';
const verify = (code: string) => testUsersBed.sdk.otp.verify.email('t1', code);
const toToken = (link = '') => new URL(link).searchParams.get('t') ?? '';

describe('A test user', () => {
  it('signs in with a generated code, also when a sign-in is started after it, and is first seen once', async () => {
    await testUsersUsers().createTestUser('t1', { email: 't1@x.test' });
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: true });
    for (const start of [testUsersBed.sdk.otp.signIn.email, testUsersBed.sdk.otp.signUpOrIn.email]) {
      const code = await generate();
      expect((await start('t1')).code).toBe(200);
      expect((await verify(code)).data).toMatchObject({ firstSeen: false });
      expect((await verify(code)).error?.errorCode).toBe('E061102');
    }
  });

  it('may sign up although it is there, and is first seen once', async () => {
    await testUsersUsers().createTestUser('t1', { email: 't1@x.test' });
    expect((await testUsersBed.sdk.otp.signUp.email('t1')).code).toBe(200);
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: true });
    expect((await testUsersBed.sdk.otp.signUp.email('t1')).code).toBe(200);
    expect((await verify(await generate())).data).toMatchObject({ firstSeen: false });
  });

  it('is kept out after five wrong codes, whichever way the right one came', async () => {
    await testUsersUsers().createTestUser('t1');
    const code = await generate();
    for (let count = 0; count < 5; count += 1) await verify('000000x');
    expect((await verify(code)).error?.errorCode).toBe('E061103');
  });

  it('opens with a generated enchanted link what it waits for', async () => {
    await testUsersUsers().createTestUser('t1', { email: 't1@x.test' });
    const { data } = await testUsersUsers().generateEnchantedLinkForTestUser('t1', 'http://app/v');
    const waiting = await testUsersBed.sdk.enchantedLink.signIn('t1', 'http://app/v');
    expect((await testUsersBed.sdk.enchantedLink.verify(toToken(data?.link))).code).toBe(200);
    const ref = waiting.data?.pendingRef ?? '';
    const session = await testUsersBed.sdk.enchantedLink.waitForSession(ref, {
      pollingIntervalMs: 1000,
      timeoutMs: 3000,
    });
    expect(session.code).toBe(200);
  });
});
