// A key server that fails in every way: at the start of an application, and later, with its keys in memory.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { KeyFault } from './support/key-faults.js';
import { heal, hugeAnswer, listKeyFaults } from './support/key-faults.js';
import { IS_LONG, report } from './support/report.js';
import type { Client, Tally } from './support/traffic.js';
import { after, drive, timeToRecover } from './support/traffic.js';
import type { World } from './support/world.js';
import { HOUR, KEYS, MINUTE, NOBODY, openWorld, PUBLIC, withToken } from './support/world.js';

const AT_ONCE = 6;
const OUTAGE_MS = IS_LONG ? 30_000 : 6_000; // two tries, also where each takes the whole time-out
const TIME_OUT_MS = 2_500; // one call of Descope's, by default
const MB = 1024 * 1024;

/** What an outage looked like from outside. */
interface Outage {
  readonly tally: Tally;
  /** When the keys were asked for, in milliseconds. */
  readonly calls: readonly number[];
  /** Until the first token was accepted again. */
  readonly recoveryMs: number;
}

interface Course {
  readonly cold: Outage;
  readonly stale: Outage & { readonly peakRss: number; readonly tooOld: Tally };
}

const elsewhere = createServer((_request, response) => response.end('{"keys":[]}'));
let visits = 0;
elsewhere.on('request', () => (visits += 1));

describe('An application whose key server fails', () => {
  const names = listKeyFaults('').map(({ name }) => name);
  const courses = new Map<string, Promise<Course>>();

  // Most of the time is waiting, so several run side by side.
  beforeAll(async () => {
    elsewhere.listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const { port } = elsewhere.address() as AddressInfo;
    const faults = listKeyFaults(`http://127.0.0.1:${port}/keys`);
    const lanes = Array.from({ length: AT_ONCE }, () => Promise.resolve<unknown>(undefined));
    faults.forEach((fault, index) => {
      const course = (lanes[index % AT_ONCE] as Promise<unknown>).then(() => run(fault));
      courses.set(fault.name, course);
      lanes[index % AT_ONCE] = course.catch(() => undefined);
    });
  });
  afterAll(async () => {
    await Promise.allSettled(courses.values());
    elsewhere.close();
  });

  it.each(names)('starts, says 503, keeps calm and recovers alone: %s', async (name) => {
    await report(`keys: ${name}, cold`, async (row) => {
      const { cold } = (await courses.get(name)) as Course;
      Object.assign(row, describeOutage(cold));
      expect(cold.tally.kinds).toEqual([
        'nobody 401 SESSION_MISSING',
        'public 200',
        'token 503 KEYS_UNAVAILABLE',
      ]);
      expect(cold.tally.silent503).toBe(0);
      expect(cold.tally.slowestMs).toBeLessThan(5_000);
      expect(cold.calls.length).toBeGreaterThanOrEqual(2); // it does try
      expect(cold.calls.length).toBeLessThanOrEqual(4 + OUTAGE_MS / 4_000); // and backs off, to one in 4 s
      expect(readBurst(cold.calls)).toBeLessThanOrEqual(2);
      expect(cold.recoveryMs).toBeLessThan(8_000); // at worst a time-out and the longest pause
    });
  });

  it.each(names)('goes on with the keys in memory, and nobody waits: %s', async (name) => {
    await report(`keys: ${name}, stale`, async (row) => {
      const { stale } = (await courses.get(name)) as Course;
      Object.assign(row, describeOutage(stale));
      expect(stale.tally.kinds).toEqual(['nobody 401 SESSION_MISSING', 'public 200', 'token 200']);
      expect(stale.tally.slowestMs).toBeLessThan(TIME_OUT_MS - 500);
      expect(stale.calls.length).toBeGreaterThanOrEqual(1);
      expect(readBurst(stale.calls)).toBeLessThanOrEqual(3); // one may come early, by the jump of the clock
      const calm = (await courses.get('status 500')) as Course;
      expect(stale.peakRss - calm.stale.peakRss).toBeLessThan(80 * MB); // no answer is read into memory
      expect(stale.tooOld.kinds).toEqual(['token 503 KEYS_UNAVAILABLE']);
      expect(stale.tooOld.silent503).toBe(0);
      expect(stale.recoveryMs).toBeLessThan(8_000);
    });
  });

  it('reads no more of a huge answer than it can use, and goes where no redirect points', () => {
    expect(hugeAnswer.mostBytesSent).toBeGreaterThan(0);
    expect(hugeAnswer.mostBytesSent).toBeLessThan(20 * MB); // what the sockets between can hold
    expect(visits).toBe(0);
  });
});

async function run(fault: KeyFault): Promise<Course> {
  const world = await openWorld({ prepare: (around) => fault.apply(around) });
  try {
    const token = await withToken(world);
    const cold = await rideOutCold(world, token);
    return { cold, stale: await rideOutStale(world, fault, token) };
  } finally {
    await world.stop();
  }
}

async function rideOutCold(world: World, token: Client): Promise<Outage> {
  const tally = await drive(world.app, [PUBLIC, NOBODY, token], { until: after(OUTAGE_MS) });
  const calls = await world.calls(KEYS);
  await heal(world);
  return { tally, calls, recoveryMs: await timeToRecover(world.app, token) };
}

async function rideOutStale(world: World, fault: KeyFault, token: Client): Promise<Course['stale']> {
  const before = (await world.calls(KEYS)).length;
  await fault.apply(world);
  await world.advance(9.1 * MINUTE); // from now on they are refreshed behind the requests
  const tally = await drive(world.app, [PUBLIC, NOBODY, token], { until: after(TIME_OUT_MS + 700) });
  await world.advance(40 * MINUTE); // old
  tally.join(await drive(world.app, [PUBLIC, NOBODY, token], { until: after(OUTAGE_MS / 2) }));
  const calls = (await world.calls(KEYS)).slice(before);
  const { peakRss } = await world.app.control('memory');
  await world.advance(HOUR); // too old
  const tooOld = await drive(world.app, [token], { until: after(500) });
  await heal(world);
  return { tally, calls, peakRss, tooOld, recoveryMs: await timeToRecover(world.app, token) };
}

function describeOutage({ tally, calls, recoveryMs }: Outage) {
  return { seen: String(tally), upstream: String(calls.length), recovery: `${Math.round(recoveryMs)} ms` };
}

/** The most calls within one second. */
function readBurst(calls: readonly number[]): number {
  return Math.max(0, ...calls.map((from) => calls.filter((at) => at >= from && at < from + 1000).length));
}
