// The vendor's client manages outbound apps, and fetches the tokens of users and tenants.
import { describe, expect, it } from '@jest/globals';
import { createSdk } from '../../support/node-sdk.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', tenants: [{ tenantId: 'acme' }] }, { loginId: 'eve@example.com' }],
    inboundApps: [{ name: 'agent', scopes: ['outbound.token.fetch'] }],
    outboundApps: [
      {
        id: 'calendar',
        name: 'Calendar',
        scopes: ['read'],
        connections: [
          { user: 'ada@example.com', accessToken: 'ada-read' },
          { user: 'ada@example.com', scopes: ['read', 'write'], accessToken: 'ada-write', refreshToken: '' },
          { tenantId: 'acme', accessToken: 'acme-read', externalIdentifier: 'acme@calendar' },
        ],
      },
    ],
  },
});

const outbound = () => bed.admin.management.outboundApplication;
const ada = async () => (await bed.admin.management.user.load('ada@example.com')).data?.userId ?? '';
const HOUR_MS = 60 * 60 * 1000;

// node-sdk's type OutboundApplication, and its calls in outboundapplication.test.ts.
describe('an outbound app', () => {
  const app = {
    id: 'crm',
    name: 'CRM',
    description: 'customers',
    clientId: 'client',
    authorizationUrl: 'https://crm.example/authorize',
    tokenUrl: 'https://crm.example/token',
    tokenUrlParams: [{ key: 'audience', value: 'api' }],
    defaultScopes: ['contacts'],
    pkce: true,
    accessType: 'offline' as const,
    prompt: ['consent' as const],
  };

  it('is created, changed, loaded and deleted, and never shows its secret', async () => {
    const created = await outbound().createApplication({ ...app, clientSecret: 'secret' });
    expect(created.data).toMatchObject(app);
    expect(JSON.stringify(created.data)).not.toContain('secret');
    const updated = await outbound().updateApplication({ ...app, name: 'Customers' });
    expect(updated.data).toMatchObject({ ...app, name: 'Customers' });
    expect((await outbound().loadApplication('crm')).data).toEqual(updated.data);
    expect((await outbound().loadAllApplications()).data?.map(({ id }) => id)).toEqual(['calendar', 'crm']);
    await outbound().deleteApplication('crm');
    expect((await outbound().loadApplication('crm')).code).toBe(400);
  });

  it('takes the tokens of its users with it', async () => {
    await outbound().deleteApplication('calendar');
    await outbound().createApplication({ id: 'calendar', name: 'Calendar' });
    expect((await outbound().fetchToken('calendar', await ada())).code).toBe(404);
  });
});

describe('the token of a user', () => {
  it('is the latest one, or the one with exactly these scopes', async () => {
    const { data } = await outbound().fetchToken('calendar', await ada());
    expect(data).toMatchObject({
      appId: 'calendar',
      userId: await ada(),
      accessToken: 'ada-write',
      scopes: ['read', 'write'],
      hasRefreshToken: false,
      grantedBy: await ada(),
    });
    const byScopes = (...scopes: string[]) =>
      ada().then((id) => outbound().fetchTokenByScopes('calendar', id, scopes));
    expect((await byScopes('read')).data?.accessToken).toBe('ada-read');
    expect((await byScopes('write', 'read')).data?.accessToken).toBe('ada-write');
    // "You must provide the exact scopes": https://docs.descope.com/identity-federation/outbound-apps/using-outbound-apps
    expect(await byScopes('write')).toMatchObject({ code: 404, error: { errorMessage: 'Token not found' } });
  });

  it('has its refresh token only where that is asked for', async () => {
    const fetched = async (withRefreshToken: boolean) =>
      (await outbound().fetchTokenByScopes('calendar', await ada(), ['read'], { withRefreshToken })).data;
    expect((await fetched(false))?.refreshToken).toBe('');
    expect((await fetched(true))?.refreshToken).not.toBe('');
  });

  // go-sdk's type OutboundAppUserToken and the API reference: the expiry is a string of seconds.
  it('is refreshed where it has expired, or where a refresh is forced', async () => {
    const read = async (forceRefresh = false) =>
      (await outbound().fetchTokenByScopes('calendar', await ada(), ['read'], { forceRefresh })).data;
    const first = await read();
    const forced = await read(true);
    expect([first?.accessToken, (await read())?.accessToken]).toEqual(['ada-read', forced?.accessToken]);
    bed.emulator.clock.advance(2 * HOUR_MS);
    const readHourOn = () => Math.floor(bed.emulator.clock.now() / 1000) + 3600;
    const atLeast = readHourOn();
    const later = await read();
    expect(later?.accessToken).not.toBe(forced?.accessToken);
    expect(later?.id).toBe(first?.id);
    expect(Number(later?.accessTokenExpiry)).toBeGreaterThanOrEqual(atLeast);
    expect(Number(later?.accessTokenExpiry)).toBeLessThanOrEqual(readHourOn()); // the clock goes on
  });

  it('is not found once it has expired without a refresh token, or with one that the service revoked', async () => {
    bed.emulator.clock.advance(2 * HOUR_MS);
    expect((await outbound().fetchTokenByScopes('calendar', await ada(), ['read', 'write'])).code).toBe(404);
    expect((await outbound().fetchToken('calendar', await ada())).ok).toBe(true); // the other one
    bed.emulator.connections.revoke('calendar', { user: 'ada@example.com' });
    expect((await outbound().fetchToken('calendar', await ada())).ok).toBe(true); // until it expires
    bed.emulator.clock.advance(2 * HOUR_MS);
    expect((await outbound().fetchToken('calendar', await ada())).code).toBe(404);
  });

  it('is not found for a user without a connection; an unknown app is a mistake', async () => {
    const eve = (await bed.admin.management.user.load('eve@example.com')).data?.userId ?? '';
    expect((await outbound().fetchToken('calendar', eve)).code).toBe(404);
    expect((await outbound().fetchToken('calender', eve)).code).toBe(400);
    bed.emulator.connections.add('calendar', { user: 'eve@example.com', accessToken: 'eve' });
    expect((await outbound().fetchToken('calendar', eve)).data).toMatchObject({
      accessToken: 'eve',
      scopes: ['read'],
    });
  });

  it('of a tenant is another than that of the user', async () => {
    bed.emulator.connections.add('calendar', {
      user: 'ada@example.com',
      tenantId: 'acme',
      accessToken: 'both',
    });
    const inTenant = await outbound().fetchToken('calendar', await ada(), 'acme');
    expect(inTenant.data).toMatchObject({ accessToken: 'both', tenantId: 'acme' });
    const ofTenant = await outbound().fetchTenantToken('calendar', 'acme');
    expect(ofTenant.data).toMatchObject({ accessToken: 'acme-read', userId: '', tenantId: 'acme' });
    expect((await outbound().fetchTenantTokenByScopes('calendar', 'acme', ['read'])).data).toEqual(
      ofTenant.data,
    );
    expect((await outbound().fetchTenantTokenByScopes('calendar', 'acme', ['write'])).code).toBe(404);
  });
});

describe('the tokens of a user', () => {
  it('are listed by app, as long as one works or can be refreshed', async () => {
    bed.emulator.connections.add('mail', { user: 'ada@example.com', refreshToken: '' });
    const listed = async () => (await outbound().listAppsWithUserToken(await ada())).data;
    expect((await listed())?.sort()).toEqual(['calendar', 'mail']);
    bed.emulator.clock.advance(2 * HOUR_MS);
    expect(await listed()).toEqual(['calendar']);
  });

  it('are deleted by app, by user, or one by one', async () => {
    bed.emulator.connections.add('mail', { user: 'ada@example.com' });
    const { data } = await outbound().fetchToken('mail', await ada());
    await outbound().deleteTokenById(data?.id ?? '');
    expect((await outbound().fetchToken('mail', await ada())).code).toBe(404);
    await outbound().deleteUserTokens('calendar', await ada());
    expect((await outbound().listAppsWithUserToken(await ada())).data).toEqual([]);
    expect((await outbound().fetchTenantToken('calendar', 'acme')).ok).toBe(true);
    const headers = { authorization: `Bearer ${bed.emulator.projectId}:${bed.emulator.managementKey}` };
    const response = await bed.request('/v1/mgmt/outbound/user/tokens', { method: 'DELETE', headers });
    expect(response.status).toBe(400); // neither an app nor a user
  });
});

describe('a token from elsewhere', () => {
  it('is uploaded, for a user or a tenant, and refreshed like any other', async () => {
    const userId = await ada();
    await outbound().uploadUserToken({ appId: 'calendar', userId, refreshToken: 'r', scopes: ['all'] });
    const { data } = await outbound().fetchTokenByScopes('calendar', userId, ['all'], {
      withRefreshToken: true,
    });
    expect(data).toMatchObject({ refreshToken: 'r', accessToken: expect.stringMatching(/^\w{48}$/) });
    await outbound().uploadTenantToken({
      appId: 'calendar',
      tenantId: 'acme',
      accessToken: 'a',
      scopes: ['all'],
    });
    expect((await outbound().fetchTenantToken('calendar', 'acme')).data?.accessToken).toBe('a');
  });

  it('may be an API key, which never expires', async () => {
    await outbound().uploadUserApiKey('calendar', await ada(), 'key-1');
    await outbound().uploadTenantApiKey('calendar', 'acme', 'key-2');
    bed.emulator.clock.advance(10_000 * HOUR_MS);
    expect((await outbound().fetchToken('calendar', await ada())).data?.accessToken).toBe('key-1');
    expect((await outbound().fetchTenantToken('calendar', 'acme')).data?.accessToken).toBe('key-2');
  });

  it('is verified where that is asked for', async () => {
    bed.emulator.connections.add('calendar', { user: 'ada@example.com', refreshToken: 'gone' });
    bed.emulator.connections.revoke('calendar', { user: 'ada@example.com' });
    const token = { appId: 'calendar', userId: await ada(), refreshToken: 'gone', scopes: ['new'] };
    expect((await outbound().uploadUserToken({ ...token, verifyRefresh: true })).code).toBe(400);
    expect((await outbound().fetchTokenByScopes('calendar', await ada(), ['new'])).code).toBe(404);
  });

  // "All-or-nothing": node-sdk's documentation of batchUploadUserTokens.
  it('comes in a batch with others, all or none', async () => {
    const good = { appId: 'calendar', userId: await ada(), accessToken: 'batch', scopes: ['batch'] };
    const bad = { appId: 'calendar', userId: 'U-unknown', accessToken: 'x' };
    const { data } = await outbound().batchUploadUserTokens([good, bad]);
    expect(data?.failures).toEqual([
      { appId: 'calendar', userId: 'U-unknown', errorCode: 'E112102', reason: 'User not found' },
    ]);
    expect((await outbound().fetchTokenByScopes('calendar', await ada(), ['batch'])).code).toBe(404);
    expect((await outbound().batchUploadUserTokens([good])).data?.failures).toEqual([]);
    expect((await outbound().fetchToken('calendar', await ada())).data?.accessToken).toBe('batch');
    const ofTenant = { appId: 'calendar', tenantId: 'acme', accessToken: 'batch' };
    expect((await outbound().batchUploadTenantTokens([ofTenant])).data?.failures).toEqual([]);
  });
});

// python-sdk's OutboundApplicationByToken, and the page above: the scope outbound.token.fetch.
describe('the token of an inbound app', () => {
  const fetchWith = async (token: string, userId: string) =>
    createSdk(bed.emulator, 'management', token).management.outboundApplication.fetchToken(
      'calendar',
      userId,
    );

  it('fetches the tokens of its user, and of nobody else', async () => {
    const options = { onBehalfOf: 'ada@example.com', scopes: ['outbound.token.fetch'] };
    const token = await bed.emulator.issueAppToken(options);
    expect((await fetchWith(token, await ada())).data?.accessToken).toBe('ada-write');
    expect((await fetchWith(token, 'eve@example.com')).code).toBe(403);
    const agent = await bed.emulator.issueAgentToken(options);
    expect((await fetchWith(agent, await ada())).ok).toBe(true);
  });

  it('needs the scope, and is no session token', async () => {
    const token = await bed.emulator.issueAppToken({ onBehalfOf: 'ada@example.com', scopes: ['other'] });
    expect((await fetchWith(token, await ada())).code).toBe(403);
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await fetchWith(sessionJwt, await ada())).code).toBe(401);
  });

  it('is not bound to a key, as no proof of it is read here', async () => {
    const claims = { cnf: { jkt: 'x'.repeat(43) } };
    const options = { onBehalfOf: 'ada@example.com', scopes: ['outbound.token.fetch'], claims };
    expect((await fetchWith(await bed.emulator.issueAppToken(options), await ada())).code).toBe(401);
  });
});
