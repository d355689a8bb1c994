// Descope's key server is away: the application starts, says so with 503, and recovers by itself.
import { afterEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { DEFAULT_PROJECT_ID, startEmulator } from 'nestjs-descope/emulator';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { findFreePort } from '../../support/free-port.js';
import { bearer, WhoController } from '../../support/who.controller.js';

describe.each(ADAPTERS)('While the key server is away, an application on %s', (adapter) => {
  let application: RunningApplication | undefined;
  let emulator: Emulator | undefined;
  const logger = new CollectingLogger();

  afterEach(async () => {
    await application?.close();
    await emulator?.close();
    application = emulator = undefined;
    logger.entries.length = 0;
  });

  const boot = async (port: number, options: DescopeModuleOptions = {}) => {
    const baseUrl = `http://127.0.0.1:${port}`;
    const imports = [DescopeModule.forRoot({ projectId: DEFAULT_PROJECT_ID, baseUrl, ...options })];
    application = await start(adapter, { imports, controllers: [WhoController] }, { logger });
    return application;
  };
  const who = async (token?: string) =>
    (application as RunningApplication).request(
      '/who',
      token === undefined ? {} : { headers: bearer(token) },
    );
  const isServed = ({ status }: { readonly status: number }) => status === 200;
  const genuineLooking = createTestDescope({ projectId: DEFAULT_PROJECT_ID }).as().token;

  it('starts, serves public routes, asks for a token, and answers 503 to one', async () => {
    const { request } = await boot(await findFreePort());
    expect((await request('/open')).status).toBe(200);
    expect((await who()).body['code']).toBe('SESSION_MISSING');
    const answer = await who(genuineLooking);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(answer.body).toEqual({
      statusCode: 503,
      error: 'Service Unavailable',
      message: 'The session cannot be checked at present.',
      code: 'KEYS_UNAVAILABLE',
    });
    expect(logger.find('keys cannot be fetched')).toHaveLength(1);
  });

  it('says whether the host answers: then the project id is wrong, not the address', async () => {
    await boot(await findFreePort());
    await who(genuineLooking);
    expect(logger.find('check projectId and baseUrl')).toHaveLength(1);
    await application?.close();
    emulator = await startEmulator({ projectId: 'P2otherotherotherotherothero' });
    await boot(Number(new URL(emulator.url).port));
    expect((await who(genuineLooking)).body['code']).toBe('KEYS_UNAVAILABLE');
    expect(logger.find('The host answers, but not with keys of this project: check the project id.')).toEqual(
      [expect.stringMatching(/KEYS_UNAVAILABLE: .*status 40\d/)],
    );
  });

  it('recovers by itself within seconds', async () => {
    const port = await findFreePort();
    await boot(port);
    expect((await who(genuineLooking)).status).toBe(503);
    emulator = await startEmulator({ port });
    const token = await emulator.signToken({ claims: { amr: ['email'], sub: 'U2anna' } });
    expect((await askUntil(() => who(token), isServed)).status).toBe(200);
    expect((await who(token)).body['id']).toBe('U2anna');
    expect(logger.find('can be fetched again')).toHaveLength(1);
  });

  it('goes on with the keys it has when the server goes away later', async () => {
    emulator = await startEmulator();
    const token = await emulator.signToken({ claims: { amr: ['email'] } });
    await boot(Number(new URL(emulator.url).port), { keyFetch: { maxAgeSeconds: 1 } });
    expect((await who(token)).status).toBe(200);
    await emulator.close();
    const served = await askUntil(
      () => who(token),
      (answer) => isServed(answer) && logger.find('in memory').length === 1,
    );
    expect([served.status, logger.find('in memory')]).toEqual([200, [expect.anything()]]);
    expect((await who(token)).status).toBe(200);
  });

  it.each([
    ['status 500', { status: 500, body: {} }],
    ['status 404', { status: 404, body: {} }],
    ['HTML', { body: '<html>' }],
    ['an object without keys', { body: {} }],
    ['keys: null', { body: { keys: null } }],
    ['no usable key', { body: { keys: [] } }],
    ['a redirect', { redirect: 'https://elsewhere.example/' }],
    ['a reset connection', { reset: true }],
    ['no answer', { hang: true }],
    ['an answer that drips', { dripMs: 200 }],
  ])('takes %s for being away, within the time-out', async (_what, fault) => {
    emulator = await startEmulator();
    emulator.faults.add({ path: '/v2/keys', ...fault });
    await boot(Number(new URL(emulator.url).port), { keyFetch: { timeoutMs: 300 } });
    const token = await emulator.signToken({ claims: { amr: ['email'] } });
    const startedAt = performance.now();
    const answer = await who(token);
    expect([answer.status, answer.body['code']]).toEqual([503, 'KEYS_UNAVAILABLE']);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    emulator.faults.clear();
    expect((await askUntil(() => who(token), isServed)).status).toBe(200);
  });

  it('does not start when requireKeysAtBoot is set', async () => {
    const booting = boot(await findFreePort(), { requireKeysAtBoot: true });
    await expect(booting).rejects.toMatchObject({
      code: 'KEYS_UNAVAILABLE',
      message: expect.stringMatching(/ECONNREFUSED.*requireKeysAtBoot.*createTestDescope\(\)\.override\(/),
    });
    emulator = await startEmulator();
    await boot(Number(new URL(emulator.url).port), { requireKeysAtBoot: true });
    expect(emulator.requests.count('/v2/keys')).toBe(1);
  });
});
