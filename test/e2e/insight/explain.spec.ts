// Why a request is rejected, for developers: by a function, and with `explain: true` in the log.
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { Authorize, DescopeModule, OptionalAuth, Public, Roles, StepUp, Tenant } from 'nestjs-descope';
import { explainAccess } from 'nestjs-descope/inspect';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';

const isOwner = () => false;

@Controller('orders')
class OrdersController {
  @Get()
  list() {
    return [];
  }

  @Roles('admin', 'owner')
  @Post()
  add() {
    return {};
  }

  @Tenant({ from: 'param:tenant' })
  @Roles('editor', { tenant: true })
  @Get('of/:tenant')
  ofTenant() {
    return [];
  }

  @StepUp()
  @Authorize(isOwner)
  @Get('payments')
  payments() {
    return [];
  }

  @Public()
  @Get('open')
  open() {
    return [];
  }

  @OptionalAuth()
  @Get('maybe')
  maybe() {
    return [];
  }
}

describe.each(ADAPTERS)('The explanation of a rejection on %s', (adapter) => {
  const descope = createTestDescope();
  const bob = descope.as({
    sub: 'U2bob',
    email: 'bob@example.com',
    roles: ['owner-of-nothing', 'viewer'],
    tenants: { acme: { roles: ['viewer'] } },
    su: true,
  });
  let running: RunningApplication | undefined;
  afterEach(() => running?.close());
  const boot = async (options: DescopeModuleOptions = {}) => {
    const logger = new CollectingLogger();
    const imports = [DescopeModule.forRoot({ audience: null, ...options })];
    running = await start(
      adapter,
      { imports, controllers: [OrdersController] },
      { override: (builder) => descope.override(builder), logger },
    );
    const read = () => logger.entries.flatMap((entry) => /^debug: ([^]*) Descope$/.exec(entry)?.[1] ?? []);
    return { ...running, read };
  };
  const get = (path: string, token?: string) =>
    running?.request(path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });

  it('names each demand, what the token has of it, and nothing else of the token', async () => {
    const { app } = await boot();
    const { text, steps, verdict } = await explainAccess(app, { endpoint: 'POST /orders', persona: bob });
    expect(text).toBe(
      [
        'POST /orders (OrdersController.add): 403 ACCESS_ROLE_MISSING',
        '- accepts: user or access-key: met, found "user"',
        '- roles: admin or owner: not met (ACCESS_ROLE_MISSING), found []',
      ].join('\n'),
    );
    expect(verdict.rejections).toEqual([{ status: 403, code: 'ACCESS_ROLE_MISSING' }]);
    expect(steps.map(({ isMet }) => isMet)).toEqual([true, false]);
    expect(JSON.stringify(steps)).not.toMatch(/bob@|viewer|U2bob/);
  });

  it('takes what a request names, and the name of a handler', async () => {
    const { app } = await boot();
    const ask = (tenant: string) =>
      explainAccess(app, {
        endpoint: 'OrdersController.ofTenant',
        persona: bob,
        values: { 'param:tenant': tenant },
      });
    expect((await ask('acme')).text).toContain('found [{"tenant":"acme","has":[]}]');
    expect((await ask('globex')).text).toContain('found {"tenant":"globex","isMember":false}');
    await expect(explainAccess(app, { endpoint: 'GET /nothing', persona: bob })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('says of a caller without a session that there is none, and why', async () => {
    const { app } = await boot();
    const ask = async (persona: string) =>
      (await explainAccess(app, { endpoint: 'POST /orders', persona })).text.split('\n').slice(1);
    expect(await ask('anonymous')).toEqual([
      '- session: not met (SESSION_MISSING)',
      '- roles: admin or owner: not judged',
    ]);
    expect((await ask(descope.expired().token))[0]).toBe('- session: not met (TOKEN_EXPIRED)');
  });

  it('is in the log at the debug level with explain, and the response stays the same', async () => {
    const { read } = await boot({ explain: true });
    const explained = [
      await get('/orders/of/acme', bob.token),
      await get('/orders/payments', bob.token),
      await get('/orders'),
      await get('/orders', descope.expired().token),
    ].map((answer) => [answer?.status, answer?.text]);
    expect(read()).toEqual([
      [
        'OrdersController.ofTenant: 403 ACCESS_ROLE_MISSING',
        '- accepts: user or access-key: met, found "user"',
        `- roles: editor, in the route's tenant: not met (ACCESS_ROLE_MISSING), found [{"tenant":"acme","has":[]}]`,
        '- tenant: param:tenant: met, found {"tenant":"acme","isMember":true}',
      ].join('\n'),
      expect.stringContaining('- rule: isOwner: not met (ACCESS_POLICY_REFUSED)'),
      expect.stringMatching(/^OrdersController\.list: 401 SESSION_MISSING\n- session: not met/),
      expect.stringMatching(/^OrdersController\.list: 401 TOKEN_EXPIRED\n- session: not met/),
    ]);
    const lines = read().join('\n');
    expect(lines).not.toContain(bob.token.split('.')[1]);
    expect(lines).not.toMatch(/bob@|viewer|U2bob/);
    await running?.close();
    const silent = await boot();
    const plain = [
      await get('/orders/of/acme', bob.token),
      await get('/orders/payments', bob.token),
      await get('/orders'),
      await get('/orders', descope.expired().token),
    ].map((answer) => [answer?.status, answer?.text]);
    expect(plain).toEqual(explained);
    expect(silent.read()).toEqual([]);
  });

  it('is of no request that reaches its handler', async () => {
    const { read } = await boot({ explain: true });
    for (const path of ['/orders', '/orders/open', '/orders/maybe'])
      expect((await get(path, bob.token))?.status).toBe(200);
    expect(read()).toEqual([]);
  });
});
