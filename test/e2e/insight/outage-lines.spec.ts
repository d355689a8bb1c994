// Every outage has a line that names the host, the status where there was one, and the innermost cause with its code.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DescopeClient, DescopeModuleOptions } from 'nestjs-descope';
import {
  DescopeHealthIndicator,
  DescopeM2mClient,
  DescopeModule,
  FgaCheck,
  InjectDescope,
  Public,
} from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { verifyAccessNames } from 'nestjs-descope/inspect';
import { ask } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { findFreePort } from '../../support/free-port.js';
import { startSelfSigned } from '../../support/self-signed.js';
import { TEN_MINUTES } from '../../support/session-application.js';
import { bearer } from '../../support/who.controller.js';

const KEY = 'K2robotrobotrobotrobotrobotrobotSECRETsecret01';
const MANAGEMENT_KEY = 'K2managementmanagementmanagementSECRET';
const projectId = 'P2testtesttesttesttesttestte';

@Controller()
class WorkController {
  constructor(
    @Inject(DescopeM2mClient) private readonly m2m: DescopeM2mClient,
    @InjectDescope() private readonly client: DescopeClient,
    @Inject(DescopeHealthIndicator) private readonly health: DescopeHealthIndicator,
  ) {}

  @Get('who')
  who() {
    return { ok: true };
  }

  @FgaCheck({ resourceType: 'doc', resource: 'param:id', relation: 'can_view' })
  @Get('docs/:id')
  doc() {
    return { ok: true };
  }

  @Public()
  @Get('m2m')
  async machine() {
    return this.m2m.getToken({ accessKey: KEY }).catch(toText);
  }

  @Public()
  @Get('m2m/client')
  async clientGrant() {
    return this.m2m.getToken({ clientId: 'client', clientSecret: 'secret-of-the-client' }).catch(toText);
  }

  @Public()
  @Get('client')
  async vendor() {
    return this.client.management.user.load('anna').then(() => 'loaded', toText);
  }

  @Public()
  @Get('health')
  async check() {
    return this.health.isHealthy();
  }
}

const toText = (error: unknown) => String(error);

let app: INestApplication | undefined;
let emulator: Emulator | undefined;
const logger = new CollectingLogger();

afterEach(async () => {
  await app?.close();
  await emulator?.close();
  app = emulator = undefined;
  logger.entries.length = 0;
});

async function boot(options: DescopeModuleOptions): Promise<string> {
  const descope = { projectId, audience: null, managementKey: MANAGEMENT_KEY, accessKeys: true, ...options };
  class AppModule {}
  Module({ imports: [DescopeModule.forRoot(descope)], controllers: [WorkController] })(AppModule);
  app = await NestFactory.create(AppModule, { logger, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

const linesOf = async (code: string) => {
  const find = async () => logger.entries.filter((entry) => entry.includes(`: ${code}: `));
  const lines = await askUntil(find, (found) => found.length > 0);
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
};

describe('The line about keys that cannot be had', () => {
  it('names the host and port that reject the connection', async () => {
    const port = await findFreePort();
    await boot({ baseUrl: `https://127.0.0.1:${port}` });
    expect(await linesOf('KEYS_UNAVAILABLE')).toContain(
      `(127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port})`,
    );
  });

  it('names each address of a host that was tried', async () => {
    const port = await findFreePort();
    await boot({ baseUrl: `https://localhost:${port}` });
    const line = await linesOf('KEYS_UNAVAILABLE');
    expect(line).toMatch(new RegExp(`\\(localhost:${port}: (connect ECONNREFUSED [^;]+:${port}(; |\\)))+`));
    expect(line).not.toContain('fetch failed');
  });

  it('names the host whose name does not resolve', async () => {
    await boot({ baseUrl: 'https://auth.example.invalid' });
    expect(await linesOf('KEYS_UNAVAILABLE')).toMatch(
      /\(auth\.example\.invalid: getaddrinfo (ENOTFOUND|EAI_AGAIN) auth\.example\.invalid\)/,
    );
  });

  it('names what is wrong with a certificate', async () => {
    const { port, server } = await startSelfSigned();
    await boot({ baseUrl: `https://127.0.0.1:${port}` });
    expect(await linesOf('KEYS_UNAVAILABLE')).toMatch(
      new RegExp(
        `\\(127\\.0\\.0\\.1:${port}: self-signed certificate.* \\[DEPTH_ZERO_SELF_SIGNED_CERT\\]\\)`,
      ),
    );
    server.close();
  });

  it.each([
    ['a status', { status: 503, body: {} }, ', status 503)'],
    [
      'Descope’s own code',
      { status: 401, body: { errorCode: 'E061004', errorMessage: 'no' } },
      ', status 401: E061004)',
    ],
    [
      'the page of a box on the way',
      { status: 502, body: '<html>' },
      ', status 502: Descope answered with something that is not JSON.)',
    ],
    [
      'a redirect',
      { redirect: 'https://elsewhere.example/login?x=1' },
      ', status 302: Descope answered with a redirect.)',
    ],
    ['an object without keys', { body: {} }, ', status 200: Descope answered without a list of keys.)'],
    [
      'no usable key',
      { body: { keys: [] } },
      ', status 200: The response contains no key that can verify session tokens.)',
    ],
    ['a reset connection', { reset: true }, ': '],
    ['no answer', { hang: true }, ': Descope did not respond within 300 ms.)'],
  ])('names what came: %s', async (_, fault, end) => {
    emulator = await startEmulator();
    emulator.faults.add({ path: '/v2/keys', ...fault });
    const url = await boot({
      projectId: emulator.projectId,
      baseUrl: emulator.url,
      ...('hang' in fault && { keyFetch: { timeoutMs: 300 } }),
      requireKeysAtBoot: false,
    });
    const { host } = new URL(emulator.url);
    const line = await linesOf('KEYS_UNAVAILABLE');
    expect(line).toContain(`(${host}${end}`);
    expect(line).not.toMatch(/fetch failed|unknown reason|terminated/);
    expect((await ask(`${url}/health`)).body).toMatchObject({ descope: { code: 'KEYS_UNAVAILABLE' } });
  });

  it('is the message of a boot that waits for keys, too', async () => {
    const port = await findFreePort();
    await expect(
      boot({ baseUrl: `https://127.0.0.1:${port}`, requireKeysAtBoot: true }),
    ).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${port}: connect ECONNREFUSED`),
    });
  });
});

describe('The line about a call to Descope that brought nothing', () => {
  const secrets: string[] = [KEY, MANAGEMENT_KEY, 'secret-of-the-client'];

  // Descope had keys to give, and is gone since.
  const start = async (options: DescopeModuleOptions = {}) => {
    const descope = await startEmulator({ seed: { users: [{ loginId: 'anna@example.com' }] } });
    const { refreshJwt, sessionJwt, userId } = await descope.signIn('anna@example.com');
    let offsetMs = 0;
    const url = await boot({
      projectId: descope.projectId,
      baseUrl: descope.url,
      session: { refresh: true },
      routes: {},
      clock: () => descope.clock.now() + offsetMs,
      ...options,
    });
    const get = (path: string, init?: RequestInit) => ask(url + path, init);
    expect((await get('/who', { headers: bearer(sessionJwt) })).status).toBe(200);
    logger.entries.length = 0;
    const cookies = { cookie: `DS=${sessionJwt}; DSR=${refreshJwt}`, origin: url };
    secrets.push(sessionJwt, refreshJwt);
    const lapse = () => void (offsetMs = TEN_MINUTES + 6_000);
    return { descope, url, get, host: new URL(descope.url).host, sessionJwt, userId, cookies, lapse };
  };
  const expectSilence = () => {
    const written = logger.entries.join('\n');
    for (const secret of secrets) expect(written).not.toContain(secret);
    expect(written).not.toMatch(/fetch failed|unknown reason/);
  };

  it.each([
    ['a refresh', '/who', true, 503],
    ['the profile', '/auth/me?profile=1', false, 503],
    ['an access key', '/who', false, 503],
    ['a token of the application’s own, by access key', '/m2m', false, 200],
    ['a token of the application’s own, by client credentials', '/m2m/client', false, 200],
    ['the vendor’s client', '/client', false, 200],
  ])('names host and cause, for %s', async (what, path, isLapsed, status) => {
    const { descope, get, host, cookies, lapse } = await start();
    await descope.close();
    if (isLapsed) lapse();
    const headers = what === 'an access key' ? bearer(KEY) : cookies;
    expect((await get(path, { headers })).status).toBe(status);
    expect(await linesOf('DESCOPE_UNAVAILABLE')).toContain(`(${host}: connect ECONNREFUSED ${host})`);
    expectSilence();
  });

  it('names host and cause, for a sign-out', async () => {
    const { descope, get, host, cookies } = await start();
    await descope.close();
    const answer = await get('/auth/logout', { method: 'POST', headers: cookies });
    expect([answer.status, answer.body['code']]).toEqual([503, 'DESCOPE_UNAVAILABLE']);
    expect(await linesOf('SIGN_OUT_INCOMPLETE')).toContain(`(${host}: connect ECONNREFUSED ${host})`);
    expectSilence();
  });

  it('names host and cause, for relations and names', async () => {
    const { descope, get, host, sessionJwt } = await start();
    await descope.close();
    expect((await get('/docs/1', { headers: bearer(sessionJwt) })).body['code']).toBe('FGA_UNAVAILABLE');
    expect(await linesOf('FGA_UNAVAILABLE')).toContain(
      `This check was of doc#can_view. (${host}: connect ECONNREFUSED ${host})`,
    );
    await expect(verifyAccessNames(app as INestApplication)).rejects.toMatchObject({
      code: 'DESCOPE_UNAVAILABLE',
      message: expect.stringContaining(`(${host}: connect ECONNREFUSED ${host})`),
    });
    expectSilence();
  });

  it('names host and status, for relations about which the client asks again and again', async () => {
    const { descope, get, host, sessionJwt } = await start({ keyFetch: { timeoutMs: 2_000 } });
    emulator = descope;
    descope.faults.add({ path: '/v1/mgmt/fga/check', status: 503, body: {} });
    expect((await get('/docs/1', { headers: bearer(sessionJwt) })).body['code']).toBe('FGA_UNAVAILABLE');
    expect(await linesOf('FGA_UNAVAILABLE')).toContain(`(${host}, status 503)`);
  });

  it('names host and status, for a refresh', async () => {
    const { descope, get, host, cookies, lapse } = await start();
    emulator = descope;
    descope.faults.add({ path: '/v1/auth/refresh', status: 429, body: { errorCode: 'E130429' } });
    lapse();
    expect((await get('/who', { headers: cookies })).status).toBe(503);
    expect(await linesOf('DESCOPE_UNAVAILABLE')).toContain(`(${host}, status 429: E130429)`);
  });

  it.each([
    ['without a session token', {}, 'Descope answered without a session token.'],
    ['that has expired', { exp: 1 }, 'The token has expired. [TOKEN_EXPIRED]'],
  ])('says what is wrong with an answer %s', async (_, claims, reason) => {
    const { descope, get, host, cookies, lapse, userId } = await start();
    emulator = descope;
    const isEmpty = Object.keys(claims).length === 0;
    const sessionJwt = await descope.signToken({ claims: { sub: userId, amr: ['email'], ...claims } });
    const body = isEmpty ? {} : { sessionJwt, keyId: 'K2', expiration: 1 };
    for (const path of ['/v1/auth/refresh', '/v1/auth/accesskey/exchange', '/v1/auth/tenant/select'])
      descope.faults.add({ path, body });
    const select = { method: 'POST', body: '{"tenant":"t"}' };
    const json = { ...cookies, 'content-type': 'application/json' };
    expect((await get('/auth/tenant', { ...select, headers: json })).body['code']).toBe(
      'DESCOPE_UNAVAILABLE',
    );
    expect(await linesOf('DESCOPE_UNAVAILABLE')).toContain(`(${host}: ${reason})`);
    expect((await get('/who', { headers: bearer(KEY) })).body['code']).toBe('DESCOPE_UNAVAILABLE');
    lapse();
    const refreshed = await get('/who', { headers: cookies });
    expect([refreshed.body['code'], refreshed.headers.getSetCookie()]).toEqual(['DESCOPE_UNAVAILABLE', []]);
    secrets.push(sessionJwt);
    expectSilence();
  });
});
