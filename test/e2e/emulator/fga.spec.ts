// The vendor's client manages and checks fine-grained authorization.
import { describe, expect, it } from '@jest/globals';
import { useEmulator } from '../../support/use-emulator.js';

// The example of node-sdk's README.
const SCHEMA = `model AuthZ 1.0

type user

type org
  relation member: user
  relation parent: org

type folder
  relation parent: folder
  relation owner: user | org#member
  relation editor: user
  relation viewer: user

  permission can_create: owner | parent.owner
  permission can_edit: editor | can_create
  permission can_view: viewer | can_edit

type doc
  relation parent: folder
  relation owner: user | org#member
  relation editor: user
  relation viewer: user

  permission can_create: owner | parent.owner
  permission can_edit: editor | can_create
  permission can_view: viewer | can_edit
`;

const bed = useEmulator({
  seed: { fga: { schema: SCHEMA, relations: [toTuple('doc:plan owner user:ada')] } },
});

/** `doc:plan owner user:ada` as the API takes it. */
function toTuple(text: string) {
  const [resource = '', relation = '', target = ''] = text.split(' ');
  const [resourceType = '', resourceId = ''] = resource.split(':');
  const [targetType = '', targetId = ''] = target.split(':');
  return { resourceType, resource: resourceId, relation, targetType, target: targetId };
}

const fga = () => bed.admin.management.fga;
const add = (...texts: string[]) => fga().createRelations(texts.map(toTuple));
const check = async (...texts: string[]) =>
  (await fga().check(texts.map(toTuple))).data?.map(({ allowed }) => allowed);

describe('a check', () => {
  it('answers each tuple, and says which it was', async () => {
    const tuples = ['doc:plan can_view user:ada', 'doc:plan can_view user:eve'].map(toTuple);
    expect((await fga().check(tuples)).data).toEqual([
      { allowed: true, tuple: tuples[0] },
      { allowed: false, tuple: tuples[1] },
    ]);
  });

  it('follows permissions through a parent', async () => {
    await add('doc:note parent folder:home', 'folder:home owner user:eve');
    expect(await check('doc:note can_edit user:eve', 'doc:note owner user:eve')).toEqual([true, false]);
  });

  it('follows sets of targets, however they are written', async () => {
    await add('org:acme member user:eve', 'doc:a owner org:acme#member', 'doc:b owner org#member:acme');
    await add('doc:c owner org:acme');
    const owners = ['a', 'b', 'c'].map((id) => `doc:${id} can_edit user:eve`);
    expect(await check(...owners, 'doc:a owner user:bob')).toEqual([true, true, true, false]);
  });

  it('ends where relations go in a circle', async () => {
    await add('folder:a parent folder:b', 'folder:b parent folder:a');
    expect(await check('folder:a can_view user:ada')).toEqual([false]);
  });

  it('is rejected when it asks what the schema does not know, or lacks a field', async () => {
    const rejected = await fga().check([toTuple('doc:plan can_fly user:ada')]);
    expect(rejected.error).toMatchObject({
      errorCode: 'E011003',
      errorMessage: expect.stringContaining('doc#can_fly'),
    });
    const lacking = await fga().check([{ resource: 'plan', relation: 'owner', target: 'ada' }]);
    expect(lacking.error?.errorCode).toBe('E011002');
  });

  it('needs the management key, meets faults and is counted', async () => {
    expect((await bed.sdk.management.fga.check([])).code).toBe(401);
    bed.emulator.faults.add({ path: '/v1/mgmt/fga/check', status: 429, times: 1 });
    expect((await fga().check([toTuple('doc:plan owner user:ada')])).code).toBe(429);
    expect(bed.emulator.requests.count('/v1/mgmt/fga/check')).toBe(2);
  });
});

describe('relations', () => {
  it('are added and deleted, alone or all', async () => {
    await add('doc:plan viewer user:eve', 'doc:plan viewer user:eve', 'doc:plan viewer user:bob');
    await fga().deleteRelations([toTuple('doc:plan viewer user:eve')]);
    const asked = ['doc:plan viewer user:eve', 'doc:plan viewer user:bob'];
    expect(await check(...asked)).toEqual([false, true]);
    await fga().deleteAllRelations();
    expect(await check(...asked)).toEqual([false, false]);
  });

  it('are added together or not at all', async () => {
    const rejected = await add('doc:plan viewer user:eve', 'doc:plan viewer org:acme');
    expect(rejected.error?.errorMessage).toContain('doc#viewer does not accept targets of the type org');
    expect(await check('doc:plan viewer user:eve')).toEqual([false]);
  });
});

describe('a schema', () => {
  it('is shown as it was saved', async () => {
    expect((await fga().loadSchema()).data).toEqual({ dsl: SCHEMA });
  });

  it('deletes with a relation what was related by it, and tells so beforehand', async () => {
    await add('doc:plan viewer user:eve');
    const dsl = `model AuthZ 1.0
      type user
      type doc
        relation owner: user
        relation viewer: user | doc#owner
        permission can_view: viewer | owner`;
    const { data } = await fga().dryRunSchema({ dsl });
    expect(data?.deletesPreview).toMatchObject({ hasDeletes: true, types: ['org', 'folder'] });
    expect(data?.deletesPreview?.relations).toContain('doc#viewer');
    expect((await fga().loadSchema()).data?.dsl).toBe(SCHEMA);
    await fga().saveSchema({ dsl });
    expect(await check('doc:plan viewer user:eve', 'doc:plan can_view user:ada')).toEqual([false, false]);
    expect((await fga().dryRunSchema({ dsl })).data?.deletesPreview?.hasDeletes).toBe(false);
  });

  it('is rejected with its mistake when it cannot be read, and the old one stays', async () => {
    const rejected = await fga().saveSchema({ dsl: 'model AuthZ 2.0' });
    expect(rejected.error?.errorMessage).toBe('A schema starts with: model AuthZ 1.0');
    expect(await check('doc:plan owner user:ada')).toEqual([true]);
  });

  it('is gone once it is deleted, and back after a reset', async () => {
    await fga().deleteSchema();
    expect((await fga().loadSchema()).data).toEqual({ dsl: '' });
    expect((await fga().check([toTuple('doc:plan owner user:ada')])).error?.errorMessage).toContain(
      'no authorization schema',
    );
    bed.emulator.reset();
    expect(await check('doc:plan owner user:ada')).toEqual([true]);
  });
});

describe('a check with a context', () => {
  const conditional = `model AuthZ 1.0

constraint Office:IpRange("10.0.0.0/8")

type user

type doc
  relation owner: user
  permission can_edit: owner with Office
`;
  const tuple = toTuple('doc:plan can_edit user:ada');
  const checkFrom = async (context?: object) => (await fga().checkWithContext([tuple], context)).data;

  it('is decided by the conditions of the schema, and says what they lack', async () => {
    await fga().saveSchema({ dsl: conditional });
    await add('doc:plan owner user:ada');
    const info = { conditional: true, missingContext: [], conditionalErr: '' };
    expect(await checkFrom({ ip: '10.1.2.3' })).toEqual([{ allowed: true, tuple, info }]);
    expect(await checkFrom({ ip: '192.168.1.1' })).toEqual([{ allowed: false, tuple, info }]);
    expect(await checkFrom()).toEqual([{ allowed: false, tuple, info: { ...info, missingContext: ['ip'] } }]);
    expect(await check('doc:plan can_edit user:ada')).toEqual([false]);
    expect(await checkFrom({ ip: 7 })).toMatchObject([
      { allowed: false, info: { conditionalErr: 'The value of ip is no string' } },
    ]);
  });

  it('ignores nothing, whatever the names of the values', async () => {
    const response = await bed.request('/v1/mgmt/fga/check', {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}` },
      body: JSON.stringify({
        tuples: [toTuple('doc:plan owner user:ada')],
        context: { ip: '::1', other: [1] },
      }),
    });
    expect([response.status, response.headers.get('x-emulator-ignored')]).toEqual([200, null]);
  });
});
