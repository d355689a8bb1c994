// An application calls another service of its project, with an access key or as an inbound app.
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import type { DescopeModuleOptions, FetchLike, M2mCredentials } from 'nestjs-descope';
import {
  Accepts,
  Audience,
  CurrentUser,
  DescopeM2mClient,
  DescopeModule,
  DescopeUser,
  Public,
  Scopes,
} from 'nestjs-descope';
import { fetch as undiciFetch } from 'undici';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { askUntil } from '../../support/ask-until.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { useEmulator } from '../../support/use-emulator.js';

const KEY = { accessKey: 'K2robotrobotrobotrobotrobotrobotSECRETsecret03' };
const CLIENT = {
  clientId: 'robot',
  clientSecret: 'SECRETsecretSECRETsecret04',
  scope: 'orders:read',
  audience: 'orders-api',
};
const EXCHANGE = '/v1/auth/accesskey/exchange';
const TOKEN = '/oauth2/v1/apps/token';

const bed = useEmulator({
  seed: {
    accessKeys: [{ name: 'robot', cleartext: KEY.accessKey }],
    inboundApps: [
      {
        name: 'robot',
        clientId: CLIENT.clientId,
        clientSecret: CLIENT.clientSecret,
        scopes: ['orders:read'],
      },
    ],
  },
});

@Injectable()
class Orders {
  constructor(readonly m2m: DescopeM2mClient) {}
}

@Controller()
class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Accepts('access-key')
  @Get('orders')
  list(@CurrentUser('kind') kind: string) {
    return { kind };
  }

  @Accepts('app')
  @Audience('orders-api')
  @Scopes('orders:read')
  @Get('scoped')
  scoped(@CurrentUser() user: DescopeUser) {
    return { kind: user.kind };
  }

  @Public()
  @Get('broken')
  broken() {
    return this.orders.m2m.getToken({ accessKey: 'invented-access-key' });
  }
}

describe.each(ADAPTERS)('DescopeM2mClient, on %s', (adapter) => {
  let service: RunningApplication;
  let m2m: DescopeM2mClient;
  const logger = new CollectingLogger();

  afterEach(async () => {
    await service.close();
    logger.entries.length = 0;
  });

  const boot = async (options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, clock } = bed.emulator;
    const now = () => clock.now();
    const imports = [DescopeModule.forRoot({ projectId, baseUrl, audience: null, clock: now, ...options })];
    service = await start(
      adapter,
      { imports, controllers: [OrdersController], providers: [Orders] },
      { logger },
    );
    m2m = service.app.get(Orders).m2m;
  };
  const call = (credentials: M2mCredentials, path = '/orders') =>
    m2m.createFetch(credentials, { origins: [service.url] })(service.url + path);
  const count = (path: string) => bed.emulator.requests.count(path);

  it('gets the session of an access key once for many calls at once, and refreshes it ahead', async () => {
    await boot();
    const tokens = await Promise.all(Array.from({ length: 1000 }, () => m2m.getToken(KEY)));
    expect([new Set(tokens).size, count(EXCHANGE)]).toEqual([1, 1]);
    bed.emulator.clock.advance(560_000);
    expect(await m2m.getToken(KEY)).toBe(tokens[0]);
    const refreshed = await askUntil(
      () => m2m.getToken(KEY),
      (token) => token !== tokens[0],
    );
    expect(refreshed).not.toBe(tokens[0]);
    expect(count(EXCHANGE)).toBe(2);
  });

  it('lets the application into another service as an access key, or as an inbound app with its scopes', async () => {
    await boot();
    expect(await (await call(KEY)).json()).toEqual({ kind: 'access-key' });
    expect(await (await call(CLIENT, '/scoped')).json()).toEqual({ kind: 'app' });
    expect([(await call(KEY, '/scoped')).status, (await call(CLIENT)).status]).toEqual([401, 401]);
    expect([count(EXCHANGE), count(TOKEN)]).toEqual([1, 1]);
  });

  it('reaches Descope and the service through the fetch of undici', async () => {
    const paths: string[] = [];
    const own: FetchLike = (url, init) => {
      paths.push(new URL(url).pathname);
      return undiciFetch(url, init);
    };
    await boot({ fetch: own });
    const send = m2m.createFetch(CLIENT, { origins: [service.url], fetch: own });
    const answer = await send(new Request(`${service.url}/scoped`));
    expect([answer instanceof Response, await answer.json()]).toEqual([true, { kind: 'app' }]);
    expect(paths).toEqual(expect.arrayContaining([TOKEN, '/scoped']));
    expect(paths.filter((path) => path.startsWith('/v2/keys/'))).toHaveLength(1);
  });

  it('gets another token once where the service rejects one that it took before', async () => {
    await boot({ keyFetch: { maxAgeSeconds: 20 } });
    expect((await call(KEY)).status).toBe(200);
    await bed.emulator.rotateKeys({ revoke: true });
    bed.emulator.clock.advance(21_000);
    await (await call(KEY)).text(); // the service's keys are fetched anew
    expect((await call(KEY)).status).toBe(200);
    expect(count(EXCHANGE)).toBe(2);
  });

  it('logs what to do about credentials that Descope rejects, and sends the caller no details', async () => {
    await boot();
    const rejected = { code: 'M2M_CREDENTIALS_REFUSED', message: expect.stringContaining('Check') };
    await expect(m2m.getToken({ ...CLIENT, clientSecret: 'wrong' })).rejects.toMatchObject(rejected);
    await expect(m2m.getToken({ ...CLIENT, scope: 'orders:write' })).rejects.toMatchObject({
      details: { descopeCode: 'invalid_scope' },
    });
    const answer = await service.request('/broken');
    expect([answer.status, answer.body['code']]).toEqual([500, undefined]);
    expect(answer.headers.get('www-authenticate')).toBeNull();
  });

  it('waits for no outage twice in the same second, and recovers', async () => {
    await boot();
    bed.emulator.faults.add({ path: TOKEN, status: 503, body: {} });
    const away = { code: 'DESCOPE_UNAVAILABLE', retryAfterSeconds: 1 };
    await expect(m2m.getToken(CLIENT)).rejects.toMatchObject(away);
    await expect(m2m.getToken(CLIENT)).rejects.toMatchObject(away);
    expect(count(TOKEN)).toBe(1);
    bed.emulator.faults.clear();
    bed.emulator.clock.advance(1_000);
    expect(await m2m.getToken(CLIENT)).toMatch(/^eyJ/);
  });

  it('shows neither secret nor token in logs, events, errors or itself', async () => {
    const events = new EventRecorder();
    await boot();
    for (const path of [EXCHANGE, TOKEN]) bed.emulator.faults.add({ path, reset: true, times: 1 });
    const errors = await Promise.all(
      [KEY, CLIENT].map((one) => m2m.getToken(one).catch((error: unknown) => error)),
    );
    bed.emulator.clock.advance(1_000);
    const tokens = [await m2m.getToken(KEY), await m2m.getToken(CLIENT)];
    const fetch = m2m.createFetch(CLIENT, { origins: [service.url] });
    events.stop();
    const options = { depth: 12, showHidden: true, maxArrayLength: null, maxStringLength: null };
    const told = inspect([logger.entries, events.messages, errors, m2m, fetch], options);
    expect(events.of('exchange').map(({ direction, outcome }) => `${direction} ${outcome}`)).toEqual([
      'outgoing outage',
      'outgoing outage',
      'outgoing exchanged',
      'outgoing exchanged',
    ]);
    const parts = tokens.flatMap((token) => token.split('.').slice(1));
    for (const secret of ['SECRET', ...parts]) expect(told).not.toContain(secret);
  });
});
