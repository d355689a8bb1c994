// Options that decide which tokens are good, each turned both ways.
import type { JsonWebKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { bearer, WhoController } from '../../support/who.controller.js';

describe.each(ADAPTERS)('The option, on %s,', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication;

  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterEach(() => application.close());
  afterAll(() => emulator.close());

  const boot = async (options: DescopeModuleOptions = {}, issuer = emulator) => {
    const imports = [DescopeModule.forRoot({ projectId: issuer.projectId, baseUrl: issuer.url, ...options })];
    application = await start(adapter, { imports, controllers: [WhoController] });
  };
  const reboot = async (options: DescopeModuleOptions) => {
    await application.close();
    await boot(options);
  };
  const ask = async (token: string) => {
    const { status, body } = await application.request('/who', { headers: bearer(token) });
    return body['code'] ?? status;
  };
  const who = async (claims: Record<string, unknown> = {}) =>
    ask(await emulator.signToken({ claims: { amr: ['email'], ...claims } }));

  it('algorithms is RS256 alone, unless others are named', async () => {
    const elliptic = await startEmulator({ algorithm: 'ES384' });
    const token = await elliptic.signToken({ claims: { amr: ['email'] } });
    await boot({}, elliptic);
    expect(await ask(token)).toBe('TOKEN_ALGORITHM_NOT_ALLOWED');
    await application.close();
    await boot({ algorithms: ['RS256', 'ES384'] }, elliptic);
    expect(await ask(token)).toBe(200);
    await elliptic.close();
  });

  it('leewaySeconds is 5, and can be 0 or more', async () => {
    const now = Math.floor(Date.now() / 1000);
    const lately = { iat: now - 100, exp: now - 3 };
    await boot();
    expect([await who(lately), await who({ ...lately, exp: now - 10 })]).toEqual([200, 'TOKEN_EXPIRED']);
    await reboot({ leewaySeconds: 0 });
    expect(await who(lately)).toBe('TOKEN_EXPIRED');
    await reboot({ leewaySeconds: 60 });
    expect([await who({ ...lately, exp: now - 40 }), await who({ ...lately, exp: now - 70 })]).toEqual([
      200,
      'TOKEN_EXPIRED',
    ]);
  });

  it('accepts is users and access keys, unless it is fewer or more', async () => {
    const { projectId } = emulator;
    const key = { sub: 'K2servicekeyservicekeyservice', amr: undefined };
    const app = { iss: `https://api.descope.com/v1/apps/${projectId}` };
    const agent = { iss: `https://api.descope.com/v1/apps/agentic/${projectId}/A1` };
    const rejected = 'TOKEN_KIND_NOT_ACCEPTED';
    await boot();
    expect([await who(), await who(key), await who(app), await who(agent)]).toEqual([
      200,
      200,
      rejected,
      rejected,
    ]);
    await reboot({ accepts: ['user'] });
    expect([await who(), await who(key)]).toEqual([200, rejected]);
    await reboot({ accepts: ['access-key'] });
    expect([await who(), await who(key)]).toEqual([rejected, 200]);
    await reboot({ accepts: ['app', 'agent'], audience: 'orders' });
    const aud = 'orders';
    expect([await who({ aud }), await who({ ...app, aud }), await who({ ...agent, aud })]).toEqual([
      rejected,
      200,
      200,
    ]);
  });

  it('allowMissingDrn is false, and accepts sessions without a name under a URL, but no ID token, if it is true', async () => {
    const iss = `https://api.descope.com/${emulator.projectId}`;
    const unnamed = { iss, drn: undefined };
    await boot();
    expect([await who({ iss }), await who({ drn: undefined }), await who(unnamed)]).toEqual([
      200,
      200,
      'TOKEN_DRN_MISSING',
    ]);
    await reboot({ allowMissingDrn: true });
    expect([await who(unnamed), await who({ ...unnamed, nonce: 'x' })]).toEqual([200, 'TOKEN_IS_ID_TOKEN']);
    expect(await who({ ...unnamed, iss: `${iss}x` })).toBe('TOKEN_ISSUER_MISMATCH');
  });

  it('audience is not asked for, unless it is named', async () => {
    await boot({ audience: null });
    expect(await who({ aud: 'billing' })).toBe(200);
    await reboot({ audience: 'orders' });
    expect([await who(), await who({ aud: 'order' }), await who({ aud: ['x', 'orders'] })]).toEqual([
      'TOKEN_AUDIENCE_MISMATCH',
      'TOKEN_AUDIENCE_MISMATCH',
      200,
    ]);
  });

  it('keys fixes several keys, and then none is fetched', async () => {
    const keys = emulator.publishedKeys as JsonWebKey[];
    emulator.requests.clear();
    await boot({ keys });
    expect(await who()).toBe(200);
    const other = await emulator.createKey();
    expect(await ask(await emulator.signToken({ key: other }))).toBe('TOKEN_KEY_UNKNOWN');
    expect(emulator.requests.count()).toBe(0);
  });

  it('clock tells the time', async () => {
    let offsetMs = 0;
    await boot({ clock: () => Date.now() + offsetMs });
    const token = await emulator.signToken({ claims: { amr: ['email'] } });
    expect(await ask(token)).toBe(200);
    offsetMs = 3_600_000;
    expect(await ask(token)).toBe('TOKEN_EXPIRED');
    offsetMs = -3_600_000;
    expect(await ask(token)).toBe('TOKEN_ISSUED_IN_FUTURE');
  });

  it('sessionCookieName is also a name that a session token may carry', async () => {
    await boot({ sessionCookieName: 'SID' });
    expect([await who({ drn: 'SID' }), await who({ drn: 'DS' }), await who({ drn: 'DSR' })]).toEqual([
      200,
      200,
      'TOKEN_NOT_A_SESSION',
    ]);
    await reboot({});
    expect(await who({ drn: 'SID' })).toBe('TOKEN_NOT_A_SESSION');
  });
});
