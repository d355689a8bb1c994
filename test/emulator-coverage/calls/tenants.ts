// Management of tenants, their sign-in with SSO, their groups and their password policy.
import type { World } from '../world.js';
import { ADA, define } from '../world.js';

const REDIRECT = 'http://localhost:3000/signed-in';
const OIDC = {
  name: 'provider',
  clientId: 'client',
  clientSecret: 'secret',
  authUrl: 'https://idp.example/authorize',
  tokenUrl: 'https://idp.example/token',
  userDataUrl: 'https://idp.example/userinfo',
  scope: ['openid', 'email'],
  attributeMapping: { loginId: 'email', email: 'email' },
};
const SAML = {
  idpUrl: 'https://idp.example/sso',
  idpCert: 'certificate',
  entityId: 'entity',
  roleMappings: [{ groups: ['staff'], roleName: 'editor' }],
  attributeMapping: { email: 'email', group: 'groups' },
};
const POLICY = {
  ...{ enabled: true, minLength: 9, lowercase: true, uppercase: true, number: true, nonAlphaNumeric: false },
  ...{ expiration: false, expirationWeeks: 4, reuse: false, reuseAmount: 1, lock: false, lockAttempts: 3 },
};

async function withSaml({ manage }: World): Promise<void> {
  await manage.sso.configureSAMLSettings('acme', SAML, REDIRECT, ['acme.example']);
}

/** The calls of `management.tenant`, `sso`, `group` and `password`. */
export const tenantCalls = define({
  'management.tenant.create': ({ manage }) => manage.tenant.create('Globex'),
  'management.tenant.createWithId': ({ manage }) => manage.tenant.createWithId('globex', 'Globex'),
  'management.tenant.update': ({ manage }) => manage.tenant.update('acme', 'Acme Inc.', ['acme.example']),
  'management.tenant.updateDefaultRoles': ({ manage }) =>
    manage.tenant.updateDefaultRoles('acme', ['editor']),
  'management.tenant.delete': ({ manage }) => manage.tenant.delete('acme'),
  'management.tenant.load': ({ manage }) => manage.tenant.load('acme'),
  'management.tenant.loadAll': ({ manage }) => manage.tenant.loadAll(),
  'management.tenant.searchAll': ({ manage }) => manage.tenant.searchAll(['acme']),
  'management.tenant.getSettings': ({ manage }) => manage.tenant.getSettings('acme'),
  'management.tenant.configureSettings': ({ manage }) =>
    manage.tenant.configureSettings('acme', {
      selfProvisioningDomains: ['acme.example'],
      enabled: true,
      sessionTokenExpiration: 20,
      sessionTokenExpirationUnit: 'minutes',
    }),
  'management.tenant.generateSSOConfigurationLink': ({ manage }) =>
    manage.tenant.generateSSOConfigurationLink('acme', 3600),
  'management.tenant.revokeSSOConfigurationLink': ({ manage }) =>
    manage.tenant.revokeSSOConfigurationLink('acme'),
  'management.sso.getSettings': ({ manage }) => manage.sso.getSettings('acme'),
  'management.sso.newSettings': ({ manage }) => manage.sso.newSettings('acme', 'second', 'Second'),
  'management.sso.deleteSettings': async (world) => {
    await withSaml(world);
    return world.manage.sso.deleteSettings('acme');
  },
  'management.sso.configureSettings': ({ manage }) =>
    manage.sso.configureSettings('acme', SAML.idpUrl, SAML.idpCert, SAML.entityId, REDIRECT, [
      'acme.example',
    ]),
  'management.sso.configureMetadata': ({ manage }) =>
    manage.sso.configureMetadata('acme', 'https://idp.example/metadata', REDIRECT, ['acme.example']),
  'management.sso.configureMapping': async (world) => {
    await withSaml(world);
    return world.manage.sso.configureMapping('acme', SAML.roleMappings, { email: 'email' });
  },
  'management.sso.configureOIDCSettings': ({ manage }) => manage.sso.configureOIDCSettings('acme', OIDC),
  'management.sso.configureSAMLSettings': ({ manage }) => manage.sso.configureSAMLSettings('acme', SAML),
  'management.sso.configureSAMLByMetadata': ({ manage }) =>
    manage.sso.configureSAMLByMetadata('acme', { idpMetadataUrl: 'https://idp.example/metadata' }),
  'management.sso.configureSSORedirectURL': async (world) => {
    await withSaml(world);
    return world.manage.sso.configureSSORedirectURL('acme', REDIRECT);
  },
  'management.sso.recalculateSSOMappings': async (world) => {
    await withSaml(world);
    return world.manage.sso.recalculateSSOMappings('acme');
  },
  'management.sso.loadSettings': async (world) => {
    await withSaml(world);
    return world.manage.sso.loadSettings('acme');
  },
  'management.sso.loadAllSettings': async (world) => {
    await withSaml(world);
    return world.manage.sso.loadAllSettings('acme');
  },
  'management.group.loadAllGroups': ({ manage }) => manage.group.loadAllGroups('acme'),
  'management.group.loadAllGroupsForMember': ({ manage }) =>
    manage.group.loadAllGroupsForMember('acme', [], [ADA]),
  'management.group.loadAllGroupMembers': ({ manage }) => manage.group.loadAllGroupMembers('acme', 'staff'),
  'management.password.getSettings': ({ manage }) => manage.password.getSettings(''),
  'management.password.configureSettings': ({ manage }) => manage.password.configureSettings('', POLICY),
});
