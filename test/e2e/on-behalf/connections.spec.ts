// An application calls services to which its users and tenants have connected, with tokens of Descope's vault.
import { hash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { CurrentUser, DescopeModule, DescopeUser, Public, Tenant } from 'nestjs-descope';
import { ConnectionToken, DescopeConnections, DescopeOnBehalfModule } from 'nestjs-descope/on-behalf';
import type { AdapterName, RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { useEmulator } from '../../support/use-emulator.js';

const APP = 'google-calendar';
const ADA = 'ada@example.com';
const BOB = 'bob@example.com';
const LATEST = '/v1/mgmt/outbound/app/user/token/latest';

const bed = useEmulator({
  seed: { users: [{ loginId: ADA, tenants: [{ tenantId: 'acme' }] }, { loginId: BOB }] },
});
// The test watches that no token leaves the application.
const show = (token: string) => ({ digest: hash('sha256', token) });

@Controller()
class CalendarController {
  constructor(@Inject(DescopeConnections) private readonly connections: DescopeConnections) {}

  @Get('events')
  events(@ConnectionToken(APP) token: string) {
    return show(token);
  }

  @Get('scoped')
  scoped(@ConnectionToken(APP, { scopes: ['write'] }) token: string) {
    return show(token);
  }

  @Tenant({ from: 'header:x-tenant' })
  @Get('tenant')
  tenant(@ConnectionToken(APP, { of: 'tenant' }) token: string) {
    return show(token);
  }

  @Get('unnamed')
  unnamed(@ConnectionToken(APP, { of: 'tenant' }) token: string) {
    return show(token);
  }

  @Get('in-tenant')
  @Tenant({ from: 'header:x-tenant' })
  inTenant(@ConnectionToken(APP, { of: 'user-in-tenant' }) token: string) {
    return show(token);
  }

  @Public()
  @Get('public')
  public(@ConnectionToken(APP) token: string) {
    return show(token);
  }

  @Get('forced')
  async forced(@CurrentUser() user: DescopeUser) {
    return show(await this.connections.getUserToken(APP, user, { forceRefresh: true }));
  }
}

describe.each(ADAPTERS)('DescopeConnections, on %s', (adapter) => {
  let application: RunningApplication;
  afterEach(() => application.close());

  const boot = async (options: DescopeModuleOptions = {}) => {
    const { projectId, url: baseUrl, managementKey, clock: time } = bed.emulator;
    const clock = () => time.now();
    const own = { projectId, baseUrl, managementKey, audience: null, clock, ...options };
    const imports = [DescopeModule.forRoot(own), DescopeOnBehalfModule.forRoot()];
    application = await start(adapter, { imports, controllers: [CalendarController] });
  };
  const ask = async (path: string, loginId = ADA, more = {}) => {
    const { sessionJwt } = await bed.emulator.signIn(loginId);
    const headers = { authorization: `Bearer ${sessionJwt}`, ...more };
    const { status, body } = await application.request(path, { headers });
    return body['digest'] ?? `${status} ${String(body['code'])}`;
  };
  const connect = (owner: Parameters<typeof bed.emulator.connections.add>[1]) =>
    hash('sha256', bed.emulator.connections.add(APP, owner));

  it('passes the token of the caller, of nobody else, and asks the vault once', async () => {
    await boot();
    const own = connect({ user: ADA });
    const other = connect({ user: BOB });
    expect([await ask('/events'), await ask('/events'), await ask('/events', BOB)]).toEqual([
      own,
      own,
      other,
    ]);
    expect(bed.emulator.requests.count(LATEST)).toBe(2);
    bed.emulator.connections.remove(APP, { user: ADA });
    bed.emulator.clock.advance(301_000);
    expect(await ask('/events')).toBe('403 CONNECTION_REQUIRED');
    expect(await ask('/events', BOB)).toBe(other);
  });

  it('answers 403 without a connection, and works soon after somebody has connected', async () => {
    await boot();
    bed.emulator.connections.add(APP, { user: BOB });
    expect([await ask('/events'), await ask('/events')]).toEqual(Array(2).fill('403 CONNECTION_REQUIRED'));
    expect(bed.emulator.requests.count(LATEST)).toBe(1);
    const own = connect({ user: ADA });
    bed.emulator.clock.advance(2_000);
    expect(await ask('/events')).toBe(own);
  });

  it('takes scopes exactly, and connections of the tenant to which the caller belongs', async () => {
    await boot();
    connect({ user: ADA, scopes: ['read'] });
    const write = connect({ user: ADA, scopes: ['write'] });
    const ofTenant = connect({ tenantId: 'acme' });
    const inTenant = connect({ user: ADA, tenantId: 'acme' });
    const acme = { 'x-tenant': 'acme' };
    expect(await ask('/scoped')).toBe(write);
    expect([await ask('/tenant', ADA, acme), await ask('/in-tenant', ADA, acme)]).toEqual([
      ofTenant,
      inTenant,
    ]);
    expect(await ask('/tenant', BOB, acme)).toBe('403 ACCESS_TENANT_MISSING');
    expect(await ask('/unnamed')).toBe('403 ACCESS_TENANT_MISSING');
  });

  it('lets Descope refresh a token, and has none on a public route or in an outage', async () => {
    await boot();
    const first = connect({ user: ADA });
    expect(await ask('/events')).toBe(first);
    const forced = await ask('/forced');
    expect(forced).not.toBe(first);
    expect(await ask('/events')).toBe(forced);
    expect(await ask('/public')).toBe('401 SESSION_MISSING');
    bed.emulator.faults.add({ path: '/v1/mgmt/outbound', status: 503, body: {} });
    bed.emulator.clock.advance(301_000);
    expect(await ask('/events')).toBe('503 DESCOPE_UNAVAILABLE');
  });

  it('answers 500 to a management key that Descope rejects', async () => {
    await boot({ managementKey: 'wrong' });
    connect({ user: ADA });
    expect(await ask('/events')).toBe('500 undefined');
  });
});

describe('@ConnectionToken', () => {
  const bootWith = async (adapter: AdapterName, imports: object[]) =>
    start(adapter, { imports: imports as never, controllers: [OnlyController] });

  @Controller()
  class OnlyController {
    @Get() list(@ConnectionToken(APP) token: string) {
      return show(token);
    }
  }

  it('stops the boot without its module, and without a management key', async () => {
    const { projectId, url: baseUrl } = bed.emulator;
    const descope = DescopeModule.forRoot({ projectId, baseUrl, audience: null });
    await expect(bootWith('express', [descope])).rejects.toMatchObject({ code: 'CONFIG_MODULE_MISSING' });
    const both = [
      DescopeModule.forRoot({ projectId, baseUrl, audience: null }),
      DescopeOnBehalfModule.forRoot(),
    ];
    await expect(bootWith('express', both)).rejects.toMatchObject({ code: 'CONFIG_MANAGEMENT_KEY_MISSING' });
  });

  it('refuses arguments of another form', () => {
    for (const [app, options] of [
      ['', {}],
      [APP, { scopes: [] }],
      [APP, { of: 'all' }],
      [APP, { user: 'U2' }],
    ] as const)
      expect(() => ConnectionToken(app, options as never)).toThrow(/expects/);
  });
});
