// Published keys, and the tokens that a test gets without HTTP: of users, inbound apps and agents.
import { describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startEmulator } from 'nestjs-descope/emulator';
import { createSdk } from '../../support/node-sdk.js';
import { useEmulator } from '../../support/use-emulator.js';

const bed = useEmulator({ seed: { users: [{ loginId: 'ada@example.com' }] } });

const publishedIds = async (path: string) => {
  const { keys } = (await (await bed.request(path)).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
};

describe('the published keys', () => {
  it('stand in Descope and OIDC form under the project', async () => {
    const { projectId, signingKey, url } = bed.emulator;
    expect(await publishedIds(`/v2/keys/${projectId}`)).toEqual([signingKey.kid]);
    expect(await publishedIds(`/${projectId}/.well-known/jwks.json`)).toEqual([signingKey.kid]);
    expect(signingKey.publicJwk).toMatchObject({
      kty: 'RSA',
      alg: 'RS256',
      use: 'sig',
      kid: expect.stringMatching(/^SK/),
    });
    expect(signingKey.publicJwk.d).toBeUndefined();
    const discovery = await bed.request(`/${projectId}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: `${url}/${projectId}` });
  });

  it.each([
    (projectId: string) => `/${projectId}/.well-known/openid-configuration`,
    (projectId: string) => `/v1/apps/${projectId}/.well-known/openid-configuration`,
    (projectId: string) => `/v1/apps/agentic/${projectId}/MS1/.well-known/openid-configuration`,
  ])('stand in a document that names no endpoint which is not there: %s', async (toPath) => {
    const { url, projectId } = bed.emulator;
    const document = (await (await bed.request(toPath(projectId))).json()) as Record<string, unknown>;
    const endpoints = Object.entries(document).filter(([name]) => /(_endpoint|_uri)$/.test(name));
    expect(endpoints.map(([name]) => name)).toContain('jwks_uri');
    for (const [name, endpoint] of endpoints) {
      const method = /^(?:token|revocation|registration)_/.test(name) ? 'POST' : 'GET';
      expect([name, (await fetch(String(endpoint), { method })).status]).not.toEqual([name, 404]);
      expect(String(endpoint).startsWith(url)).toBe(true);
    }
  });

  it('are not shown for another project', async () => {
    expect((await bed.request('/v2/keys/P2other000000000000000000000')).status).toBe(401);
  });

  it('keep the old key on a rotation, and drop it when it is revoked', async () => {
    const before = await bed.emulator.signIn('ada@example.com');
    await bed.emulator.rotateKeys();
    const after = await bed.emulator.signIn('ada@example.com');
    expect(decodeProtectedHeader(after.sessionJwt).kid).not.toBe(
      decodeProtectedHeader(before.sessionJwt).kid,
    );
    const sdk = createSdk(bed.emulator);
    await expect(sdk.validateSession(before.sessionJwt)).resolves.toBeTruthy();
    await expect(sdk.validateSession(after.sessionJwt)).resolves.toBeTruthy();
    await bed.emulator.rotateKeys({ revoke: true });
    expect(bed.emulator.publishedKeys).toHaveLength(1);
    expect((await sdk.refresh(after.refreshJwt)).error?.errorCode).toBe('E061005');
  });

  it('take in whatever a test publishes, until the next reset', async () => {
    const stranger = await bed.emulator.createKey('ES384');
    bed.emulator.publishKey(stranger.publicJwk);
    const token = await bed.emulator.signToken({ key: stranger });
    expect((await createSdk(bed.emulator).validateSession(token)).token.iss).toBe(bed.emulator.projectId);
    bed.emulator.reset();
    expect(bed.emulator.publishedKeys).toEqual([bed.emulator.signingKey.publicJwk]);
  });
});

describe('signToken', () => {
  it('mints a plain session token, with any claim added, changed or dropped', async () => {
    expect(decodeJwt(await bed.emulator.signToken())).toMatchObject({
      iss: bed.emulator.projectId,
      drn: 'DS',
    });
    const token = await bed.emulator.signToken({
      claims: { aud: ['a', 'b'], sub: undefined, exp: 'soon' },
      header: { typ: undefined, kid: 'other' },
    });
    expect(decodeJwt(token)).toMatchObject({ aud: ['a', 'b'], exp: 'soon' });
    expect(decodeJwt(token)).not.toHaveProperty('sub');
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'RS256', kid: 'other' });
  });

  it('mints expired tokens and refresh tokens that the project accepts', async () => {
    const expired = await bed.emulator.signToken({ expiresInSeconds: -60 });
    await expect(bed.sdk.validateSession(expired)).rejects.toThrow('exp');
    const { userId } = await bed.emulator.signIn('ada@example.com');
    const refreshJwt = await bed.emulator.signToken({ claims: { drn: 'DSR', sub: userId, amr: ['fed'] } });
    expect((await bed.sdk.refreshSession(refreshJwt)).token.amr).toEqual(['fed']);
  });

  it('keeps a member called __proto__ as a claim like any other', async () => {
    const claims = JSON.parse('{"__proto__":{"roles":["admin"]},"constructor":1}') as Record<string, unknown>;
    const body = (await bed.emulator.signToken({ claims })).split('.')[1] ?? '';
    expect(Buffer.from(body, 'base64url').toString()).toContain(
      '"__proto__":{"roles":["admin"]},"constructor":1',
    );
  });
});

describe('a direct sign-in', () => {
  it('puts the claims of a test over all others, also after a refresh', async () => {
    const { refreshJwt, claims } = await bed.emulator.signIn('ada@example.com', {
      claims: { roles: ['x'], amr: undefined },
    });
    expect(claims).toMatchObject({ roles: ['x'], amr: undefined });
    expect((await bed.sdk.refreshSession(refreshJwt)).token).toMatchObject({ roles: ['x'] });
  });

  it('names the users there are when there is none of that name', async () => {
    const stranger = bed.emulator.signIn('constructor');
    await expect(stranger).rejects.toMatchObject({ code: 'EMULATOR_USER_UNKNOWN' });
    await expect(stranger).rejects.toThrow('known login ids: ada@example.com');
  });
});

describe('an ES384 project with a URL issuer', () => {
  it('is understood by the node-sdk', async () => {
    const options = { algorithm: 'ES384', issuer: 'url', projectId: `Puse1${'a'.repeat(27)}` } as const;
    const emulator = await startEmulator({ ...options, seed: { users: [{ loginId: 'ada' }] } });
    const { sessionJwt, claims } = await emulator.signIn('ada');
    expect(claims.iss).toBe(`${emulator.url}/${emulator.projectId}`);
    expect((await createSdk(emulator).validateSession(sessionJwt)).token.iss).toBe(emulator.projectId);
    await emulator.close();
  });
});

const directTokensBed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', tenants: [{ tenantId: 'acme', roles: ['editor'] }] }],
    inboundApps: [{ name: 'robot', clientId: 'robot-id', clientSecret: 's' }],
  },
});

describe('issueAppToken', () => {
  it('stands for the first app, with the same claims as the token endpoint', async () => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'robot-id' });
    body.set('client_secret', 's');
    const response = await directTokensBed.request('/oauth2/v1/apps/token', { method: 'POST', body });
    const { access_token: granted } = (await response.json()) as { access_token: string };
    const { iat: _iat, exp: _exp, ...claims } = decodeJwt(granted);
    expect(decodeJwt(await directTokensBed.emulator.issueAppToken())).toMatchObject(claims);
  });

  it('stands for a user, with scopes, audience and tenant', async () => {
    const { userId } = await directTokensBed.emulator.signIn('ada@example.com');
    const token = await directTokensBed.emulator.issueAppToken({
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
    await expect(directTokensBed.emulator.issueAppToken({ onBehalfOf: 'who' })).rejects.toMatchObject({
      code: 'EMULATOR_USER_UNKNOWN',
    });
  });

  it('names an app by its name or client id, also one that is not there', async () => {
    const azpOf = async (app: string) =>
      decodeJwt(await directTokensBed.emulator.issueAppToken({ app }))['azp'];
    expect(await azpOf('robot')).toBe('robot-id');
    expect(await azpOf('robot-id')).toBe('robot-id');
    expect(await azpOf('stranger')).toBe('stranger');
  });

  it('takes claims, header, lifetime and key as signToken does', async () => {
    const key = await directTokensBed.emulator.createKey();
    const token = await directTokensBed.emulator.issueAppToken({
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
    const { url, projectId } = directTokensBed.emulator;
    const token = await directTokensBed.emulator.issueAgentToken({ serverId: 'MS1', scopes: ['tools'] });
    expect(decodeJwt(token)).toMatchObject({
      iss: `${url}/v1/apps/agentic/${projectId}/MS1`,
      aud: 'MS1',
      azp: 'robot-id',
      scope: 'tools',
    });
    expect((await directTokensBed.sdk.validateJwt(token)).token).toMatchObject({ scope: 'tools' });
    const usual = 'MS2emulator00000000000000000A';
    expect(decodeJwt(await directTokensBed.emulator.issueAgentToken()).aud).toBe(usual);
  });
});

describe('signIn', () => {
  it('gives scopes and tenants, which a refresh keeps', async () => {
    const { claims, refreshJwt } = await directTokensBed.emulator.signIn('ada@example.com', {
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
    expect((await directTokensBed.sdk.refresh(refreshJwt)).data?.claims).toMatchObject(wanted);
  });

  it('selects a tenant of the user’s own, and rejects one that nobody gave', async () => {
    const { claims } = await directTokensBed.emulator.signIn('ada@example.com', { tenantId: 'acme' });
    expect(claims).toMatchObject({ dct: 'acme', tenants: { acme: { roles: ['editor'] } } });
    const asked = directTokensBed.emulator.signIn('ada@example.com', { tenantId: 'globex' });
    await expect(asked).rejects.toThrow('does not belong to the tenant globex');
  });

  it('steps up until the first refresh', async () => {
    const { claims, refreshJwt } = await directTokensBed.emulator.signIn('ada@example.com', { stepUp: true });
    expect(claims.su).toBe(true);
    expect((await directTokensBed.sdk.refresh(refreshJwt)).data?.claims.su).toBeUndefined();
  });
});
