// An unmodified OAuth client gets tokens of a user from the emulator: inbound apps and MCP servers.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { consent, openConsent, readInput } from '../../support/consent.js';
import type { OAuthParty } from '../../support/oauth-flow.js';
import { discover, INSECURE, redeem, signIn, start } from '../../support/oauth-flow.js';
import { useEmulator } from '../../support/use-emulator.js';

const CALLBACK = 'https://shop.example.com/callback?from=descope';
const TOOLS = 'https://tools.example.com/mcp';
const bed = useEmulator({
  seed: {
    users: [
      { loginId: 'ada@example.com', name: 'Ada', roles: ['admin'], tenants: [{ tenantId: 'acme' }] },
      { loginId: 'bob@example.com' },
      { loginId: 'eve@example.com', status: 'disabled' },
    ],
    roles: [{ name: 'admin', permissions: ['orders:all'] }],
    inboundApps: [
      {
        name: 'shop',
        clientId: 'shop',
        clientSecret: 'shop-secret',
        redirectUris: [CALLBACK],
        scopes: ['read', { name: 'write', roles: ['admin'], optional: true }, 'call'],
      },
      { name: 'spa', clientId: 'spa', redirectUris: [CALLBACK], scopes: ['read'] },
    ],
    mcpServers: [{ name: 'tools', id: 'MS1', url: TOOLS, scopes: ['read', 'call'] }],
  },
});

const toIssuer = (server?: string) => {
  const { url, projectId } = bed.emulator;
  return server === undefined
    ? `${url}/v1/apps/${projectId}`
    : `${url}/v1/apps/agentic/${projectId}/${server}`;
};

const shop = async (server?: string): Promise<OAuthParty> => ({
  as: await discover(toIssuer(server)),
  client: { client_id: 'shop' },
  auth: oauth.ClientSecretBasic('shop-secret'),
  redirectUri: CALLBACK,
});

const refresh = async ({ as, client, auth }: OAuthParty, token: string | undefined, extra = {}) => {
  const options = { ...INSECURE, additionalParameters: extra };
  const response = await oauth.refreshTokenGrantRequest(as, client, auth, token ?? '', options);
  return oauth.processRefreshTokenResponse(as, client, response);
};

const userInfo = ({ as, client }: OAuthParty, token: string) =>
  oauth.userInfoRequest(as, client, token, INSECURE);

describe('The metadata of an authorization server', () => {
  it.each([undefined, 'MS1'])('is at the paths of RFC 8414 and of OpenID Connect: %s', async (server) => {
    const issuer = toIssuer(server);
    const inserted = await discover(issuer, 'oauth2');
    expect(await discover(issuer, 'oidc')).toEqual(inserted);
    const openid = issuer.replace('/v1/', '/.well-known/openid-configuration/v1/');
    expect(await (await fetch(openid)).json()).toEqual(inserted);
    expect(inserted).toMatchObject({
      issuer,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      client_id_metadata_document_supported: true,
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
    });
  });

  it('has the scopes of the MCP server, and is not there for another one', async () => {
    expect((await discover(toIssuer('MS1'))).scopes_supported).toEqual(['read', 'call']);
    expect((await discover(toIssuer())).scopes_supported).toEqual(['read', 'write', 'call']);
    expect((await fetch(`${toIssuer('MS2')}/.well-known/openid-configuration`)).status).toBe(404);
  });
});

describe('A client with a secret', () => {
  it("gets a user's tokens for a code, an ID token with its nonce, and claims about the user", async () => {
    const party = await shop();
    const started = await start(party, { scope: 'openid read write', nonce: 'n-1' });
    const callback = await consent(started.url, { loginId: 'ada@example.com' });
    expect(callback.href).toMatch(/^https:\/\/shop\.example\.com\/callback\?from=descope&code=/);
    expect(callback.searchParams.get('iss')).toBe(toIssuer());
    const tokens = await redeem(party, started, callback);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 600, scope: 'openid read write' });
    const claims = decodeJwt(tokens.access_token);
    expect(claims).toMatchObject({
      iss: toIssuer(),
      azp: 'shop',
      aud: [bed.emulator.projectId, 'shop'],
      scope: 'openid read write',
      roles: ['admin'],
      permissions: ['orders:all'],
      tenants: { acme: {} },
    });
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ aud: 'shop', nonce: 'n-1', name: 'Ada' });
    const response = await userInfo(party, tokens.access_token);
    const info = await oauth.processUserInfoResponse(party.as, party.client, claims.sub ?? '', response);
    expect(info).toMatchObject({ email: 'ada@example.com', email_verified: true, roles: ['admin'] });
  });

  it('may send its secret in the body, and its state comes back', async () => {
    const party = { ...(await shop()), auth: oauth.ClientSecretPost('shop-secret') };
    const started = await start(party, { scope: 'read' });
    const callback = await consent(started.url);
    expect(callback.searchParams.get('state')).toBe(started.state);
    expect((await redeem(party, started, callback)).scope).toBe('read');
  });

  it('gets all scopes that are not optional if it names none', async () => {
    expect((await signIn(await shop())).scope).toBe('read call');
  });

  it('does not get a scope whose roles the user lacks', async () => {
    const party = await shop();
    const answer = { loginId: 'bob@example.com' };
    expect((await signIn(party, { scope: 'read write' }, answer)).scope).toBe('read');
    const { url } = await start(party, { scope: 'write' });
    expect((await consent(url, answer)).searchParams.get('error')).toBe('access_denied');
  });
});

describe('A public client', () => {
  it('gets tokens with its verifier alone, refreshes them, and has no tokens of its own', async () => {
    const as = await discover(toIssuer());
    const spa = { as, client: { client_id: 'spa' }, auth: oauth.None(), redirectUri: CALLBACK };
    const tokens = await signIn(spa, { scope: 'read' });
    const again = await refresh(spa, tokens.refresh_token);
    expect(decodeJwt(again.access_token).sub).toBe(decodeJwt(tokens.access_token).sub);
    expect(again.refresh_token).toBeUndefined();
    const own = await oauth.clientCredentialsGrantRequest(as, spa.client, spa.auth, {}, INSECURE);
    await expect(oauth.processClientCredentialsResponse(as, spa.client, own)).rejects.toMatchObject({
      error: 'unauthorized_client',
    });
  });
});

describe('A client of an MCP server', () => {
  it("gets a token for the server's URL, and no scope that the server does not have", async () => {
    const party = await shop('MS1');
    const tokens = await signIn(party, { scope: 'call', resource: TOOLS });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ iss: toIssuer('MS1'), aud: TOOLS, scope: 'call' });
    expect(decodeJwt((await signIn(party)).access_token).aud).toBe(TOOLS);
    const { url } = await start(party, { scope: 'write' });
    expect((await consent(url)).searchParams.get('error')).toBe('invalid_scope');
  });

  it('is told that the server is for no other resource', async () => {
    const { url } = await start(await shop('MS1'), { resource: 'https://other.example.com/mcp' });
    expect((await consent(url)).searchParams.get('error')).toBe('invalid_target');
  });
});

describe('The resources of a request', () => {
  const [orders, invoices] = ['https://orders.example.com/', 'https://invoices.example.com/'] as const;

  it('are the audience of its token, all or one of them, and no other one', async () => {
    const party = await shop();
    const started = await start(party, { resource: orders });
    started.url.searchParams.append('resource', invoices);
    const tokens = await redeem(party, started, await consent(started.url));
    expect(decodeJwt(tokens.access_token).aud).toEqual([orders, invoices]);
    const one = await refresh(party, tokens.refresh_token, { resource: invoices });
    expect(decodeJwt(one.access_token).aud).toBe(invoices);
    const other = refresh(party, tokens.refresh_token, { resource: 'https://x.example.com/' });
    await expect(other).rejects.toMatchObject({ error: 'invalid_target' });
  });
});

describe('A refresh', () => {
  it('narrows the scope, and never widens it', async () => {
    const party = await shop();
    const tokens = await signIn(party, { scope: 'read call' });
    expect((await refresh(party, tokens.refresh_token, { scope: 'read' })).scope).toBe('read');
    expect((await refresh(party, tokens.refresh_token)).scope).toBe('read call');
    const wider = refresh(party, tokens.refresh_token, { scope: 'read write' });
    await expect(wider).rejects.toMatchObject({ error: 'invalid_scope' });
  });

  it('issues a new refresh token where they rotate, and a replay may end the grant', async () => {
    bed.emulator.configure({ refreshRotation: true });
    const party = await shop();
    const first = await signIn(party);
    const second = await refresh(party, first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const gone = { error: 'invalid_grant' };
    await expect(refresh(party, first.refresh_token)).rejects.toMatchObject(gone);
    const third = await refresh(party, second.refresh_token);
    bed.emulator.configure({ replayEndsSignIn: true });
    await expect(refresh(party, second.refresh_token)).rejects.toMatchObject(gone);
    await expect(refresh(party, third.refresh_token)).rejects.toMatchObject(gone);
    expect((await userInfo(party, third.access_token)).status).toBe(401);
  });

  it('is rejected after its lifetime, for a user who is gone, and after a reset', async () => {
    const party = await shop();
    const [expired, gone, reset] = [await signIn(party), await signIn(party), await signIn(party)];
    bed.emulator.clock.advance(29 * 24 * 60 * 60 * 1000);
    await expect(refresh(party, expired.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    bed.emulator.clock.reset();
    await bed.admin.management.user.deactivate('ada@example.com');
    await expect(refresh(party, gone.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    bed.emulator.reset();
    await expect(refresh(party, reset.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    expect((await userInfo(party, reset.access_token)).status).toBe(401);
  });
});

describe('A revocation', () => {
  const revoke = async ({ as, client, auth }: OAuthParty, token: string) =>
    oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, INSECURE));

  it('of a refresh token ends what it got, and of an access token that one alone', async () => {
    const party = await shop();
    const tokens = await signIn(party);
    const later = await refresh(party, tokens.refresh_token);
    await revoke(party, tokens.access_token);
    expect((await userInfo(party, tokens.access_token)).status).toBe(401);
    expect((await userInfo(party, later.access_token)).status).toBe(200);
    await revoke(party, tokens.refresh_token ?? '');
    expect((await userInfo(party, later.access_token)).status).toBe(401);
    await expect(refresh(party, tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  it('works for a token of an MCP server, and passes for an unknown one', async () => {
    const party = await shop('MS1');
    const tokens = await signIn(party);
    await revoke(party, tokens.refresh_token ?? '');
    await expect(refresh(party, tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
    await expect(revoke(party, 'unknown')).resolves.toBeUndefined();
  });
});

describe('A consent', () => {
  it('is found and deleted by management, and its tokens end with it', async () => {
    const party = await shop();
    const tokens = await signIn(party, { scope: 'read' });
    const { inboundApplication } = bed.admin.management;
    const [app] = (await inboundApplication.loadAllApplications()).data ?? [];
    const found = (await inboundApplication.searchConsents({ appId: app?.id ?? '' })).data;
    expect(found).toEqual([
      expect.objectContaining({
        appId: app?.id,
        userId: decodeJwt(tokens.access_token).sub,
        scopes: ['read'],
      }),
    ]);
    await inboundApplication.deleteConsents({ consentIds: [found?.[0]?.id ?? ''] });
    expect((await inboundApplication.searchConsents({})).data).toEqual([]);
    await expect(refresh(party, tokens.refresh_token)).rejects.toMatchObject({ error: 'invalid_grant' });
  });
});

describe('Users on the consent page', () => {
  it('are suggested, and filled in where the client gives a hint', async () => {
    const party = await shop();
    const { html } = await openConsent((await start(party)).url);
    expect(readInput(html, 'loginId')).toBe('');
    expect(html.match(/<option [^>]*>/g)).toHaveLength(3);
    const hinted = await openConsent((await start(party, { login_hint: 'bob@example.com' })).url);
    expect(readInput(hinted.html, 'loginId')).toBe('bob@example.com');
  });

  it('deny, and the client is told', async () => {
    const { url, state } = await start(await shop());
    const callback = await consent(url, { decision: 'deny' });
    expect(Object.fromEntries(callback.searchParams)).toMatchObject({
      error: 'access_denied',
      state,
      iss: toIssuer(),
    });
  });

  it.each([
    ['nobody', 'There is no such user'],
    ['eve@example.com', 'The user is disabled'],
  ])('are named rightly, or the page says why not: %s', async (loginId, mistake) => {
    const { url } = await start(await shop());
    await expect(consent(url, { loginId })).rejects.toThrow(mistake);
  });
});
