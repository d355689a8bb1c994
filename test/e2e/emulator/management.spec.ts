// The vendor's client manages a project, field by field: roles, tenants, tokens, users and access keys.
import { createHash, pbkdf2Sync } from 'node:crypto';
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

const managementBed = useEmulator({
  seed: {
    roles: [{ name: 'admin' }, { name: 'editor' }],
    tenants: [{ id: 'acme' }],
    users: [
      { loginId: 'ada@example.com', name: 'Ada', tenants: [{ tenantId: 'acme', roles: ['editor'] }] },
      { loginId: 'zoe@example.com', name: 'Zoe' },
      { loginId: 'bob@example.com', name: 'Bob', tenants: [{ tenantId: 'acme' }] },
    ],
  },
});
const users = () => managementBed.admin.management.user;
const keys = () => managementBed.admin.management.accessKey;
const found = async (wish: object) =>
  (await users().search(wish)).data?.users.map(({ name }) => name).join(' ');

describe('A user that management makes', () => {
  it('has the e-mail address that is its login id, and is invited until it has signed in, which is first seen', async () => {
    expect((await users().create('n@example.com')).data).toMatchObject({
      email: 'n@example.com',
      verifiedEmail: true,
      status: 'invited',
    });
    await managementBed.sdk.otp.signIn.email('n@example.com');
    const verify = async () =>
      (
        await managementBed.sdk.otp.verify.email(
          'n@example.com',
          managementBed.emulator.outbox.last('n@example.com')?.code ?? '',
        )
      ).data;
    expect(await verify()).toMatchObject({ firstSeen: true, user: { status: 'enabled' } });
    await managementBed.sdk.otp.signIn.email('n@example.com');
    expect(await verify()).toMatchObject({ firstSeen: false });
  });

  it('is verified as the call says, and another address is not', async () => {
    const said = await users().create('a@example.com', { verifiedEmail: false });
    expect(said.data).toMatchObject({ email: 'a@example.com', verifiedEmail: false });
    const other = await users().create('b@example.com', { email: 'c@example.com' });
    expect(other.data).toMatchObject({ email: 'c@example.com', verifiedEmail: false });
  });

  it('finds its invitation in the outbox', async () => {
    await users().inviteBatch([{ loginId: 'i@example.com' }], 'https://a.example/join', true);
    expect(managementBed.emulator.outbox.last('i@example.com')).toMatchObject({
      deliveryMethod: 'email',
      link: 'https://a.example/join',
    });
  });

  it('is told apart in a batch that fails in part, whose errors stand by login id', async () => {
    const { data } = await users().createBatch([{ loginId: 'new' }, { loginId: 'ada@example.com' }]);
    expect(data).toMatchObject({
      createdUsers: [{ loginIds: ['new'] }],
      failedUsers: [{ user: { loginId: 'ada@example.com' } }],
      additionalErrors: { 'ada@example.com': expect.stringContaining('exists') },
    });
  });

  it('keeps in a patch what the patch leaves out, and loses it in an update', async () => {
    await users().create('p', { phone: '+15550101', verifiedPhone: true, roles: ['admin'] });
    expect((await users().patch('p', { displayName: 'Pat' })).data).toMatchObject({
      name: 'Pat',
      phone: '+15550101',
      verifiedPhone: true,
      roleNames: ['admin'],
    });
    expect((await users().patch('p', { verifiedPhone: false })).data?.verifiedPhone).toBe(false);
    expect((await users().patch('p', { verifiedPhone: true })).data?.verifiedPhone).toBe(true);
    expect((await users().update('p', { displayName: 'Pat' })).data).toMatchObject({
      name: 'Pat',
      phone: '',
      verifiedPhone: false,
      roleNames: [],
    });
  });

  it('is shown once more when it is deleted by its user id', async () => {
    const { data } = await users().create('gone');
    expect((await users().deleteByUserId(data?.userId ?? '')).data).toMatchObject({ userId: data?.userId });
    expect((await users().load('gone')).code).toBe(400);
  });
});

describe('A password that comes hashed', () => {
  const salt = Buffer.from('some salt');
  const pbkdf2 = pbkdf2Sync('Correct-horse-1', salt, 1000, 32, 'sha256').toString('base64');
  const signIn = (loginId: string, password: string) => managementBed.sdk.password.signIn(loginId, password);

  it.each([
    [
      'pbkdf2',
      { pbkdf2: { hash: pbkdf2, salt: salt.toString('base64'), iterations: 1000, type: 'sha256' as const } },
      'Correct-horse-1',
    ],
    ['django', { django: { hash: `pbkdf2_sha256$1000$some salt$${pbkdf2}` } }, 'Correct-horse-1'],
    ['md5', { md5: { hash: createHash('md5').update('Correct-horse-1').digest('hex') } }, 'Correct-horse-1'],
    [
      'phpass', // the example of phpass's own test program
      {
        phpass: { hash: 'eRo7ud9Fh4E2PdI0S3r.L0', salt: 'IQRaTwmf', iterations: 2048, type: 'md5' as const },
      },
      'test12345',
    ],
    [
      'firebase', // the example of Firebase's own documentation
      {
        firebase: {
          hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
          salt: '42xEC+ixf3L2lw==',
          saltSeparator: 'Bw==',
          signerKey:
            'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
          memory: 14,
          rounds: 8,
        },
      },
      'user1password',
    ],
  ])('signs its user in: %s', async (_name, hashedPassword, password) => {
    await users().createBatch([{ loginId: 'h', hashedPassword }]);
    expect((await signIn('h', `${password}x`)).error?.errorCode).toBe('E062903');
    expect((await signIn('h', password)).code).toBe(200);
  });

  // phpass takes at most 4096 characters.
  it('does not hash a long password again and again', async () => {
    const phpass = {
      hash: 'eRo7ud9Fh4E2PdI0S3r.L0',
      salt: 'IQRaTwmf',
      iterations: 8192,
      type: 'md5' as const,
    };
    await users().createBatch([{ loginId: 'h', hashedPassword: { phpass } }]);
    const startedMs = performance.now();
    expect((await signIn('h', 'x'.repeat(1_000_000))).error?.errorCode).toBe('E062903');
    expect(performance.now() - startedMs).toBeLessThan(3000);
  });

  it.each([
    [{ bcrypt: { hash: '$2a$10$abc' } }, 'hashedPassword.bcrypt'],
    [
      { phpass: { hash: 'a', salt: 'b', iterations: 8, type: 'md5' as const } },
      'The hash field must have 22',
    ],
    [{ django: { hash: 'argon2$argon2id$v=19$m' } }, 'hashedPassword.django argon2'],
  ])(
    'is rejected by name where Node cannot check it, and nobody is created: %j',
    async (hashedPassword, name) => {
      const { code, error } = await users().createBatch([
        { loginId: 'first' },
        { loginId: 'h', hashedPassword },
      ]);
      expect([code, error?.errorMessage]).toEqual([400, expect.stringContaining(name)]);
      expect((await users().load('first')).code).toBe(400);
    },
  );
});

describe('A search of users', () => {
  it('sorts, and looks at times and at roles in tenants', async () => {
    expect(await found({ sort: [{ field: 'name', desc: true }] })).toBe('Zoe Bob Ada');
    expect(await found({ sort: [{ field: 'name', desc: false }] })).toBe('Ada Bob Zoe');
    expect(await found({ fromCreatedTime: Date.now() + 1e9 })).toBe('');
    expect(await found({ toCreatedTime: Date.now() + 1e9 })).toBe('Ada Zoe Bob');
    expect(await found({ tenantRoleNames: { acme: { values: ['editor'] } } })).toBe('Ada');
    expect(await found({ tenantRoleNames: { acme: { values: ['editor', 'admin'], and: true } } })).toBe('');
  });

  it('says by which fields it can sort when it cannot', async () => {
    const { error } = await users().search({ sort: [{ field: 'shoeSize', desc: true }] });
    expect(error?.errorMessage).toContain('does not sort by shoeSize; it sorts by name');
  });
});

describe('An access key', () => {
  const grants = [{ tenantId: 'acme', roleNames: ['editor'] }];

  it('keeps in an update what the update leaves out', async () => {
    const made = await keys().create('k', 0, ['editor'], grants, undefined, { a: 1 }, 'mine', ['127.0.0.1']);
    const changed = await keys().update(made.data?.key.id ?? '', 'k2');
    expect(changed.data).toEqual({ ...made.data?.key, name: 'k2' });
    expect(changed.data).toMatchObject({ keyTenants: grants, permittedIps: ['127.0.0.1'] });
  });

  it.each([
    [['10.0.0.1'], 401],
    [['10.0.0.0/8', '::1'], 401],
    [['127.0.0.0/8'], 200],
    [['10.0.0.1', '127.0.0.1'], 200],
    [[], 200],
  ])('is exchanged from the addresses that it permits alone: %j', async (permittedIps, code) => {
    const made = await keys().create(
      'k',
      0,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      permittedIps,
    );
    const exchanged = await managementBed.sdk.accessKey.exchange(made.data?.cleartext ?? '');
    expect(exchanged.code).toBe(code);
  });

  it('rejects addresses that are none', async () => {
    const made = await keys().create('k', 0, undefined, undefined, undefined, undefined, undefined, [
      '10.0.0.0/64',
    ]);
    expect([made.code, made.error?.errorMessage]).toEqual([400, expect.stringContaining('10.0.0.0/64')]);
  });
});
