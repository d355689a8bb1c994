// What an application's operator hears on node:diagnostics_channel, and what is never told there.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DescopeModuleOptions } from 'nestjs-descope';
import { DESCOPE_CHANNELS } from 'nestjs-descope';
import { ADAPTERS } from '../../support/application.js';
import { EventRecorder } from '../../support/event-recorder.js';
import { MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { ANNA, startWithSessions, TEN_MINUTES } from '../../support/session-application.js';
import { bearer } from '../../support/who.controller.js';

const HOUR = 60 * 60 * 1000;
const duration = { durationMs: expect.any(Number) };

describe.each(ADAPTERS)('The channels of an application on %s', (adapter) => {
  let app: SessionApplication;
  let events: EventRecorder;
  const boot = async (options: DescopeModuleOptions = {}) => {
    app = await startWithSessions(adapter, { routes: {}, ...options });
    await app.emulator.signIn(ANNA);
  };
  const lapse = () => app.emulator.clock.advance(TEN_MINUTES + 6_000);

  beforeEach(() => {
    events = new EventRecorder();
  });
  afterEach(async () => {
    events.stop();
    await app.stop();
    const others = events.projects.filter((project) => project !== app.emulator.projectId);
    expect(others).toEqual([]); // all of them, whatever they tell of
  });

  it('tell of the keys that are fetched', async () => {
    await boot();
    await app.request('/me', { headers: (await app.signIn()).headers });
    expect(events.of('keysFetched')).toEqual([{ keyCount: expect.any(Number), ...duration }]);
    expect(events.of('keysFetched')[0]?.keyCount).toBeGreaterThanOrEqual(1);
    expect(events.projects).toEqual([app.emulator.projectId]);
  });

  it('contain the accepted user, and how the credential was sent', async () => {
    await boot();
    const browser = await app.signIn();
    const token = browser.get('DS') ?? '';
    await app.request('/me', { headers: browser.headers });
    await app.request('/me', { headers: bearer(token) });
    await app.request('/maybe');
    await app.request('/public', { headers: bearer(token) });
    const { id } = (await app.request('/me', { headers: browser.headers })).body as { id: string };
    expect(events.of('accepted')).toEqual([
      { kind: 'user', userId: id, tenant: undefined, sentByBrowser: true },
      { kind: 'user', userId: id, tenant: undefined, sentByBrowser: false },
      { kind: undefined, userId: undefined, tenant: undefined, sentByBrowser: false },
      { kind: 'user', userId: id, tenant: undefined, sentByBrowser: true },
    ]);
    expect(events.of('rejected')).toEqual([]);
  });

  it('tell what is rejected, by guard and by routes, once a request and with the code of the answer', async () => {
    await boot();
    const browser = await app.signIn();
    const crossSite = { ...browser.headers, origin: 'https://evil.example' };
    const answers = [
      await app.request('/me'),
      await app.request('/me', { headers: bearer('no-token') }),
      await app.request('/notes', { method: 'POST', headers: crossSite }),
      await app.request('/auth/refresh', { method: 'POST' }),
      await app.request('/auth/check'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 401, 401]);
    expect(events.of('rejected')).toEqual([
      { code: 'SESSION_MISSING', consequence: 'credential' },
      { code: 'TOKEN_MALFORMED', consequence: 'credential' },
      { code: 'REQUEST_CROSS_SITE', consequence: 'access' },
      { code: answers[3]?.body['code'], consequence: 'credential' },
      { code: 'SESSION_MISSING', consequence: 'credential' },
    ]);
    expect(events.of('accepted')).toEqual([]);
  });

  it('contain the user whom the check of a gateway accepts', async () => {
    await boot();
    const token = (await app.signIn()).get('DS') ?? '';
    expect((await app.request('/auth/check', { headers: bearer(token) })).status).toBe(204);
    expect(events.of('accepted')).toMatchObject([{ kind: 'user', sentByBrowser: false }]);
  });

  it('tell once of a refresh for which many requests wait', async () => {
    await boot();
    const browser = await app.signIn();
    lapse();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => app.request('/me', { headers: browser.headers })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(events.of('refresh')).toEqual([{ outcome: 'refreshed', ...duration }]);
  });

  it('tell how a refresh ended otherwise', async () => {
    await boot();
    const browser = await app.signIn();
    lapse();
    app.emulator.faults.add({ path: '/v1/auth/refresh', status: 503, times: 1 });
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(503);
    expect(events.of('outage')).toEqual([{ code: 'DESCOPE_UNAVAILABLE', retryAfterSeconds: 1 }]);
    app.emulator.clock.advance(10_000);
    app.emulator.faults.add({
      path: '/v1/auth/refresh',
      status: 401,
      body: { errorCode: 'E061105' },
      times: 1,
    });
    expect((await app.request('/me', { headers: browser.headers })).status).toBe(401);
    expect(events.of('refresh').map(({ outcome }) => outcome)).toEqual(['outage', 'ended']);
    expect(events.of('rejected').map(({ code }) => code)).toEqual(['DESCOPE_UNAVAILABLE', 'SESSION_ENDED']);
  });

  it('tell of a refresh that another instance had made', async () => {
    const shared = { store: new MemoryStore() };
    await boot({ session: { refresh: true }, shared });
    const browser = await app.signIn();
    const options = { session: { refresh: true }, shared };
    const other = await startWithSessions(adapter, options, { emulator: app.emulator });
    lapse();
    for (const instance of [app, other])
      expect((await instance.request('/me', { headers: browser.headers })).status).toBe(200);
    await other.stop();
    expect(events.of('refresh').map(({ outcome }) => outcome)).toEqual(['refreshed', 'shared']);
  });

  it('tell of keys that are stale, and of an outage once they are too old', async () => {
    await boot({ keyFetch: { maxAgeSeconds: 600, maxStaleSeconds: 3600 } });
    const session = async () => bearer((await app.signIn()).get('DS') ?? '');
    expect((await app.request('/me', { headers: await session() })).status).toBe(200);
    app.emulator.faults.add({ path: '/v2/keys', status: 503 });
    app.emulator.clock.advance(HOUR / 2);
    expect((await app.request('/me', { headers: await session() })).status).toBe(200);
    expect(events.of('keysStale')).toEqual([
      { keyCount: events.of('keysFetched')[0]?.keyCount, keyAgeMs: expect.any(Number), ...duration },
    ]);
    expect(events.of('keysStale')[0]?.keyAgeMs).toBeGreaterThanOrEqual(HOUR / 2);
    app.emulator.clock.advance(HOUR);
    expect((await app.request('/me', { headers: await session() })).status).toBe(503);
    expect(events.of('outage')).toEqual([{ code: 'KEYS_UNAVAILABLE', retryAfterSeconds: 1 }]);
  });

  it('report a shared store that cannot be reached', async () => {
    const store = new MemoryStore();
    await boot({ session: {}, shared: { store } });
    const { headers } = await app.signIn();
    store.isDown = true;
    expect((await app.request('/me', { headers })).status).toBe(503);
    expect(events.of('outage')).toEqual([{ code: 'SIGN_OUTS_UNAVAILABLE', retryAfterSeconds: 1 }]);
  });

  it('carry no token, no part of one, no cookie and no e-mail address', async () => {
    await boot();
    const browser = await app.signIn();
    const expired = browser.get('DS') ?? '';
    const secrets = [expired, browser.get('DSR') ?? ''];
    await app.request('/me', { headers: browser.headers });
    lapse();
    await app.request('/me', { headers: bearer(expired) });
    await app.request('/me', { headers: bearer(`${expired}x`) });
    secrets.push(
      browser.take((await app.request('/me', { headers: browser.headers })).headers).get('DS') ?? '',
    );
    app.emulator.faults.add({ path: '/v2/keys', status: 503 });
    app.emulator.clock.advance(12 * HOUR);
    await app.request('/me', { headers: browser.headers });
    const told = JSON.stringify(events.messages);
    for (const name of ['accepted', 'rejected', 'keysFetched', 'refresh', 'outage'])
      expect(told).toContain(`"${name}"`);
    const parts = secrets.flatMap((token) => token.split('.'));
    expect(parts.every((part) => part.length > 8)).toBe(true);
    for (const secret of [...parts, ANNA, 'DSR=']) expect(told).not.toContain(secret);
  });

  it('are called by their names, and leave a request alone that has no subscriber', async () => {
    await boot();
    expect(Object.values(DESCOPE_CHANNELS).every((name) => /^nestjs-descope:[a-z-]+$/.test(name))).toBe(true);
    events.stop();
    const heard: unknown[] = [];
    const listen = (message: unknown) => void heard.push(message);
    await app.request('/me');
    subscribe('nestjs-descope:rejected', listen);
    await app.request('/me');
    unsubscribe('nestjs-descope:rejected', listen);
    expect([heard.length, events.of('rejected')]).toEqual([1, []]);
  });
});
