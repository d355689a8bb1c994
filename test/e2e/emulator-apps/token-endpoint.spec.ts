// OAuth's client credentials grant of inbound apps and agents, in plain requests.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useEmulator } from '../../support/use-emulator.js';

const SECRET = 'robot: 100% secret';
const bed = useEmulator({
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
  const response = await bed.request(path, { method: 'POST', body });
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
    const { url, projectId } = bed.emulator;
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
    expect((await bed.sdk.validateJwt(token)).token).toMatchObject({ scope: 'read write' });
    await expect(bed.sdk.validateSession(token, { audience: 'robot' })).resolves.toBeDefined();
    await expect(bed.sdk.validateSession(token, { audience: 'other' })).rejects.toThrow();
  });

  it('takes the client from a Basic header too, encoded as RFC 6749 says, and JSON bodies', async () => {
    const pair = `robot:${encodeURIComponent(SECRET).replaceAll('%20', '+')}`;
    const basic = { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    const init = { method: 'POST', headers: basic, body: form };
    expect((await bed.request('/oauth2/v1/apps/token', init)).status).toBe(200);
    const body = JSON.stringify({ grant_type: 'client_credentials', ...ROBOT });
    expect((await bed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status).toBe(200);
  });

  it('sets the audience that the app asks for, or that it is made for', async () => {
    const resource = 'https://orders.example.com/';
    expect(claimsOf(await post({ ...ROBOT, resource })).aud).toBe(resource);
    expect(claimsOf(await post({ ...ROBOT, audience: 'orders' })).aud).toBe('orders');
    expect(claimsOf(await post({ client_id: 'own', client_secret: 's' })).aud).toBe('own');
    const ours = await post({ client_id: 'ours', client_secret: 's' });
    expect(claimsOf(ours).aud).toBe(bed.emulator.projectId);
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
    const { url, projectId } = bed.emulator;
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
    expect((await bed.request('/oauth2/v1/apps/token', { method: 'POST', body })).status).toBe(400);
  });

  it('meets faults, is counted, and hands out a different token each time', async () => {
    bed.emulator.faults.add({ path: '/oauth2', status: 503, times: 1 });
    expect((await post(ROBOT)).status).toBe(503);
    const [first, second] = [await post(ROBOT), await post(ROBOT)];
    expect(first.body['access_token']).not.toBe(second.body['access_token']);
    expect(bed.emulator.requests.count('/oauth2/v1/apps/token')).toBe(3);
  });
});

describe('discovery', () => {
  it.each(['openid-configuration', 'oauth-authorization-server'])('tells of apps in %s', async (name) => {
    const { url, projectId } = bed.emulator;
    const issuer = `${url}/v1/apps/${projectId}`;
    const document = await (await bed.request(`/v1/apps/${projectId}/.well-known/${name}`)).json();
    expect(document).toMatchObject({
      issuer,
      token_endpoint: `${url}/oauth2/v1/apps/token`,
      grant_types_supported: ['client_credentials'],
      scopes_supported: ['read', 'write'],
    });
    const { jwks_uri: keys } = document as { jwks_uri: string };
    expect(await (await fetch(keys)).json()).toEqual({ keys: bed.emulator.publishedKeys });
  });

  it('tells of an MCP server, whose token endpoint works', async () => {
    const { url, projectId } = bed.emulator;
    const issuer = `${url}/v1/apps/agentic/${projectId}/MS1`;
    const document = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    expect(document).toMatchObject({ issuer });
    const path = (document as { token_endpoint: string }).token_endpoint.slice(url.length);
    expect(claimsOf(await post(ROBOT, path)).iss).toBe(issuer);
    expect((await bed.request('/v1/apps/P2other/.well-known/jwks.json')).status).toBe(401);
    expect((await fetch(`${issuer}/.well-known/jwks.json`)).status).toBe(200);
  });
});
