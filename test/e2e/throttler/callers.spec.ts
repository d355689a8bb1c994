// DescopeThrottlerGuard: by whom a request counts, and that a rejected one counts.
import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Provider, Type } from '@nestjs/common';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import { SkipThrottle, Throttle, ThrottlerModule } from '@nestjs/throttler';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { Accepts, Audience, CurrentUser, DescopeModule, OptionalAuth, Public, Roles } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { DescopeThrottlerGuard, trackByAddress, trackByTenant, trackByUser } from 'nestjs-descope/throttler';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';

const MINUTE_MS = 60_000;
const HERE = 'address:127.0.0.1';
const ORIGIN = 'https://app.example.com';

@Controller()
class OrdersController {
  @Get('orders')
  list(@CurrentUser('id') id: string) {
    return { id };
  }

  @Post('orders')
  create() {
    return {};
  }

  @Roles('admin')
  @Get('all')
  all() {
    return {};
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser('id') id?: string) {
    return { id: id ?? null };
  }

  @Public()
  @Get('open')
  open() {
    return {};
  }

  @Accepts('access-key')
  @Get('machines')
  machines() {
    return {};
  }

  @Accepts('agent')
  @Audience('https://api.example.com')
  @Get('agents')
  agents() {
    return {};
  }

  @SkipThrottle()
  @Get('free')
  free() {
    return {};
  }

  @Throttle({ default: { limit: 1, ttl: MINUTE_MS, getTracker: trackByTenant } })
  @Get('report')
  report() {
    return {};
  }
}

const guard: Provider = { provide: APP_GUARD, useClass: DescopeThrottlerGuard };

describe.each(ADAPTERS)('DescopeThrottlerGuard on %s', (adapter) => {
  const descope = createTestDescope();
  const ann = descope.as({ sub: 'U2ann' });
  const ben = descope.as({ sub: 'U2ben' });
  let application: RunningApplication | undefined;
  let trackers: string[] = [];

  afterEach(async () => {
    await application?.close();
    application = undefined;
    trackers = [];
  });

  const boot = async (
    limits: Partial<Exclude<ThrottlerModuleOptions, unknown[]>> = {},
    options: DescopeModuleOptions = {},
    imports?: (throttler: object, descopeModule: object) => object[],
    hasKeys = true,
  ) => {
    const throttler = ThrottlerModule.forRoot({
      throttlers: [{ ttl: MINUTE_MS, limit: 2 }],
      generateKey: (context, tracker, name) => {
        trackers.push(tracker);
        return `${context.getHandler().name} ${name} ${tracker}`;
      },
      ...limits,
    });
    const descopeModule = DescopeModule.forRoot({ publicOrigin: ORIGIN, ...options });
    const metadata = {
      imports: (imports?.(throttler, descopeModule) ?? [throttler, descopeModule]) as Type[],
      controllers: [OrdersController],
      providers: imports === undefined ? [guard] : [],
    };
    const override = {
      override: (builder: Parameters<typeof descope.override>[0]) => descope.override(builder),
    };
    application = await start(adapter, metadata, hasKeys ? override : {});
  };
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { status, body } = (await application?.request(path, { headers, method })) ?? {};
    return [status, body?.['code'] ?? ''].join(' ').trim();
  };
  const askTimes = async (times: number, ...request: Parameters<typeof ask>) => {
    const verdicts: string[] = [];
    for (let time = 0; time < times; time += 1) verdicts.push(await ask(...request));
    return verdicts;
  };

  it('gives each verified user a limit, also behind one address', async () => {
    await boot();
    expect(await askTimes(3, '/orders', ann.bearer)).toEqual(['200', '200', '429']);
    expect(await askTimes(3, '/orders', ben.bearer)).toEqual(['200', '200', '429']);
    expect(new Set(trackers)).toEqual(new Set(['user:U2ann', 'user:U2ben']));
  });

  it('answers 429 with the headers of @nestjs/throttler', async () => {
    await boot();
    const first = await application?.request('/orders', { headers: ann.bearer });
    expect(first?.headers.get('x-ratelimit-limit')).toBe('2');
    expect(first?.headers.get('x-ratelimit-remaining')).toBe('1');
    await ask('/orders', ann.bearer);
    const last = await application?.request('/orders', { headers: ann.bearer });
    expect([last?.status, last?.headers.get('retry-after')]).toEqual([429, '60']);
    expect(last?.body).toEqual({ statusCode: 429, message: 'ThrottlerException: Too Many Requests' });
  });

  it('counts a session in a cookie for its user', async () => {
    await boot();
    expect(await askTimes(3, '/orders', ann.cookie)).toEqual(['200', '200', '429']);
    expect(await ask('/orders', ann.bearer)).toBe('429');
  });

  it('counts attempts that are rejected with 401 for their address, whatever token they have', async () => {
    await boot();
    expect(await ask('/orders')).toBe('401 SESSION_MISSING');
    expect(await ask('/orders', descope.tampered({ sub: 'U2ann' }).bearer)).toBe(
      '401 TOKEN_SIGNATURE_INVALID',
    );
    expect(await ask('/orders', descope.expired({ sub: 'U2ann' }).bearer)).toBe('429');
    expect(await ask('/orders', { authorization: 'Bearer a b' })).toBe('429');
    expect(await ask('/orders', descope.tampered({ sub: 'U2ann' }).cookie)).toBe('429');
    expect(await ask('/orders', ann.bearer)).toBe('200');
    expect(trackers).toEqual([HERE, HERE, HERE, HERE, HERE, 'user:U2ann']);
  });

  it('counts requests that are rejected with 403 for their user', async () => {
    await boot();
    expect(await askTimes(3, '/all', ann.bearer)).toEqual([
      '403 ACCESS_ROLE_MISSING',
      '403 ACCESS_ROLE_MISSING',
      '429',
    ]);
    expect(await ask('/all', ben.bearer)).toBe('403 ACCESS_ROLE_MISSING');
  });

  it('counts a cookie that another site sent for its address, so that nobody else uses up the limit of a user', async () => {
    await boot();
    const foreign = { ...ann.cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect(await ask('/orders', foreign, 'POST')).toBe('403 REQUEST_CROSS_SITE');
    expect(trackers).toEqual([HERE]);
    expect(await ask('/orders', { ...ann.cookie, origin: ORIGIN }, 'POST')).toBe('201');
    expect(trackers.at(-1)).toBe('user:U2ann');
  });

  it('counts a token that is not accepted here for its address', async () => {
    await boot();
    expect(await ask('/machines', ann.bearer)).toBe('401 TOKEN_KIND_NOT_ACCEPTED');
    expect(await ask('/orders', descope.as({ kind: 'agent' }).bearer)).toBe('401 TOKEN_KIND_NOT_ACCEPTED');
    const foreign = descope.as({ kind: 'agent', aud: 'https://other.example.com' }).bearer;
    expect(await ask('/agents', foreign)).toBe('401 TOKEN_AUDIENCE_MISMATCH');
    expect(trackers).toEqual([HERE, HERE, HERE]);
    const agent = descope.as({ kind: 'agent', sub: 'U2ann', aud: 'https://api.example.com' }).bearer;
    expect(await ask('/agents', agent)).toBe('200');
    expect(trackers.at(-1)).toBe('agent:U2ann');
  });

  it('counts an access key by its id, which is never equal to that of a user', async () => {
    await boot();
    expect(await ask('/machines', descope.as({ kind: 'access-key', sub: 'K2robot' }).bearer)).toBe('200');
    expect(await ask('/orders', descope.as({ sub: 'access-key:K2robot' }).bearer)).toBe('200');
    expect(trackers).toEqual(['access-key:K2robot', 'user:access-key:K2robot']);
  });

  it('counts a public route by address, and verifies no token there', async () => {
    await boot();
    expect(await ask('/open', ann.bearer)).toBe('200');
    expect(await ask('/open', ben.bearer)).toBe('200');
    expect(await ask('/open')).toBe('429');
    expect(trackers).toEqual([HERE, HERE, HERE]);
  });

  it('counts an optional route by the user, and without one by address', async () => {
    await boot();
    expect(await ask('/maybe', ann.bearer)).toBe('200');
    expect(await ask('/maybe')).toBe('200');
    expect(await ask('/maybe', descope.expired({ sub: 'U2ann' }).cookie)).toBe('200');
    expect(await ask('/maybe', descope.expired({ sub: 'U2ann' }).bearer)).toBe('429');
    expect(trackers).toEqual(['user:U2ann', HERE, HERE, HERE]);
  });

  it('counts nothing where a handler skips the limit', async () => {
    await boot();
    expect(await askTimes(4, '/free', ann.bearer)).toEqual(['200', '200', '200', '200']);
    expect(await askTimes(3, '/free')).toEqual(Array.from({ length: 3 }, () => '401 SESSION_MISSING'));
    expect(trackers).toEqual([]);
  });

  it('shares the limit of a tenant among all who have selected it, keys too', async () => {
    await boot({ throttlers: [{ ttl: MINUTE_MS, limit: 2, getTracker: trackByTenant }] });
    const inTenant = (sub: string, dct: string, kind: 'user' | 'access-key' = 'user') =>
      descope.as({ sub, kind, dct, tenants: { [dct]: {} } }).bearer;
    expect(await ask('/orders', inTenant('U2ann', 'acme'))).toBe('200');
    expect(await ask('/orders', inTenant('K2', 'acme', 'access-key'))).toBe('200');
    expect(await ask('/orders', inTenant('U2ben', 'acme'))).toBe('429');
    expect(await ask('/orders', inTenant('U2ann', 'globex'))).toBe('200');
    expect(await ask('/orders', ann.bearer)).toBe('200'); // without a tenant
    expect(await ask('/orders')).toBe('401 SESSION_MISSING');
    expect(trackers.slice(-4)).toEqual(['tenant:acme', 'tenant:globex', 'user:U2ann', HERE]);
  });

  it('has limits of several kinds at once, and one of a handler', async () => {
    await boot({
      throttlers: [
        { name: 'default', ttl: MINUTE_MS, limit: 3, getTracker: trackByUser },
        { name: 'address', ttl: MINUTE_MS, limit: 5, getTracker: trackByAddress },
      ],
    });
    expect(await askTimes(4, '/orders', ann.bearer)).toEqual(['200', '200', '200', '429']);
    expect(await askTimes(3, '/orders', ben.bearer)).toEqual(['200', '200', '429']); // of the address
    const acme = (sub: string) => descope.as({ sub, dct: 'acme', tenants: { acme: {} } }).bearer;
    expect([await ask('/report', acme('U2ann')), await ask('/report', acme('U2ben'))]).toEqual([
      '200',
      '429',
    ]);
  });

  it('has one count for all handlers with a key that names none', async () => {
    await boot({ generateKey: (_context, tracker, name) => `${name}:${tracker}` });
    expect(await ask('/orders', ann.bearer)).toBe('200');
    expect(await ask('/free', ann.bearer)).toBe('200');
    expect(await ask('/maybe', ann.bearer)).toBe('200');
    expect(await ask('/orders', ann.bearer)).toBe('429');
    expect(await ask('/orders', ben.bearer)).toBe('200');
  });

  it('tells a subclass that keeps the context from it what to do', async () => {
    class ForgetfulGuard extends DescopeThrottlerGuard {
      protected override getTracker(request: object) {
        return super.getTracker(request).catch(String);
      }
    }
    @Module({ providers: [{ provide: APP_GUARD, useClass: ForgetfulGuard }] })
    class LimitsModule {}
    await boot({}, {}, (...modules) => [...modules, LimitsModule]);
    expect(await ask('/orders', ann.bearer)).toBe('200');
    expect(trackers).toEqual([expect.stringContaining('super.getTracker(request, context)')]);
  });

  it('counts what is rejected whatever the order of modules', async () => {
    @Module({ providers: [guard] })
    class LimitsModule {}
    const orders: ((throttler: object, descopeModule: object) => object[])[] = [
      (throttler, descopeModule) => [throttler, descopeModule, LimitsModule],
      (throttler, descopeModule) => [descopeModule, throttler, LimitsModule],
      (throttler, descopeModule) => [LimitsModule, throttler, descopeModule],
      (throttler, descopeModule) => [LimitsModule, descopeModule, throttler],
      (throttler, descopeModule) => [throttler, LimitsModule, descopeModule],
      (throttler, descopeModule) => [descopeModule, LimitsModule, throttler],
    ];
    for (const order of orders) {
      await boot({}, {}, order);
      expect(await askTimes(3, '/orders')).toEqual(['401 SESSION_MISSING', '401 SESSION_MISSING', '429']);
      expect(await ask('/orders', ann.bearer)).toBe('200');
      await application?.close();
    }
  });

  it('counts for its own application where two of a process have one class of controllers', async () => {
    await boot();
    const first = application;
    await boot({}, { accepts: ['access-key'] });
    try {
      expect(await ask('/orders', ann.bearer)).toBe('401 TOKEN_KIND_NOT_ACCEPTED');
      expect((await first?.request('/orders', { headers: ann.bearer }))?.status).toBe(200);
      expect(trackers).toEqual([HERE, 'user:U2ann']);
    } finally {
      await first?.close();
    }
  });

  it('counts by address while the keys cannot be had, and says 503 until the limit', async () => {
    const down = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const imports = [
      DescopeModule.forRoot({ projectId: descope.projectId, audience: null, fetch: down }),
      ThrottlerModule.forRoot([{ ttl: MINUTE_MS, limit: 2 }]),
    ];
    const metadata = { imports, controllers: [OrdersController], providers: [guard] };
    application = await start(adapter, metadata);
    const rejected = '503 KEYS_UNAVAILABLE';
    expect(await askTimes(3, '/orders', ann.bearer)).toEqual([rejected, rejected, '429']);
  });

  it('counts a client for its address that hangs up before its token was checked', async () => {
    const steps = new EventEmitter();
    const fetchKeys = async () => {
      await once(steps, 'closed');
      throw new Error('connect ECONNREFUSED');
    };
    await boot({}, { projectId: descope.projectId, audience: null, fetch: fetchKeys }, undefined, false);
    const server = application?.app.getHttpServer();
    server?.once('connection', (socket: Socket) => socket.once('close', () => steps.emit('closed')));
    const asked = once(server ?? steps, 'request');
    const client = new AbortController();
    const lost = fetch(`${application?.url}/orders`, { headers: ann.bearer, signal: client.signal });
    await asked;
    client.abort();
    await expect(lost).rejects.toThrow('abort');
    await askUntil(
      () => Promise.resolve(trackers.length),
      (count) => count > 0,
    );
    expect(trackers).toEqual([HERE]);
  });
});
