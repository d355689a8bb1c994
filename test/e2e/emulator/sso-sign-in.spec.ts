// Single sign-on with the vendor's client: through the page that plays a tenant's identity provider.
import { describe, expect, it } from '@jest/globals';
import { answerProvider, codeOf, errorOf } from '../../support/provider-page.js';
import { useEmulator } from '../../support/use-emulator.js';

const APP = 'https://app.example.com/sso';
const ADA = 'ada@acme.com';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: ADA, userId: 'U2ada', name: 'Ada', tenants: [{ tenantId: 'acme', roles: ['Owner'] }] },
      { loginId: 'bob@beta.com', userId: 'U2bob' },
    ],
    roles: [
      { name: 'Owner' },
      { name: 'Member' },
      { name: 'Staff', permissions: ['read'], tenantId: 'acme' },
      { name: 'Boss' },
    ],
    tenants: [
      {
        id: 'acme',
        name: 'Acme Inc',
        sso: {
          domains: ['acme.com', 'acme.io'],
          roleMappings: [
            { role: 'Staff', groups: ['staff', 'interns'] },
            { role: 'Boss', groups: ['board'] },
          ],
          defaultRoles: ['Member'],
        },
      },
      { id: 'beta', name: 'Beta', sso: { protocol: 'oidc', redirectUrl: 'https://beta.example.com/back' } },
      { id: 'gamma', name: 'Gamma' },
    ],
  },
});

async function start(tenant: string, ssoId?: string): Promise<string> {
  const { data, error } = await bed.sdk.sso.start(tenant, APP, undefined, undefined, ssoId);
  if (!data) throw new Error(`${error?.errorCode} ${error?.errorMessage}`);
  return data.url;
}

/** Signs in as somebody, and returns the response of the exchange. */
async function signIn(tenant: string, person: Readonly<Record<string, string>>) {
  const back = await answerProvider(await start(tenant), person);
  return (await bed.sdk.sso.exchange(codeOf(back))).data;
}

const rolesOf = async (loginId: string, tenantId = 'acme') => {
  const { data } = await bed.admin.management.user.load(loginId);
  return data?.userTenants?.find((one) => one.tenantId === tenantId)?.roleNames;
};

describe('A sign-in with the SSO of a tenant', () => {
  // Descope's documentation: "SSO (Single Sign-On) APIs"; "Session Overview" for `amr` fed and `dct`.
  it('comes back with a code, which is exchanged for tokens in the tenant', async () => {
    const back = await answerProvider(await start('acme'), { email: ADA });
    expect(back.origin + back.pathname).toBe(APP);
    const { data } = await bed.sdk.sso.exchange(codeOf(back));
    expect(data).toMatchObject({ firstSeen: false, user: { userId: 'U2ada', SAML: true, OAuth: {} } });
    const { token } = await bed.sdk.validateSession(data?.sessionJwt ?? '');
    expect(token).toMatchObject({
      amr: ['fed'],
      dct: 'acme',
      tenants: { acme: { roles: expect.any(Array) } },
    });
  });

  it('creates an unknown user in the tenant, with the roles of their groups and the default ones', async () => {
    const data = await signIn('acme', { email: 'new@acme.com', name: 'New', groups: 'staff, other' });
    expect(data).toMatchObject({
      firstSeen: true,
      user: {
        loginIds: ['new@acme.com'],
        email: 'new@acme.com',
        verifiedEmail: true,
        name: 'New',
        userTenants: [
          { tenantId: 'acme', tenantName: 'Acme Inc', roleNames: ['Member', 'Staff'], permissions: ['read'] },
        ],
      },
      // node-sdk's `IDPResponse`.
      idpResponse: {
        idpGroups: ['staff', 'other'],
        idpSAMLAttributes: { email: 'new@acme.com', name: 'New', groups: ['staff', 'other'] },
      },
    });
  });

  it('follows the groups at each sign-in, and leaves roles that SSO has not given', async () => {
    await signIn('acme', { email: ADA, groups: 'interns,board' });
    expect(await rolesOf(ADA)).toEqual(['Owner', 'Member', 'Staff', 'Boss']);
    await signIn('acme', { email: ADA }); // as with a button of the page: the groups of the last time
    expect(await rolesOf(ADA)).toEqual(['Owner', 'Member', 'Staff', 'Boss']);
    await signIn('acme', { email: ADA, groups: '' });
    expect(await rolesOf(ADA)).toEqual(['Owner', 'Member']);
  });

  it('adds a known user of elsewhere to the tenant', async () => {
    const data = await signIn('beta', { email: 'bob@beta.com' });
    expect(data?.user).toMatchObject({ userId: 'U2bob', userTenants: [{ tenantId: 'beta' }], SAML: false });
    expect(data?.user).toMatchObject({ OIDC: true });
  });

  // node-sdk, `TenantSettings.JITDisabled`; Descope's documentation, "SCIM Management": without provisioning at sign-in, a
  // user whom nobody provisioned is unknown, and sign-ins overwrite neither attributes nor groups.
  it('provisions nobody in a tenant with JITDisabled', async () => {
    const setJit = (tenantId: string, JITDisabled: boolean) =>
      bed.admin.management.tenant.configureSettings(tenantId, { JITDisabled, selfProvisioningDomains: [] });
    await setJit('acme', true);
    await setJit('beta', true);
    for (const [tenant, email] of [
      ['acme', 'new@acme.com'],
      ['beta', 'bob@beta.com'],
    ] as const) {
      expect(errorOf(await answerProvider(await start(tenant), { email }))).toContain('User not found');
    }
    expect((await bed.admin.management.user.load('new@acme.com')).ok).toBe(false);
    const data = await signIn('acme', { email: ADA, name: 'Another', groups: 'staff' });
    expect(data?.user).toMatchObject({ userId: 'U2ada', name: 'Ada', SAML: true });
    expect(await rolesOf(ADA)).toEqual(['Owner']);
    await setJit('acme', false);
    await signIn('acme', { email: ADA, groups: 'staff' });
    expect(await rolesOf(ADA)).toEqual(['Owner', 'Member', 'Staff']);
  });

  it('goes back where the tenant says if the start does not', async () => {
    const { data } = await bed.sdk.sso.start('beta');
    const back = await answerProvider(data?.url ?? '', { email: 'bob@beta.com' });
    expect(back.origin).toBe('https://beta.example.com');
    expect((await bed.sdk.sso.start('acme')).error?.errorMessage).toContain('redirectURL');
  });

  it.each([
    ['its id', 'acme'],
    ['its name', 'Acme Inc'],
    ['an e-mail address of a domain', 'somebody@acme.io'],
  ])('finds the tenant by %s', async (_what, tenant) => {
    expect(new URL(await start(tenant)).pathname).toBe('/emulator/sso/acme');
  });

  it.each([
    ['an unknown tenant', 'nobody', /^E011001 .*does not match any pattern/],
    ['an address of an unknown domain', 'a@nobody.com', /^E011001 .*does not match any pattern/],
    ['a tenant without SSO', 'gamma', /^E011003 The tenant gamma has no SSO configuration/],
  ])('rejects %s', async (_what, tenant, message) => {
    await expect(start(tenant)).rejects.toThrow(message);
  });

  it('is an audit event with the method saml', async () => {
    await signIn('acme', { email: ADA });
    const { data } = await bed.admin.management.audit.search({ methods: ['saml'] });
    expect(data).toMatchObject([{ action: 'LoginSucceed', userId: 'U2ada', tenants: ['acme'] }]);
  });

  it('is the same by the older name, and by the paths of other SDKs', async () => {
    const { data } = await bed.sdk.saml.start('acme', APP);
    const back = await answerProvider(data?.url ?? '', { email: ADA });
    expect((await bed.sdk.saml.exchange(codeOf(back))).ok).toBe(true);
    // descope-java, Routes.
    const headers = { authorization: `Bearer ${bed.emulator.projectId}` };
    const path = `/v1/auth/sso/authorize?tenant=acme&redirectURL=${encodeURIComponent(APP)}`;
    const response = await bed.request(path, { method: 'POST', headers, body: '{}' });
    const { url } = (await response.json()) as { readonly url: string };
    const code = codeOf(await answerProvider(url, { email: ADA }));
    const exchange = { method: 'POST', headers, body: JSON.stringify({ code }) };
    expect((await bed.request('/v1/auth/sso/exchange', exchange)).status).toBe(200);
  });
});

describe('A person whom the SSO of a tenant rejects', () => {
  // Descope's documentation, page "SSO (Single Sign-On)": only users from the listed domains can sign in.
  it('has an address of another domain', async () => {
    const back = await answerProvider(await start('acme'), { email: 'eve@evil.com' });
    expect(errorOf(back)).toContain('evil.com');
    expect(bed.emulator.loginIds).not.toContain('eve@evil.com');
  });

  it('is not the one that the sign-in was started for', async () => {
    const rest = [undefined, undefined, undefined, false, undefined, true] as const;
    const { data } = await bed.sdk.sso.start('ada@acme.com', APP, ...rest);
    expect(errorOf(await answerProvider(data?.url ?? '', { email: 'eve@acme.com' }))).toContain(ADA);
  });

  it('comes with a code after the SSO was deleted', async () => {
    const code = codeOf(await answerProvider(await start('acme'), { email: ADA }));
    await bed.admin.management.sso.deleteSettings('acme');
    expect((await bed.sdk.sso.exchange(code)).error?.errorMessage).toContain('deleted');
    await expect(start('acme')).rejects.toThrow('has no SSO configuration');
  });

  it('names a user id as their login id', async () => {
    const settings = { name: 'idp', clientId: 'c', attributeMapping: { loginId: 'uid', email: 'email' } };
    await bed.admin.management.sso.configureOIDCSettings('gamma', settings);
    const attributes = JSON.stringify({ uid: 'U2ada' });
    const back = await answerProvider(await start('gamma'), { email: 'eve@evil.com', attributes });
    expect(errorOf(back)).toBe('The login id is the id of a user');
  });
});
