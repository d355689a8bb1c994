// An application calls another service on behalf of its callers, with tokens that Descope exchanges.
import { hash } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Query } from '@nestjs/common';
import { decodeJwt } from 'jose';
import type { DescopeModuleOptions, Fetch } from 'nestjs-descope';
import { CurrentSession, DescopeModule, DescopeSession, OptionalAuth, Public } from 'nestjs-descope';
import { DescopeContext, DescopeContextModule } from 'nestjs-descope/context';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import type { OnBehalfModuleOptions } from 'nestjs-descope/on-behalf';
import { DescopeOnBehalfModule, DescopeTokens } from 'nestjs-descope/on-behalf';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { EventRecorder } from '../../support/event-recorder.js';
import type { TokenReceiver } from '../../support/token-receiver.js';
import { startReceiver } from '../../support/token-receiver.js';

const TOKEN = '/oauth2/v1/apps/token';
const ORDERS = 'https://orders.internal';
const CLIENT = { clientId: 'shop', clientSecret: 'SECRETsecretSECRETsecret05' };
const users = Array.from({ length: 20 }, (_item, index) => `user${index}@example.com`);

let emulator: Emulator;
let receiver: TokenReceiver;
let other: TokenReceiver;

beforeAll(async () => {
  receiver = await startReceiver();
  other = await startReceiver();
  const exchanges = [ORDERS, receiver.url, other.url].map((resource) => ({
    resource,
    scopes: ['orders:read', 'orders:write'],
  }));
  emulator = await startEmulator({
    seed: {
      users: users.map((loginId) => ({ loginId })),
      inboundApps: [{ name: 'shop', ...CLIENT, exchanges: [...exchanges, { resource: 'orders' }] }],
    },
  });
});
afterAll(async () => {
  await emulator.close();
  await receiver.close();
  await other.close();
});

@Injectable()
class Orders {
  readonly fetch: Fetch;
  readonly origin: Fetch;

  constructor(
    @Inject(DescopeTokens) readonly tokens: DescopeTokens,
    @Inject(DescopeContext) readonly context: DescopeContext,
  ) {
    this.fetch = tokens.createFetch(
      { onBehalf: true, resource: ORDERS, scope: 'orders:read' },
      { origins: [receiver.url] },
    );
    this.origin = tokens.createFetch({ onBehalf: true }, { origins: [receiver.url, other.url] });
  }
}

@Controller()
class ShopController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Get('orders')
  async list() {
    await new Promise((resolve) => setTimeout(resolve, 2));
    return (await this.orders.fetch(`${receiver.url}/orders`)).json() as Promise<object>;
  }

  @Get('status')
  async status() {
    return { status: (await this.orders.fetch(`${receiver.url}/orders`)).status };
  }

  @Get('origin')
  async origin(@Query('url') url: string) {
    return (await this.orders.origin(url)).json() as Promise<object>;
  }

  @Get('token')
  async token(@CurrentSession() session: DescopeSession, @Query() target: object) {
    const token = await this.orders.tokens.onBehalfOf(session, target);
    return { digest: hash('sha256', token), scope: decodeJwt(token)['scope'] };
  }

  @OptionalAuth()
  @Get('optional')
  optional(@CurrentSession() session: DescopeSession) {
    return this.orders.tokens.onBehalfOf(session, { resource: ORDERS });
  }

  @Public()
  @Get('public')
  async public() {
    return (await this.orders.fetch(`${receiver.url}/orders`)).json() as Promise<object>;
  }

  @Get('job')
  job() {
    const { context } = this.orders;
    return context.runAs(context.carry(), () => this.public());
  }
}

describe.each(ADAPTERS)('DescopeTokens, on %s', (adapter) => {
  let application: RunningApplication;
  const logger = new CollectingLogger();

  afterEach(async () => {
    await application.close();
    emulator.reset();
    logger.entries.length = 0;
    receiver.received.length = 0;
    receiver.statuses.length = 0;
  });

  const boot = async (own: OnBehalfModuleOptions = CLIENT, options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, clock: time } = emulator;
    const clock = () => time.now();
    const imports = [
      DescopeModule.forRoot({ projectId, baseUrl, audience: null, clock, ...options }),
      DescopeContextModule,
      DescopeOnBehalfModule.forRoot(own),
    ];
    const metadata = { imports, controllers: [ShopController], providers: [Orders] };
    application = await start(adapter, metadata, { logger });
  };
  const signIn = async (loginId = users[0] ?? '') => {
    const { sessionJwt } = await emulator.signIn(loginId);
    return { authorization: `Bearer ${sessionJwt}` };
  };
  const subOf = (headers: { readonly authorization: string }) =>
    decodeJwt(headers.authorization.slice(7)).sub;
  const verdict = async (path: string, headers = {}) => {
    const { status, body } = await application.request(path, { headers });
    return [status, body['code'] ?? ''].join(' ').trim();
  };
  const exchange = async (headers: Record<string, string>, target: Record<string, string>) => {
    const query = new URLSearchParams(target).toString();
    return (await application.request(`/token?${query}`, { headers })).body;
  };
  const tokenOf = async (headers: Record<string, string>, target: Record<string, string>) => {
    const { digest, code } = await exchange(headers, target);
    return String(digest ?? code);
  };

  it('exchanges the token of a caller once for many calls at once, for the caller and the target', async () => {
    await boot();
    const headers = await signIn();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => application.request('/orders', { headers })),
    );
    const expected = { sub: subOf(headers), aud: ORDERS, scope: 'orders:read' };
    expect(answers.map(({ body }) => body)).toEqual(answers.map(() => expected));
    expect(emulator.requests.count(TOKEN)).toBe(1);
    expect(receiver.received).not.toContain(headers.authorization);
  });

  it('mixes up no callers who call at the same time', async () => {
    await boot();
    const callers = await Promise.all(users.map(signIn));
    const many = Array.from({ length: 100 }, (_item, index) => callers[index % callers.length] ?? {});
    const answers = await Promise.all(many.map((headers) => application.request('/orders', { headers })));
    expect(answers.map(({ body }) => body['sub'])).toEqual(
      many.map((headers) => subOf(headers as { readonly authorization: string })),
    );
    expect(emulator.requests.count(TOKEN)).toBe(20);
  });

  it('keeps one token for each session, target and list of scopes, in any order', async () => {
    await boot();
    const [first, second] = [await signIn(), await signIn()];
    const read = await tokenOf(first, { resource: ORDERS, scope: 'orders:read' });
    const both = await tokenOf(first, { resource: ORDERS, scope: 'orders:read orders:write' });
    const tokens = [
      read,
      both,
      await tokenOf(first, { resource: ORDERS }),
      await tokenOf(first, { audience: 'orders' }),
      await tokenOf(second, { resource: ORDERS, scope: 'orders:read' }),
    ];
    expect(new Set(tokens).size).toBe(5);
    expect(await tokenOf(first, { resource: ORDERS, scope: 'orders:write orders:read' })).toBe(both);
    expect(await exchange(first, { resource: ORDERS, scope: 'orders:read' })).toMatchObject({
      scope: 'orders:read',
    });
    expect(emulator.requests.count(TOKEN)).toBe(5);
  });

  it('sends each origin a token of its own where no resource is named, and other origins none', async () => {
    await boot();
    const headers = await signIn();
    const ask = async (url: string) =>
      application.request(`/origin?url=${encodeURIComponent(url)}`, { headers });
    expect((await ask(`${receiver.url}/a`)).body).toMatchObject({ aud: receiver.url });
    expect((await ask(`${other.url}/b`)).body).toMatchObject({ aud: other.url });
    expect(emulator.requests.count(TOKEN)).toBe(2);
    for (const url of [
      'http://169.254.169.254/latest',
      `${receiver.url}@evil.example/`,
      `${receiver.url}.evil.example`,
    ])
      expect((await ask(url)).status).toBe(500);
    expect(emulator.requests.count(TOKEN)).toBe(2);
  });

  it('has no token where nobody acts: on public routes, for anonymous callers, in jobs', async () => {
    await boot();
    const headers = await signIn();
    expect(await verdict('/public', headers)).toBe('401 SESSION_MISSING');
    expect(await verdict('/optional')).toBe('401 SESSION_MISSING');
    expect(await verdict('/job', headers)).toBe('401 SESSION_MISSING');
    expect([emulator.requests.count(TOKEN), receiver.received]).toEqual([0, []]);
  });

  it('answers 403 where no policy permits it, and asks Descope once for a while', async () => {
    await boot();
    const headers = await signIn();
    const wrong = [{ resource: 'https://evil.example' }, { resource: ORDERS, scope: 'orders:delete' }];
    for (const target of [...wrong, ...wrong])
      expect(await tokenOf(headers, target)).toBe('EXCHANGE_REFUSED');
    expect(emulator.requests.count(TOKEN)).toBe(2);
    emulator.clock.advance(6_000);
    expect(await tokenOf(headers, { resource: 'https://evil.example' })).toBe('EXCHANGE_REFUSED');
    expect(emulator.requests.count(TOKEN)).toBe(3);
  });

  it('answers 500 to a client that Descope rejects, and says in the error what to check', async () => {
    await boot({ ...CLIENT, clientSecret: 'wrong' });
    expect(await verdict('/orders', await signIn())).toBe('500');
    expect(logger.find('Check clientId and clientSecret')).toHaveLength(1);
  });

  it('answers 503 while Descope is unavailable, and recovers', async () => {
    await boot();
    const headers = await signIn();
    emulator.faults.add({ path: TOKEN, status: 503, body: {} });
    const answer = await application.request('/orders', { headers });
    expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([
      503,
      'DESCOPE_UNAVAILABLE',
      '1',
    ]);
    await application.request('/orders', { headers });
    expect(emulator.requests.count(TOKEN)).toBe(1);
    emulator.faults.clear();
    emulator.clock.advance(1_000);
    expect(await verdict('/orders', headers)).toBe('200');
  });

  it('exchanges again when one of the two tokens ends', async () => {
    await boot();
    const headers = await signIn();
    const first = await tokenOf(headers, { resource: ORDERS });
    emulator.clock.advance(400_000);
    expect(await tokenOf(headers, { resource: ORDERS })).toBe(first);
    emulator.clock.advance(195_000);
    expect(await tokenOf(headers, { resource: ORDERS })).not.toBe(first);
    emulator.clock.advance(10_000);
    expect(await tokenOf(headers, { resource: ORDERS })).toBe('TOKEN_EXPIRED');
  });

  it('tries once more with another token where the service rejects one that is not new', async () => {
    await boot();
    const headers = await signIn();
    receiver.statuses.push(401);
    expect((await application.request('/status', { headers })).body).toEqual({ status: 401 });
    emulator.clock.advance(6_000);
    receiver.statuses.push(401);
    expect((await application.request('/status', { headers })).body).toEqual({ status: 200 });
    expect(emulator.requests.count(TOKEN)).toBe(2);
    receiver.statuses.push(302);
    expect((await application.request('/status', { headers })).body).toEqual({ status: 302 });
  });

  it('shows neither secrets nor tokens in logs, events, errors or itself', async () => {
    const events = new EventRecorder();
    await boot();
    const headers = await signIn();
    emulator.faults.add({ path: TOKEN, reset: true, times: 1 });
    const orders = application.app.get(Orders);
    const failed = await application.request('/orders', { headers });
    emulator.clock.advance(1_000);
    await application.request('/orders', { headers });
    const [token = ''] = receiver.received;
    const refused = await orders.tokens
      .onBehalfOf(DescopeSession.anonymous(), { resource: ORDERS })
      .catch((error: unknown) => error);
    events.stop();
    const options = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null };
    const told = inspect([logger.entries, events.messages, failed, refused, orders], options);
    expect(events.of('exchange').map(({ direction, outcome }) => `${direction} ${outcome}`)).toEqual([
      'outgoing outage',
      'outgoing exchanged',
    ]);
    const parts = [token, headers.authorization].flatMap((one) => one.split('.').slice(1));
    for (const secret of ['SECRET', ...parts]) expect(told).not.toContain(secret);
  });
});
