// The vendor's client loads the groups of a tenant, which come from sign-ins with SSO and from the seed.
import { describe, expect, it } from '@jest/globals';
import { answerProvider, codeOf } from '../../support/provider-page.js';
import { useEmulator } from '../../support/use-emulator.js';

const ADA = 'ada@acme.com';
const BOB = 'bob@acme.com';
const bed = useEmulator({
  seed: {
    users: [
      {
        loginId: ADA,
        userId: 'U2ada',
        name: 'Ada',
        tenants: [{ tenantId: 'acme', roles: ['Owner'], groups: ['staff', 'board'] }],
      },
      { loginId: BOB, userId: 'U2bob', tenants: [{ tenantId: 'acme', groups: ['staff'] }] },
      { loginId: 'eve@beta.com', userId: 'U2eve', tenants: [{ tenantId: 'beta', groups: ['guests'] }] },
    ],
    roles: [{ name: 'Owner' }, { name: 'Editor', permissions: ['write'] }],
    tenants: [{ id: 'acme', sso: { roleMappings: [{ role: 'Editor', groups: ['staff'] }] } }, { id: 'beta' }],
  },
});
const groups = () => bed.admin.management.group;
const idsOf = async (loading: ReturnType<ReturnType<typeof groups>['loadAllGroups']>) =>
  (await loading).data?.map(({ id, members = [] }) => [id, ...members.map(({ userId }) => userId)]);

async function signIn(email: string, attributes: object) {
  const { data } = await bed.sdk.sso.start('acme', 'https://app.example.com/sso');
  const back = await answerProvider(data?.url ?? '', { email, attributes: JSON.stringify(attributes) });
  return (await bed.sdk.sso.exchange(codeOf(back))).data;
}

describe('The groups of a tenant', () => {
  // node-sdk: `Group` and `GroupMember`; python-sdk's documentation of load_all_groups for `ssoId`.
  it('are loaded with their members', async () => {
    expect((await groups().loadAllGroups('acme')).data).toEqual([
      {
        id: 'staff',
        display: 'staff',
        source: 'jit',
        ssoId: 'default_ssoid',
        members: [
          { loginId: ADA, userId: 'U2ada', display: 'Ada' },
          { loginId: BOB, userId: 'U2bob', display: BOB },
        ],
      },
      {
        id: 'board',
        display: 'board',
        source: 'jit',
        ssoId: 'default_ssoid',
        members: [{ loginId: ADA, userId: 'U2ada', display: 'Ada' }],
      },
    ]);
    expect(await idsOf(groups().loadAllGroups('beta'))).toEqual([['guests', 'U2eve']]);
    expect((await groups().loadAllGroups('nowhere')).error?.errorMessage).toContain('no tenant nowhere');
  });

  // node-sdk: loadAllGroupsForMember and loadAllGroupMembers.
  it('are loaded by user id or login id, and by their own id', async () => {
    expect(await idsOf(groups().loadAllGroupsForMember('acme', ['U2bob'], []))).toEqual([
      ['staff', 'U2ada', 'U2bob'],
    ]);
    expect(await idsOf(groups().loadAllGroupsForMember('acme', [], [ADA]))).toHaveLength(2);
    expect(await idsOf(groups().loadAllGroupsForMember('beta', [], [ADA]))).toEqual([]);
    expect((await groups().loadAllGroupsForMember('acme', [], [])).error?.errorCode).toBe('E011002');
    expect(await idsOf(groups().loadAllGroupMembers('acme', 'board'))).toEqual([['board', 'U2ada']]);
    expect(await idsOf(groups().loadAllGroupMembers('acme', 'guests'))).toEqual([]);
  });

  // Descope's documentation of SSO: the groups of the latest sign-in replace earlier ones.
  it('follow the sign-ins with SSO, with their roles', async () => {
    const before = await bed.emulator.signIn(BOB);
    expect(before.claims.tenants).toMatchObject({ acme: { roles: ['Editor'], permissions: ['write'] } });
    await signIn(BOB, { groups: ['board', 'new'] });
    expect(await idsOf(groups().loadAllGroups('acme'))).toEqual([
      ['staff', 'U2ada'],
      ['board', 'U2ada', 'U2bob'],
      ['new', 'U2bob'],
    ]);
    const { claims } = await bed.emulator.signIn(BOB);
    expect(claims.tenants).not.toMatchObject({ acme: { roles: ['Editor'] } });
  });

  it('lose the users who are deleted or leave the tenant', async () => {
    await bed.admin.management.user.removeTenant(ADA, 'acme');
    expect(await idsOf(groups().loadAllGroups('acme'))).toEqual([['staff', 'U2bob']]);
    await bed.admin.management.user.delete(BOB);
    expect(await idsOf(groups().loadAllGroups('acme'))).toEqual([]);
  });

  // node-sdk and python-sdk: the `ssoId` of a SSO configuration, default_ssoid for the one without.
  it('are those of one SSO configuration, where a call names it', async () => {
    const load = async (ssoId: string) => {
      const response = await bed.request('/v1/mgmt/group/all', {
        method: 'POST',
        headers: { authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}` },
        body: JSON.stringify({ tenantId: 'acme', ssoId }),
      });
      return await response.json();
    };
    expect(await load('default_ssoid')).toHaveLength(2);
    expect(await load('second')).toEqual([]);
  });
});
