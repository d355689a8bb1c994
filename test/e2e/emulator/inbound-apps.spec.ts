// Inbound apps: their management, their token endpoint and its discovery.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator();

const apps = () => bed.admin.management.inboundApplication;
const READ = { name: 'read', description: 'reads', values: ['Reader'] };

const grant = async (clientId: string, clientSecret: string) => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId });
  body.set('client_secret', clientSecret);
  return (await bed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status;
};

describe('inbound apps under management', () => {
  it('are made with a client id that names project and app, and a secret that gets a token', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [READ] });
    const { id = '', clientId = '', cleartext = '' } = data ?? {};
    expect(id).toMatch(/^TPA/);
    expect(Buffer.from(clientId, 'base64').toString()).toBe(`${bed.emulator.projectId}:${id}`);
    expect(await grant(clientId, cleartext)).toBe(200);
  });

  it('are loaded and listed without their secret, which is told on demand', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [READ] });
    const { id = '', cleartext } = data ?? {};
    const loaded = (await apps().loadApplication(id)).data;
    expect(loaded).toMatchObject({ id, name: 'robot', permissionsScopes: [READ], approvedCallbackUrls: [] });
    expect((await apps().loadAllApplications()).data).toEqual([loaded]);
    expect(JSON.stringify(loaded)).not.toContain(cleartext);
    expect((await apps().getApplicationSecret(id)).data).toEqual({ cleartext });
  });

  it('lose with an update what it leaves out, and nothing with a patch', async () => {
    const made = await apps().createApplication({
      name: 'robot',
      description: 'd',
      permissionsScopes: [READ],
    });
    const id = made.data?.id ?? '';
    await apps().patchApplication({ id, name: 'android' });
    expect((await apps().loadApplication(id)).data).toMatchObject({
      name: 'android',
      description: 'd',
      permissionsScopes: [READ],
    });
    await apps().updateApplication({ id, name: 'cyborg', permissionsScopes: [] });
    expect((await apps().loadApplication(id)).data).toMatchObject({
      name: 'cyborg',
      description: '',
      permissionsScopes: [],
    });
  });

  it('reject the old secret once it is rotated', async () => {
    const { data } = await apps().createApplication({ name: 'robot', permissionsScopes: [] });
    const { id = '', clientId = '', cleartext = '' } = data ?? {};
    const rotated: { readonly data?: unknown } = await apps().rotateApplicationSecret(id);
    expect(await grant(clientId, cleartext)).toBe(401);
    expect(rotated.data).toEqual((await apps().getApplicationSecret(id)).data);
    const { cleartext: fresh } = rotated.data as { cleartext: string };
    expect(await grant(clientId, fresh)).toBe(200);
  });

  it('are gone once they are deleted, alone or in a batch', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      ids.push((await apps().createApplication({ name, permissionsScopes: [] })).data?.id ?? '');
    }
    await apps().deleteApplication(ids[0] ?? '');
    expect((await apps().loadApplication(ids[0] ?? '')).error?.errorCode).toBe('E011003');
    await apps().deleteApplicationBatch(ids.slice(1));
    expect((await apps().loadAllApplications()).data).toEqual([]);
  });

  it('need the management key', async () => {
    expect((await bed.sdk.management.inboundApplication.loadAllApplications()).code).toBe(401);
  });
});

const SECRET = 'robot: 100% secret';
const tokenEndpointBed = useEmulator({
  seed: {
    tenants: [{ id: 'acme' }, { id: 'globex' }],
    inboundApps: [
      {
        name: 'robot',
        clientId: 'robot',
        clientSecret: SECRET,
        scopes: ['read', 'write'],
        tenants: ['acme'],
      },
      { name: 'own', clientId: 'own', clientSecret: 's', defaultAudience: 'clientId' },
      { name: 'ours', clientId: 'ours', clientSecret: 's', defaultAudience: 'projectId' },
    ],
  },
});

interface Granted {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const post = async (fields: Record<string, string>, path = '/oauth2/v1/apps/token'): Promise<Granted> => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...fields });
  const response = await tokenEndpointBed.request(path, { method: 'POST', body });
  const { status, headers } = response;
  return { status, headers, body: (await response.json()) as Record<string, unknown> };
};
const ROBOT = { client_id: 'robot', client_secret: SECRET };
const claimsOf = ({ body }: Granted) => decodeJwt(String(body['access_token']));

describe('the token endpoint', () => {
  it("hands out an access token with the app's issuer, audience, party and scope", async () => {
    const granted = await post({ ...ROBOT, scope: 'read' });
    expect([granted.status, granted.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(granted.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'read',
    });
    const { url, projectId } = tokenEndpointBed.emulator;
    expect(claimsOf(granted)).toMatchObject({
      iss: `${url}/v1/apps/${projectId}`,
      sub: expect.stringMatching(/^TPA/),
      aud: [projectId, 'robot'],
      azp: 'robot',
      scope: 'read',
    });
  });

  it("is believed by the vendor's client, whose audience check it passes and fails", async () => {
    const token = String((await post(ROBOT)).body['access_token']);
    expect((await tokenEndpointBed.sdk.validateJwt(token)).token).toMatchObject({ scope: 'read write' });
    await expect(tokenEndpointBed.sdk.validateSession(token, { audience: 'robot' })).resolves.toBeDefined();
    await expect(tokenEndpointBed.sdk.validateSession(token, { audience: 'other' })).rejects.toThrow();
  });

  it('takes the client from a Basic header too, encoded as RFC 6749 says, and JSON bodies', async () => {
    const pair = `robot:${encodeURIComponent(SECRET).replaceAll('%20', '+')}`;
    const basic = { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    const init = { method: 'POST', headers: basic, body: form };
    expect((await tokenEndpointBed.request('/oauth2/v1/apps/token', init)).status).toBe(200);
    const body = JSON.stringify({ grant_type: 'client_credentials', ...ROBOT });
    expect((await tokenEndpointBed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status).toBe(
      200,
    );
  });

  it('sets the audience that the app asks for, or that it is made for', async () => {
    const resource = 'https://orders.example.com/';
    expect(claimsOf(await post({ ...ROBOT, resource })).aud).toBe(resource);
    expect(claimsOf(await post({ ...ROBOT, audience: 'orders' })).aud).toBe('orders');
    expect(claimsOf(await post({ client_id: 'own', client_secret: 's' })).aud).toBe('own');
    const ours = await post({ client_id: 'ours', client_secret: 's' });
    expect(claimsOf(ours).aud).toBe(tokenEndpointBed.emulator.projectId);
    expect(claimsOf(ours)['scope']).toBeUndefined();
  });

  it('selects a tenant that the app may have, and no other', async () => {
    const granted = await post({ ...ROBOT, tenantId: 'acme' });
    expect(claimsOf(granted)).toMatchObject({ dct: 'acme', tenants: { acme: {} } });
    expect((await post({ ...ROBOT, tenantId: 'globex' })).body['error']).toBe('invalid_target');
    expect((await post({ client_id: 'own', client_secret: 's', tenantId: 'globex' })).status).toBe(200);
    const unknown = await post({ client_id: 'own', client_secret: 's', tenantId: 'initech' });
    expect(unknown.body['error']).toBe('invalid_target');
  });

  it("names the MCP server in an agent's token, by path or by field", async () => {
    const { url, projectId } = tokenEndpointBed.emulator;
    const agent = { iss: `${url}/v1/apps/agentic/${projectId}/MS1`, aud: 'MS1', azp: 'robot' };
    const path = `/oauth2/v1/apps/agentic/${projectId}/MS1/token`;
    expect(claimsOf(await post(ROBOT, path))).toMatchObject(agent);
    expect(claimsOf(await post({ ...ROBOT, mcp_server_id: 'MS1' }))).toMatchObject(agent);
    expect((await post(ROBOT, `/oauth2/v1/apps/agentic/P2other/MS1/token`)).status).toBe(401);
  });

  it.each([
    ['a wrong secret', { ...ROBOT, client_secret: 'x' }, 401, 'invalid_client'],
    ['an unknown client', { ...ROBOT, client_id: 'x' }, 401, 'invalid_client'],
    ['no client', {}, 401, 'invalid_client'],
    ['a scope that is not the app’s', { ...ROBOT, scope: 'read admin' }, 400, 'invalid_scope'],
    ['another grant', { ...ROBOT, grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['no grant', { ...ROBOT, grant_type: '' }, 400, 'invalid_request'],
  ])('rejects %s in the words of OAuth and of Descope', async (_what, fields, status, error) => {
    const rejected = await post(fields);
    expect([rejected.status, rejected.body['error']]).toEqual([status, error]);
    expect(rejected.body).toMatchObject({
      errorCode: expect.any(String),
      error_description: expect.any(String),
    });
    expect(rejected.headers.has('www-authenticate')).toBe(status === 401);
  });

  it('rejects a field that stands twice', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', ...ROBOT });
    body.append('client_id', 'robot');
    expect((await tokenEndpointBed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status).toBe(
      400,
    );
  });

  it('meets faults, is counted, and hands out a different token each time', async () => {
    tokenEndpointBed.emulator.faults.add({ path: '/oauth2', status: 503, times: 1 });
    expect((await post(ROBOT)).status).toBe(503);
    const [first, second] = [await post(ROBOT), await post(ROBOT)];
    expect(first.body['access_token']).not.toBe(second.body['access_token']);
    expect(tokenEndpointBed.emulator.requests.count('/oauth2/v1/apps/token')).toBe(3);
  });
});

describe('discovery', () => {
  it.each(['openid-configuration', 'oauth-authorization-server'])('tells of apps in %s', async (name) => {
    const { url, projectId } = tokenEndpointBed.emulator;
    const issuer = `${url}/v1/apps/${projectId}`;
    const document = await (
      await tokenEndpointBed.request(`/v1/apps/${projectId}/.well-known/${name}`)
    ).json();
    expect(document).toMatchObject({
      issuer,
      token_endpoint: `${url}/oauth2/v1/apps/token`,
      grant_types_supported: [
        ...['authorization_code', 'refresh_token', 'client_credentials'],
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
      scopes_supported: ['read', 'write'],
    });
    const { jwks_uri: keys } = document as { jwks_uri: string };
    expect(await (await fetch(keys)).json()).toEqual({ keys: tokenEndpointBed.emulator.publishedKeys });
  });

  it('tells of an MCP server, whose token endpoint works', async () => {
    const { url, projectId } = tokenEndpointBed.emulator;
    const issuer = `${url}/v1/apps/agentic/${projectId}/MS1`;
    const document = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    expect(document).toMatchObject({ issuer });
    const path = (document as { token_endpoint: string }).token_endpoint.slice(url.length);
    expect(claimsOf(await post(ROBOT, path)).iss).toBe(issuer);
    expect((await tokenEndpointBed.request('/v1/apps/P2other/.well-known/jwks.json')).status).toBe(401);
    expect((await fetch(`${issuer}/.well-known/jwks.json`)).status).toBe(200);
  });
});
