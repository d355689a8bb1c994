// Many requests at once: nobody is taken for somebody else, and the keys are fetched once.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Req } from '@nestjs/common';
import {
  CurrentSession,
  CurrentUser,
  DescopeModule,
  DescopeSession,
  DescopeUser,
  OptionalAuth,
} from 'nestjs-descope';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { bearer } from '../../support/who.controller.js';

@Controller()
class SlowController {
  @OptionalAuth()
  @Get('slow/:wait')
  async slow(
    @Param('wait') wait: string,
    @CurrentUser('id') id: string | undefined,
    @CurrentSession() session: DescopeSession,
    @Req() request: { user?: DescopeUser },
  ) {
    await sleep(Number(wait));
    return { ids: [id ?? null, session.user?.id ?? null, request.user?.id ?? null] };
  }
}

describe.each(ADAPTERS)('300 concurrent requests of 20 users, on %s', (adapter) => {
  let emulator: Emulator;
  let application: RunningApplication;

  beforeAll(async () => {
    emulator = await startEmulator();
    emulator.faults.add({ path: '/v2/keys', delayMs: 200 });
    const { projectId, url: baseUrl } = emulator;
    const imports = [DescopeModule.forRoot({ projectId, baseUrl })];
    application = await start(adapter, { imports, controllers: [SlowController] });
  });
  afterAll(async () => {
    await application.close();
    await emulator.close();
  });

  it('are each answered for their own user, from one fetch of the keys', async () => {
    const users = Array.from({ length: 20 }, (_, index) => `U2user${index}`);
    const tokens = await Promise.all(
      users.map((sub) => emulator.signToken({ claims: { sub, amr: ['email'] } })),
    );
    const requests = Array.from({ length: 300 }, async (_, index) => {
      const isNobody = index % 10 === 9;
      const token = tokens[index % 20] as string;
      const cookie = { cookie: `DS=${token}` };
      const headers = isNobody ? {} : index % 3 === 0 ? cookie : bearer(token);
      const { body } = await application.request(`/slow/${(index * 7) % 40}`, { headers });
      const id = isNobody ? null : users[index % 20];
      return { got: body['ids'], wanted: [id, id, id] };
    });
    for (const { got, wanted } of await Promise.all(requests)) expect(got).toEqual(wanted);
    expect(emulator.requests.count('/v2/keys')).toBe(1);
  });
});
