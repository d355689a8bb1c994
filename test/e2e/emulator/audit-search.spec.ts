// The filters of the audit trail's search, as the clients of the vendor send them.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: { users: [{ loginId: 'ada@example.com', userId: 'U2ada', tenants: [{ tenantId: 'acme' }] }] },
});

const search = (body: unknown, userAgent = 'test') =>
  bed.request('/v1/mgmt/audit/search', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}`,
      'content-type': 'application/json',
      'user-agent': userAgent,
    },
    body: JSON.stringify(body),
  });

beforeEach(async () => {
  const event = { type: 'info', actorId: 'ci', tenantId: 'acme' } as const;
  await bed.admin.management.audit.createEvent({
    ...event,
    action: 'Deployed',
    userId: 'U2ada',
    data: { build: { number: 42, by: 'Grace' } },
  });
  await bed.admin.management.audit.createEvent({ ...event, action: 'Paused', type: 'warn' });
  await bed.admin.management.user.create('bob@example.com');
});

const actions = async (response: Response): Promise<readonly string[]> => {
  const { audits } = (await response.json()) as { readonly audits: readonly { readonly action: string }[] };
  return audits.map(({ action }) => action);
};

describe('The search of the audit trail', () => {
  // go-sdk, internal/mgmt/audit.go: `From.UnixMilli()` of a time that is not set is far before 1970, and lists are null.
  it('takes a time that go-sdk has not set for none', async () => {
    const unset = -62_135_596_800_000;
    const none = {
      userIds: null,
      actions: null,
      devices: null,
      methods: null,
      externalIds: null,
      tenants: null,
    };
    const response = await search({ ...none, from: unset, to: unset, noTenants: false, text: '' });
    expect(response.headers.get('x-emulator-ignored')).toBeNull();
    expect(await actions(response)).toEqual(['UserCreated', 'Paused', 'Deployed']);
  });

  // python-sdk, management/audit.py: times are fractions of a millisecond, `occurred` is read as a text.
  it('takes the fractions of python-sdk', async () => {
    const now = bed.emulator.clock.now();
    expect(
      await actions(await search({ noTenants: false, from: now - 60_000.25, to: now + 0.75 })),
    ).toHaveLength(3);
    expect(await actions(await search({ noTenants: false, from: now + 60_000.25 }))).toEqual([]);
    const { audits } = (await (await search({ actions: ['Paused'] })).json()) as {
      readonly audits: readonly { readonly occurred: unknown }[];
    };
    expect(audits[0]?.occurred).toMatch(/^\d{13}$/);
  });

  // python-sdk: "Free text search across all fields".
  it('finds text in the values of all fields, and not in their names', async () => {
    const find = async (text: string) =>
      (await bed.admin.management.audit.search({ text })).data?.map(({ action }) => action);
    expect(await find('GRACE')).toEqual(['Deployed']);
    expect(await find('ada@example.com')).toEqual(['Deployed']);
    expect(await find('42')).toContain('Deployed');
    expect(await find('actorId')).toEqual([]);
  });

  // python-sdk: "Should audits without any tenants always be included".
  it('adds events without tenants to those of tenants', async () => {
    const find = async (tenants: string[], noTenants: boolean) =>
      (await bed.admin.management.audit.search({ tenants, noTenants })).data?.map(({ action }) => action);
    expect(await find(['acme'], false)).toEqual(['Paused', 'Deployed']);
    expect(await find(['acme'], true)).toEqual(['UserCreated', 'Paused', 'Deployed']);
    expect(await find(['beta'], true)).toEqual(['UserCreated']);
  });

  // node-sdk, `AuditSearchOptions` and `AuditRecord`.
  it('leaves out actions, and says which address and user each event has', async () => {
    const { data } = await bed.admin.management.audit.searchAll({
      excludedActions: ['UserCreated', 'Paused'],
      remoteAddresses: ['127.0.0.1'],
      userIds: ['U2ada'],
      loginIds: ['ada@example.com'],
    });
    expect(data).toMatchObject({
      total: 1,
      audits: [{ action: 'Deployed', userId: 'U2ada', loginIds: ['ada@example.com'], tenants: ['acme'] }],
    });
    expect(data?.audits[0]?.data).toEqual({ build: { number: 42, by: 'Grace' } });
    expect((await bed.admin.management.audit.search({ geos: ['IL'] })).data).toEqual([]);
  });
});

describe('An event of an application', () => {
  // go-sdk, internal/mgmt/audit.go and python-sdk, management/audit.py: four fields are required.
  it.each(['action', 'type', 'actorId', 'tenantId'])('needs %s', async (name) => {
    const event = { action: 'Deployed', type: 'info', actorId: 'ci', tenantId: 'acme' } as const;
    const { error } = await bed.admin.management.audit.createEvent({ ...event, [name]: '' });
    expect(error?.errorMessage).toContain(name);
  });
});
