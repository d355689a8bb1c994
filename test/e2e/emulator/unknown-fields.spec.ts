// Fields that the emulator does not know are named, and with `strict` rejected; what SDKs send by default is neither.
import { beforeEach, describe, expect, it } from '@jest/globals';
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
  const ignored = response.headers.get('x-emulator-ignored');
  return { status: response.status, ignored, errorCode, errorMessage };
}

const rejection = (field: string) => ({
  status: 400,
  ignored: null,
  errorCode: 'E011003',
  errorMessage: expect.stringContaining(`does not support ${field} here`),
});

const CASES: readonly (readonly [path: string, body: object, field: string])[] = [
  ['/v1/mgmt/user/create', { loginId: 'n', ssoAppIds: ['app1'] }, 'ssoAppIds'],
  [
    '/v1/mgmt/user/create',
    { loginId: 'n', userTenants: [{ tenantId: 'acme', roles: ['x'] }] },
    'userTenants.roles',
  ],
  ['/v1/mgmt/user/create/batch', { users: [{ loginId: 'n', nickname: 'abc' }] }, 'users.nickname'],
  ['/v1/mgmt/user/update', { loginId: 'ada@example.com', nickname: 'x' }, 'nickname'],
  ['/v1/mgmt/user/update/email', { loginId: 'ada@example.com', email: 'a@b.c', nickname: 'abc' }, 'nickname'],
  ['/v2/mgmt/user/search', { fromModifiedTime: 5, ssoAppIds: ['a'] }, 'fromModifiedTime, ssoAppIds'],
  ['/v1/mgmt/accesskey/create', { name: 'k', ssoAppIds: ['app1'] }, 'ssoAppIds'],
  ['/v1/mgmt/tenant/create', { name: 'n', enforceSSO: true }, 'enforceSSO'],
  ['/v1/mgmt/role/create', { name: 'r', private: true }, 'private'],
  ['/v1/mgmt/outbound/app/user/oauthtoken/upload', { appId: 'a', userId: 'u', idToken: 'x' }, 'idToken'],
  ['/v1/mgmt/jwt/update', { jwt: 'x', refreshDuration: 60 }, 'refreshDuration'],
  ['/v1/mgmt/impersonate', { impersonatorId: 'a', loginId: 'b', validateConsent: true }, 'validateConsent'],
  [
    '/v1/mgmt/jwt/update',
    { jwt: 'x', customClaims: { exp: 1, su: false, plan: 'pro' } },
    'customClaims.exp, customClaims.su',
  ],
  [
    '/v1/mgmt/impersonate',
    { impersonatorId: 'a', loginId: 'b', customClaims: { sub: 'c', aud: 'd' } },
    'customClaims.sub',
  ],
  ['/v1/mgmt/auth/signin', { loginId: 'n', customClaims: { iss: 'x' } }, 'customClaims.iss'],
  ['/v1/mgmt/auth/signup', { loginId: 'n', customClaims: { roles: ['x'] } }, 'customClaims.roles'],
  ['/v1/mgmt/auth/signup-in', { loginId: 'n', customClaims: { amr: ['x'] } }, 'customClaims.amr'],
  ['/v1/mgmt/accesskey/create', { name: 'k', customClaims: { sub: 'x', plan: 'pro' } }, 'customClaims.sub'],
  ['/v1/mgmt/accesskey/update', { id: 'k', customClaims: { dct: 'acme' } }, 'customClaims.dct'],
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
];

describe('A field that the emulator does not know', () => {
  it('is named in a header of the response and on the logged request, and the rest of the call is done', async () => {
    const body = { loginId: 'n', name: 'N', ssoAppIds: ['app1'], options: { a: 1 } };
    expect(await send('/v1/mgmt/user/create', body)).toMatchObject({
      status: 200,
      ignored: 'ssoAppIds, options',
    });
    expect(bed.emulator.loginIds).toContain('n');
    await send('/v1/mgmt/user/create', { loginId: 'o', name: 'O' });
    expect(bed.emulator.requests.find('/v1/mgmt/user/create')).toEqual([
      expect.objectContaining({ method: 'POST', ignored: ['ssoAppIds', 'options'] }),
      expect.not.objectContaining({ ignored: expect.anything() }),
    ]);
  });

  it.each(CASES)('is named with its path: %s %j', async (path, body, field) => {
    expect((await send(path, body)).ignored).toBe(field);
  });

  it('is named also where the call is rejected for another reason', async () => {
    const answer = await send('/v1/mgmt/user/update', { loginId: 'nobody', nickname: 'x' });
    expect(answer).toMatchObject({ status: 400, errorCode: 'E112102', ignored: 'nickname' });
  });

  it('can be a parameter of the query', async () => {
    const headers = { authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}` };
    const get = (query: string) => bed.request(`/v1/mgmt/user?${query}`, { headers });
    const named = await get('loginId=ada@example.com&depth=2&empty=');
    expect([named.status, named.headers.get('x-emulator-ignored')]).toEqual([200, '?depth']);
    expect((await get('loginId=ada@example.com')).headers.get('x-emulator-ignored')).toBeNull();
    bed.emulator.configure({ strict: true });
    expect((await get('loginId=ada@example.com&depth=2')).status).toBe(400);
  });

  it('gets no more of a header than twenty short names in safe characters', async () => {
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, index) => [`f${index}`, 1]));
    const { ignored } = await send('/v1/mgmt/user/create', {
      loginId: 'n',
      'a\r\nset-cookie: b, ü\ud800': 1,
      ['x'.repeat(5000)]: 1,
      ...many,
    });
    const names = ignored?.split(', ') ?? [];
    expect(names).toHaveLength(21);
    expect(names.slice(0, 3)).toEqual(['a__set-cookie:_b____', 'x'.repeat(100), 'f0']);
    expect(names.at(-1)).toBe('+7');
  });

  it('is named to pages of other origins, too', async () => {
    const headers = { origin: 'http://localhost:3000' };
    const response = await bed.request(`/v2/keys/${bed.emulator.projectId}`, { headers });
    expect(response.headers.get('access-control-expose-headers')).toContain('x-emulator-ignored');
  });

  it('is not a claim of the application, whatever its name, unless Descope sets it itself', async () => {
    const customClaims = { '-iss': 'a', aud: 'b', jti: 'c', 'https://x.example/plan': { iss: 'd' } };
    const body = { name: 'k', customClaims };
    expect((await send('/v1/mgmt/accesskey/create', body)).ignored).toBeNull();
  });

  it('is told to a listener', async () => {
    const told: unknown[] = [];
    bed.emulator.requests.onIgnored(({ path, ignored }) => told.push([path, ignored]));
    await send('/v1/mgmt/user/create', { loginId: 'n', ssoAppIds: ['app1'] });
    await send('/v1/mgmt/user/create', { loginId: 'o' });
    expect(told).toEqual([['/v1/mgmt/user/create', ['ssoAppIds']]]);
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
    expect(created).toMatchObject({ status: 200, ignored: null });
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

  it('can be dropped by no route: what names none of its fields knows none', () => {
    const open = allRoutes.filter(({ fields, query }) => fields.has('*') || query.has('*'));
    expect(open.map(({ path }) => path)).toEqual(['/v1/mgmt/user/history']); // a list of ids
  });
});

describe('The setting strict', () => {
  beforeEach(() => bed.emulator.configure({ strict: true }));

  it.each(CASES)(
    'rejects an unknown field by its name, before anything is changed: %s %j',
    async (...one) => {
      const [path, body, field] = one;
      const before = bed.emulator.loginIds;
      expect(await send(path, body)).toEqual(rejection(field));
      expect(bed.emulator.loginIds).toEqual(before);
    },
  );

  it('rejects a field where a route has none', async () => {
    expect(await send('/v1/auth/logout', { everywhere: true })).toEqual(rejection('everywhere'));
  });

  it('leaves alone what specifications and the web component want ignored, which is named', async () => {
    const open = allRoutes.filter(({ ignoresOthers }) => ignoresOthers).map(({ path }) => path);
    expect([...new Set(open)]).toEqual([
      '/v1/flow/start',
      '/v1/flow/next',
      '/v1/mgmt/inboundapp/app/:projectId/register', // RFC 7591 section 2
      '/v1/mgmt/mcp/client/:projectId/:serverId/register',
      '/oauth2/v1/apps/authorize', // RFC 6749 section 3.1
      '/oauth2/v1/apps/:projectId/authorize',
      '/oauth2/v1/apps/agentic/:projectId/:serverId/authorize',
      '/oauth2/v1/apps/token', // RFC 6749 section 3.2
      '/oauth2/v1/apps/:projectId/token',
      '/oauth2/v1/apps/agentic/:projectId/:serverId/token',
      '/oauth2/v1/apps/userinfo',
      '/oauth2/v1/apps/:projectId/userinfo',
      '/oauth2/v1/apps/revoke',
      '/oauth2/v1/apps/:projectId/revoke',
    ]);
    const flow = { flowId: 'sign-up-or-in', options: { client: { version: '1' } } };
    const response = await bed.request('/v1/flow/start', {
      method: 'POST',
      headers: { authorization: `Bearer ${bed.emulator.projectId}`, 'content-type': 'application/json' },
      body: JSON.stringify(flow),
    });
    expect([response.status, response.headers.get('x-emulator-ignored')]).toEqual([200, 'options.client']);
  });
});
