// The vendor's client names a project, and lists those that its management key opens.
import { describe, expect, it } from '@jest/globals';
import { createSdk } from '../../support/node-sdk.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();

describe('A project', () => {
  // node-sdk, project.test.ts and `Project`.
  it('has a name and tags, until a reset', async () => {
    const { project } = bed.admin.management;
    const id = bed.emulator.projectId;
    await project.updateName('Shop');
    await project.updateTags(['test', 'eu']);
    expect((await project.listProjects()).data).toEqual([{ id, name: 'Shop', tags: ['test', 'eu'] }]);
    bed.emulator.reset();
    expect((await project.listProjects()).data).toEqual([{ id, name: 'Emulator', tags: [] }]);
  });

  it('is listed with the others of its management key, until they are closed', async () => {
    const same = await bed.emulator.createProject({ algorithm: 'ES384' });
    const other = await bed.emulator.createProject({ algorithm: 'ES384', managementKey: 'K2other' });
    await createSdk(same, 'management').management.project.updateName('Second');
    const list = async () =>
      (await bed.admin.management.project.listProjects()).data?.map(({ name }) => name);
    expect(await list()).toEqual(['Emulator', 'Second']);
    const { data } = await createSdk(other, 'management').management.project.listProjects();
    expect(data?.map(({ id }) => id)).toEqual([other.projectId]);
    await same.close();
    expect(await list()).toEqual(['Emulator']);
    await other.close();
  });
});
