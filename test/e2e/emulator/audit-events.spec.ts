// Every change and every sign-in is an audit event, which the webhook and the search of the audit trail show.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';
import type { WebhookReceiver } from '../../support/webhook-receiver.js';
import { startWebhookReceiver } from '../../support/webhook-receiver.js';

const PASSWORD = 'Correct-horse-1';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', userId: 'U2ada', password: PASSWORD, tenants: [{ tenantId: 'acme' }] },
      { loginId: 'eve@example.com', userId: 'U2eve', roles: ['admin'] },
      { loginId: 'test@example.com', userId: 'U2test', test: true },
    ],
    roles: [{ name: 'admin', permissions: ['read'] }],
    tenants: [{ id: 'acme', name: 'Acme' }],
    accessKeys: [
      { name: 'batch', cleartext: 'K2batch', id: 'K2first', tenants: [{ tenantId: 'acme' }] },
      { name: 'other', cleartext: 'K2other', id: 'K2second' },
    ],
  },
});
let receiver: WebhookReceiver;
beforeAll(async () => void (receiver = await startWebhookReceiver()));
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.clear();
  bed.emulator.webhooks.add({ url: receiver.url, secret: receiver.secret });
});

const management = () => bed.admin.management;
const code = () => bed.emulator.outbox.last()?.code ?? '';
const token = () => bed.emulator.outbox.last()?.token ?? '';

type Event = Readonly<Record<string, unknown>>;
type Row = readonly [action: string, what: string, act: () => Promise<unknown>, event: Event];

// What the management key does.
const MANAGED: readonly Row[] = [
  [
    'UserCreated',
    'a created user',
    () => management().user.create('new@example.com', { email: 'new@example.com' }),
    { externalIds: ['new@example.com'], userId: expect.stringMatching(/^U/), tenants: null },
  ],
  [
    'UsersCreated',
    'a batch of created users',
    () => management().user.inviteBatch([{ loginId: 'n1@example.com' }, { loginId: 'n2@example.com' }], ''),
    {
      externalIds: ['n1@example.com', 'n2@example.com'],
      data: { user_ids: [expect.stringMatching(/^U/), expect.stringMatching(/^U/)] },
    },
  ],
  [
    'UserModified',
    'a disabled user',
    () => management().user.deactivate('ada@example.com'),
    { userId: 'U2ada', tenants: ['acme'], data: { Change: { status: 'disabled' } } },
  ],
  [
    'UserModified',
    'a changed e-mail address',
    () => management().user.updateEmail('eve@example.com', 'eva@example.com', true),
    { userId: 'U2eve', data: { Change: { email: 'eva@example.com' } } },
  ],
  [
    'UserModified',
    'a changed custom attribute',
    () => management().user.updateCustomAttribute('eve@example.com', 'level', 7),
    { userId: 'U2eve', data: { Change: { custom_attribute_level: 7 } } },
  ],
  [
    'UserModified',
    'roles that were taken',
    () => management().user.removeRoles('eve@example.com', ['admin']),
    { userId: 'U2eve', data: { Change: { roleNames: [] } } },
  ],
  [
    'UserModified',
    'a user that left a tenant',
    () => management().user.removeTenant('ada@example.com', 'acme'),
    { userId: 'U2ada', tenants: ['acme'], data: { Change: { userTenants: [] } } },
  ],
  [
    'UserModified',
    'a password that management set',
    () => management().user.setActivePassword('eve@example.com', 'New-Horse-2'),
    { userId: 'U2eve', data: { Change: { password: true } } },
  ],
  [
    'UserDeleted',
    'a deleted user',
    () => management().user.delete('ada@example.com'),
    { userId: 'U2ada', externalIds: ['ada@example.com'], tenants: ['acme'], data: {} },
  ],
  [
    'UsersDeleted',
    'a batch of deleted users',
    () => management().user.deleteBatch(['U2ada', 'U2eve']),
    {
      externalIds: ['ada@example.com', 'eve@example.com'],
      tenants: ['acme'],
      data: { user_ids: ['U2ada', 'U2eve'] },
    },
  ],
  [
    'UsersDeleted',
    'the end of all test users',
    () => management().user.deleteAllTestUsers(),
    { externalIds: ['test@example.com'], data: { user_ids: ['U2test'] } },
  ],
  [
    'AccessKeyCreated',
    'a created access key',
    () => management().accessKey.create('third', 0),
    { data: { access_key_id: expect.stringMatching(/^K/), name: 'third' } },
  ],
  [
    'AccessKeyModified',
    'a deactivated access key',
    () => management().accessKey.deactivate('K2first'),
    {
      tenants: ['acme'],
      data: { access_key_id: 'K2first', name: 'batch', Change: { status: 'inactive' } },
    },
  ],
  [
    'AccessKeyModified',
    'a renamed access key',
    () => management().accessKey.update('K2second', 'renamed'),
    { data: { access_key_id: 'K2second', name: 'renamed', Change: { name: 'renamed' } } },
  ],
  [
    'AccessKeyDeleted',
    'a deleted access key',
    () => management().accessKey.delete('K2first'),
    { tenants: ['acme'], data: { access_key_id: 'K2first', name: 'batch' } },
  ],
  [
    'AccessKeysDeleted',
    'a batch of deleted access keys',
    () => bed.request('/v1/mgmt/accesskey/delete/batch', asManagement({ ids: ['K2first', 'K2second'] })),
    { tenants: ['acme'], data: { access_key_ids: ['K2first', 'K2second'] } },
  ],
  [
    'RoleCreated',
    'a created role',
    () => management().role.create('painter', '', [], 'acme'),
    { tenants: ['acme'], data: { role_id: expect.stringMatching(/^RL/), name: 'painter' } },
  ],
  [
    'RoleModified',
    'a renamed role',
    () => management().role.update('admin', 'owner', '', ['read']),
    { data: { role_id: expect.stringMatching(/^RL/), name: 'owner', Change: { name: 'owner' } } },
  ],
  [
    'RoleDeleted',
    'a deleted role',
    () => management().role.delete('admin'),
    { type: 'warn', data: { role_id: expect.stringMatching(/^RL/), name: 'admin' } },
  ],
  [
    'PermissionCreated',
    'a created permission',
    () => management().permission.create('paint'),
    { data: { permission_id: expect.stringMatching(/^PR/), name: 'paint' } },
  ],
  [
    'PermissionModified',
    'a renamed permission, and not its roles',
    () => management().permission.update('read', 'see'),
    { data: { permission_id: expect.stringMatching(/^PR/), name: 'see', Change: { name: 'see' } } },
  ],
  [
    'PermissionDeleted',
    'a deleted permission',
    () => management().permission.delete('read'),
    { type: 'warn', data: { permission_id: expect.stringMatching(/^PR/), name: 'read' } },
  ],
  [
    'TenantCreated',
    'a created tenant',
    () => management().tenant.createWithId('globex', 'Globex'),
    { tenants: ['globex'], data: { tenant_id: 'globex', name: 'Globex' } },
  ],
  [
    'TenantModified',
    'a renamed tenant',
    () => management().tenant.update('acme', 'Acme Ltd'),
    { tenants: ['acme'], data: { tenant_id: 'acme', name: 'Acme Ltd', Change: { name: 'Acme Ltd' } } },
  ],
  [
    'TenantDeleted',
    'a deleted tenant, and not its users',
    () => management().tenant.delete('acme'),
    { type: 'warn', tenants: ['acme'], data: { tenant_id: 'acme', name: 'Acme' } },
  ],
  [
    'LoginSucceed',
    'a sign-in by management',
    () => management().jwt.signIn('ada@example.com'),
    { userId: 'U2ada', tenants: ['acme'] },
  ],
];

function asManagement(body: unknown): RequestInit {
  const { projectId, managementKey } = bed.emulator;
  const headers = { authorization: `Bearer ${projectId}:${managementKey}` };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

describe('a change by management', () => {
  it.each(MANAGED)('is the event %s for %s', async (action, _what, act, event) => {
    expect(await act()).toMatchObject({ ok: true });
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual([action]);
    const [received] = receiver.received;
    expect(received?.isSigned).toBe(true);
    const actorId = expect.stringMatching(/^K[A-Za-z0-9]{27}$/);
    expect(received?.event).toEqual({ ...COMMON(), actorId, action, ...event });
    expect(received?.body).not.toContain(bed.emulator.managementKey);
  });

  it('names the impersonator as the actor of an impersonation', async () => {
    const response = await management().jwt.impersonate('eve@example.com', 'ada@example.com', false);
    expect(response.ok).toBe(true);
    await bed.emulator.webhooks.settled();
    expect(receiver.received.map(({ event }) => event)).toMatchObject([
      { action: 'LoginSucceed', method: 'Impersonate', actorId: 'U2eve', userId: 'U2ada' },
    ]);
  });

  it('is no event where nothing is new, and where it is rejected', async () => {
    await management().user.activate('ada@example.com');
    await management().user.addRoles('eve@example.com', ['admin']);
    expect((await management().user.delete('nobody@example.com')).ok).toBe(false);
    expect((await management().role.create('admin')).ok).toBe(false);
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual([]);
    await management().user.deactivate('ada@example.com');
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual(['UserModified']);
  });

  it('is one event of a user that was changed several times in one request', async () => {
    const roles = [{ name: 'admin' }];
    await management().user.create('new@example.com', { roles: roles.map(({ name }) => name) });
    await management().user.update('new@example.com', { displayName: 'New', roles: [] });
    await bed.emulator.webhooks.settled();
    expect(receiver.received.map(({ event }) => [event.action, event.data])).toEqual([
      ['UserCreated', {}],
      ['UserModified', { Change: expect.objectContaining({ name: 'New', roleNames: [] }) }],
    ]);
  });
});

// The members of each event, unless a row says otherwise.
const COMMON = () => ({
  projectId: bed.emulator.projectId,
  type: 'info',
  occurred: expect.any(Number),
  occurred_formatted: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  externalIds: expect.any(Array),
  tenants: null,
  device: 'Unknown',
  remoteAddress: '127.0.0.1',
  data: expect.any(Object),
});

describe('a sign-in', () => {
  const OTP = 'otp';
  const rows: readonly (readonly [string, () => Promise<unknown>, readonly Event[]])[] = [
    [
      'by password, of a new user',
      () => bed.sdk.password.signUp('new@example.com', PASSWORD),
      [
        { action: 'UserCreated', externalIds: ['new@example.com'] },
        { action: 'LoginSucceed', method: 'password', externalIds: ['new@example.com'] },
      ],
    ],
    [
      'by a wrong password',
      () => bed.sdk.password.signIn('ada@example.com', 'wrong'),
      [
        {
          action: 'LoginFailed',
          type: 'warn',
          method: 'password',
          userId: 'U2ada',
          actorId: 'U2ada',
          data: { error_message: 'The login id or the password is wrong', error_code: 'E062903' },
        },
      ],
    ],
    [
      'of nobody',
      () => bed.sdk.password.signIn('nobody@example.com', 'wrong'),
      [{ action: 'LoginFailed', externalIds: ['nobody@example.com'], actorId: '' }],
    ],
    [
      'by a one-time code, of a new user',
      async () => {
        await bed.sdk.otp.signUpOrIn.email('new@example.com');
        await bed.sdk.otp.verify.email('new@example.com', 'wrong');
        return bed.sdk.otp.verify.email('new@example.com', code());
      },
      [
        { action: 'LoginStarted', method: OTP, externalIds: ['new@example.com'] },
        { action: 'LoginFailed', method: OTP, externalIds: ['new@example.com'] },
        { action: 'UserCreated', externalIds: ['new@example.com'] },
        { action: 'LoginSucceed', method: OTP, externalIds: ['new@example.com'] },
      ],
    ],
    [
      'by a magic link',
      async () => {
        await bed.sdk.magicLink.signIn.email('ada@example.com', 'https://app.example.com');
        await bed.sdk.magicLink.verify('wrong');
        return bed.sdk.magicLink.verify(token());
      },
      [
        { action: 'LoginStarted', method: 'magiclink', userId: 'U2ada' },
        { action: 'LoginFailed', method: 'magiclink' },
        { action: 'LoginSucceed', method: 'magiclink', userId: 'U2ada', tenants: ['acme'] },
      ],
    ],
    [
      'by an enchanted link, which waits without being a failure',
      async () => {
        const { data } = await bed.sdk.enchantedLink.signIn('ada@example.com', 'https://app.example.com');
        const pendingRef = data?.pendingRef ?? '';
        const ask = () =>
          bed.request('/v1/auth/enchantedlink/pending-session', {
            method: 'POST',
            headers: { authorization: `Bearer ${bed.emulator.projectId}` },
            body: JSON.stringify({ pendingRef }),
          });
        expect((await ask()).status).toBe(401);
        await bed.sdk.enchantedLink.verify(token());
        expect((await ask()).status).toBe(200);
      },
      [
        { action: 'LoginStarted', method: 'enchantedlink', userId: 'U2ada' },
        { action: 'LoginSucceed', method: 'enchantedlink', userId: 'U2ada' },
      ],
    ],
    [
      'of a disabled user',
      async () => {
        await management().user.deactivate('ada@example.com');
        return bed.sdk.password.signIn('ada@example.com', PASSWORD);
      },
      [
        { action: 'UserModified', data: { Change: { status: 'disabled' } } },
        { action: 'LoginFailed', data: { error_message: 'The user is disabled', error_code: 'E061005' } },
      ],
    ],
    [
      'that a test makes without HTTP',
      () => bed.emulator.signIn('ada@example.com', { amr: ['pwd'] }),
      [{ action: 'LoginSucceed', method: 'password', userId: 'U2ada', actorId: 'U2ada' }],
    ],
    [
      'whose password is replaced',
      () => bed.sdk.password.replace('ada@example.com', PASSWORD, 'New-horse-2'),
      [
        { action: 'UserModified', actorId: 'U2ada', data: { Change: { password: true } } },
        { action: 'LoginSucceed', method: 'password', userId: 'U2ada' },
      ],
    ],
  ];

  it.each(rows)('is told %s', async (_what, act, events) => {
    await act();
    await bed.emulator.webhooks.settled();
    expect(receiver.actions).toEqual(events.map(({ action }) => action));
    expect(receiver.received.map(({ event }) => event)).toMatchObject(events);
  });

  it('in a flow has the method of its screen, and the device of the browser', async () => {
    const send = async (path: string, body: unknown) => {
      const headers = {
        authorization: `Bearer ${bed.emulator.projectId}`,
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)',
      };
      const response = await bed.request(path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await response.json()) as { executionId: string };
    };
    const flow = { flowId: 'sign-up-or-in', interactionId: 'btnGo', input: { email: 'ada@example.com' } };
    const { executionId } = await send('/v1/flow/start', flow);
    await send('/v1/flow/next', { executionId, interactionId: 'btnGo', input: { code: '1' } });
    await send('/v1/flow/next', { executionId, interactionId: 'btnGo', input: { code: code() } });
    await send('/v1/flow/start', {
      ...flow,
      interactionId: 'btnLink',
      options: { location: 'https://a.example' },
    });
    await bed.emulator.webhooks.settled();
    expect(receiver.received.map(({ event }) => [event.action, event.method, event.device])).toEqual([
      ['LoginStarted', 'otp', 'Desktop'],
      ['LoginFailed', 'otp', 'Desktop'],
      ['LoginSucceed', 'otp', 'Desktop'],
      ['LoginStarted', 'magiclink', 'Desktop'],
    ]);
  });
});

// The types of the vendor leave it out.
const actorOf = (audit: object) => (audit as { actorId?: string }).actorId;

describe('the audit trail', () => {
  it('dates its events by the clock of the emulator', async () => {
    bed.emulator.clock.set(new Date('2031-05-06T07:08:09.123Z'));
    await management().user.delete('ada@example.com');
    await bed.emulator.webhooks.settled();
    const { occurred, occurred_formatted } = receiver.received[0]?.event ?? {};
    expect(Math.abs(Number(occurred) - Date.parse('2031-05-06T07:08:09.123Z'))).toBeLessThan(2000);
    expect(occurred_formatted).toBe(new Date(Number(occurred)).toISOString());
  });

  it('is found by action, user, login id, tenant, method, time and text, the latest event first', async () => {
    await bed.sdk.password.signIn('ada@example.com', PASSWORD);
    await bed.sdk.password.signIn('eve@example.com', 'wrong');
    await management().tenant.update('acme', 'Acme Ltd');
    const find = async (filters: object) => {
      const { data } = await management().audit.searchAll(filters);
      expect(data?.total).toBe(data?.audits.length);
      return data?.audits.map(({ action }) => action);
    };
    expect(await find({})).toEqual(['TenantModified', 'LoginFailed', 'LoginSucceed']);
    expect(await find({ actions: ['LoginSucceed', 'LoginFailed'] })).toEqual(['LoginFailed', 'LoginSucceed']);
    expect(await find({ excludedActions: ['LoginFailed'] })).toEqual(['TenantModified', 'LoginSucceed']);
    expect(await find({ userIds: ['U2ada'] })).toEqual(['LoginSucceed']);
    expect(await find({ loginIds: ['eve@example.com'] })).toEqual(['LoginFailed']);
    expect(await find({ tenants: ['acme'] })).toEqual(['TenantModified', 'LoginSucceed']);
    expect(await find({ tenants: ['acme'], noTenants: true })).toHaveLength(3);
    expect(await find({ methods: ['password'] })).toEqual(['LoginFailed', 'LoginSucceed']);
    expect(await find({ remoteAddresses: ['10.0.0.1'] })).toEqual([]);
    expect(await find({ devices: ['Unknown'], geos: ['US'] })).toEqual([]);
    expect(await find({ text: 'acme ltd' })).toEqual(['TenantModified']);
    expect(await find({ from: Date.now() + 60_000 })).toEqual([]);
    expect(await find({ to: Date.now() - 60_000 })).toEqual([]);
    bed.emulator.clock.advance(31 * 24 * 3_600_000);
    expect(await find({})).toEqual([]);
  });

  it('shows the records that the client of the vendor reads', async () => {
    await bed.sdk.password.signIn('ada@example.com', PASSWORD);
    const { data } = await management().audit.search({ actions: ['LoginSucceed'] });
    expect(data).toMatchObject([
      {
        projectId: bed.emulator.projectId,
        userId: 'U2ada',
        method: 'password',
        device: 'Unknown',
        geo: '',
        remoteAddress: '127.0.0.1',
        loginIds: ['ada@example.com'],
        tenants: ['acme'],
      },
    ]);
    expect(Math.abs((data?.[0]?.occurred ?? 0) - Date.now())).toBeLessThan(5000);
  });

  it('takes the events of an application, of any action', async () => {
    const event = {
      action: 'LoginExceedMaxAttempts',
      type: 'warn',
      actorId: 'U2ada',
      tenantId: 'acme',
    } as const;
    expect((await management().audit.createEvent({ ...event, userId: 'U2ada', data: { tries: 5 } })).ok).toBe(
      true,
    );
    expect((await management().audit.createEvent({ ...event, type: 'loud' as 'info' })).code).toBe(400);
    await bed.emulator.webhooks.settled();
    expect(receiver.received.map(({ event: received }) => received)).toMatchObject([
      {
        action: 'LoginExceedMaxAttempts',
        type: 'warn',
        actorId: 'U2ada',
        userId: 'U2ada',
        externalIds: ['ada@example.com'],
        tenants: ['acme'],
        data: { tries: 5 },
      },
    ]);
  });

  it('tells simultaneous requests apart', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `user${index}@example.com`);
    await Promise.all(
      names.flatMap((name) => [
        bed.sdk.password.signUp(name, PASSWORD),
        management().user.create(`by-management-${name}`, {}),
      ]),
    );
    const { data } = await management().audit.searchAll({ actions: ['UserCreated', 'LoginSucceed'] });
    const bySelf = data?.audits.filter(({ loginIds }) => names.includes(loginIds[0] ?? '')) ?? [];
    const byManagement = data?.audits.filter(({ loginIds }) => loginIds[0]?.startsWith('by-')) ?? [];
    expect([bySelf.length, byManagement.length]).toEqual([20, 10]);
    expect(bySelf.filter((audit) => actorOf(audit) !== audit.userId)).toEqual([]);
    expect(new Set(byManagement.map(actorOf))).toEqual(new Set([expect.stringMatching(/^K\w{27}$/)]));
  });

  it('has no event for the seed, and none after a reset', async () => {
    await management().user.delete('ada@example.com');
    bed.emulator.reset();
    expect((await management().audit.search({})).data).toEqual([]);
    await management().user.delete('ada@example.com');
    expect((await management().audit.search({})).data).toMatchObject([{ action: 'UserDeleted' }]);
  });
});
