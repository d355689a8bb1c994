// The vendor's client reads and changes relations in the older view of authorization: one engine with `fga`.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const SCHEMA = `model AuthZ 1.0
type user
type org
  relation member: user
type folder
  relation owner: user | org#member
type doc
  relation parent: folder
  relation owner: user
  relation viewer: user
  permission can_view: viewer | owner | parent.owner
`;

const bed = useEmulator({ seed: { fga: { schema: SCHEMA } } });
const authz = () => bed.admin.management.authz;

const relation = (resource: string, relationDefinition: string, target: string) => {
  const [namespace = '', id = ''] = resource.split(':');
  return { resource: id, relationDefinition, namespace, target };
};

const create = () =>
  authz().createRelations([
    relation('doc:roadmap', 'owner', 'u1'),
    relation('doc:roadmap', 'parent', 'plans'),
    relation('org:sales', 'member', 'u2'),
    {
      resource: 'plans',
      relationDefinition: 'owner',
      namespace: 'folder',
      targetSetResource: 'sales',
      targetSetRelationDefinition: 'member',
      targetSetRelationDefinitionNamespace: 'org',
    },
  ]);

// node-sdk's authz.ts and authz.test.ts.
describe('relations in the older view', () => {
  it('are those that fga checks, and the other way round', async () => {
    await create();
    const tuple = { resourceType: 'doc', resource: 'roadmap', relation: 'can_view', targetType: 'user' };
    const checked = await bed.admin.management.fga.check([
      { ...tuple, target: 'u2' },
      { ...tuple, target: 'u3' },
    ]);
    expect(checked.data?.map(({ allowed }) => allowed)).toEqual([true, false]);
    await bed.admin.management.fga.createRelations([{ ...tuple, relation: 'viewer', target: 'u3' }]);
    const asked = ['u1', 'u2', 'u3', 'u4'].map((target) => relation('doc:roadmap', 'can_view', target));
    const { data } = await authz().hasRelations(asked);
    expect(data?.map(({ hasRelation }) => hasRelation)).toEqual([true, true, true, false]);
    expect(data?.[0]).toEqual({ ...asked[0], hasRelation: true });
  });

  it('answer who can access, and what somebody can access', async () => {
    await create();
    expect((await authz().whoCanAccess('roadmap', 'can_view', 'doc')).data).toEqual(['u1', 'u2']);
    expect((await authz().whatCanTargetAccess('u2')).data).toEqual([
      relation('doc:roadmap', 'can_view', 'u2'),
      relation('org:sales', 'member', 'u2'),
      relation('folder:plans', 'owner', 'u2'),
    ]);
    const resources = await authz().whatCanTargetAccessWithRelation('u2', 'can_view', 'doc');
    expect(resources.data).toEqual([{ resource: 'roadmap' }]);
  });

  it('are listed by resource and by target, sets of targets where they are asked for', async () => {
    await create();
    const ofRoadmap = [relation('doc:roadmap', 'owner', 'u1'), relation('doc:roadmap', 'parent', 'plans')];
    expect((await authz().resourceRelations('roadmap')).data).toEqual(ofRoadmap);
    expect((await authz().resourceRelations('plans')).data).toMatchObject([{ targetSetResource: 'sales' }]);
    expect((await authz().resourceRelations('plans', true)).data).toEqual([]);
    expect((await authz().targetsRelations(['u1'])).data).toEqual([ofRoadmap[0]]);
    expect((await authz().targetsRelations(['sales'])).data).toEqual([]);
    expect((await authz().targetsRelations(['sales'], true)).data).toMatchObject([{ resource: 'plans' }]);
  });

  it('are deleted one by one, by resource, or by any id', async () => {
    await create();
    await authz().deleteRelations([relation('doc:roadmap', 'owner', 'u1')]);
    expect((await authz().whoCanAccess('roadmap', 'can_view', 'doc')).data).toEqual(['u2']);
    await authz().deleteResourceRelationsForResources(['plans']);
    expect((await authz().resourceRelations('plans')).data).toEqual([]);
    expect((await authz().resourceRelations('roadmap')).data).toHaveLength(1);
    await authz().deleteRelationsForIds(['plans']);
    expect((await authz().resourceRelations('roadmap')).data).toEqual([]);
  });

  it('are rejected where the schema does not know them', async () => {
    expect((await authz().createRelations([relation('doc:roadmap', 'friend', 'u1')])).code).toBe(400);
    expect((await authz().whoCanAccess('roadmap', 'can_fly', 'doc')).code).toBe(400);
  });
});
