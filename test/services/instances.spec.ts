// Two instances behind one Redis: nobody is signed out by the other's refresh, and everybody by a sign-out.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { KeyValueStore } from 'nestjs-descope';
import type { AdapterName, Answer } from '../support/application.js';
import { ADAPTERS } from '../support/application.js';
import { CookieJar } from '../support/cookie-jar.js';
import { MemoryServer } from '../support/memory-channel.js';
import type { SessionApplication } from '../support/session-application.js';
import { BOB, startWithSessions, TEN_MINUTES } from '../support/session-application.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';

const STORES = ['redis', 'keyv'] as const;
const CASES = ADAPTERS.flatMap((adapter) => STORES.map((store) => [adapter, store] as const));
const PREFIX = 'nestjs-descope:';

describe.each(CASES)('Two instances on %s that share a store through %s', (adapter, kind) => {
  let redis: Redis;
  let one: SessionApplication;
  let two: SessionApplication;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    one = await startInstance(adapter, await connect());
    two = await startInstance(adapter, await connect(), one);
    one.emulator.configure({ refreshRotation: true });
  });
  afterEach(async () => {
    await two.stop();
    await one.stop();
  });

  const connect = async () => (kind === 'redis' ? redis.connect() : redis.connectKeyv());
  const refreshes = () => one.emulator.requests.count('/v1/auth/refresh');
  const flood = (browser: CookieJar) =>
    Promise.all(Array.from({ length: 200 }, (_, index) => ask(index % 2 === 0 ? one : two, browser)));

  it('let 100 parallel requests each in, and sign nobody out, with rotation on', async () => {
    const browser = await one.signIn();
    for (let round = 1; round <= 3; round += 1) {
      one.emulator.clock.advance(TEN_MINUTES + 40_000);
      const before = refreshes();
      const answers = await flood(browser);
      const codes = answers.map(({ status, body }) => `${status} ${String(body['code'] ?? '')}`.trim());
      expect(new Set(codes)).toEqual(new Set(['200']));
      // Without setIfAbsent, one from each instance at worst.
      expect(refreshes() - before).toBeLessThanOrEqual(kind === 'redis' ? 1 : 2);
      const tokens = new Set(
        answers.flatMap(({ headers }) => new CookieJar().take(headers).get('DSR') ?? []),
      );
      expect(tokens.size).toBe(1);
      browser.take(answers[round]?.headers ?? new Headers());
      for (const app of [one, two]) expect((await ask(app, browser)).status).toBe(200);
    }
  });

  it('take over what the other got a moment ago, without a call', async () => {
    const browser = await one.signIn();
    const late = new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');
    one.emulator.clock.advance(TEN_MINUTES + 6_000);
    expect((await ask(one, browser)).status).toBe(200);
    const answer = await ask(two, late);
    expect([answer.status, refreshes()]).toEqual([200, 1]);
    expect((await ask(one, late.take(answer.headers))).status).toBe(200);
  });

  it('answer a token that was refreshed long ago with 401, and clear nothing', async () => {
    const browser = await one.signIn();
    const late = new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');
    one.emulator.clock.advance(TEN_MINUTES + 6_000);
    expect((await ask(one, browser)).status).toBe(200);
    await forget(redis, kind, await connect()); // as 30 seconds later
    const answer = await ask(two, late);
    expect([answer.status, answer.body['code'], answer.headers.getSetCookie()]).toEqual([
      401,
      'SESSION_SUPERSEDED',
      [],
    ]);
  });

  it('reject on both sides what one has signed out, and nobody else', async () => {
    const [browser, other] = [await one.signIn(), await one.signIn(BOB)];
    const old = { ...browser.headers };
    expect((await post(one, '/auth/logout', browser)).status).toBe(204);
    expect((await two.request('/me', { headers: old })).body['code']).toBe('SESSION_SIGNED_OUT');
    const [here, there] = [await one.signIn(), await two.signIn()];
    expect((await post(two, '/auth/logout-all', here)).status).toBe(204);
    for (const app of [one, two]) expect((await ask(app, there)).body['code']).toBe('SESSION_SIGNED_OUT');
    for (const app of [one, two]) expect((await ask(app, other)).status).toBe(200);
  });

  it('keep nothing in the store that is worth stealing', async () => {
    const browser = await one.signIn();
    one.emulator.clock.advance(TEN_MINUTES + 6_000);
    const old = { session: browser.get('DS') ?? '', refresh: browser.get('DSR') ?? '' };
    browser.take((await ask(one, browser)).headers);
    await post(one, '/auth/logout', browser);
    const kept = await redis.readAll();
    expect(Object.keys(kept).length).toBeGreaterThanOrEqual(3);
    const text = JSON.stringify(kept);
    for (const token of [old.session, old.refresh, browser.get('DS'), browser.get('DSR')])
      for (const part of token?.split('.') ?? []) expect(text).not.toContain(part);
    expect(text).not.toMatch(/eyJ[\w-]+\./);
  });
});

describe.each(ADAPTERS)('An instance on %s whose Redis is gone', (adapter) => {
  it('refreshes on its own beside a channel, and answers in time', async () => {
    const redis = await startRedis();
    const channel = new MemoryServer().connect();
    const whenIsolated = { acceptForMs: 3_600_000 }; // the test's clock jumps
    const shared = { store: await redis.connect(), channel, whenIsolated };
    const app = await startWithSessions(adapter, { session: { refresh: true }, shared });
    try {
      const browser = await app.signIn();
      redis.halt();
      app.emulator.clock.advance(TEN_MINUTES + 6_000);
      const answer = await ask(app, browser);
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([200, 1]);
    } finally {
      await app.stop();
      await redis.stop();
    }
  });

  it('answers 503 where it cannot know who signed out, clears nothing, and recovers', async () => {
    const redis = await startRedis();
    const app = await startWithSessions(adapter, {
      session: {},
      shared: { store: await redis.connect(), maxStaleMs: 0 },
      routes: {},
    });
    try {
      const browser = await app.signIn();
      redis.halt();
      const answer = await ask(app, browser);
      expect([answer.status, answer.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
      expect([answer.headers.get('retry-after'), answer.headers.getSetCookie()]).toEqual(['1', []]);
      expect((await app.request('/public', { headers: browser.headers })).status).toBe(200);
      redis.resume();
      expect((await ask(app, browser)).status).toBe(200);
      redis.halt();
      const signOut = await post(app, '/auth/logout', browser);
      expect([signOut.status, signOut.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
      expect((await ask(app, browser)).body['code']).toBe('SESSION_SIGNED_OUT');
    } finally {
      await app.stop();
      await redis.stop();
    }
  });
});

const NO = {
  'to read': ['ACL', 'SETUSER', 'default', '-get', '-mget'],
  'to write': ['ACL', 'SETUSER', 'default', '-set', '-setex', '-psetex'],
  'for want of memory': ['CONFIG', 'SET', 'maxmemory', '1'],
} as const;
const YES = [
  ['ACL', 'SETUSER', 'default', '+@all'],
  ['CONFIG', 'SET', 'maxmemory', '0'],
] as const;

describe.each(STORES)('Two instances that share a Redis through %s', (kind) => {
  it.each(Object.keys(NO) as (keyof typeof NO)[])(
    'let in nobody who signed out, and report no sign-out that was not kept, while it rejects %s',
    async (what) => {
      const redis = await startRedis();
      const connect = async () => (kind === 'redis' ? redis.connect() : redis.connectKeyv());
      const one = await startInstance('express', await connect());
      const two = await startInstance('express', await connect(), one);
      try {
        const [gone, going] = [await one.signIn(), await one.signIn(BOB)];
        const [goneCopy, goingCopy] = [copyOf(gone), copyOf(going)];
        expect((await post(one, '/auth/logout', gone)).status).toBe(204);
        await redis.command(...NO[what]);
        const signOut = await post(one, '/auth/logout', going); // which also asks what else belongs to the sign-in
        expect([signOut.status, signOut.body['code']]).toEqual([503, 'SIGN_OUTS_UNAVAILABLE']);
        expect((await ask(one, goingCopy)).body['code']).toBe('SESSION_SIGNED_OUT');
        const expected = what === 'to read' ? [503, 'SIGN_OUTS_UNAVAILABLE'] : [401, 'SESSION_SIGNED_OUT'];
        const answer = await ask(two, goneCopy);
        expect([answer.status, answer.body['code']]).toEqual(expected);
        for (const words of YES) await redis.command(...words);
        expect((await ask(two, goneCopy)).body['code']).toBe('SESSION_SIGNED_OUT');
      } finally {
        await two.stop();
        await one.stop();
        await redis.stop();
      }
    },
  );
});

function copyOf(browser: CookieJar): CookieJar {
  return new CookieJar().set('DS', browser.get('DS') ?? '').set('DSR', browser.get('DSR') ?? '');
}

function post(app: SessionApplication, path: string, browser: CookieJar): Promise<Answer> {
  return app.request(path, { method: 'POST', headers: { origin: app.url, ...browser.headers } });
}

function ask(app: SessionApplication, browser: CookieJar): Promise<Answer> {
  return app.request('/me', { headers: browser.headers });
}

function startInstance(
  adapter: AdapterName,
  store: KeyValueStore,
  first?: SessionApplication,
): Promise<SessionApplication> {
  const [session, shared] = [{ refresh: true }, { store, maxStaleMs: 0 }];
  return startWithSessions(
    adapter,
    { session, shared, routes: {} },
    first === undefined ? {} : { emulator: first.emulator },
  );
}

// Redis counts true time, which the test's clock does not move.
async function forget(redis: Redis, kind: (typeof STORES)[number], store: KeyValueStore): Promise<void> {
  for (const key of Object.keys(await redis.readAll())) {
    const own = kind === 'keyv' ? key.slice(key.indexOf(PREFIX)) : key;
    if (!own.endsWith('superseded')) await store.delete(own);
  }
}
