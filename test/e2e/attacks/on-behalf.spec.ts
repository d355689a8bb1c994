// Attacks on calls on behalf of callers: wider and foreign tokens, other hosts, connections of others, callers who are gone.
import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import type { DescopeUser, Fetch } from 'nestjs-descope';
import { CurrentSession, DescopeModule, DescopeRevocations, DescopeSession, Tenant } from 'nestjs-descope';
import { DescopeContextModule } from 'nestjs-descope/context';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ConnectionToken, DescopeConnections, DescopeOnBehalfModule } from 'nestjs-descope/on-behalf';
import { DescopeTokens } from 'nestjs-descope/on-behalf';
import { createTestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import type { TokenReceiver } from '../../support/token-receiver.js';
import { startReceiver } from '../../support/token-receiver.js';

const TOKEN = '/oauth2/v1/apps/token';
const VAULT = '/v1/mgmt/outbound';
const CLIENT = { clientId: 'shop', clientSecret: 'SECRETsecretSECRETsecret07' };
const APP = 'google-calendar';
const [ADA, BOB] = ['ada@example.com', 'bob@example.com'];
const show = (token: string) => ({ digest: hash('sha256', token) });

let emulator: Emulator;
let orders: TokenReceiver;
let evil: TokenReceiver;
let redirecting: { readonly url: string; readonly close: () => unknown };

beforeAll(async () => {
  [orders, evil] = [await startReceiver(), await startReceiver()];
  const server = createServer((request, response) => {
    response.writeHead(Number(request.url?.slice(1)), { location: `${evil.url}/stolen` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  redirecting = { url, close: () => server.close() };
  const exchanges = [orders.url, url].map((resource) => ({ resource, scopes: ['read'] }));
  const tenants = [{ tenantId: 'acme' }];
  emulator = await startEmulator({
    seed: {
      tenants: [{ id: 'acme' }, { id: 'globex' }],
      users: [{ loginId: ADA, tenants }, { loginId: BOB }],
      inboundApps: [{ name: 'shop', ...CLIENT, exchanges }],
    },
  });
});
afterAll(async () => {
  redirecting.close();
  await Promise.all([emulator.close(), orders.close(), evil.close()]);
});

@Controller()
class ShopController {
  readonly #fetch: Fetch;
  held: { readonly session: DescopeSession; readonly fetch: Fetch } | undefined;

  constructor(
    @Inject(DescopeTokens) readonly tokens: DescopeTokens,
    @Inject(DescopeConnections) readonly connections: DescopeConnections,
  ) {
    const origins = [orders.url, redirecting.url];
    this.#fetch = tokens.createFetch({ onBehalf: true, scope: 'read' }, { origins });
  }

  // A target that the request chooses, which an application should not let it.
  @Get('token') async token(@CurrentSession() session: DescopeSession, @Query() target: object) {
    return show(await this.tokens.onBehalfOf(session, { ...target }));
  }

  @Get('call') async call(@Query('url') url: string) {
    return { status: (await this.#fetch(url)).status };
  }

  @Get('hold') hold(@CurrentSession() session: DescopeSession) {
    const fetch = this.tokens.createFetch({ onBehalf: session, scope: 'read' }, { origins: [orders.url] });
    this.held = { session, fetch };
  }

  @Get('events') events(@ConnectionToken(APP) token: string) {
    return show(token);
  }

  @Tenant({ from: 'header:x-tenant' })
  @Get('tenant')
  tenant(@ConnectionToken(APP, { of: 'tenant' }) token: string) {
    return show(token);
  }

  @Tenant({ from: 'header:x-tenant' })
  @Get('in-tenant')
  inTenant(@ConnectionToken(APP, { of: 'user-in-tenant' }) token: string) {
    return show(token);
  }
}

describe.each(ADAPTERS)('Calls on behalf of callers, on %s,', (adapter) => {
  let application: RunningApplication;
  const logger = new CollectingLogger();

  beforeAll(async () => {
    const { projectId, url: baseUrl, managementKey, clock: time } = emulator;
    const clock = () => time.now();
    const options = { projectId, baseUrl, managementKey, audience: null, clock };
    const imports = [
      DescopeModule.forRoot(options),
      DescopeContextModule,
      DescopeOnBehalfModule.forRoot(CLIENT),
    ];
    application = await start(adapter, { imports, controllers: [ShopController] }, { logger });
  });
  afterEach(() => {
    emulator.reset();
    for (const list of [logger.entries, orders.received, evil.received]) list.length = 0;
  });
  afterAll(() => application.close());

  const signIn = async (loginId = ADA) => (await emulator.signIn(loginId)).sessionJwt;
  const ask = async (path: string, token: string, more = {}) => {
    const headers = { authorization: `Bearer ${token}`, ...more };
    const { status, body } = await application.request(path, { headers });
    return String(body['digest'] ?? [status, body['code'] ?? body['status'] ?? ''].join(' ').trim());
  };
  const toPath = (path: string, query: Record<string, string> | [string, string][]) =>
    `${path}?${new URLSearchParams(query).toString()}`;
  const codeOf = (run: () => Promise<unknown>) =>
    run().then(
      (value) => (typeof value === 'string' ? 'a token' : 'a response'),
      (error: unknown) => (error as { readonly code?: string }).code,
    );
  const hold = async (token: string) => {
    expect(await ask('/hold', token)).toBe('200');
    const { held, tokens } = application.app.get(ShopController);
    if (held === undefined) throw new Error('The session was not held.');
    const target = { resource: orders.url, scope: 'read' };
    const find = (session: DescopeSession = held.session) => codeOf(() => tokens.onBehalfOf(session, target));
    return { ...held, find, fetchOrders: () => codeOf(() => held.fetch(`${orders.url}/orders`)) };
  };

  it('gives a request that chooses the target no more than the policies permit', async () => {
    const token = await signIn();
    const own = { resource: orders.url };
    for (const target of [
      { resource: evil.url },
      { resource: `${orders.url}/` },
      { resource: `${orders.url}/../admin` },
      { audience: evil.url },
      { audience: emulator.projectId },
      { ...own, scope: 'read admin' },
    ])
      expect([target, await ask(toPath('/token', target as Record<string, string>), token)]).toEqual([
        target,
        '403 EXCHANGE_REFUSED',
      ]);
    const before = emulator.requests.count(TOKEN);
    for (const target of [
      { ...own, audience: evil.url },
      { resource: `${orders.url}@evil.example` },
      { ...own, scopes: 'read' },
      { ...own, client_id: 'other' },
      { ...own, subject_token: token },
      { ...own, requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      { ...own, scope: 'read\nadmin' },
      { resource: `${orders.url}&scope=admin admin` },
    ])
      expect(await ask(toPath('/token', target), token)).toBe('500');
    const several = toPath('/token', [
      ['resource', orders.url],
      ['resource', evil.url],
    ]);
    expect(await ask(several, token)).toBe('500');
    expect([emulator.requests.count(TOKEN), evil.received]).toEqual([before, []]);
  });

  it('sends no token that Descope issued for more than was requested, or for somebody else', async () => {
    const token = await signIn();
    const { find, session } = await hold(token);
    const issue = (claims: object) =>
      emulator.signToken({ claims: { sub: session.user?.id, aud: orders.url, ...claims } });
    const answers = [
      { scope: 'read admin' },
      { scope: ['read', 'admin'] },
      { aud: [orders.url, evil.url] },
      { aud: evil.url },
      { aud: undefined },
      { sub: 'U2bob' },
      { dsub: 'U2bob' },
    ];
    for (const claims of answers) {
      const issued = await issue({ scope: 'read', ...claims });
      const body = { access_token: issued, token_type: 'Bearer', expires_in: 60 };
      const fault = emulator.faults.add({ path: TOKEN, status: 200, body });
      expect([claims, await ask(toPath('/call', { url: `${orders.url}/a` }), token)]).toEqual([
        claims,
        '503 DESCOPE_UNAVAILABLE',
      ]);
      expect(await find()).toBe('DESCOPE_UNAVAILABLE'); // remembered, and not used either
      fault.remove();
      emulator.clock.advance(1_000);
    }
    expect(orders.received).toEqual([]);
    expect(await find()).toBe('a token');
  });

  it('exchanges no token that the guard rejects, and none that is not the session of a caller', async () => {
    const { sessionJwt, refreshJwt } = await emulator.signIn(ADA);
    const path = toPath('/token', { resource: orders.url });
    const foreign = createTestDescope();
    for (const bad of [
      refreshJwt,
      await emulator.signToken({ expiresInSeconds: -60 }),
      await emulator.signToken({ claims: { cnf: { jkt: 'x' } } }),
      foreign.as().token,
      `${sessionJwt.slice(0, -8)}AAAAAAAA`,
    ])
      expect(await ask(path, bad)).toMatch(/^401 /);
    expect(emulator.requests.count(TOKEN)).toBe(0);
    const { session, find } = await hold(sessionJwt);
    for (const bad of [refreshJwt, foreign.as().token, 'x'])
      expect(await find(DescopeSession.of(session.user as DescopeUser, bad))).toBe('EXCHANGE_REFUSED');
  });

  it('exchanges no token that is bound to a key for one that needs none', async () => {
    const { session, find } = await hold(await signIn());
    const { user, token } = session as never as { user: DescopeUser; token: string };
    const claims = { ...user.claims, cnf: { jkt: 'x' } };
    const bound = { ...user, user: { ...user, claims }, claims, token, requireUser: () => user };
    expect(await find(bound as never)).toBe('EXCHANGE_REFUSED');
    expect(emulator.requests.count(TOKEN)).toBe(0);
  });

  it('calls no host that a resource or a redirect names', async () => {
    const token = await signIn();
    for (const resource of [`${evil.url}/latest`, 'http://169.254.169.254/latest', 'file:///etc/passwd'])
      expect(await ask(toPath('/token', { resource }), token)).toBe('403 EXCHANGE_REFUSED');
    for (const url of [evil.url, `${orders.url}@${new URL(evil.url).host}/`, 'http://[::ffff:127.0.0.1]:1/'])
      expect(await ask(toPath('/call', { url }), token)).toBe('500');
    for (const status of [301, 302, 303, 307, 308]) {
      const url = `${redirecting.url}/${status}`;
      expect(await ask(toPath('/call', { url }), token)).toBe(`200 ${status}`);
    }
    for (const path of [TOKEN, VAULT]) {
      const headers = { location: `${evil.url}/stolen` };
      emulator.faults.add({ path, status: 307, headers });
    }
    expect(await ask(toPath('/call', { url: orders.url }), token)).toBe('503 DESCOPE_UNAVAILABLE');
    expect(await ask('/events', token)).toBe('503 DESCOPE_UNAVAILABLE');
    expect([evil.received, orders.received]).toEqual([[], []]);
  });

  it('passes no connection of another user or tenant', async () => {
    emulator.clock.advance(2_000);
    const [ada, bob] = [await signIn(), await signIn(BOB)];
    const other = emulator.connections.add(APP, { user: BOB });
    const ofTenant = hash('sha256', emulator.connections.add(APP, { tenantId: 'acme' }));
    emulator.connections.add(APP, { tenantId: 'globex' });
    for (const query of ['userId', 'user', 'id', 'loginId', 'sub', 'appId', 'tenantId'])
      expect(await ask(toPath('/events', { [query]: BOB }), ada)).toBe('403 CONNECTION_REQUIRED');
    expect(await ask('/tenant', ada, { 'x-tenant': 'acme' })).toBe(ofTenant);
    const names = ['globex', '__proto__', 'constructor', 'toString', 'acme,globex', 'ACME', '*', ''];
    for (const tenant of names)
      for (const path of ['/tenant', '/in-tenant'])
        expect(await ask(path, ada, { 'x-tenant': tenant })).toMatch(/^40[03] (ACCESS_TENANT|REQUEST)/);
    expect(await ask('/tenant', bob, { 'x-tenant': 'acme' })).toBe('403 ACCESS_TENANT_MISSING');
    const { connections } = application.app.get(ShopController);
    for (const name of ['__proto__', 'constructor'])
      expect(await codeOf(() => connections.getUserToken(APP, { id: name }))).toBe('CONNECTION_REQUIRED');
    const body = { token: { appId: APP, userId: 'U2bob', accessToken: other } };
    emulator.faults.add({ path: VAULT, status: 200, body });
    emulator.clock.advance(2_000);
    expect(await ask('/events', ada)).toBe('503 DESCOPE_UNAVAILABLE');
  });

  it('gives no token, not even one it remembers, for a session that was revoked', async () => {
    const token = await signIn();
    const { session, find, fetchOrders } = await hold(token);
    expect([await find(), await fetchOrders()]).toEqual(['a token', 'a response']);
    await application.app.get(DescopeRevocations).revokeSession(session);
    const before = [emulator.requests.count(TOKEN), orders.received.length];
    expect([await find(), await fetchOrders()]).toEqual(['SESSION_SIGNED_OUT', 'SESSION_SIGNED_OUT']);
    expect([emulator.requests.count(TOKEN), orders.received.length]).toEqual(before);
    const other = await hold(await signIn(BOB));
    expect(await other.find()).toBe('a token');
    await application.app.get(DescopeRevocations).revokeUser(other.session.user?.id ?? '');
    expect([await other.find(), await other.fetchOrders()]).toEqual(Array(2).fill('SESSION_SIGNED_OUT'));
  });

  it('shows no token of a connection or an exchange in logs, errors or itself', async () => {
    const token = await signIn();
    const secret = emulator.connections.add(APP, { user: ADA });
    const { find, session } = await hold(token);
    expect([await ask('/events', token), await find()]).toEqual([hash('sha256', secret), 'a token']);
    const { connections, tokens } = application.app.get(ShopController);
    const body = { error: token, errorCode: secret, token: { userId: 'U2bob', accessToken: secret } };
    const failures: unknown[] = [];
    for (const status of [200, 400, 401, 403, 500]) {
      emulator.faults.clear();
      for (const path of [TOKEN, VAULT]) emulator.faults.add({ path, status, body });
      const target = { resource: `${orders.url}/${status}` };
      const run = [
        () => tokens.onBehalfOf(session, target),
        () => connections.getUserToken(APP, { id: `U2${status}` }),
      ];
      for (const one of run) failures.push(await one().catch((error: unknown) => error));
    }
    const options = {
      depth: 14,
      showHidden: true,
      getters: true,
      maxArrayLength: null,
      maxStringLength: null,
    };
    const told = inspect([logger.entries, failures, tokens, connections], options);
    expect(failures.map((error) => error instanceof Error)).toEqual(failures.map(() => true));
    const parts = [secret, CLIENT.clientSecret, ...token.split('.').slice(1)];
    for (const part of parts) expect(told).not.toContain(part);
  });
});
