// The vendor's client saves the schema of authorization in namespaces, and asks what has changed.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();
const authz = () => bed.admin.management.authz;

type Schema = Parameters<ReturnType<typeof authz>['saveSchema']>[0];
type Node = NonNullable<Schema['namespaces'][number]['relationDefinitions'][number]['complexDefinition']>;
type Step = NonNullable<Node['expression']>['neType'];

const child = (
  neType: Step,
  target?: readonly [string, string],
  through?: readonly [string, string],
): Node => ({
  nType: 'child',
  expression: {
    neType,
    ...(through && { relationDefinition: through[1], relationDefinitionNamespace: through[0] }),
    ...(target && { targetRelationDefinition: target[1], targetRelationDefinitionNamespace: target[0] }),
  },
});
const union = (...children: Node[]): Node => ({ nType: 'union', children });
const nest = (depth: number): Node => {
  let node = child('self');
  for (let index = 0; index < depth; index += 1) node = union(node);
  return node;
};
const inherited = (type: string, name: string) => child('relationRight', ['folder', name], [type, 'parent']);

// The example of files in the README of node-sdk and go-sdk.
const FILES: Schema = {
  name: 'Files',
  namespaces: [
    {
      name: 'org',
      relationDefinitions: [
        { name: 'parent' },
        {
          name: 'member',
          complexDefinition: union(
            child('self'),
            child('relationLeft', ['org', 'member'], ['org', 'parent']),
          ),
        },
      ],
    },
    ...['folder', 'doc'].map((name) => ({
      name,
      relationDefinitions: [
        { name: 'parent' },
        { name: 'owner', complexDefinition: union(child('self'), inherited(name, 'owner')) },
        {
          name: 'editor',
          complexDefinition: union(
            child('self'),
            inherited(name, 'editor'),
            child('targetSet', [name, 'owner']),
          ),
        },
      ],
    })),
  ],
};

const relation = (resource: string, relationDefinition: string, target: string) => {
  const [namespace = '', id = ''] = resource.split(':');
  return { resource: id, relationDefinition, namespace, target };
};

const can = async (resource: string, name: string, target: string) => {
  const { data, error } = await authz().hasRelations([relation(resource, name, target)]);
  return data?.[0]?.hasRelation ?? error?.errorMessage;
};

beforeEach(async () => {
  await authz().saveSchema(FILES, true);
  await authz().createRelations([
    relation('doc:plan', 'parent', 'plans'),
    relation('folder:plans', 'parent', 'all'),
    relation('folder:all', 'owner', 'ada'),
    relation('doc:plan', 'editor', 'bob'),
    relation('org:sales', 'parent', 'acme'),
    relation('org:sales', 'member', 'eve'),
    {
      resource: 'plans',
      relationDefinition: 'editor',
      namespace: 'folder',
      targetSetResource: 'acme',
      targetSetRelationDefinition: 'member',
      targetSetRelationDefinitionNamespace: 'org',
    },
  ]);
});

// node-sdk, authz.test.ts and its types of nodes and expressions.
describe('A schema in namespaces', () => {
  it('is loaded as it was saved, and decides', async () => {
    expect((await authz().loadSchema()).data).toEqual(FILES);
    expect(await can('doc:plan', 'owner', 'ada')).toBe(true); // two folders up
    expect(await can('doc:plan', 'editor', 'ada')).toBe(true); // an owner edits
    expect(await can('doc:plan', 'owner', 'bob')).toBe(false);
    expect(await can('org:acme', 'member', 'eve')).toBe(true); // of a part of it
    expect(await can('org:sales', 'member', 'acme')).toBe(false);
    expect(await can('doc:plan', 'editor', 'eve')).toBe(true); // through the members of acme
    expect((await authz().whoCanAccess('plan', 'editor', 'doc')).data).toEqual(
      expect.arrayContaining(['ada', 'bob', 'eve']),
    );
  });

  it('has intersections and subtractions', async () => {
    const definition = (name: string, nType: 'intersect' | 'sub') => ({
      name,
      complexDefinition: {
        nType,
        children: [child('targetSet', ['doc', 'editor']), child('targetSet', ['doc', 'owner'])],
      },
    });
    await authz().saveRelationDefinition(definition('both', 'intersect'), 'doc');
    await authz().saveRelationDefinition(definition('editsOnly', 'sub'), 'doc');
    expect(await can('doc:plan', 'both', 'ada')).toBe(true);
    expect(await can('doc:plan', 'both', 'bob')).toBe(false);
    expect(await can('doc:plan', 'editsOnly', 'bob')).toBe(true);
    expect(await can('doc:plan', 'editsOnly', 'ada')).toBe(false);
  });

  // node-sdk: without `upgrade`, namespaces that the schema does not name stay.
  it('is replaced only by an upgrade', async () => {
    const other = { name: 'Other', namespaces: [{ name: 'note', relationDefinitions: [{ name: 'owner' }] }] };
    await authz().saveSchema(other, false);
    expect((await authz().loadSchema()).data?.namespaces.map(({ name }) => name)).toEqual([
      'org',
      'folder',
      'doc',
      'note',
    ]);
    expect(await can('doc:plan', 'owner', 'ada')).toBe(true);
    await authz().saveSchema(other, true);
    expect((await authz().loadSchema()).data).toEqual(other);
    expect(await can('doc:plan', 'owner', 'ada')).toContain('doc#owner');
    expect((await authz().resourceRelations('plan')).data).toEqual([]);
    await authz().deleteSchema();
    expect((await authz().loadSchema()).data?.namespaces).toEqual([]);
  });

  it('keeps relations under a new name of a namespace or a definition', async () => {
    const [, folder] = FILES.namespaces;
    if (!folder) throw new Error('no folder');
    const { data } = await authz().loadSchema();
    const definition = data?.namespaces[2]?.relationDefinitions[1];
    expect((await authz().saveRelationDefinition({ ...definition, name: 'holder' }, 'doc', 'owner')).ok).toBe(
      true,
    );
    expect(await can('doc:plan', 'editor', 'ada')).toBe(true);
    expect(await can('doc:plan', 'holder', 'ada')).toBe(true);
    const renamed = JSON.parse(JSON.stringify(folder).replaceAll('"folder"', '"box"')) as typeof folder;
    expect((await authz().saveNamespace(renamed, 'folder', 'Files 2')).ok).toBe(true);
    expect((await authz().loadSchema()).data?.name).toBe('Files 2');
    expect(await can('box:plans', 'owner', 'ada')).toBe(true);
    expect(await can('doc:plan', 'holder', 'ada')).toBe(true);
  });

  it('loses definitions and namespaces with their relations, but none that another names', async () => {
    expect((await authz().deleteRelationDefinition('editor', 'doc')).ok).toBe(true);
    expect((await authz().resourceRelations('plan')).data).toHaveLength(1);
    expect((await authz().deleteNamespace('folder')).error?.errorMessage).toContain('folder#owner');
    expect((await authz().deleteNamespace('doc')).ok).toBe(true);
    expect((await authz().deleteNamespace('folder')).ok).toBe(true);
    expect((await authz().deleteNamespace('folder')).error?.errorMessage).toContain('folder');
  });

  it('is one schema with that of fga, where the language can say it', async () => {
    expect((await bed.admin.management.fga.loadSchema()).error?.errorMessage).toContain('authz.loadSchema');
    const tuple = {
      resourceType: 'doc',
      resource: 'plan',
      relation: 'owner',
      targetType: 'user',
      target: 'ada',
    };
    expect((await bed.admin.management.fga.check([tuple])).data?.[0]?.allowed).toBe(true);
    const dsl = `model AuthZ 1.0
type user
type folder
  relation owner: user
type doc
  relation parent: folder
  relation viewer: user
  permission can_view: viewer | parent.owner
`;
    await bed.admin.management.fga.saveSchema({ dsl });
    const [, , doc] = (await authz().loadSchema()).data?.namespaces ?? [];
    expect(doc).toEqual({
      name: 'doc',
      relationDefinitions: [
        { name: 'parent' },
        { name: 'viewer' },
        {
          name: 'can_view',
          complexDefinition: union(child('targetSet', ['doc', 'viewer']), inherited('doc', 'owner')),
        },
      ],
    });
  });

  it.each([
    ['an unknown node', { nType: 'other' }, 'nType'],
    ['an unknown name', child('targetSet', ['doc', 'nothing']), 'doc#nothing'],
    ['nodes in nodes without end', nest(2000), 'too deeply'],
    ['a target set of another namespace', child('targetSet', ['org', 'member']), 'targetSet'],
  ])('with %s is refused', async (_what, complexDefinition, message) => {
    const definition = { name: 'new', complexDefinition: complexDefinition as Node };
    expect((await authz().saveRelationDefinition(definition, 'doc')).error?.errorMessage).toContain(message);
    expect((await authz().loadSchema()).data).toEqual(FILES);
  });
});

// node-sdk, `AuthzModified`; python-sdk, authz.py: for caches, what has changed since a time.
describe('What has changed', () => {
  it('is told since a time', async () => {
    bed.emulator.clock.advance(5 * 60 * 1000);
    const since = new Date(bed.emulator.clock.now());
    expect((await authz().getModified(since)).data).toEqual({
      resources: [],
      targets: [],
      schemaChanged: false,
    });
    await authz().createRelations([relation('doc:plan', 'editor', 'eve')]);
    await authz().deleteRelations([relation('folder:all', 'owner', 'ada')]);
    expect((await authz().getModified(since)).data).toEqual({
      resources: expect.arrayContaining(['plan', 'all']),
      targets: expect.arrayContaining(['eve', 'ada']),
      schemaChanged: false,
    });
    await authz().saveRelationDefinition({ name: 'guest' }, 'doc');
    expect((await authz().getModified(since)).data?.schemaChanged).toBe(true);
  });
});

// node-sdk, fga.ts: `FGAResourceDetails`.
describe('The details of resources', () => {
  it('are loaded for those that have any', async () => {
    const { fga } = bed.admin.management;
    const plan = { resourceId: 'plan', resourceType: 'doc' };
    await fga.saveResourcesDetails([{ ...plan, displayName: 'Plan' }]);
    await fga.saveResourcesDetails([{ ...plan, displayName: 'The plan' }]);
    const asked = [plan, { ...plan, resourceType: 'folder' }];
    expect((await fga.loadResourcesDetails(asked)).data).toEqual([{ ...plan, displayName: 'The plan' }]);
    bed.emulator.reset();
    expect((await fga.loadResourcesDetails(asked)).data).toEqual([]);
  });
});
