// Management of roles and permissions, and of fine-grained authorization.
import type { World } from '../world.js';
import { define } from '../world.js';

async function roleId({ manage }: World): Promise<string> {
  return (await manage.role.loadAll()).data?.find(({ name }) => name === 'editor')?.id ?? 'editor';
}

// The client's type of a permission has no id.
async function permissionId({ manage }: World): Promise<string> {
  await manage.permission.create('read');
  const { data } = await manage.permission.loadAll();
  const found = data?.find(({ name }) => name === 'read') as unknown as { readonly id?: string } | undefined;
  return found?.id ?? 'read';
}

const NAMESPACE = { name: 'doc', relationDefinitions: [{ name: 'owner' }, { name: 'viewer' }] };
const SCHEMA = { name: 'coverage', namespaces: [NAMESPACE] };
const RELATION = { resource: 'plan', relationDefinition: 'owner', namespace: 'doc', target: 'U2ada' };
const DSL = { dsl: 'model AuthZ 1.0 type user type doc relation owner: user permission can_edit: owner' };
const TUPLE = {
  ...{ resource: 'plan', resourceType: 'doc', relation: 'owner', target: 'U2ada', targetType: 'user' },
};
const DETAILS = { resourceId: 'plan', resourceType: 'doc', displayName: 'The plan' };

async function withSchema({ manage }: World) {
  await manage.authz.saveSchema(SCHEMA, true);
  await manage.authz.createRelations([RELATION]);
  return manage.authz;
}

async function withFga({ manage }: World) {
  await manage.fga.saveSchema(DSL);
  await manage.fga.createRelations([TUPLE]);
  return manage.fga;
}

/** The calls of `management.role`, `permission`, `authz` and `fga`. */
export const authorizationCalls = define({
  'management.permission.create': ({ manage }) => manage.permission.create('read', 'Reads'),
  'management.permission.createBatch': ({ manage }) =>
    manage.permission.createBatch([{ name: 'read', systemDefault: false }]),
  'management.permission.update': ({ manage }) => manage.permission.update('write', 'edit'),
  'management.permission.updateWithId': async (world) =>
    world.manage.permission.updateWithId(await permissionId(world), 'edit'),
  'management.permission.updateBatch': async (world) =>
    world.manage.permission.updateBatch([{ id: await permissionId(world), newName: 'edit' }]),
  'management.permission.delete': ({ manage }) => manage.permission.delete('write'),
  'management.permission.deleteWithId': async (world) =>
    world.manage.permission.deleteWithId(await permissionId(world)),
  'management.permission.deleteBatch': ({ manage }) => manage.permission.deleteBatch(['write']),
  'management.permission.loadAll': ({ manage }) => manage.permission.loadAll(),
  'management.role.create': ({ manage }) => manage.role.create('reader', 'Reads', ['write']),
  'management.role.createBatch': ({ manage }) =>
    manage.role.createBatch([{ name: 'reader', permissionNames: ['write'], createdTime: 0 }]),
  'management.role.update': ({ manage }) => manage.role.update('editor', 'author', 'Writes', ['write']),
  'management.role.updateWithId': async (world) =>
    world.manage.role.updateWithId(await roleId(world), 'author'),
  'management.role.updateBatch': async (world) =>
    world.manage.role.updateBatch([{ id: await roleId(world), newName: 'author' }]),
  'management.role.delete': ({ manage }) => manage.role.delete('editor'),
  'management.role.deleteWithId': async (world) => world.manage.role.deleteWithId(await roleId(world)),
  'management.role.deleteBatch': ({ manage }) => manage.role.deleteBatch(['editor']),
  'management.role.loadAll': ({ manage }) => manage.role.loadAll(),
  'management.role.search': ({ manage }) => manage.role.search({ roleNames: ['admin'] }),
  'management.authz.saveSchema': ({ manage }) => manage.authz.saveSchema(SCHEMA, true),
  'management.authz.deleteSchema': async (world) => (await withSchema(world)).deleteSchema(),
  'management.authz.loadSchema': async (world) => (await withSchema(world)).loadSchema(),
  'management.authz.saveNamespace': async (world) =>
    (await withSchema(world)).saveNamespace({ name: 'folder', relationDefinitions: [{ name: 'owner' }] }),
  'management.authz.deleteNamespace': async (world) => (await withSchema(world)).deleteNamespace('doc'),
  'management.authz.saveRelationDefinition': async (world) =>
    (await withSchema(world)).saveRelationDefinition({ name: 'editor' }, 'doc'),
  'management.authz.deleteRelationDefinition': async (world) =>
    (await withSchema(world)).deleteRelationDefinition('viewer', 'doc'),
  'management.authz.createRelations': async (world) =>
    (await withSchema(world)).createRelations([{ ...RELATION, relationDefinition: 'viewer' }]),
  'management.authz.deleteRelations': async (world) => (await withSchema(world)).deleteRelations([RELATION]),
  'management.authz.deleteRelationsForResources': async (world) =>
    (await withSchema(world)).deleteRelationsForResources(['plan']),
  'management.authz.deleteResourceRelationsForResources': async (world) =>
    (await withSchema(world)).deleteResourceRelationsForResources(['plan']),
  'management.authz.deleteRelationsForIds': async (world) =>
    (await withSchema(world)).deleteRelationsForIds(['plan']),
  'management.authz.hasRelations': async (world) => (await withSchema(world)).hasRelations([RELATION]),
  'management.authz.whoCanAccess': async (world) =>
    (await withSchema(world)).whoCanAccess('plan', 'owner', 'doc'),
  'management.authz.resourceRelations': async (world) => (await withSchema(world)).resourceRelations('plan'),
  'management.authz.resourceRelationsWithTargetSetsFilter': async (world) =>
    (await withSchema(world)).resourceRelationsWithTargetSetsFilter('plan', true),
  'management.authz.targetsRelations': async (world) => (await withSchema(world)).targetsRelations(['U2ada']),
  'management.authz.targetsRelationsWithTargetSetsFilter': async (world) =>
    (await withSchema(world)).targetsRelationsWithTargetSetsFilter(['U2ada'], true),
  'management.authz.whatCanTargetAccess': async (world) =>
    (await withSchema(world)).whatCanTargetAccess('U2ada'),
  'management.authz.whatCanTargetAccessWithRelation': async (world) =>
    (await withSchema(world)).whatCanTargetAccessWithRelation('U2ada', 'owner', 'doc'),
  'management.authz.getModified': async (world) =>
    (await withSchema(world)).getModified(new Date(Date.now() - 3_600_000)),
  'management.fga.saveSchema': ({ manage }) => manage.fga.saveSchema(DSL),
  'management.fga.loadSchema': async (world) => (await withFga(world)).loadSchema(),
  'management.fga.dryRunSchema': async (world) => (await withFga(world)).dryRunSchema(DSL),
  'management.fga.deleteSchema': async (world) => (await withFga(world)).deleteSchema(),
  'management.fga.createRelations': async (world) => (await withFga(world)).createRelations([TUPLE]),
  'management.fga.deleteRelations': async (world) => (await withFga(world)).deleteRelations([TUPLE]),
  'management.fga.deleteAllRelations': async (world) => (await withFga(world)).deleteAllRelations(),
  'management.fga.check': async (world) => (await withFga(world)).check([TUPLE]),
  'management.fga.checkWithContext': async (world) =>
    (await withFga(world)).checkWithContext([TUPLE], { ip: '10.1.2.3' }),
  'management.fga.loadResourcesDetails': async (world) =>
    (await withFga(world)).loadResourcesDetails([{ resourceId: 'plan', resourceType: 'doc' }]),
  'management.fga.saveResourcesDetails': async (world) =>
    (await withFga(world)).saveResourcesDetails([DETAILS]),
  'management.fga.loadMappableSchema': async (world) => (await withFga(world)).loadMappableSchema('acme'),
  'management.fga.searchMappableResources': async (world) =>
    (await withFga(world)).searchMappableResources('acme', [{ type: 'doc', queries: ['plan'] }]),
});
