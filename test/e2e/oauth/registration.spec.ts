// Clients that register themselves at the emulator (RFC 7591).
import { describe, expect, it } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { openConsent } from '../../support/consent.js';
import type { OAuthParty } from '../../support/oauth-flow.js';
import { discover, INSECURE, signIn, start } from '../../support/oauth-flow.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com' }],
    inboundApps: [{ name: 'shop', clientSecret: 's', scopes: ['orders'] }],
    mcpServers: [
      { name: 'tools', id: 'MS1', scopes: ['read', 'call'] },
      { name: 'files', id: 'MS2', scopes: ['read'] },
    ],
  },
});
const CALLBACK = 'http://127.0.0.1:3000/callback';

const serverOf = (id?: string) => {
  const { url, projectId } = bed.emulator;
  return discover(
    id === undefined ? `${url}/v1/apps/${projectId}` : `${url}/v1/apps/agentic/${projectId}/${id}`,
  );
};

const register = async (as: oauth.AuthorizationServer, metadata = {}): Promise<OAuthParty> => {
  const all = {
    client_name: 'Robot',
    redirect_uris: [CALLBACK],
    grant_types: ['authorization_code', 'refresh_token'],
    ...metadata,
  };
  const response = await oauth.dynamicClientRegistrationRequest(as, all, INSECURE);
  const client = await oauth.processDynamicClientRegistrationResponse(response);
  return {
    as,
    client: { ...client, client_id: client.client_id },
    auth: oauth.None(),
    redirectUri: CALLBACK,
  };
};

const reject = async (metadata: Record<string, unknown>) => {
  const endpoint = (await serverOf('MS1')).registration_endpoint ?? '';
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
  return [response.status, ((await response.json()) as { readonly error?: string }).error];
};

describe('A client that registers itself', () => {
  it('is a public client, which gets tokens of a user', async () => {
    const party = await register(await serverOf('MS1'), {
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(party.client).toMatchObject({
      client_name: 'Robot',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
      scope: 'read call',
    });
    expect(party.client['client_secret']).toBeUndefined();
    const tokens = await signIn(party, { scope: 'call' });
    expect(tokens).toMatchObject({ scope: 'call', refresh_token: expect.any(String) });
  });

  it('gets no refresh token if it has not registered that grant', async () => {
    const party = await register(await serverOf('MS1'), { grant_types: undefined });
    expect((await signIn(party)).refresh_token).toBeUndefined();
  });

  it('may ask for more scopes than it has registered, and for none that the server does not have', async () => {
    const party = await register(await serverOf('MS1'), { scope: 'read unknown' });
    expect(party.client['scope']).toBe('read call');
    expect((await signIn(party, { scope: 'read call' })).scope).toBe('read call');
    const { location } = await openConsent((await start(party, { scope: 'unknown' })).url);
    expect(location?.searchParams.get('error')).toBe('invalid_scope');
  });

  it('is known only where it has registered', async () => {
    const party = await register(await serverOf('MS1'));
    for (const as of [await serverOf('MS2'), await serverOf()]) {
      expect((await openConsent((await start({ ...party, as })).url)).status).toBe(400);
    }
  });

  it('may take any port of loopback, and nothing else but its redirect URI', async () => {
    const party = await register(await serverOf('MS1'));
    const statusOf = async (redirectUri: string) =>
      (await openConsent((await start({ ...party, redirectUri })).url)).status;
    expect(await statusOf('http://127.0.0.1:51234/callback')).toBe(200);
    expect(await statusOf('http://127.0.0.1/callback')).toBe(200);
    for (const other of [
      'http://localhost:3000/callback',
      'http://127.0.0.1:3000/other',
      'https://127.0.0.1/callback',
    ])
      expect(await statusOf(other)).toBe(400);
    expect(await statusOf('http://127.0.0.1:80@evil.example/callback')).toBe(400);
  });

  it('is said to be unchecked on the consent page', async () => {
    const page = await openConsent((await start(await register(await serverOf('MS1')))).url);
    expect(page.html).toContain('Nobody has checked its name');
  });

  it('at the project is an inbound app, and at an MCP server is none', async () => {
    const party = await register(await serverOf());
    expect((await signIn(party, { scope: 'orders' })).scope).toBe('orders');
    await register(await serverOf('MS1'));
    const apps = (await bed.admin.management.inboundApplication.loadAllApplications()).data ?? [];
    expect(apps.map(({ name }) => name)).toEqual(['shop', 'Robot']);
    await bed.admin.management.inboundApplication.deleteApplication(apps[1]?.id ?? '');
    expect((await openConsent((await start(party)).url)).status).toBe(400);
  });

  it.each([
    ['no redirect URI', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['http beyond loopback', { redirect_uris: ['http://a.example.com/'] }, 'invalid_redirect_uri'],
    ['a script', { redirect_uris: ['javascript:alert(1)'] }, 'invalid_redirect_uri'],
    ['data', { redirect_uris: ['data:text/html,x'] }, 'invalid_redirect_uri'],
    ['a fragment', { redirect_uris: ['https://a.example.com/#x'] }, 'invalid_redirect_uri'],
    ['a user name', { redirect_uris: ['https://a@b.example.com/'] }, 'invalid_redirect_uri'],
    ['a string of URIs', { redirect_uris: CALLBACK }, 'invalid_client_metadata'],
    ['client credentials alone', { grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['the implicit grant', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['an unknown method', { token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ['a name that is no text', { client_name: { $: 1 } }, 'invalid_client_metadata'],
    ['a flag that is text', { dpop_bound_access_tokens: 'true' }, 'invalid_client_metadata'],
  ])('is rejected with %s', async (_what, metadata, error) => {
    expect(await reject({ redirect_uris: [CALLBACK], ...metadata })).toEqual([400, error]);
  });

  it('does not fill the memory: the oldest of more than 1000 are forgotten', async () => {
    const as = await serverOf('MS1');
    const first = await register(as);
    for (let batch = 0; batch < 20; batch += 1)
      await Promise.all(Array.from({ length: 50 }, () => register(as)));
    expect((await openConsent((await start(first)).url)).status).toBe(400);
    expect((await openConsent((await start(await register(as))).url)).status).toBe(200);
  }, 120_000);
});

describe('A public inbound app of the management API', () => {
  it('has no secret to show or rotate', async () => {
    const { inboundApplication } = bed.admin.management;
    const app = {
      name: 'spa',
      permissionsScopes: [],
      approvedCallbackUrls: [CALLBACK],
      nonConfidentialClient: true,
    };
    const { id = '', clientId = '' } = (await inboundApplication.createApplication(app)).data ?? {};
    expect((await inboundApplication.getApplicationSecret(id)).data).toEqual({ cleartext: '' });
    expect((await inboundApplication.rotateApplicationSecret(id)).error?.errorCode).toBe('E011003');
    const as = await serverOf();
    const party = { as, client: { client_id: clientId }, auth: oauth.None(), redirectUri: CALLBACK };
    expect((await signIn(party, { scope: 'openid' })).id_token).toEqual(expect.any(String));
    await inboundApplication.patchApplication({ id, approvedCallbackUrls: ['https://a.example.com/'] });
    expect((await openConsent((await start(party)).url)).status).toBe(400);
    const unsafe = await inboundApplication.patchApplication({ id, approvedCallbackUrls: ['javascript:1'] });
    expect(unsafe.error?.errorCode).toBe('E011003');
  });
});
