// Very many different tokens, and days of traffic: what an application holds in memory stays bounded and flat.
import { describe, expect, it } from '@jest/globals';
import { CookieJar } from '../support/cookie-jar.js';
import { createSigningKey, mint } from '../support/tokens.js';
import { flood, mintForged, mintNoise, mintUnknown } from './support/flood.js';
import { IS_LONG, report } from './support/report.js';
import type { Client } from './support/traffic.js';
import { askOnce, Tally } from './support/traffic.js';
import type { World } from './support/world.js';
import { KEYS, MINUTE, openWorld, REFRESH, withToken } from './support/world.js';

const MB = 1024 * 1024;
const TOKENS = IS_LONG ? 500_000 : 10_000; // a round; there are two
const [DAYS, USERS] = IS_LONG ? [7, 20] : [1, 4];
const STEPS_A_DAY = 24 * 6;
const BASE_REQUESTS = IS_LONG ? 20_000 : 800;

const show = (bytes: number) => `${(bytes / MB).toFixed(1)} MB`;

describe('The memory of an application', () => {
  it('does not grow with distinct tokens, genuine or not', async () => {
    const key = createSigningKey('ES256');
    const world = await openWorld({
      options: { algorithms: ['RS256', 'ES256'] },
      prepare: ({ emulator }) => emulator.publishKey(key.jwk),
    });
    try {
      await report(`${1.5 * TOKENS} distinct tokens`, async (row) => {
        const garbage = [() => mintForged(key.keyId), mintUnknown, mintNoise];
        const mintGarbage = (index: number) => (garbage[index % 3] as () => string)();
        const padding = 'x'.repeat(4_900); // 7 KB as a token
        const exp = Math.floor(Date.now() / 1000) + 86_400;
        let issued = 0;
        const mintGenuine = () => {
          const sub = `U2user${(issued += 1)}`;
          return mint(key, { claims: { iss: world.emulator.projectId, sub, exp, padding } });
        };
        let genuine = '';
        // Each genuine token comes twice, and so is remembered.
        const mintAgain = (index: number) => (index % 4 === 0 ? (genuine = mintGenuine()) : genuine);
        const mintAny = (index: number) => (index % 2 === 0 ? mintAgain(index) : mintGarbage(index >> 1));
        await flood(world.app.url, mintGarbage, 1_500);
        const readings = [(await world.app.control('memory')).held];
        const delays = await compareDelays(world, mintGarbage);
        const rounds = [];
        for (const _round of [1, 2]) {
          await world.advance(11_000);
          rounds.push((await flood(world.app.url, mintAny, TOKENS)).counts);
          readings.push((await world.app.control('memory')).held);
        }
        const [start = 0, first = 0, second = 0] = readings;
        row.seen = `${JSON.stringify(rounds)}; held ${readings.map(show).join(' → ')}; ${delays}`;
        row.upstream = String((await world.calls(KEYS)).length);
        for (const counts of rounds) expect(counts).toEqual({ 200: TOKENS / 2, 401: TOKENS / 2 });
        expect(first - start).toBeLessThan(40 * MB);
        expect(second - first).toBeLessThan(8 * MB);
      });
    } finally {
      await world.stop();
    }
  });

  it('does not grow with the days, while keys rotate and sessions are refreshed', async () => {
    const loginIds = Array.from({ length: USERS }, (_, index) => `user${index}@example.com`);
    const world = await openWorld({
      emulator: { seed: { users: loginIds.map((loginId) => ({ loginId })) }, refreshRotation: true },
      options: { session: { refresh: true } },
    });
    try {
      await report(`${DAYS} day(s), ${USERS} users, keys rotate daily`, async (row) => {
        const jars = await Promise.all(loginIds.map((loginId) => signIn(world, loginId)));
        const [seen, readings] = [new Tally(), [] as number[]];
        for (let day = 0; day < DAYS; day += 1) {
          for (let step = 0; step < STEPS_A_DAY; step += 1) {
            await world.advance(10 * MINUTE + 6_000);
            if (step === STEPS_A_DAY / 2) await world.emulator.rotateKeys();
            await Promise.all(jars.map((jar) => visit(world, jar, seen)));
            if (step % (STEPS_A_DAY / 2) === 10) readings.push((await world.app.control('memory')).held);
          }
        }
        readings.push((await world.app.control('memory')).held);
        const refreshes = world.emulator.requests.count(REFRESH);
        const fetches = world.emulator.requests.count(KEYS);
        row.seen = `${String(seen)}; held ${readings.map(show).join(' → ')}`;
        row.upstream = `${refreshes} refreshes, ${fetches} key fetches`;
        const steps = DAYS * STEPS_A_DAY;
        expect(seen.kinds).toEqual(['session 200']);
        expect(seen.of('session 200')).toBe(3 * USERS * steps);
        expect(fetches).toBeLessThanOrEqual(1 + steps + DAYS);
        const [start = 0] = readings;
        for (const held of readings) expect(held - start).toBeLessThan(8 * MB);
      });
    } finally {
      await world.stop();
    }
  });
});

// Told and not judged: how long it takes depends on what else the machine does.
async function compareDelays(world: World, mintGarbage: (index: number) => string): Promise<string> {
  const { headers } = await withToken(world);
  const token = headers?.()['authorization']?.slice('Bearer '.length) ?? '';
  const p99s: number[] = [];
  for (const mintToken of [() => token, mintGarbage]) {
    await world.app.control('delay');
    await flood(world.app.url, mintToken, BASE_REQUESTS);
    p99s.push((await world.app.control('delay')).p99);
  }
  const [base = 0, garbage = 0] = p99s;
  const ratio = (garbage / base).toFixed(2);
  return `event loop p99 ${base.toFixed(1)} ms → ${garbage.toFixed(1)} ms under garbage (×${ratio})`;
}

async function signIn(world: World, loginId: string): Promise<CookieJar> {
  const { sessionJwt, refreshJwt } = await world.emulator.signIn(loginId);
  return new CookieJar().set('DS', sessionJwt).set('DSR', refreshJwt);
}

// Two requests of one page at once, and one that follows.
async function visit(world: World, jar: CookieJar, seen: Tally): Promise<void> {
  const client: Client = { name: 'session', path: '/me', headers: () => jar.headers };
  const answers = await Promise.all([askOnce(world.app, client, seen), askOnce(world.app, client, seen)]);
  for (const answer of answers) jar.take(answer?.headers ?? new Headers());
  await askOnce(world.app, client, seen);
}
