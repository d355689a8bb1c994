// Instances with a channel: what one revokes, all reject, and no request asks anybody.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { AuthGuard, DescopeHealthIndicator } from 'nestjs-descope';
import type { Answer } from '../../support/application.js';
import { ADAPTERS } from '../../support/application.js';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { CookieJar } from '../../support/cookie-jar.js';
import { MemoryConnection, MemoryServer } from '../../support/memory-channel.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { BOB, PagesController, startWithSessions } from '../../support/session-application.js';

const LATEST_MS = 20_000; // a batch takes a tenth of a second; the rest is for a busy machine

const ask = (app: SessionApplication, browser: CookieJar): Promise<Answer> =>
  app.request('/me', { headers: browser.headers });
const post = (app: SessionApplication, path: string, browser: CookieJar): Promise<Answer> =>
  app.request(path, { method: 'POST', headers: { origin: app.url, ...browser.headers } });
const copyOf = (browser: CookieJar): CookieJar =>
  new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  const startedAt = performance.now();
  while (!(await isSo())) {
    if (performance.now() - startedAt > LATEST_MS) throw new Error('It did not become so in time.');
    await sleep(10);
  }
}

describe.each(ADAPTERS)('Two instances on %s with a channel', (adapter) => {
  let server: MemoryServer;
  let store: MemoryStore;
  let lines: MemoryConnection[];
  let one: SessionApplication;
  let two: SessionApplication;
  const logger = new CollectingLogger();

  beforeEach(async () => {
    logger.entries.length = 0;
    [server, store, lines] = [new MemoryServer(), new MemoryStore(), []];
    one = await startWithSessions(adapter, share());
    two = await startWithSessions(adapter, share(), { emulator: one.emulator, logger });
  });
  afterEach(async () => {
    server.isDown = server.isHung = false;
    for (const line of lines) line.isCut = false;
    await two.stop();
    await one.stop();
  });

  function share(shared: DescopeModuleOptions['shared'] = {}): DescopeModuleOptions {
    const line = server.connect();
    lines.push(line);
    // The clock of the machine: how long nothing was heard is not what the emulator's clock says.
    return { shared: { channel: line, store, ...shared }, routes: {}, clock: Date.now };
  }
  const health = async (app: SessionApplication) =>
    (await app.app.get(DescopeHealthIndicator).isHealthy()).descope;
  const codeAt = async (app: SessionApplication, browser: CookieJar) =>
    (await ask(app, browser)).body['code'];

  it('reject at one what was signed out at the other, and no other session', async () => {
    const [browser, other] = [await one.signIn(), await one.signIn(BOB)];
    const copy = copyOf(browser);
    expect((await ask(two, copy)).status).toBe(200);
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    expect(await codeAt(one, copy)).toBe('SESSION_SIGNED_OUT');
    await until(async () => (await codeAt(two, copy)) === 'SESSION_SIGNED_OUT');
    for (const app of [one, two]) expect((await ask(app, other)).status).toBe(200);
  });

  it('reject all devices of a user who signed out everywhere, and let in at once who signs in again', async () => {
    const [here, there] = [await one.signIn(), await two.signIn()];
    const copy = copyOf(here);
    expect((await post(one, '/auth/logout-all', here)).status).toBe(204);
    const again = await two.signIn();
    for (const app of [one, two]) expect((await ask(app, again)).status).toBe(200);
    for (const device of [copy, there])
      await until(async () => (await codeAt(two, device)) === 'SESSION_SIGNED_OUT');
    for (const app of [one, two]) expect((await ask(app, again)).status).toBe(200);
  });

  it('decide at once, without a call to the store, also after something new was heard', async () => {
    const { sessionJwt } = await one.emulator.signIn(BOB);
    const guard = one.app.get(AuthGuard);
    const decide = () => {
      const request = { method: 'GET', headers: { authorization: `Bearer ${sessionJwt}` } };
      const response = { setHeader: () => undefined, appendHeader: () => undefined };
      const context = {
        getType: () => 'http',
        getClass: () => PagesController,
        getHandler: () => PagesController.prototype.note,
        switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
      };
      return guard.canActivate(context as unknown as ExecutionContext);
    };
    await decide();
    const browser = await one.signIn();
    await post(two, '/auth/logout', browser);
    await until(async () => (await codeAt(one, browser)) === 'SESSION_SIGNED_OUT');
    const calls = store.calls;
    for (let count = 0; count < 1_000; count += 1) expect(decide()).toBe(true);
    expect(store.calls).toBe(calls);
  });

  it('answer 503 to a sign-out that could not be stored for the other, which learns it once it can be', async () => {
    const browser = await one.signIn();
    const copy = copyOf(browser);
    server.isDown = true;
    const answer = await post(one, '/auth/logout', browser);
    expect([answer.status, answer.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
    expect(answer.headers.getSetCookie().join()).toContain('DS=;');
    expect(await codeAt(one, copy)).toBe('SESSION_SIGNED_OUT');
    server.isDown = false;
    await until(async () => (await codeAt(two, copy)) === 'SESSION_SIGNED_OUT');
  });

  it('say so when one hears nothing, accept by what it heard, and say when it hears again', async () => {
    const browser = await one.signIn();
    expect(await health(two)).toMatchObject({
      status: 'up',
      degraded: false,
      channelSilentMs: expect.any(Number),
    });
    (lines[1] as MemoryConnection).isCut = true;
    await until(async () => (await health(two)).degraded);
    expect(await health(two)).toMatchObject({ status: 'up', code: 'CHANNEL_SILENT' });
    expect((await ask(two, browser)).status).toBe(200);
    await until(() => logger.find('CHANNEL_SILENT').length === 1);
    const copy = copyOf(browser);
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    expect((await ask(two, copy)).status).toBe(200); // it cannot know
    (lines[1] as MemoryConnection).isCut = false;
    await until(async () => (await codeAt(two, copy)) === 'SESSION_SIGNED_OUT');
    await until(async () => !(await health(two)).degraded);
    await until(() => logger.find('CHANNEL_RECOVERED').length === 1);
  });

  it('start while the channel is down, reject tokens with 503 until they have read it, and serve public routes', async () => {
    const browser = await one.signIn();
    const copy = copyOf(browser);
    await post(one, '/auth/logout', browser);
    server.isDown = true;
    const three = await startWithSessions(adapter, share(), { emulator: one.emulator });
    try {
      const other = await one.signIn(BOB);
      const answer = await ask(three, other);
      expect([answer.status, answer.body['code'], answer.headers.get('retry-after')]).toEqual([
        503,
        'SIGN_OUTS_UNAVAILABLE',
        '1',
      ]);
      expect((await three.request('/public')).status).toBe(200);
      expect(await health(three)).toMatchObject({ status: 'down', code: 'SIGN_OUTS_UNAVAILABLE' });
      server.isDown = false;
      await until(async () => (await ask(three, other)).status === 200);
      expect(await codeAt(three, copy)).toBe('SESSION_SIGNED_OUT');
    } finally {
      await three.stop();
    }
  });

  it('say nothing of a store whose client is connected only once the channel was read', async () => {
    const late = new MemoryStore();
    late.isDown = true;
    const channel = new MemoryConnection(server);
    channel.readLiving = async (onPage) => {
      await sleep(100);
      late.isDown = false;
      return MemoryConnection.prototype.readLiving.call(channel, onPage);
    };
    const options = share({ channel, store: late });
    const three = await startWithSessions(adapter, options, { emulator: one.emulator, logger });
    await three.stop();
    expect(late.calls).toBeGreaterThan(0);
    expect(logger.find('SHARED_STORE_FAILED')).toEqual([]);
  });

  it('answer 503 at once when one hears nothing, if whenIsolated says so', async () => {
    const three = await startWithSessions(adapter, share({ maxSilenceMs: 500, whenIsolated: 'reject' }), {
      emulator: one.emulator,
    });
    try {
      const browser = await one.signIn();
      expect((await ask(three, browser)).status).toBe(200);
      (lines.at(-1) as MemoryConnection).isCut = true;
      await until(async () => (await codeAt(three, browser)) === 'SIGN_OUTS_UNAVAILABLE');
      (lines.at(-1) as MemoryConnection).isCut = false;
      await until(async () => (await ask(three, browser)).status === 200);
    } finally {
      await three.stop();
    }
  });

  it('append what waits when the application closes, and end their connection', async () => {
    const browser = await one.signIn();
    const copy = copyOf(browser);
    const three = await startWithSessions(adapter, share(), { emulator: one.emulator });
    expect((await post(three, '/auth/logout', browser)).status).toBe(204);
    await three.stop();
    expect((lines.at(-1) as MemoryConnection).isClosed).toBe(true);
    await until(async () => (await codeAt(one, copy)) === 'SESSION_SIGNED_OUT');
  });
});
