// Management of access keys and of applications: inbound, outbound and of single sign-on.
import type { World } from '../world.js';
import { ADA, define } from '../world.js';

async function keyId({ manage }: World): Promise<string> {
  return (await manage.accessKey.create('new', 0)).data?.key.id ?? '';
}

async function inboundId({ manage }: World): Promise<string> {
  return (await manage.inboundApplication.loadAllApplications()).data?.[0]?.id ?? '';
}

const INBOUND = { name: 'second', permissionsScopes: [{ name: 'orders:read', description: 'Reads' }] };
const SSO = { name: 'app', loginPageUrl: 'http://localhost:3000/login', id: 'app' };
const WS_FED = { ...SSO, realm: 'urn:app', replyUrl: 'http://localhost:3000/reply' };
const OUTBOUND = {
  ...{ name: 'Calendar', id: 'calendar', clientId: 'client', clientSecret: 'secret' },
  ...{ authorizationUrl: 'https://calendar.example/authorize', tokenUrl: 'https://calendar.example/token' },
};
const TOKEN = { appId: 'calendar', accessToken: 'token', refreshToken: 'refresh', scopes: ['read'] };

async function withSsoApp({ manage }: World) {
  await manage.ssoApplication.createOidcApplication(SSO);
  return manage.ssoApplication;
}

async function withOutbound({ manage }: World) {
  const userId = (await manage.user.load(ADA)).data?.userId ?? '';
  await manage.outboundApplication.createApplication(OUTBOUND);
  return { apps: manage.outboundApplication, userId };
}

async function withTokens(world: World) {
  const { apps, userId } = await withOutbound(world);
  await apps.uploadUserToken({ ...TOKEN, userId });
  await apps.uploadTenantToken({ ...TOKEN, tenantId: 'acme' });
  return { apps, userId };
}

/** The calls of `management.accessKey`, `inboundApplication`, `outboundApplication` and `ssoApplication`. */
export const applicationCalls = define({
  'management.accessKey.create': ({ manage }) => manage.accessKey.create('new', 0, ['admin']),
  'management.accessKey.load': async (world) => world.manage.accessKey.load(await keyId(world)),
  'management.accessKey.searchAll': ({ manage }) => manage.accessKey.searchAll(),
  'management.accessKey.update': async (world) => world.manage.accessKey.update(await keyId(world), 'other'),
  'management.accessKey.deactivate': async (world) => world.manage.accessKey.deactivate(await keyId(world)),
  'management.accessKey.deactivateBatch': async (world) =>
    world.manage.accessKey.deactivateBatch([await keyId(world)]),
  'management.accessKey.activate': async (world) => world.manage.accessKey.activate(await keyId(world)),
  'management.accessKey.activateBatch': async (world) =>
    world.manage.accessKey.activateBatch([await keyId(world)]),
  'management.accessKey.delete': async (world) => world.manage.accessKey.delete(await keyId(world)),
  'management.accessKey.deleteBatch': async (world) =>
    world.manage.accessKey.deleteBatch([await keyId(world)]),
  'management.accessKey.rotate': async (world) => world.manage.accessKey.rotate(await keyId(world)),
  'management.inboundApplication.createApplication': ({ manage }) =>
    manage.inboundApplication.createApplication(INBOUND),
  'management.inboundApplication.updateApplication': async (world) =>
    world.manage.inboundApplication.updateApplication({ ...INBOUND, id: await inboundId(world) }),
  'management.inboundApplication.patchApplication': async (world) =>
    world.manage.inboundApplication.patchApplication({ id: await inboundId(world), name: 'third' }),
  'management.inboundApplication.deleteApplication': async (world) =>
    world.manage.inboundApplication.deleteApplication(await inboundId(world)),
  'management.inboundApplication.deleteApplicationBatch': async (world) =>
    world.manage.inboundApplication.deleteApplicationBatch([await inboundId(world)]),
  'management.inboundApplication.loadApplication': async (world) =>
    world.manage.inboundApplication.loadApplication(await inboundId(world)),
  'management.inboundApplication.loadAllApplications': ({ manage }) =>
    manage.inboundApplication.loadAllApplications(),
  'management.inboundApplication.getApplicationSecret': async (world) =>
    world.manage.inboundApplication.getApplicationSecret(await inboundId(world)),
  'management.inboundApplication.rotateApplicationSecret': async (world) =>
    world.manage.inboundApplication.rotateApplicationSecret(await inboundId(world)),
  'management.inboundApplication.searchConsents': ({ manage }) => manage.inboundApplication.searchConsents(),
  'management.inboundApplication.deleteConsents': async (world) =>
    world.manage.inboundApplication.deleteConsents({ appId: await inboundId(world) }),
  'management.inboundApplication.deleteTenantConsents': ({ manage }) =>
    manage.inboundApplication.deleteTenantConsents({ tenantId: 'acme' }),
  'management.outboundApplication.createApplication': ({ manage }) =>
    manage.outboundApplication.createApplication(OUTBOUND),
  'management.outboundApplication.createApplicationByTemplate': ({ manage }) =>
    manage.outboundApplication.createApplicationByTemplate({ templateId: 'google-calendar' }),
  'management.outboundApplication.updateApplication': async (world) =>
    (await withOutbound(world)).apps.updateApplication({ ...OUTBOUND, name: 'Other' }),
  'management.outboundApplication.deleteApplication': async (world) =>
    (await withOutbound(world)).apps.deleteApplication('calendar'),
  'management.outboundApplication.loadApplication': async (world) =>
    (await withOutbound(world)).apps.loadApplication('calendar'),
  'management.outboundApplication.loadAllApplications': async (world) =>
    (await withOutbound(world)).apps.loadAllApplications(),
  'management.outboundApplication.fetchTokenByScopes': async (world) => {
    const { apps, userId } = await withTokens(world);
    return apps.fetchTokenByScopes('calendar', userId, ['read']);
  },
  'management.outboundApplication.fetchToken': async (world) => {
    const { apps, userId } = await withTokens(world);
    return apps.fetchToken('calendar', userId);
  },
  'management.outboundApplication.fetchTenantTokenByScopes': async (world) =>
    (await withTokens(world)).apps.fetchTenantTokenByScopes('calendar', 'acme', ['read']),
  'management.outboundApplication.fetchTenantToken': async (world) =>
    (await withTokens(world)).apps.fetchTenantToken('calendar', 'acme'),
  'management.outboundApplication.deleteUserTokens': async (world) => {
    const { apps, userId } = await withTokens(world);
    return apps.deleteUserTokens('calendar', userId);
  },
  'management.outboundApplication.deleteTokenById': async (world) => {
    const { apps, userId } = await withTokens(world);
    const { data } = await apps.fetchToken('calendar', userId);
    return apps.deleteTokenById(data?.id ?? 'unknown');
  },
  'management.outboundApplication.listAppsWithUserToken': async (world) => {
    const { apps, userId } = await withTokens(world);
    return apps.listAppsWithUserToken(userId);
  },
  'management.outboundApplication.uploadUserApiKey': async (world) => {
    const { apps, userId } = await withOutbound(world);
    return apps.uploadUserApiKey('calendar', userId, 'key');
  },
  'management.outboundApplication.uploadTenantApiKey': async (world) =>
    (await withOutbound(world)).apps.uploadTenantApiKey('calendar', 'acme', 'key'),
  'management.outboundApplication.uploadUserToken': async (world) => {
    const { apps, userId } = await withOutbound(world);
    return apps.uploadUserToken({ ...TOKEN, userId });
  },
  'management.outboundApplication.uploadTenantToken': async (world) =>
    (await withOutbound(world)).apps.uploadTenantToken({ ...TOKEN, tenantId: 'acme' }),
  'management.outboundApplication.batchUploadUserTokens': async (world) => {
    const { apps, userId } = await withOutbound(world);
    return apps.batchUploadUserTokens([{ ...TOKEN, userId }]);
  },
  'management.outboundApplication.batchUploadTenantTokens': async (world) =>
    (await withOutbound(world)).apps.batchUploadTenantTokens([{ ...TOKEN, tenantId: 'acme' }]),
  'management.ssoApplication.createOidcApplication': ({ manage }) =>
    manage.ssoApplication.createOidcApplication(SSO),
  'management.ssoApplication.createSamlApplication': ({ manage }) =>
    manage.ssoApplication.createSamlApplication(SSO),
  'management.ssoApplication.createWsFedApplication': ({ manage }) =>
    manage.ssoApplication.createWsFedApplication(WS_FED),
  'management.ssoApplication.updateOidcApplication': async (world) =>
    (await withSsoApp(world)).updateOidcApplication(SSO),
  'management.ssoApplication.updateSamlApplication': async (world) => {
    await world.manage.ssoApplication.createSamlApplication(SSO);
    return world.manage.ssoApplication.updateSamlApplication(SSO);
  },
  'management.ssoApplication.updateWsFedApplication': async (world) => {
    await world.manage.ssoApplication.createWsFedApplication(WS_FED);
    return world.manage.ssoApplication.updateWsFedApplication(WS_FED);
  },
  'management.ssoApplication.delete': async (world) => (await withSsoApp(world)).delete('app'),
  'management.ssoApplication.load': async (world) => (await withSsoApp(world)).load('app'),
  'management.ssoApplication.loadAll': async (world) => (await withSsoApp(world)).loadAll(),
  'management.ssoApplication.getApplicationSecret': async (world) =>
    (await withSsoApp(world)).getApplicationSecret('app'),
  'management.ssoApplication.rotateApplicationSecret': async (world) =>
    (await withSsoApp(world)).rotateApplicationSecret('app'),
});
