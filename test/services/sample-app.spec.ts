// Two processes of the sample app, one Redis and one Descope: a browser does not notice which of the two it meets.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Emulator } from 'nestjs-descope/emulator';
import { startEmulator } from 'nestjs-descope/emulator';
import { ADAPTERS, ask } from '../support/application.js';
import { CookieJar } from '../support/cookie-jar.js';
import type { Redis } from './support/redis.js';
import { startRedis } from './support/redis.js';
import type { SampleProcess } from './support/sample-app.js';
import { startSampleProcess } from './support/sample-app.js';

const STORES = ['cookies', 'request-session'] as const;
const CASES = ADAPTERS.flatMap((adapter) => STORES.map((store) => [adapter, store] as const));
const SESSION_SECONDS = 600;
const RECOVERY_MS = 15_000;
const STALE_MS = 1_100; // maxStaleMs, for which an answer of the store counts, and a little

interface Tokens {
  readonly sessionJwt: string;
  readonly refreshJwt: string;
}

describe.each(CASES)('Two sample apps on %s behind one Redis, with sessions in %s', (adapter, store) => {
  let redis: Redis;
  let emulator: Emulator;
  let one: SampleProcess;
  let two: SampleProcess;
  beforeAll(async () => {
    redis = await startRedis({ keepsLog: true });
    emulator = await startEmulator({ sessionSeconds: SESSION_SECONDS, refreshRotation: true });
    const environment = {
      HTTP_ADAPTER: adapter,
      SESSION_STORE: store,
      SESSION_SECRET: 'one secret for all who share these sessions',
      REDIS_URL: redis.url,
      DESCOPE_PROJECT_ID: emulator.projectId,
      DESCOPE_BASE_URI: emulator.url,
    };
    [one, two] = [await startSampleProcess(environment), await startSampleProcess(environment)];
  });
  afterAll(async () => {
    await Promise.all([one.stop(), two.stop()]);
    await emulator.close();
    await redis.stop();
  });
  let count = 0;
  let name = '';
  beforeEach(() => {
    name = `user${(count += 1)}@example.com`;
  });
  afterEach(() => {
    emulator.clock.reset();
    expect([one.isAlive(), two.isAlive()]).toEqual([true, true]);
  });

  const signIn = async (app: SampleProcess, loginId = name) => {
    const tokens = await signUp(emulator, loginId);
    const answer = await app.post('/auth/store_jwt', undefined, tokens);
    expect(answer.status).toBe(200);
    return { tokens, browser: new CookieJar().take(answer.headers) };
  };
  const statuses = (path: string, browser: CookieJar) =>
    Promise.all([one, two].map(async (app) => (await app.get(path, browser)).status));

  it('know at one who signed in at the other', async () => {
    for (const [here, there] of [
      [one, two],
      [two, one],
    ] as const) {
      const { browser } = await signIn(here, `${count}-at-${here === one ? 'one' : 'two'}@example.com`);
      const [mine, theirs] = [await here.get('/me', browser), await there.get('/me', browser)];
      expect([mine.status, theirs.status]).toEqual([200, 200]);
      expect(theirs.body['id']).toBe(mine.body['id']);
    }
  });

  it('let 50 parallel requests each in with one expired session and rotation on', async () => {
    emulator.clock.advance(3_000 - SESSION_SECONDS * 1000); // so that the session ends in three seconds
    const { browser, tokens } = await signIn(one);
    emulator.clock.reset();
    await sleep(readEndMs(tokens.sessionJwt) - Date.now() + 50);
    const before = emulator.requests.count('/v1/auth/refresh');
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? one : two).get('/me', browser)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const calls = emulator.requests.count('/v1/auth/refresh') - before;
    expect([1, 2]).toContain(calls); // one from each instance, at worst
    for (const { headers } of answers) browser.take(headers);
    expect(await statuses('/me', browser)).toEqual([200, 200]);
    for (const app of [two, one]) {
      const refreshed = await app.post('/auth/refresh', browser);
      expect(refreshed.status).toBe(200);
      browser.take(refreshed.headers);
      expect(await statuses('/me', browser)).toEqual([200, 200]);
    }
  });

  it('reject at one what was signed out at the other, and nobody else', async () => {
    const [{ browser, tokens }, other] = [await signIn(one), await signIn(two, `other-${name}`)];
    const copy = new CookieJar().take(new Headers());
    for (const cookie of ['DS', 'DSR', 'sid']) {
      const value = browser.get(cookie);
      if (value !== undefined) copy.set(cookie, value);
    }
    expect((await two.get('/me', copy)).status).toBe(200);
    expect((await one.post('/auth/logout', browser)).status).toBe(204);
    await sleep(STALE_MS);
    const code = store === 'cookies' ? 'SESSION_SIGNED_OUT' : 'SESSION_MISSING';
    const bearer = { authorization: `Bearer ${tokens.sessionJwt}` };
    for (const app of [two, one]) {
      const rejected = await app.get('/me', copy);
      expect([rejected.status, rejected.body['code']]).toEqual([401, code]);
      expect((await app.post('/auth/refresh', copy)).status).toBe(401);
      expect((await ask(`${app.url}/me`, { headers: bearer })).body['code']).toBe('SESSION_SIGNED_OUT');
    }
    expect(await statuses('/me', other.browser)).toEqual([200, 200]);
  });

  it.each(['gone', 'silent'] as const)(
    'answer 503 while Redis is %s, and recover by themselves',
    async (how) => {
      const { browser } = await signIn(one);
      const tokens = await signUp(emulator, `late-${name}`);
      if (how === 'gone') await redis.kill();
      else redis.halt();
      await sleep(STALE_MS);
      for (const app of [one, two]) {
        const answers = [await app.get('/me', browser), await app.post('/auth/store_jwt', undefined, tokens)];
        for (const { status, headers, text } of answers) {
          expect([status, headers.getSetCookie()]).toEqual([503, []]);
          expect(text).not.toMatch(/ECONN|127\.0\.0\.1|redis/i);
        }
        expect((await app.get('/public')).status).toBe(200);
        expect((await app.get('/me')).status).toBe(401);
      }
      if (how === 'gone') await redis.restart();
      else redis.resume();
      for (const app of [one, two]) await waitUntilKnown(app, browser);
      expect(await statuses('/me', browser)).toEqual([200, 200]);
      expect((await two.post('/auth/store_jwt', undefined, tokens)).status).toBe(200);
    },
  );
});

async function signUp(emulator: Emulator, loginId: string): Promise<Tokens> {
  const answer = await ask(`${emulator.url}/v1/auth/password/signup`, {
    method: 'POST',
    headers: { authorization: `Bearer ${emulator.projectId}`, 'content-type': 'application/json' },
    body: JSON.stringify({ loginId, password: 'Correct-horse-1' }),
  });
  expect(answer.status).toBe(200);
  return { sessionJwt: String(answer.body['sessionJwt']), refreshJwt: String(answer.body['refreshJwt']) };
}

function readEndMs(token: string): number {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return (claims as { exp: number }).exp * 1000;
}

async function waitUntilKnown(app: SampleProcess, browser: CookieJar): Promise<void> {
  for (const end = Date.now() + RECOVERY_MS; Date.now() < end;) {
    if ((await app.get('/me', browser)).status === 200) return;
    await sleep(100);
  }
  throw new Error(`${app.url} did not recover within ${RECOVERY_MS} ms.`);
}
