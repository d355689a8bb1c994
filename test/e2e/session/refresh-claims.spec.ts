// Two instances never refresh one token at once: where a replayed refresh token ends the sign-in, a session survives them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { toTokenDigest } from '#lib/core/store/token-encryption.js';
import { ADAPTERS } from '../../support/application.js';
import type { CookieJar } from '../../support/cookie-jar.js';
import { HeldCalls } from '../../support/held-calls.js';
import { FullMemoryStore, MemoryStore } from '../../support/memory-store.js';
import type { SessionApplication } from '../../support/session-application.js';
import { startWithSessions, TEN_MINUTES } from '../../support/session-application.js';

const REFRESH = '/v1/auth/refresh';

describe.each(ADAPTERS)('Two instances on %s that share a store', (adapter) => {
  let running: SessionApplication[] = [];
  let calls: HeldCalls;
  beforeEach(() => {
    running = [];
    calls = new HeldCalls();
  });
  afterEach(async () => {
    for (const app of running.reverse()) await app.stop();
  });

  const start = async (store: MemoryStore, timeoutMs = 4_000) => {
    const shared = { store, maxStaleMs: 0 };
    const options = { session: { refresh: true }, shared, keyFetch: { timeoutMs }, fetch: calls.fetch };
    const one = await startWithSessions(adapter, options);
    running.push(one);
    const two = await startWithSessions(adapter, options, { emulator: one.emulator });
    running.push(two);
    one.emulator.configure({ refreshRotation: true, replayEndsSignIn: true });
    return [one, two] as const;
  };
  /** Sends 50 requests at once, and holds back what Descope answers until it was asked so many times. */
  const flood = async ([one, two]: readonly SessionApplication[], browser: CookieJar, refreshes: number) => {
    one?.emulator.clock.advance(TEN_MINUTES + 40_000);
    calls.hold(REFRESH);
    const { headers } = browser;
    const answers = Array.from({ length: 50 }, async (_, index) => {
      const app = (index % 2 === 0 ? one : two) as SessionApplication;
      return app.request('/me', { headers });
    });
    await calls.wait(refreshes);
    await sleep(250); // in which nobody else may ask
    calls.release();
    return Promise.all(answers);
  };

  it('refresh a token once for 50 parallel requests, and the session survives', async () => {
    const store = new FullMemoryStore();
    const [one, two] = await start(store);
    const browser = await one.signIn();
    for (let round = 1; round <= 3; round += 1) {
      const answers = await flood([one, two], browser, 1);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect(one.emulator.requests.count(REFRESH)).toBe(round);
      browser.take(answers[round]?.headers ?? new Headers());
    }
    expect([...store.entries.keys()].filter((key) => key.includes(':refreshing:'))).toEqual([]);
  });

  it('end the sign-in without setIfAbsent, because both refresh the token', async () => {
    const [one, two] = await start(new MemoryStore());
    const browser = await one.signIn();
    const answers = await flood([one, two], browser, 2);
    expect(one.emulator.requests.count(REFRESH)).toBe(2);
    browser.take(answers.find(({ status }) => status === 200)?.headers ?? new Headers());
    one.emulator.clock.advance(TEN_MINUTES + 40_000);
    const late = await one.request('/me', { headers: browser.headers });
    expect([late.status, late.body['code']]).toEqual([401, 'SESSION_ENDED']);
  });

  it('refresh a token at the other one when the first had an outage', async () => {
    const [one, two] = await start(new FullMemoryStore());
    const browser = await one.signIn();
    one.emulator.clock.advance(TEN_MINUTES + 40_000);
    one.emulator.faults.add({ path: REFRESH, status: 503, delayMs: 100, times: 1 });
    const answers = await Promise.all(
      [one, two].map((app) => app.request('/me', { headers: browser.headers })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 503]);
    expect(one.emulator.requests.count(REFRESH)).toBe(2);
  });

  it('answer 503, and refresh nothing, while the claim of a process that is gone stays', async () => {
    const store = new FullMemoryStore();
    const [one, two] = await start(store, 500);
    const browser = await one.signIn();
    one.emulator.clock.advance(TEN_MINUTES + 40_000);
    const key = `nestjs-descope:refreshing:${toTokenDigest(browser.get('DSR') ?? '')}`;
    await store.set(key, '1', 60_000);
    const late = await one.request('/me', { headers: browser.headers });
    expect([late.status, late.body['code'], late.headers.getSetCookie()]).toEqual([
      503,
      'DESCOPE_UNAVAILABLE',
      [],
    ]);
    expect(one.emulator.requests.count(REFRESH)).toBe(0);
    await store.delete(key); // its time is over
    expect((await two.request('/me', { headers: browser.headers })).status).toBe(200);
  });
});
