// A TestDescope signs people in, and makes go wrong what goes wrong in real life.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DescopeModule } from 'nestjs-descope';
import type { TestDescope } from 'nestjs-descope/testing';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { WhoController } from '../../support/who.controller.js';

describe.each(ADAPTERS)('createTestDescope(), on %s', (adapter) => {
  let descope: TestDescope;
  let application: RunningApplication;

  beforeEach(async () => {
    descope = createTestDescope();
    const metadata = { imports: [DescopeModule.forRoot()], controllers: [WhoController] };
    application = await start(adapter, metadata, { override: (builder) => descope.override(builder) });
  });
  afterEach(() => application.close());

  const who = async (headers: Record<string, string>) => {
    const { status, body } = await application.request('/who', { headers });
    return status === 200 ? body : [status, body['code']];
  };

  it('signs somebody in with roles, permissions, tenants and claims', async () => {
    const tenants = { acme: { roles: ['editor'], permissions: ['write'] } };
    const identity = {
      sub: 'U2anna',
      roles: ['admin'],
      permissions: ['read'],
      tenants,
      dct: 'acme',
      email: 'a@b.c',
    };
    expect(await who(descope.as(identity).bearer)).toMatchObject({
      id: 'U2anna',
      kind: 'user',
      roles: ['admin'],
      permissions: ['read'],
      tenants,
      tenant: 'acme',
      email: 'a@b.c',
    });
  });

  it('signs in a user when told nothing, and an access key when told so', async () => {
    expect(await who(descope.as().bearer)).toMatchObject({ kind: 'user', roles: [] });
    expect(await who(descope.as({ kind: 'access-key' }).bearer)).toMatchObject({ kind: 'access-key' });
  });

  it('makes a bearer header and a cookie of the same token', () => {
    const { token, bearer, cookie } = descope.as();
    expect(bearer).toEqual({ authorization: `Bearer ${token}` });
    expect(cookie).toEqual({ cookie: `DS=${token}` });
  });

  it('makes expired and tampered tokens', async () => {
    expect(await who(descope.expired({ sub: 'U2anna' }).bearer)).toEqual([401, 'TOKEN_EXPIRED']);
    expect(await who(descope.tampered({ sub: 'U2anna' }).bearer)).toEqual([401, 'TOKEN_SIGNATURE_INVALID']);
  });

  it('rotates its keys, and old tokens stay good', async () => {
    const before = descope.as({ sub: 'U2before' });
    descope.rotateKeys();
    expect(await who(before.bearer)).toMatchObject({ id: 'U2before' });
    expect(await who(descope.as({ sub: 'U2after' }).bearer)).toMatchObject({ id: 'U2after' });
  });

  it('rotates and revokes, and old tokens are rejected', async () => {
    const before = descope.as({ sub: 'U2before' });
    expect(await who(before.bearer)).toMatchObject({ id: 'U2before' });
    descope.rotateKeys({ revoke: true });
    expect(await who(before.bearer)).toEqual([401, 'TOKEN_KEY_UNKNOWN']);
    expect(await who(descope.as({ sub: 'U2after' }).bearer)).toMatchObject({ id: 'U2after' });
  });

  it('makes the keys unavailable and available again', async () => {
    descope.keysUnavailable();
    expect(await who(descope.as().bearer)).toEqual([503, 'KEYS_UNAVAILABLE']);
    expect(await who({})).toEqual([401, 'SESSION_MISSING']);
    expect((await application.request('/open')).status).toBe(200);
    descope.keysAvailable();
    expect(await who(descope.as().bearer)).toMatchObject({ kind: 'user' });
  });
});
