// The vendor's client creates, invites and patches many users at once, and invites by embedded links.
import { describe, expect, it } from '@jest/globals';
import { toTotpCode } from '../../support/totp-code.js';
import { useEmulator } from '../../support/use-emulator.js';

const ADA = 'ada@example.com';
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: ADA, userId: 'U2ada', name: 'Ada', phone: '+15550101', roles: ['admin'] },
      { loginId: 'bob', name: 'Bob' },
    ],
    roles: [{ name: 'admin' }, { name: 'reader' }],
    tenants: [{ id: 'acme' }],
  },
});
const users = () => bed.admin.management.user;

describe('A batch of users', () => {
  // node-sdk: `PatchUserOptionsUsingIdentifier` and `PatchUserBatchResponse`.
  it('is patched: what is absent stays, and who cannot be patched is told apart', async () => {
    const { data } = await users().patchBatch([
      { loginIdOrUserId: ADA, displayName: 'Countess', userTenants: [{ tenantId: 'acme', roleNames: [] }] },
      { loginId: 'bob', roles: ['reader'], status: 'disabled', additionalIdentifiers: ['bobby'] },
      { loginIdOrUserId: 'nobody', displayName: 'N' },
      { loginIdOrUserId: 'U2ada', roles: ['king'] },
      { loginIdOrUserId: '__proto__' },
    ]);
    expect(data?.patchedUsers).toMatchObject([
      { userId: 'U2ada', name: 'Countess', phone: '+15550101', roleNames: ['admin'] },
      { name: 'Bob', roleNames: ['reader'], status: 'disabled', loginIds: ['bob', 'bobby'] },
    ]);
    expect(data?.failedUsers).toMatchObject([
      { user: { loginId: 'nobody' } },
      { user: { loginId: 'U2ada' } },
      { user: { loginId: '__proto__' } },
    ]);
    expect(Object.entries(data?.additionalErrors ?? {})).toEqual([
      ['nobody', 'User not found'],
      ['U2ada', 'There is no role king'],
      ['__proto__', 'User not found'],
    ]);
    expect((await users().load('bobby')).data?.name).toBe('Bob');
    expect((await users().load(ADA)).data).toMatchObject({
      name: 'Countess',
      userTenants: [{ tenantId: 'acme' }],
    });
  });

  // node-sdk, `User`: "a TOTP seed to set for the user in case of batch invite".
  it('has authenticator apps from its seeds', async () => {
    const { data } = await users().inviteBatch([{ loginId: 'new', seed: SEED }], 'https://a.example/join');
    expect(data?.createdUsers).toMatchObject([{ loginIds: ['new'], TOTP: true }]);
    const code = toTotpCode(SEED, bed.emulator.clock.now());
    expect((await bed.sdk.totp.verify('new', code)).data?.claims).toMatchObject({ amr: ['totp'] });
  });

  it('is rejected as a whole for a seed that is none', async () => {
    const batch = users().createBatch([{ loginId: 'first' }, { loginId: 'second', seed: 'short' }]);
    expect((await batch).error?.errorMessage).toContain('The seed field must be at least 16');
    expect((await users().load('first')).ok).toBe(false);
  });
});

describe('An embedded link for a sign-up', () => {
  const NEW = 'new@example.com';
  const link = async (timeout?: number) => {
    const profile = { name: 'New', phone: '+15550102' };
    const options = { customClaims: { from: 'fair' } };
    const { data } = await users().generateSignUpEmbeddedLink(NEW, profile, true, false, options, timeout);
    return data?.token ?? '';
  };

  // go-sdk, GenerateEmbeddedLinkSignUp: a token "to authenticate via magiclink verify method".
  it('creates the user once it is used, and signs them in', async () => {
    const token = await link(300);
    expect((await users().load(NEW)).error?.errorCode).toBe('E112102');
    const { data } = await bed.sdk.magicLink.verify(token);
    expect(data).toMatchObject({
      firstSeen: true,
      user: { name: 'New', email: NEW, verifiedEmail: true, phone: '+15550102', verifiedPhone: false },
      claims: { nsec: { from: 'fair' } },
    });
    expect((await bed.sdk.magicLink.verify(token)).error?.errorCode).toBe('E061005');
    expect((await users().generateSignUpEmbeddedLink(NEW)).error?.errorCode).toBe('E062107');
  });

  // go-sdk, `EmbeddedLinkLoginOptions`: 60 seconds are the default.
  it('expires', async () => {
    const token = await link();
    bed.emulator.clock.advance(61_000);
    expect((await bed.sdk.magicLink.verify(token)).error?.errorCode).toBe('E061005');
    expect((await users().load(NEW)).ok).toBe(false);
  });
});

describe('The address of a user', () => {
  // go-sdk, UpdateEmail and UpdatePhone: `failOnConflict`.
  it('may be the login id of another one, unless the call says otherwise', async () => {
    await users().create('+15550109');
    const conflict = await users().updateEmail('bob', ADA, true, true);
    expect(conflict.error?.errorCode).toBe('E062107');
    expect((await users().updatePhone('bob', '+15550109', true, true)).error?.errorCode).toBe('E062107');
    expect((await users().updateEmail(ADA, ADA, true, true)).data?.email).toBe(ADA);
    expect((await users().updateEmail('bob', ADA, true)).data?.email).toBe(ADA);
  });
});

describe('A search of users', () => {
  // node-sdk, the options of `search`.
  it('looks at verified addresses, and at the ids of roles in tenants', async () => {
    const found = async (search: object) =>
      (await users().search(search)).data?.users.map(({ loginIds }) => loginIds[0]);
    expect(await found({ verifiedPhone: true })).toEqual([ADA]);
    expect(await found({ verifiedEmail: false })).toEqual(['bob']);
    const { data } = await bed.admin.management.role.loadAll();
    const id = data?.find(({ name }) => name === 'reader')?.id ?? '';
    await users().addTenant('bob', 'acme');
    await users().setTenantRoles('bob', 'acme', ['reader']);
    expect(await found({ tenantRoleIds: { acme: { values: [id] } } })).toEqual(['bob']);
    expect(await found({ tenantRoleIds: { acme: { values: ['nothing'] } } })).toEqual([]);
  });
});
