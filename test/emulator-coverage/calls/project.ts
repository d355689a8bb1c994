// Management of the project: its tokens, flows, templates, lists, audit trail, and who manages it.
import type { World } from '../world.js';
import { ADA, define, signIn } from '../world.js';

const TEMPLATE = { name: 'With email', template: { email: '{{user.email}}' }, type: 'user' };
const MAPPINGS = [{ scope: 'profile', claims: { name: 'user.name' } }];

async function listId({ manage }: World, type: 'texts' | 'ips'): Promise<string> {
  const data = type === 'ips' ? ['10.0.0.1'] : ['spam'];
  return (await manage.list.create({ name: 'blocked', type, data })).data?.id ?? '';
}

async function templateId({ manage }: World): Promise<string> {
  return (await manage.jwtTemplate.create(TEMPLATE)).data?.id ?? '';
}

async function descoperId({ manage }: World): Promise<string> {
  const { data } = await manage.descoper.create([{ loginId: 'dev@example.com' }]);
  return data?.descopers[0]?.id ?? '';
}

async function managementKeyId({ manage }: World): Promise<string> {
  return (
    (await manage.managementKey.create('ci', { companyRoles: ['company-full-access'] })).data?.key.id ?? ''
  );
}

async function engineId({ manage }: World): Promise<string> {
  return (await manage.engine.create('engine')).data?.id ?? '';
}

/** The calls of `management.jwt`, `project`, `flow`, `theme`, `audit`, `analytics`, `list` and the like. */
export const projectCalls = define({
  'management.jwt.update': async (world) =>
    world.manage.jwt.update((await signIn(world)).sessionJwt, { plan: 'pro' }),
  'management.jwt.impersonate': ({ manage }) => manage.jwt.impersonate('tester', ADA, false),
  'management.jwt.impersonateStepup': ({ manage }) => manage.jwt.impersonateStepup('tester', ADA, false),
  'management.jwt.stopImpersonation': async ({ manage }) => {
    const { data } = await manage.jwt.impersonate('tester', ADA, false);
    return manage.jwt.stopImpersonation(data?.jwt ?? '');
  },
  'management.jwt.signIn': ({ manage }) => manage.jwt.signIn(ADA),
  'management.jwt.signUp': ({ manage }) => manage.jwt.signUp('new@example.com'),
  'management.jwt.signUpOrIn': ({ manage }) => manage.jwt.signUpOrIn('new@example.com'),
  'management.jwt.anonymous': ({ manage }) => manage.jwt.anonymous({ plan: 'free' }),
  'management.jwt.generateClientAssertionJwt': ({ manage }) =>
    manage.jwt.generateClientAssertionJwt('issuer', 'subject', ['audience'], 300),
  'management.project.updateName': ({ manage }) => manage.project.updateName('Orders'),
  'management.project.updateTags': ({ manage }) => manage.project.updateTags(['eu']),
  'management.project.delete': ({ manage }) => manage.project.delete(),
  'management.project.clone': ({ manage }) => manage.project.clone('Copy'),
  'management.project.listProjects': ({ manage }) => manage.project.listProjects(),
  'management.project.exportSnapshot': ({ manage }) => manage.project.exportSnapshot(),
  'management.project.importSnapshot': ({ manage }) => manage.project.importSnapshot({ files: {} }),
  'management.project.validateSnapshot': ({ manage }) => manage.project.validateSnapshot({ files: {} }),
  'management.project.export': ({ manage }) => manage.project.export(),
  'management.project.import': ({ manage }) => manage.project.import({}),
  'management.flow.list': ({ manage }) => manage.flow.list(),
  'management.flow.delete': ({ manage }) => manage.flow.delete(['sign-up-or-in']),
  'management.flow.export': ({ manage }) => manage.flow.export('sign-up-or-in'),
  'management.flow.import': ({ manage }) =>
    manage.flow.import('other', { id: 'other', name: 'Other', dsl: {}, disabled: false }, []),
  'management.flow.run': ({ manage }) => manage.flow.run('sign-up-or-in'),
  'management.theme.export': ({ manage }) => manage.theme.export(),
  'management.theme.import': async ({ manage }) => {
    const { data } = await manage.theme.export();
    return manage.theme.import(data?.theme ?? { id: 'theme' });
  },
  'management.audit.search': async (world) => {
    await world.manage.user.create('new@example.com');
    return world.manage.audit.search({});
  },
  'management.audit.searchAll': async (world) => {
    await world.manage.user.create('new@example.com');
    return world.manage.audit.searchAll({});
  },
  'management.audit.createEvent': ({ manage }) =>
    manage.audit.createEvent({ action: 'Paid', type: 'info', actorId: 'batch', tenantId: 'acme' }),
  'management.audit.createAuditWebhook': ({ manage }) =>
    manage.audit.createAuditWebhook({ name: 'hook', url: 'http://127.0.0.1:9/hook' }),
  'management.analytics.search': ({ manage }) => manage.analytics.search({}),
  'management.list.create': ({ manage }) =>
    manage.list.create({ name: 'blocked', type: 'texts', data: ['spam'] }),
  'management.list.update': async (world) =>
    world.manage.list.update(await listId(world, 'texts'), { name: 'other', type: 'texts', data: ['ham'] }),
  'management.list.delete': async (world) => world.manage.list.delete(await listId(world, 'texts')),
  'management.list.load': async (world) => world.manage.list.load(await listId(world, 'texts')),
  'management.list.loadByName': async (world) => {
    await listId(world, 'texts');
    return world.manage.list.loadByName('blocked');
  },
  'management.list.loadAll': async (world) => {
    await listId(world, 'texts');
    return world.manage.list.loadAll();
  },
  'management.list.import': ({ manage }) =>
    manage.list.import([{ id: 'LS1', name: 'imported', type: 'texts', data: ['spam'] }]),
  'management.list.addIPs': async (world) =>
    world.manage.list.addIPs(await listId(world, 'ips'), ['10.0.0.2']),
  'management.list.removeIPs': async (world) =>
    world.manage.list.removeIPs(await listId(world, 'ips'), ['10.0.0.1']),
  'management.list.checkIP': async (world) =>
    world.manage.list.checkIP(await listId(world, 'ips'), '10.0.0.1'),
  'management.list.addTexts': async (world) =>
    world.manage.list.addTexts(await listId(world, 'texts'), ['ham']),
  'management.list.removeTexts': async (world) =>
    world.manage.list.removeTexts(await listId(world, 'texts'), ['spam']),
  'management.list.checkText': async (world) =>
    world.manage.list.checkText(await listId(world, 'texts'), 'spam'),
  'management.list.clear': async (world) => world.manage.list.clear(await listId(world, 'texts')),
  'management.jwtTemplate.create': ({ manage }) => manage.jwtTemplate.create(TEMPLATE),
  'management.jwtTemplate.update': async (world) =>
    world.manage.jwtTemplate.update({ ...TEMPLATE, id: await templateId(world) }),
  'management.jwtTemplate.delete': async (world) => world.manage.jwtTemplate.delete(await templateId(world)),
  'management.jwtTemplate.list': async (world) => {
    await templateId(world);
    return world.manage.jwtTemplate.list();
  },
  'management.jwtTemplate.load': async (world) => world.manage.jwtTemplate.load(await templateId(world)),
  'management.jwtTemplate.validate': async (world) =>
    world.manage.jwtTemplate.validate(await templateId(world), TEMPLATE),
  'management.jwtTemplate.listLibrary': ({ manage }) => manage.jwtTemplate.listLibrary(),
  'management.jwtTemplate.loadLibraryEntry': ({ manage }) => manage.jwtTemplate.loadLibraryEntry('entry'),
  'management.jwtTemplate.applyFromLibrary': ({ manage }) =>
    manage.jwtTemplate.applyFromLibrary({ libraryEntryId: 'entry' }),
  'management.scopeClaimMapping.get': ({ manage }) => manage.scopeClaimMapping.get(),
  'management.scopeClaimMapping.set': ({ manage }) => manage.scopeClaimMapping.set(MAPPINGS),
  'management.scopeClaimMapping.delete': ({ manage }) => manage.scopeClaimMapping.delete(),
  'management.descoper.create': ({ manage }) => manage.descoper.create([{ loginId: 'dev@example.com' }]),
  'management.descoper.update': async (world) => world.manage.descoper.update(await descoperId(world), {}),
  'management.descoper.load': async (world) => world.manage.descoper.load(await descoperId(world)),
  'management.descoper.delete': async (world) => world.manage.descoper.delete(await descoperId(world)),
  'management.descoper.list': ({ manage }) => manage.descoper.list(),
  'management.managementKey.create': ({ manage }) =>
    manage.managementKey.create('ci', { companyRoles: ['company-full-access'] }),
  'management.managementKey.update': async (world) =>
    world.manage.managementKey.update(await managementKeyId(world), 'ci', 'For CI', 'inactive'),
  'management.managementKey.delete': async (world) =>
    world.manage.managementKey.delete([await managementKeyId(world)]),
  'management.managementKey.load': async (world) =>
    world.manage.managementKey.load(await managementKeyId(world)),
  'management.managementKey.search': ({ manage }) => manage.managementKey.search(),
  'management.engine.create': ({ manage }) => manage.engine.create('engine'),
  'management.engine.update': async (world) => world.manage.engine.update(await engineId(world), 'other'),
  'management.engine.delete': async (world) => world.manage.engine.delete(await engineId(world)),
  'management.engine.load': async (world) => world.manage.engine.load(await engineId(world)),
  'management.engine.loadAll': ({ manage }) => manage.engine.loadAll(),
  'management.engine.rotateSecret': async (world) => world.manage.engine.rotateSecret(await engineId(world)),
});
