// One application calls another one of the project with tokens that are bound to its key, and the other checks the proofs.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import type { FetchLike } from 'nestjs-descope';
import { Accepts, Audience, CurrentUser, DescopeM2mClient, DescopeModule, DescopeUser } from 'nestjs-descope';
import { Dpop } from 'nestjs-descope/dpop';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { useEmulator } from '../../support/use-emulator.js';

const ORIGIN = 'https://orders.example.com';
const CLIENT = { clientId: 'robot', clientSecret: 'robot-secret', audience: 'orders-api' };
const bed = useEmulator({
  seed: { inboundApps: [{ name: 'robot', clientId: 'robot', clientSecret: CLIENT.clientSecret }] },
});

@Accepts('app')
@Audience('orders-api')
@Controller()
class OrdersController {
  @Get('orders')
  list(@CurrentUser() user: DescopeUser) {
    return { kind: user.kind };
  }

  @Dpop()
  @Post('orders')
  create(@Body() body: object) {
    return body;
  }
}

describe.each(ADAPTERS)('Two applications, on %s', (adapter) => {
  const running: RunningApplication[] = [];
  afterEach(async () => {
    await Promise.all(running.map((application) => application.close()));
    running.length = 0;
  });

  const boot = async (nonces: boolean) => {
    const { projectId, url: baseUrl } = bed.emulator;
    const options = { projectId, baseUrl, audience: null };
    const dpop = { mode: 'allowed', replay: 'per-instance', nonces } as const;
    const imports = [DescopeModule.forRoot({ ...options, publicOrigin: ORIGIN, dpop })];
    const service = await start(adapter, { imports, controllers: [OrdersController] });
    running.push(service);
    const caller = await start(adapter, { imports: [DescopeModule.forRoot(options)] });
    running.push(caller);
    // As a proxy in front of the service, which speaks TLS.
    const fetch: FetchLike = (url, init) => globalThis.fetch(url.replace(ORIGIN, service.url), init);
    return { m2m: caller.app.get(DescopeM2mClient), options: { origins: [ORIGIN], fetch } };
  };

  it.each([true, false])('understand each other, with nonces: %s', async (nonces) => {
    const { m2m, options } = await boot(nonces);
    const send = m2m.createFetch(CLIENT, { ...options, dpop: true });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => send(`${ORIGIN}/orders?page=${index}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await answers[0]?.json()).toEqual({ kind: 'app' });
    const headers = { 'content-type': 'application/json' };
    const created = await send(`${ORIGIN}/orders`, { method: 'POST', headers, body: '{"a":1}' });
    expect([created.status, await created.json()]).toEqual([201, { a: 1 }]);
  });

  it('reject a bearer token where a bound one is required', async () => {
    const { m2m, options } = await boot(false);
    const send = m2m.createFetch(CLIENT, options);
    expect((await send(`${ORIGIN}/orders`)).status).toBe(200);
    expect((await send(`${ORIGIN}/orders`, { method: 'POST' })).status).toBe(401);
  });
});
