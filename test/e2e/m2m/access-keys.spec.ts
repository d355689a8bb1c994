// Machines send their access key itself: exchanged once, remembered for a while, rejected when Descope says so.
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { Query, Resolver } from '@nestjs/graphql';
import type { TestingModuleBuilder } from '@nestjs/testing';
import type { DescopeModuleOptions } from 'nestjs-descope';
import {
  Accepts,
  CurrentUser,
  DescopeModule,
  DescopeService,
  DescopeUser,
  OptionalAuth,
  Roles,
} from 'nestjs-descope';
import type { TestDescope } from 'nestjs-descope/testing';
import type { RunningApplication } from '../../support/application.js';
import { ADAPTERS, start } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { ENGINES, openSocket, readCodes, startGraphql } from '../../support/graphql-application.js';
import { MemoryStore } from '../../support/memory-store.js';
import { useEmulator } from '../../support/use-emulator.js';
import { bearer } from '../../support/who.controller.js';

const ROBOT = 'K2robotrobotrobotrobotrobotrobotSECRETsecret01';
const ADAS = 'K2adasadasadasadasadasadasadasadSECRETsecret02';
const EXCHANGE = '/v1/auth/accesskey/exchange';

const bed = useEmulator({
  seed: {
    users: [{ loginId: 'ada@example.com', roles: ['admin'] }],
    accessKeys: [
      { name: 'robot', cleartext: ROBOT, roles: ['worker'] },
      { name: 'of ada', cleartext: ADAS, user: 'ada@example.com' },
    ],
  },
});

@Controller()
class MachineController {
  @Get('who')
  who(@CurrentUser() user: DescopeUser) {
    return { id: user.id, kind: user.kind, roles: user.roles };
  }

  @OptionalAuth()
  @Get('maybe')
  maybe(@CurrentUser() user: DescopeUser | undefined) {
    return { kind: user?.kind ?? null };
  }

  @Accepts('access-key')
  @Get('machines')
  machines() {
    return { ok: true };
  }

  @Accepts('user')
  @Get('people')
  people() {
    return { ok: true };
  }

  @Roles('worker')
  @Get('work')
  work() {
    return { ok: true };
  }
}

@Resolver()
class MachineResolver {
  @Query(() => String)
  who(@CurrentUser('kind') kind: string) {
    return kind;
  }
}

describe.each(ENGINES)('Access keys in a header of their own, behind $name', (engine) => {
  it('count once for a socket too, and two are malformed', async () => {
    const { projectId, url: baseUrl, clock } = bed.emulator;
    const header = 'x-api-key';
    const descope = { projectId, baseUrl, audience: null, clock: () => clock.now(), accessKeys: { header } };
    const unchanged = { override: (builder: TestingModuleBuilder) => builder } as TestDescope;
    const application = await startGraphql(engine, unchanged, { resolvers: [MachineResolver], descope });
    const ask = async (headers: Record<string, string | string[]>) => {
      const socket = openSocket(application, { headers: headers as Record<string, string> });
      const [reply] = await socket.run('{ who }');
      socket.close();
      return reply?.data?.['who'] ?? readCodes(reply ?? {});
    };
    expect(await ask({ [header]: ROBOT })).toBe('access-key');
    expect(await ask({ [header]: [ROBOT, ROBOT] })).toEqual(['BAD_REQUEST CREDENTIAL_MALFORMED']);
    await application.close();
  });
});

describe.each(ADAPTERS)('Access keys, on %s', (adapter) => {
  let application: RunningApplication;
  let events: EventRecorder;
  const logger = new CollectingLogger();

  beforeAll(() => void (events = new EventRecorder()));
  afterAll(() => events.stop());
  afterEach(async () => {
    await application.close();
    events.messages.length = 0;
    logger.entries.length = 0;
  });

  const boot = async (options: DescopeModuleOptions = { accessKeys: true }) => {
    const { projectId, url: baseUrl, clock } = bed.emulator;
    const now = () => clock.now();
    const module = DescopeModule.forRoot({ projectId, baseUrl, audience: null, clock: now, ...options });
    application = await start(adapter, { imports: [module], controllers: [MachineController] }, { logger });
  };
  const ask = (path: string, headers: Record<string, string> = bearer(ROBOT)) =>
    application.request(path, { headers });
  const codeOf = async (path: string, headers?: Record<string, string>) => {
    const { status, body } = await ask(path, headers);
    return [status, body['code']];
  };
  const exchanges = () => bed.emulator.requests.count(EXCHANGE);
  const robotId = async () => (await bed.admin.management.accessKey.searchAll()).data?.[0]?.id ?? '';

  it('are exchanged once for two instances that share a store, for their users too', async () => {
    const shared = { store: new MemoryStore() };
    await boot({ accessKeys: true, shared });
    const one = application;
    const headers = { robot: bearer(ROBOT), ada: bearer(ADAS) };
    const first = [await ask('/who', headers.robot), await ask('/who', headers.ada)];
    await boot({ accessKeys: true, shared });
    const second = [await ask('/who', headers.robot), await ask('/who', headers.ada)];
    await one.close();
    expect(second.map(({ status, body }) => [status, body])).toEqual(first.map(({ body }) => [200, body]));
    expect(exchanges()).toBe(2);
    expect(events.of('exchange').map(({ outcome }) => outcome)).toEqual([
      'exchanged',
      'exchanged',
      'shared',
      'shared',
    ]);
    expect(shared.store.text).not.toMatch(/eyJ[\w-]+\.|SECRET|keyId/);
  });

  it('are no tokens unless they are asked for', async () => {
    await boot({});
    expect(await codeOf('/who')).toEqual([401, 'TOKEN_MALFORMED']);
    expect(exchanges()).toBe(0);
  });

  it('let a machine in as itself, with one exchange for many requests', async () => {
    await boot();
    expect((await ask('/who')).body).toEqual({ id: await robotId(), kind: 'access-key', roles: ['worker'] });
    for (const path of ['/machines', '/work', '/maybe']) expect((await ask(path)).status).toBe(200);
    expect(await codeOf('/people')).toEqual([401, 'TOKEN_KIND_NOT_ACCEPTED']);
    expect(exchanges()).toBe(1);
    expect(events.of('exchange')).toEqual([
      { direction: 'incoming', outcome: 'exchanged', durationMs: expect.any(Number) },
    ]);
    expect(events.of('accepted')[0]).toMatchObject({ kind: 'access-key', sentByBrowser: false });
  });

  it('let a machine in as the user whom its key is bound to', async () => {
    await boot();
    const { body } = await ask('/who', bearer(ADAS));
    expect(body['id']).toMatch(/^U/);
    expect(body['roles']).toEqual(['admin']);
    expect(await codeOf('/work', bearer(ADAS))).toEqual([403, 'ACCESS_ROLE_MISSING']);
  });

  it('cost one call when two hundred requests come at once', async () => {
    await boot();
    bed.emulator.faults.add({ path: EXCHANGE, delayMs: 100, times: 1 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask('/who')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(exchanges()).toBe(1);
  });

  it('are rejected by their code, remembered as rejected, and accepted again later', async () => {
    await boot({ accessKeys: { rejectedSeconds: 10 } });
    await bed.admin.management.accessKey.deactivate(await robotId());
    const rejected = await ask('/who');
    expect([rejected.status, rejected.body['code']]).toEqual([401, 'ACCESS_KEY_REFUSED']);
    expect(rejected.headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(await codeOf('/maybe')).toEqual([401, 'ACCESS_KEY_REFUSED']);
    await bed.admin.management.accessKey.activate(await robotId());
    expect(await codeOf('/who')).toEqual([401, 'ACCESS_KEY_REFUSED']);
    expect(exchanges()).toBe(1);
    bed.emulator.clock.advance(10_000);
    expect((await ask('/who')).status).toBe(200);
    expect(events.of('exchange').map(({ outcome }) => outcome)).toEqual(['rejected', 'exchanged']);
  });

  it('that are revoked serve until maxAgeSeconds at most', async () => {
    await boot({ accessKeys: { maxAgeSeconds: 100 } });
    expect((await ask('/who')).status).toBe(200);
    await bed.admin.management.accessKey.deactivate(await robotId());
    bed.emulator.clock.advance(69_000);
    expect((await ask('/who')).status).toBe(200);
    expect(exchanges()).toBe(1);
    bed.emulator.clock.advance(31_000);
    expect(await codeOf('/who')).toEqual([401, 'ACCESS_KEY_REFUSED']);
  });

  it('are answered with 503 while Descope is away, and never taken for rejected', async () => {
    await boot();
    bed.emulator.faults.add({ path: EXCHANGE, status: 429, body: {}, headers: { 'retry-after': '7' } });
    const away = await ask('/who');
    expect([away.status, away.body['code']]).toEqual([503, 'DESCOPE_UNAVAILABLE']);
    expect(away.headers.get('retry-after')).toBe('7');
    expect(away.headers.get('www-authenticate')).toBeNull();
    bed.emulator.faults.clear();
    bed.emulator.clock.advance(7_000);
    expect((await ask('/who')).status).toBe(200);
  });

  it('go on through an outage while their session lasts', async () => {
    await boot();
    expect((await ask('/who')).status).toBe(200);
    bed.emulator.faults.add({ path: EXCHANGE, status: 500, body: {} });
    bed.emulator.clock.advance(299_000);
    expect((await ask('/who')).status).toBe(200);
    bed.emulator.clock.advance(2_000);
    expect((await ask('/who')).status).toBe(503);
  });

  it('get another session where the keys that signed the remembered one were revoked', async () => {
    await boot({ accessKeys: true, keyFetch: { maxAgeSeconds: 20 } });
    expect((await ask('/who')).status).toBe(200);
    await bed.emulator.rotateKeys({ revoke: true });
    bed.emulator.clock.advance(21_000);
    await ask('/who'); // the keys are fetched anew
    expect((await ask('/who')).status).toBe(200);
    expect(exchanges()).toBe(2);
  });

  it('beyond the budget for unknown ones are turned back, with one line in the log', async () => {
    const nowMs = bed.emulator.clock.now(); // which stands still: each second adds to the budget
    await boot({ accessKeys: { unknownPerSecond: 1 }, clock: () => nowMs });
    expect((await ask('/who')).status).toBe(200);
    const invented = Array.from({ length: 50 }, (_, index) => bearer(`invented-key-${index}`));
    const answers = await Promise.all(invented.map((headers) => ask('/who', headers)));
    const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
    expect([count(401), count(503), exchanges()]).toEqual([4, 46, 5]);
    const limited = answers.find(({ status }) => status === 503);
    expect(limited?.body['code']).toBe('ACCESS_KEYS_LIMITED');
    expect(limited?.headers.get('retry-after')).toBe('1');
    expect(logger.find('ACCESS_KEYS_LIMITED')).toHaveLength(1);
    expect((await ask('/who')).status).toBe(200);
  });

  it('come in a header of choice, which decides alone', async () => {
    await boot({ accessKeys: { header: 'X-Api-Key' } });
    expect((await ask('/who', { 'x-api-key': ROBOT })).body['kind']).toBe('access-key');
    expect(await codeOf('/who', bearer(ROBOT))).toEqual([401, 'TOKEN_MALFORMED']);
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await ask('/who', bearer(sessionJwt))).body['kind']).toBe('user');
    const both = { 'x-api-key': 'invented-key', ...bearer(sessionJwt), cookie: `DS=${sessionJwt}` };
    expect(await codeOf('/who', both)).toEqual([401, 'ACCESS_KEY_REFUSED']);
    expect(await codeOf('/who', { 'x-api-key': 'no key at all' })).toEqual([401, 'ACCESS_KEY_REFUSED']);
    expect(exchanges()).toBe(2);
  });

  it('in a header of their own decide alone also where a cookie’s session could be refreshed', async () => {
    await boot({ accessKeys: { header: 'x-api-key' }, session: { refresh: true } });
    const { sessionJwt, refreshJwt } = await bed.emulator.signIn('ada@example.com');
    const cookie = `DS=${sessionJwt}; DSR=${refreshJwt}`;
    bed.emulator.clock.advance(11 * 60_000);
    for (const browser of [cookie, `DSR=${refreshJwt}`]) {
      expect((await ask('/who', { cookie: browser })).body['kind']).toBe('user'); // by itself it is refreshed
      const key = 'revoked-key';
      expect(await codeOf('/who', { cookie: browser, 'x-api-key': key })).toEqual([
        401,
        'ACCESS_KEY_REFUSED',
      ]);
      expect((await ask('/who', { cookie: browser, 'x-api-key': ROBOT })).body['kind']).toBe('access-key');
    }
  });

  it('in a header of their own keep the answer out of shared caches, as bearer tokens do', async () => {
    await boot({ accessKeys: { header: 'x-api-key' } });
    const { sessionJwt } = await bed.emulator.signIn('ada@example.com');
    expect((await ask('/who', { 'x-api-key': ROBOT })).headers.get('cache-control')).toBe('no-store');
    expect((await ask('/who', bearer(sessionJwt))).headers.get('cache-control')).toBe('no-store');
  });

  it('in a cookie are none', async () => {
    await boot();
    expect(await codeOf('/who', { cookie: `DS=${ROBOT}` })).toEqual([401, 'TOKEN_MALFORMED']);
    expect(exchanges()).toBe(0);
  });

  it('work for anyone who asks the service', async () => {
    await boot();
    const service = application.app.get(DescopeService);
    const session = await service.authenticate({ headers: bearer(ROBOT) });
    expect([session.user?.kind, session.sentByBrowser]).toEqual(['access-key', false]);
    expect(inspect(session, { showHidden: true })).not.toContain(ROBOT);
  });

  it('show in no log line, event or answer, whatever becomes of them', async () => {
    await boot({ accessKeys: { header: 'x-api-key', unknownPerSecond: 1 } });
    const header = { 'x-api-key': ROBOT };
    bed.emulator.faults.add({ path: EXCHANGE, reset: true, times: 1 });
    const answers = [await ask('/who', header)];
    bed.emulator.clock.advance(1_000);
    answers.push(await ask('/who', header));
    await bed.admin.management.accessKey.deactivate(await robotId());
    bed.emulator.clock.advance(301_000);
    answers.push(await ask('/who', header));
    expect(answers.map(({ status }) => status)).toEqual([503, 200, 401]);
    const told = inspect([answers.map(({ text }) => text), events.messages, logger.entries], { depth: 9 });
    expect(told).not.toContain(ROBOT.slice(0, 20));
    expect(logger.find('DESCOPE_UNAVAILABLE')).toHaveLength(1);
  });
});
