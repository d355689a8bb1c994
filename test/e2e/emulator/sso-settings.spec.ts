// Management of tenants' SSO with the vendor's client: what is set is returned, and acts at the sign-in.
import { beforeEach, describe, expect, it } from '@jest/globals';
import { answerProvider, codeOf } from '../../support/provider-page.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { tenants: [{ id: 'acme', name: 'Acme' }] } });
const APP = 'https://app.example.com/sso';
const IDP = { idpUrl: 'https://idp.example/sso', idpCert: 'cert', entityId: 'entity' };

const sso = () => bed.admin.management.sso;
beforeEach(async () => {
  for (const role of ['Staff', 'Boss']) await bed.admin.management.role.create(role);
});

async function signIn(person: Readonly<Record<string, string>>, ssoId?: string) {
  const { data } = await bed.sdk.sso.start('acme', APP, undefined, undefined, ssoId);
  const back = await answerProvider(data?.url ?? '', { email: 'ada@acme.com', ...person });
  return (await bed.sdk.sso.exchange(codeOf(back))).data;
}

describe('SSO settings', () => {
  // python-sdk, tests/e2e/management/test_sso.py: what a new tenant has, and the names of the service provider.
  it('are empty at first, in both forms', async () => {
    const { data } = await sso().getSettings('acme');
    expect(data).toMatchObject({
      tenantId: 'acme',
      idpEntityId: '',
      idpSSOUrl: '',
      idpCertificate: '',
      idpMetadataUrl: '',
      spEntityId: `${bed.emulator.projectId}-acme`,
      groupsMapping: [],
      domains: [],
      domain: '',
    });
    expect(data?.spACSUrl).toContain(`projectId=${bed.emulator.projectId}&tenantId=acme`);
    expect(data?.userMapping).toMatchObject({
      name: 'name',
      email: 'email',
      phoneNumber: 'phone',
      username: '',
    });
    const loaded = (await sso().loadSettings('acme')).data;
    expect(loaded).toMatchObject({ tenant: { id: 'acme', authType: 'none' }, oidc: { clientId: '' } });
  });

  it('of SAML are returned, show in the tenant, and act', async () => {
    const attributeMapping = {
      name: 'displayName',
      email: 'mail',
      group: 'memberOf',
      customAttributes: { team: 'department' },
    };
    const roleMappings = [{ groups: ['staff'], roleName: 'Staff' }];
    const settings = { ...IDP, attributeMapping, roleMappings, defaultSSORoles: ['Boss'] };
    await sso().configureSAMLSettings('acme', settings, 'https://app.example.com/default', ['acme.com']);
    const { data } = await sso().loadSettings('acme');
    expect(data).toMatchObject({
      tenant: { authType: 'saml', domains: ['acme.com'] },
      saml: {
        idpSSOUrl: IDP.idpUrl,
        idpCertificate: 'cert',
        idpEntityId: 'entity',
        attributeMapping,
        groupsMapping: [{ roleName: 'Staff', groups: ['staff'] }],
        defaultSSORoles: ['Boss'],
        redirectUrl: 'https://app.example.com/default',
      },
    });
    const attributes = JSON.stringify({ department: 'Research' });
    const signedIn = await signIn({ name: 'Ada', groups: 'staff', attributes });
    expect(signedIn).toMatchObject({
      user: {
        name: 'Ada',
        customAttributes: { team: 'Research' },
        userTenants: [{ roleNames: ['Boss', 'Staff'] }],
      },
      idpResponse: { idpSAMLAttributes: { displayName: 'Ada', mail: 'ada@acme.com', memberOf: ['staff'] } },
    });
  });

  it('of OpenID Connect are returned without the secret, replace SAML, and act', async () => {
    await sso().configureSAMLSettings('acme', IDP);
    await sso().configureOIDCSettings('acme', {
      name: 'idp',
      clientId: 'client',
      clientSecret: 'secret',
      authUrl: 'https://idp.example/auth',
      scope: ['openid'],
      attributeMapping: { loginId: 'sub', name: 'nick', email: 'email' },
      roleMappings: [{ roleName: 'Staff', groups: ['g'] }],
    });
    const { data } = await sso().loadSettings('acme');
    expect(data).toMatchObject({
      tenant: { authType: 'oidc' },
      saml: { idpSSOUrl: '' },
      oidc: {
        name: 'idp',
        clientId: 'client',
        clientSecret: '',
        authUrl: 'https://idp.example/auth',
        scope: ['openid'],
        attributeMapping: { loginId: 'sub', name: 'nick', email: 'email' },
      },
    });
    const attributes = JSON.stringify({ sub: 'person-1', nick: 'Countess' });
    expect(await signIn({ groups: 'g', attributes })).toMatchObject({
      user: { loginIds: ['person-1'], name: 'Countess', userTenants: [{ roleNames: ['Staff'] }] },
      idpResponse: { idpGroups: ['g'], idpOIDCClaims: { sub: 'person-1', email_verified: true } },
    });
  });

  it('by metadata, and the redirect URL, are returned', async () => {
    const metadata = { idpMetadataUrl: 'https://idp.example/metadata', entityId: 'e' };
    await sso().configureSAMLByMetadata('acme', metadata, APP, ['a.com']);
    await sso().configureSSORedirectURL('acme', 'https://saml.example/back', 'https://oidc.example/back');
    const { data } = await sso().loadSettings('acme');
    expect(data?.saml).toMatchObject({
      idpMetadataUrl: metadata.idpMetadataUrl,
      idpEntityId: 'e',
      redirectUrl: 'https://saml.example/back',
    });
    expect(data?.oidc?.redirectUrl).toBe('https://oidc.example/back');
  });

  // python-sdk, tests/e2e/management/test_sso.py, in its order.
  it('are changed and deleted by the older calls', async () => {
    await sso().configureSettings('acme', 'http://idpURL', 'mycert', 'entity', 'https://redirect', [
      'domain.com',
    ]);
    expect((await sso().getSettings('acme')).data).toMatchObject({
      idpSSOUrl: 'http://idpURL',
      domain: 'domain.com',
    });
    await sso().configureMetadata('acme', 'http://metadata', '', ['domain2.com']);
    await sso().configureMapping('acme', [{ groups: ['a'], roleName: 'Tenant Admin' }], { name: 'MyName' });
    expect((await sso().getSettings('acme')).data).toMatchObject({
      idpMetadataUrl: 'http://metadata',
      idpSSOUrl: '',
      redirectUrl: 'https://redirect',
      domain: 'domain2.com',
      userMapping: { name: 'MyName', email: '', phoneNumber: '' },
      groupsMapping: [{ role: { name: 'Tenant Admin' }, groups: ['a'] }],
    });
    await sso().deleteSettings('acme');
    expect((await sso().getSettings('acme')).data).toMatchObject({ idpMetadataUrl: '', groupsMapping: [] });
  });

  it('are several for a tenant, by their ids', async () => {
    const made = await sso().newSettings('acme', 'second', 'Second');
    expect(made.data).toMatchObject({ ssoId: 'second', tenant: { id: 'acme' } });
    expect((await sso().newSettings('acme', 'second', 'Again')).ok).toBe(false);
    await sso().configureSAMLSettings('acme', IDP, APP, ['second.com'], 'second');
    const all = (await sso().loadAllSettings('acme')).data;
    expect(all?.map(({ ssoId }) => ssoId)).toEqual(['', 'second']);
    const signedIn = await signIn({ email: 'x@second.com' }, 'second');
    expect(signedIn?.user?.userTenants).toMatchObject([{ tenantId: 'acme' }]);
    await sso().deleteSettings('acme', 'second');
    expect((await sso().loadSettings('acme', 'second')).ok).toBe(false);
  });

  it('that change are applied to earlier users by a recalculation', async () => {
    await sso().configureSAMLSettings('acme', {
      ...IDP,
      roleMappings: [{ groups: ['g'], roleName: 'Staff' }],
    });
    await signIn({ groups: 'g' });
    await sso().configureMapping('acme', [{ groups: ['g'], roleName: 'Boss' }]);
    await sso().recalculateSSOMappings('acme');
    const { data } = await bed.admin.management.user.load('ada@acme.com');
    expect(data?.userTenants).toMatchObject([{ tenantId: 'acme', roleNames: ['Boss'] }]);
  });

  it.each([
    ['an unknown tenant', () => sso().configureSAMLSettings('nobody', IDP), /no tenant nobody/],
    ['no URL', () => sso().configureSAMLSettings('acme', { ...IDP, idpUrl: '' }), /idpUrl/],
    ['no client id', () => sso().configureOIDCSettings('acme', { name: 'n', clientId: '' }), /clientId/],
    [
      'an unknown role',
      () => sso().configureMapping('acme', [{ groups: ['g'], roleName: 'Ghost' }]),
      /no role Ghost/,
    ],
  ])('are rejected with %s', async (_what, act, message) => {
    const { ok, error } = await act();
    expect(ok).toBe(false);
    expect(error?.errorMessage).toMatch(message);
  });

  it('end with their tenant', async () => {
    await sso().configureSAMLSettings('acme', IDP);
    await bed.admin.management.tenant.delete('acme');
    await bed.admin.management.tenant.createWithId('acme', 'Acme');
    expect((await sso().loadSettings('acme')).data?.saml?.idpSSOUrl).toBe('');
  });
});
