// What the health indicator says while an instance does not hear what others revoke, and what its requests are answered.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import type { SharedOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, DescopeUser } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DESCOPE_SESSIONS } from '#lib/auth/injection-tokens.js';
import type { Sessions } from '#lib/core/session/auto-refresh.js';
import type { Answer, RunningApplication } from '../../support/application.js';
import { start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { HealthController } from '../../support/health.controller.js';
import { MemoryServer } from '../../support/memory-channel.js';
import { bearer, WhoController } from '../../support/who.controller.js';

@Controller()
class LeavingController {
  static isUnderWay = false;

  constructor(@Inject(DESCOPE_SESSIONS) private readonly sessions: Sessions) {}

  @Get('leave')
  async leave(@CurrentUser() { id }: DescopeUser) {
    LeavingController.isUnderWay = true;
    await sleep(200);
    await this.sessions.revocations.revokeBefore({ scope: 'user', id, issuedBeforeMs: Date.now() });
    return { id };
  }
}

const HEARING = { status: 'up', degraded: false, channelSilentMs: expect.any(Number) };
const ISOLATED = { degraded: true, code: 'CHANNEL_SILENT', channelSilentMs: expect.any(Number) };

describe('GET /health of an instance with a channel', () => {
  const descope = createTestDescope();
  const { token } = descope.as({ sub: 'U2anna' });
  let server: MemoryServer;
  let app: RunningApplication;
  beforeEach(() => {
    server = new MemoryServer();
  });
  afterEach(async () => {
    server.isDown = false;
    await app.close();
  });

  const boot = async (shared: SharedOptions = {}) => {
    const options = { shared: { channel: server.connect(), maxSilenceMs: 500, ...shared } };
    const imports = [DescopeModule.forRoot(options), TerminusModule.forRoot({ logger: false })];
    const metadata = { imports, controllers: [HealthController, LeavingController, WhoController] };
    app = await start('express', metadata, { override: (builder) => descope.override(builder) });
  };
  const readHealth = async (path = '/health') => {
    const { body } = await app.request(path);
    const [health = {}] = Object.values(body['details'] as Record<string, Record<string, unknown>>);
    return health;
  };
  const untilCode = (code: string | undefined) => askUntil(readHealth, (health) => health['code'] === code);
  const ask = (): Promise<Answer> => app.request('/who', { headers: bearer(token) });

  it('is up while records come, and says how long ago all revocations were heard', async () => {
    await boot();
    const health = await untilCode(undefined);
    expect(health).toMatchObject(HEARING); // which is no more than maxSilenceMs ago
    expect(health).not.toHaveProperty('code');
  });

  it('is up and degraded while none comes and tokens are still accepted, or down where that is asked for', async () => {
    await boot();
    server.isDown = true;
    expect(await untilCode('CHANNEL_SILENT')).toMatchObject({ status: 'up', ...ISOLATED });
    expect((await app.request('/health/strict')).status).toBe(503);
    expect(await readHealth('/health/strict')).toMatchObject({ status: 'down', ...ISOLATED });
    expect((await ask()).status).toBe(200);
    server.isDown = false;
    expect(await untilCode(undefined)).toMatchObject(HEARING);
  });

  it('is down once tokens are answered with 503, and up when records come again', async () => {
    await boot({ whenIsolated: 'reject' });
    server.isDown = true;
    expect(await untilCode('SIGN_OUTS_UNAVAILABLE')).toMatchObject({ status: 'down', degraded: false });
    const { status, body } = await ask();
    expect([status, body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
    server.isDown = false;
    expect(await untilCode(undefined)).toMatchObject(HEARING);
    expect((await askUntil(ask, (answer) => answer.status === 200)).status).toBe(200);
  });

  it('still stores what a request revokes that is under way when the application closes', async () => {
    await boot();
    const answer = app.request('/leave', { headers: bearer(token) });
    await askUntil(async () => LeavingController.isUnderWay, Boolean);
    const closed = app.close();
    expect((await answer).status).toBe(200);
    await closed;
    expect(server.living.length).toBe(1);
  });
});
