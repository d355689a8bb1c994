// Tokens of every kind in one line: for users, apps and agents, with scopes, tenants and a step-up.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', tenants: [{ tenantId: 'acme', roles: ['editor'] }] }],
    inboundApps: [{ name: 'robot', clientId: 'robot-id', clientSecret: 's' }],
  },
});

describe('issueAppToken', () => {
  it('stands for the first app, with the same claims as the token endpoint', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'robot-id' });
    body.set('client_secret', 's');
    const response = await bed.request('/oauth2/v1/apps/token', { method: 'POST', body });
    const { access_token: granted } = (await response.json()) as { access_token: string };
    const { iat: _iat, exp: _exp, ...claims } = decodeJwt(granted);
    expect(decodeJwt(await bed.emulator.issueAppToken())).toMatchObject(claims);
  });

  it('stands for a user, with scopes, audience and tenant', async () => {
    const { userId } = await bed.emulator.signIn('ada@example.com');
    const token = await bed.emulator.issueAppToken({
      onBehalfOf: 'ada@example.com',
      scopes: ['read', 'write'],
      audience: ['orders', 'stock'],
      tenantId: 'acme',
    });
    expect(decodeJwt(token)).toMatchObject({
      sub: userId,
      azp: 'robot-id',
      aud: ['orders', 'stock'],
      scope: 'read write',
      dct: 'acme',
      tenants: { acme: {} },
    });
    await expect(bed.emulator.issueAppToken({ onBehalfOf: 'who' })).rejects.toMatchObject({
      code: 'EMULATOR_USER_UNKNOWN',
    });
  });

  it('names an app by its name or client id, also one that is not there', async () => {
    const azpOf = async (app: string) => decodeJwt(await bed.emulator.issueAppToken({ app }))['azp'];
    expect(await azpOf('robot')).toBe('robot-id');
    expect(await azpOf('robot-id')).toBe('robot-id');
    expect(await azpOf('stranger')).toBe('stranger');
  });

  it('takes claims, header, lifetime and key as signToken does', async () => {
    const key = await bed.emulator.createKey();
    const token = await bed.emulator.issueAppToken({
      claims: { aud: undefined, extra: 1 },
      header: { typ: 'at+jwt' },
      expiresInSeconds: -10,
      key,
    });
    const claims = decodeJwt(token);
    expect(claims).toMatchObject({ extra: 1, exp: (claims.iat ?? 0) - 10 });
    expect(claims.aud).toBeUndefined();
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toMatchObject({
      typ: 'at+jwt',
      kid: key.kid,
    });
  });
});

describe('issueAgentToken', () => {
  it('names the MCP server in issuer and audience', async () => {
    const { url, projectId } = bed.emulator;
    const token = await bed.emulator.issueAgentToken({ serverId: 'MS1', scopes: ['tools'] });
    expect(decodeJwt(token)).toMatchObject({
      iss: `${url}/v1/apps/agentic/${projectId}/MS1`,
      aud: 'MS1',
      azp: 'robot-id',
      scope: 'tools',
    });
    expect((await bed.sdk.validateJwt(token)).token).toMatchObject({ scope: 'tools' });
    const usual = 'MS2emulator00000000000000000A';
    expect(decodeJwt(await bed.emulator.issueAgentToken()).aud).toBe(usual);
  });
});

describe('signIn', () => {
  it('gives scopes and tenants, which a refresh keeps', async () => {
    const { claims, refreshJwt } = await bed.emulator.signIn('ada@example.com', {
      scopes: ['openid', 'orders'],
      tenants: { globex: { roles: ['owner'], permissions: ['all'] } },
      tenantId: 'globex',
      amr: ['pwd', 'totp'],
    });
    const wanted = {
      scope: 'openid orders',
      tenants: { globex: { roles: ['owner'], permissions: ['all'] } },
      dct: 'globex',
      amr: ['pwd', 'totp'],
    };
    expect(claims).toMatchObject(wanted);
    expect((await bed.sdk.refresh(refreshJwt)).data?.claims).toMatchObject(wanted);
  });

  it('selects a tenant of the user’s own, and rejects one that nobody gave', async () => {
    const { claims } = await bed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    expect(claims).toMatchObject({ dct: 'acme', tenants: { acme: { roles: ['editor'] } } });
    const asked = bed.emulator.signIn('ada@example.com', { tenantId: 'globex' });
    await expect(asked).rejects.toThrow('does not belong to the tenant globex');
  });

  it('steps up until the first refresh', async () => {
    const { claims, refreshJwt } = await bed.emulator.signIn('ada@example.com', { stepUp: true });
    expect(claims.su).toBe(true);
    expect((await bed.sdk.refresh(refreshJwt)).data?.claims.su).toBeUndefined();
  });
});
