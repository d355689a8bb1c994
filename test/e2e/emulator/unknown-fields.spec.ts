// Fields that the emulator does not support are rejected by name; what SDKs send by default is accepted.
import { describe, expect, it } from '@jest/globals';
import { allRoutes } from '#lib/emulator/start-emulator.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }], tenants: [{ id: 'acme' }] } });

async function send(path: string, body: object, method = 'POST') {
  const key = path.startsWith('/v1/auth') ? '' : `:${bed.emulator.managementKey}`;
  const headers = {
    authorization: `Bearer ${bed.emulator.projectId}${key}`,
    'content-type': 'application/json',
  };
  const response = await bed.request(path, { method, headers, body: JSON.stringify(body) });
  const { errorCode, errorMessage } = (await response.json()) as Record<string, string>;
  return { status: response.status, errorCode, errorMessage };
}

const rejection = (field: string) => ({
  status: 400,
  errorCode: 'E011003',
  errorMessage: expect.stringContaining(`does not support ${field} here`),
});

describe('A field that the emulator does not do', () => {
  it.each([
    ['/v1/mgmt/user/create', { loginId: 'n', ssoAppIds: ['app1'] }, 'ssoAppIds'],
    [
      '/v1/mgmt/user/create',
      { loginId: 'n', userTenants: [{ tenantId: 'acme', roles: ['x'] }] },
      'userTenants.roles',
    ],
    ['/v1/mgmt/user/create/batch', { users: [{ loginId: 'n', seed: 'abc' }] }, 'users.seed'],
    ['/v1/mgmt/user/update', { loginId: 'ada@example.com', nickname: 'x' }, 'nickname'],
    [
      '/v1/mgmt/user/update/email',
      { loginId: 'ada@example.com', email: 'a@b.c', failOnConflict: true },
      'failOnConflict',
    ],
    ['/v2/mgmt/user/search', { fromModifiedTime: 5, ssoAppIds: ['a'] }, 'fromModifiedTime, ssoAppIds'],
    ['/v1/mgmt/accesskey/create', { name: 'k', ssoAppIds: ['app1'] }, 'ssoAppIds'],
    ['/v1/mgmt/tenant/create', { name: 'n', enforceSSO: true }, 'enforceSSO'],
    ['/v1/mgmt/tenant/delete', { id: 'acme', cascade: true }, 'cascade'],
    ['/v1/mgmt/role/create', { name: 'r', private: true }, 'private'],
    ['/v1/mgmt/jwt/update', { jwt: 'x', refreshDuration: 60 }, 'refreshDuration'],
    ['/v1/mgmt/impersonate', { impersonatorId: 'a', loginId: 'b', validateConsent: true }, 'validateConsent'],
    [
      '/v1/auth/otp/signin/email',
      { loginId: 'ada@example.com', loginOptions: { revokeOtherSessionsTypes: ['x'] } },
      'loginOptions.revokeOtherSessionsTypes',
    ],
    [
      '/v1/auth/otp/signup/email',
      { loginId: 'n@example.com', user: { roleNames: ['admin'] } },
      'user.roleNames',
    ],
    [
      '/v1/mgmt/user/create',
      JSON.parse('{"loginId":"n","__proto__":{"a":1},"constructor":1}') as object,
      '__proto__, constructor',
    ],
  ])('is rejected by its name, before anything is changed: %s %j', async (path, body, field) => {
    const before = bed.emulator.loginIds;
    expect(await send(path, body)).toEqual(rejection(field));
    expect(bed.emulator.loginIds).toEqual(before);
  });

  it('passes where it says nothing, as the SDKs for Go and Python send it by default', async () => {
    const created = await send('/v1/mgmt/user/create', {
      loginId: 'n',
      email: '',
      phone: '',
      displayName: '',
      roleNames: null,
      userTenants: [],
      test: false,
      invite: false,
      customAttributes: null,
      picture: '',
      ssoAppIDs: null,
      ssoAppIds: [],
      additionalLoginIds: null,
      seed: '',
      hashedPassword: {},
    });
    expect(created.status).toBe(200);
    const wishes = {
      tenantIds: null,
      roleNames: [],
      limit: 0,
      page: 0,
      sort: null,
      text: '',
      ssoAppIds: null,
      fromCreatedTime: 0,
      fromModifiedTime: 0,
      tenantRoleIds: null,
      tenantRoleNames: {},
      includeSubTenants: false,
    };
    expect((await send('/v2/mgmt/user/search', wishes)).status).toBe(200);
    const signIn = {
      loginId: 'ada@example.com',
      providerId: 'p',
      loginOptions: { stepup: false, mfa: false, customClaims: null, templateId: 't', tenantId: '' },
    };
    expect((await send('/v1/auth/otp/signin/email', signIn)).status).toBe(200);
    expect(
      (await send('/v1/auth/otp/signup/sms', { loginId: '+1555', phone: '+1555', user: {} })).status,
    ).toBe(200);
  });

  it('can be dropped by no route: each that reads a body lists its fields, but for flows, OAuth and a list of ids', () => {
    const open = allRoutes.filter(({ method, fields }) => !['GET', 'DELETE'].includes(method) && !fields);
    expect(open.map(({ path }) => path)).toEqual([
      '/v1/flow/start',
      '/v1/flow/next',
      '/v1/mgmt/user/history',
      '/v1/mgmt/inboundapp/app/:projectId/register', // RFC 7591 section 2: what is unknown is ignored
      '/v1/mgmt/mcp/client/:projectId/:serverId/register',
      '/oauth2/v1/apps/token',
      '/oauth2/v1/apps/:projectId/token',
      '/oauth2/v1/apps/agentic/:projectId/:serverId/token',
      '/oauth2/v1/apps/userinfo',
      '/oauth2/v1/apps/:projectId/userinfo',
      '/oauth2/v1/apps/revoke',
      '/oauth2/v1/apps/:projectId/revoke',
    ]);
  });
});
