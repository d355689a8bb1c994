// What every store that instances share must do, anyone who made it, and which stores stop the boot.
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DescopeModule } from 'nestjs-descope';
import { createTestDescope } from 'nestjs-descope/testing';
import { CollectingLogger } from '../../support/collecting-logger.js';
import { CookieJar } from '../../support/cookie-jar.js';
import type { SessionApplication } from '../../support/session-application.js';
import { BOB, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';
import {
  FIT_STORES,
  shareThrough,
  StoreServer,
  toPlainStore,
  UNFIT_STORES,
} from '../../support/shared-stores.js';

describe.each(FIT_STORES)('Two instances that share $name', ({ connect }) => {
  let server: StoreServer;
  let one: SessionApplication;
  let two: SessionApplication;
  beforeEach(async () => {
    server = new StoreServer();
    const options = () => ({ ...shareThrough(connect(server)), routes: {} });
    one = await startWithSessions('express', options());
    two = await startWithSessions('express', options(), { emulator: one.emulator });
  });
  afterEach(async () => {
    server.mood = 'answers';
    await two.stop();
    await one.stop();
  });

  const ask = (app: SessionApplication, browser: CookieJar) =>
    app.request('/me', { headers: browser.headers });
  const post = (app: SessionApplication, path: string, browser: CookieJar) =>
    app.request(path, { method: 'POST', headers: { origin: app.url, ...browser.headers } });
  const copyOf = (browser: CookieJar) =>
    new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');

  it('reject at one what was signed out at the other, and nobody else', async () => {
    const [browser, other] = [await one.signIn(), await one.signIn(BOB)];
    const copy = copyOf(browser);
    expect((await ask(two, copy)).status).toBe(200);
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    for (const app of [one, two]) {
      expect((await ask(app, copy)).body['code']).toBe('SESSION_SIGNED_OUT');
      expect((await ask(app, other)).status).toBe(200);
    }
  });

  it('reject at one all devices of who signed out everywhere at the other, and let in who signs in again', async () => {
    const [here, there, other] = [await one.signIn(), await two.signIn(), await two.signIn(BOB)];
    const copy = copyOf(here);
    expect((await post(one, '/auth/logout-all', here)).status).toBe(204);
    for (const app of [one, two]) {
      for (const device of [copy, there])
        expect((await ask(app, device)).body['code']).toBe('SESSION_SIGNED_OUT');
      expect((await ask(app, other)).status).toBe(200);
    }
    one.emulator.clock.advance(2_000);
    const again = await two.signIn();
    for (const app of [one, two]) expect((await ask(app, again)).status).toBe(200);
  });

  it('take over at one what the other refreshed a moment ago, with rotation on', async () => {
    one.emulator.configure({ refreshRotation: true });
    const browser = await one.signIn();
    const late = copyOf(browser);
    one.emulator.clock.advance(TEN_MINUTES + 6_000);
    expect((await ask(one, browser)).status).toBe(200);
    const answer = await ask(two, late);
    expect([answer.status, one.emulator.requests.count('/v1/auth/refresh')]).toEqual([200, 1]);
  });

  it.each(['rejects', 'hangs'] as const)(
    'let nobody in and report no sign-out as done while the server %s, and recover',
    async (mood) => {
      const [browser, leaving] = [await one.signIn(), await two.signIn(BOB)];
      const copy = copyOf(leaving);
      server.mood = mood;
      for (const answer of await Promise.all([ask(one, browser), ask(two, browser)])) {
        expect([answer.status, answer.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
        expect([answer.headers.get('retry-after'), answer.headers.getSetCookie()]).toEqual(['1', []]);
      }
      expect((await one.request('/public', { headers: browser.headers })).status).toBe(200);
      const startedAt = performance.now();
      const signOut = await post(two, '/auth/logout', leaving);
      expect([signOut.status, signOut.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(signOut.headers.getSetCookie().join()).toMatch(/DS=;.*DSR=;/);
      expect((await ask(two, copy)).body['code']).toBe('SESSION_SIGNED_OUT');
      server.mood = 'answers';
      for (const app of [one, two]) expect((await ask(app, browser)).status).toBe(200);
    },
  );
});

describe('The boot of an application that shares a store', () => {
  const boot = async (options: DescopeModuleOptions, logger = new CollectingLogger()) => {
    const descope = createTestDescope();
    class App {}
    Module({ imports: [DescopeModule.forRoot({ ...descope.options, audience: null, ...options })] })(App);
    const app = await NestFactory.create(App, { logger, abortOnError: false });
    await app.init().catch(async (error: unknown) => {
      await app.close();
      throw error;
    });
    await app.close();
    return logger;
  };

  it.each(UNFIT_STORES)('is stopped by $name, and says what to do', async ({ connect, says }) => {
    const store = connect(new StoreServer());
    await expect(boot(shareThrough(store))).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(says),
    });
  });

  it.each(FIT_STORES)('goes on with $name', async ({ connect }) => {
    expect((await boot(shareThrough(connect(new StoreServer())))).entries.join('\n')).not.toMatch(
      /STORE_FAILED/,
    );
  });

  it.each(['rejects', 'hangs'] as const)('goes on while the server %s, and says so', async (mood) => {
    const server = new StoreServer();
    server.mood = mood;
    const logger = await boot(shareThrough(toPlainStore(server)));
    expect(logger.find('SHARED_STORE_FAILED')).toEqual([
      expect.stringMatching(/shared\.store cannot be reached.*503/),
    ]);
  });
});
