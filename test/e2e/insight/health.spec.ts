// The health indicator at a real /health endpoint of @nestjs/terminus.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TerminusModule } from '@nestjs/terminus';
import type { DescopeModuleOptions, FetchInit } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { HealthController } from '../../support/health.controller.js';
import { bearer, WhoController } from '../../support/who.controller.js';

const ofEmulator = (emulator: Emulator) => (url: string, init: FetchInit) =>
  fetch(url.replace('http://emulator:4400', emulator.url), init);

const MINUTE = 60_000;

describe.each(ADAPTERS)('GET /health, on %s', (adapter) => {
  let app: RunningApplication;
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await startEmulator();
  });
  afterEach(async () => {
    await app.close();
    await emulator.close();
  });

  const boot = async (options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, clock } = emulator;
    const defaults = { projectId, baseUrl, audience: null, clock: () => clock.now() };
    const descope = DescopeModule.forRoot({ ...defaults, ...options });
    const imports = [descope, TerminusModule.forRoot({ logger: false })];
    app = await start(adapter, { imports, controllers: [HealthController, WhoController] });
  };
  const goAway = () => emulator.faults.add({ path: '/v2/keys', status: 503 });
  const fetches = () => emulator.requests.count('/v2/keys');

  it('says that the base URL is plain http, and nothing of one that stays on this machine', async () => {
    const baseUrl = 'http://emulator:4400';
    await boot({ baseUrl, allowInsecureBaseUrl: 'private', fetch: ofEmulator(emulator) });
    const insecure = (await app.request('/health')).body['info'];
    expect(insecure).toEqual({
      descope: expect.objectContaining({ status: 'up', warning: 'BASE_URL_INSECURE' }),
    });
    await app.close();
    await boot();
    const local = (await app.request('/health')).body['info'] as { descope: object };
    expect(Object.keys(local.descope)).toEqual(['status', 'degraded', 'keyCount', 'keyAgeSeconds']);
  });

  it('is up with fresh keys, and fetches none for it', async () => {
    await boot();
    const { status, body } = await app.request('/health');
    const { keyCount } = (body['info'] as { descope: { keyCount: number } }).descope;
    const descope = { status: 'up', degraded: false, keyCount, keyAgeSeconds: expect.any(Number) };
    expect([status, body['info'], body['error']]).toEqual([200, { descope }, {}]);
    expect(keyCount).toBeGreaterThanOrEqual(1);
    for (let check = 0; check < 20; check += 1) await app.request('/health');
    expect(fetches()).toBe(1);
  });

  it('is up and degraded while keys are stale, or down where that is asked for', async () => {
    await boot();
    await app.request('/health');
    goAway();
    emulator.clock.advance(20 * MINUTE);
    const { status, body } = await app.request('/health');
    const stale = { degraded: true, keyCount: expect.any(Number), code: 'KEYS_STALE' };
    const keyAgeSeconds = expect.any(Number);
    expect([status, body['info']]).toEqual([200, { descope: { status: 'up', ...stale, keyAgeSeconds } }]);
    expect((body['info'] as { descope: { keyAgeSeconds: number } }).descope.keyAgeSeconds).toBeGreaterThan(
      1199,
    );
    const strict = await app.request('/health/strict');
    expect([strict.status, strict.body['error']]).toEqual([
      503,
      { auth: { status: 'down', ...stale, keyAgeSeconds } },
    ]);
    const token = await emulator.signToken({ claims: { amr: ['email'] } });
    expect((await app.request('/who', { headers: bearer(token) })).status).toBe(200);
  });

  it('is down without keys, asks no more often than the schedule allows, and comes up by itself', async () => {
    goAway();
    let now = Date.now();
    await boot({ clock: () => now });
    for (let check = 0; check < 20; check += 1) {
      const { status, body } = await app.request('/health');
      const descope = { status: 'down', degraded: false, keyCount: 0, code: 'KEYS_UNAVAILABLE' };
      expect([status, body['error']]).toEqual([503, { descope }]);
    }
    expect(fetches()).toBe(1); // the clock stands still, so no retry is due
    emulator.faults.clear();
    now += 1_000;
    expect((await app.request('/health')).status).toBe(200);
    expect(fetches()).toBe(2);
  });

  it('is down once stale keys are too old, and says how old they are', async () => {
    await boot();
    await app.request('/health');
    goAway();
    emulator.clock.advance(61 * MINUTE);
    const { status, body } = await app.request('/health');
    const { descope } = body['error'] as { descope: Record<string, unknown> };
    expect([status, descope['code'], descope['degraded']]).toEqual([503, 'KEYS_UNAVAILABLE', false]);
    expect(descope['keyAgeSeconds']).toBeGreaterThanOrEqual(3660);
  });

  it('refreshes the keys of an idle application, and is not degraded for it', async () => {
    await boot();
    await app.request('/health');
    emulator.clock.advance(30 * MINUTE);
    const { body } = await app.request('/health');
    expect(body['info']).toMatchObject({ descope: { status: 'up', degraded: false } });
    expect((body['info'] as { descope: { keyAgeSeconds: number } }).descope.keyAgeSeconds).toBeLessThan(60);
  });

  it('is up with fixed keys, which have no age', async () => {
    await boot({ keys: emulator.publishedKeys });
    const { body } = await app.request('/health');
    const keyCount = emulator.publishedKeys.length;
    expect(body['info']).toEqual({ descope: { status: 'up', degraded: false, keyCount } });
    expect(fetches()).toBe(0);
  });
});
