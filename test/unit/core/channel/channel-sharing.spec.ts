// Instances that share revocations through a channel in memory.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeRevocation } from '#lib/core/revocation/revocation.js';
import { askUntil } from '../../../support/ask-until.js';
import type { ChannelInstance } from '../../../support/channel-instance.js';
import { createInstance, toRevocation } from '../../../support/channel-instance.js';
import { EventRecorder } from '../../../support/event-recorder.js';
import { MemoryServer } from '../../../support/memory-channel.js';

let server: MemoryServer;
let nowMs: number;
let runsSince: number | undefined;
const instances: ChannelInstance[] = [];
// It stands still unless `letTimeRun` was called.
const clock = () => nowMs + (runsSince === undefined ? 0 : performance.now() - runsSince);
const letTimeRun = () => (runsSince = performance.now());
beforeEach(() => {
  server = new MemoryServer();
  nowMs = 1_800_000_000_000;
  runsSince = undefined;
});
afterEach(async () => {
  server.isHung = server.isDown = false;
  await Promise.all(instances.splice(0).map(({ sharing }) => sharing.close()));
});

function create(settings: Parameters<typeof createInstance>[1] = {}, connection = server.connect()) {
  const instance = createInstance(connection, { clock, ...settings });
  instances.push(instance);
  return instance;
}

async function start(settings: Parameters<typeof createInstance>[1] = {}, connection = server.connect()) {
  const instance = create(settings, connection);
  await instance.sharing.start();
  return instance;
}

const until = async (isSo: () => boolean) =>
  expect(
    await askUntil(
      async () => isSo(),
      (answer) => answer,
    ),
  ).toBe(true);
const state = ({ sharing }: ChannelInstance) => sharing.readHealth().state;
// Which of two timers of one process ends first does not depend on how busy it is.
const isWithin = (ms: number, work: Promise<unknown>) =>
  Promise.race([work.then(() => true), sleep(ms, false, { ref: false })]);

describe('A channel', () => {
  it('brings a revocation to every other instance', async () => {
    const [one, two, three] = [await start(), await start(), await start()];
    await one.revoke(1);
    await until(() => two.holds(1) && three.holds(1));
    expect(server.living).toEqual([encodeRevocation(toRevocation(1))]);
    expect([one, two, three].map(state)).toEqual(['hearing', 'hearing', 'hearing']);
  });

  it('brings a new instance all living revocations before it starts', async () => {
    const one = await start();
    await one.revoke(1, 2, 3);
    const two = await start();
    expect([two.size(), two.accepts()]).toEqual([3, true]);
  });

  it('carries what was published before the start', async () => {
    const [one, two] = [create(), await start()];
    const published = one.revoke(1);
    await one.sharing.start();
    await published;
    await until(() => two.holds(1));
  });

  it('appends at once after a pause, and not at once without one', async () => {
    const one = await start();
    expect(await isWithin(80, one.revoke(1))).toBe(true);
    const second = one.revoke(2);
    expect(await isWithin(80, second)).toBe(false);
    await second;
    nowMs += 100;
    expect(await isWithin(80, one.revoke(3))).toBe(true);
  });

  it('appends one batch in 100 ms', async () => {
    const one = await start({ clock: Date.now });
    const startedAt = performance.now();
    const published: Promise<void>[] = [];
    for (let user = 0; performance.now() - startedAt < 1_000; user += 1) {
      published.push(one.revoke(user));
      await sleep(2);
    }
    await Promise.all(published);
    const batches = (performance.now() - startedAt) / 100;
    expect(server.appends.length).toBeLessThanOrEqual(batches + 3);
    expect(server.appends.reduce((sum, count) => sum + count)).toBe(published.length);
  });

  it('reads the records of a moment together', async () => {
    const connection = server.connect();
    const one = await start({ clock: Date.now }, connection);
    const startedAt = performance.now();
    connection.reads = 0;
    for (let user = 0; performance.now() - startedAt < 1_000; user += 1) {
      server.put([encodeRevocation(toRevocation(user))]);
      await sleep(2);
    }
    expect(connection.reads).toBeLessThanOrEqual((performance.now() - startedAt) / 50 + 2);
    await until(() => one.size() === server.living.length);
  });

  it('has one heartbeat a second, however many instances there are', async () => {
    await Promise.all(Array.from({ length: 8 }, () => start({ clock: Date.now })));
    const startedAt = performance.now();
    server.appends.length = 0;
    await until(() => server.appends.length >= 3);
    expect(server.appends.length).toBeLessThanOrEqual((performance.now() - startedAt) / 800 + 1);
    await until(() => instances.every((instance) => state(instance) === 'hearing'));
  });
});

describe('A server that does not answer', () => {
  it('is no reason not to start, and tokens get 503 until the living revocations are read', async () => {
    server.put([encodeRevocation(toRevocation(1))]);
    server.isHung = true;
    const one = create();
    expect(await isWithin(1_500, one.sharing.start())).toBe(true);
    expect([one.accepts(), state(one)]).toEqual([false, 'starting']);
    nowMs += 2_001;
    await until(() => one.codes().includes('CHANNEL_SILENT'));
    expect(one.notices[0]?.message).toContain('have not been read since the start');
    server.isHung = false;
    letTimeRun();
    await until(one.accepts);
    expect(one.holds(1)).toBe(true);
    await until(() => one.codes().includes('CHANNEL_RECOVERED'));
  });

  it('does not let the process end in the middle of the start, where nothing else keeps it running', async () => {
    const countTimers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    server.isDown = true;
    const one = create();
    const before = countTimers();
    const started = one.sharing.start();
    expect(countTimers()).toBe(before + 1);
    await started;
    expect(countTimers()).toBe(before); // a running application is kept by its server alone
  });

  it('gets one append at a time, and all that waited when it answers again', async () => {
    const connection = server.connect();
    const one = await start({}, connection);
    server.isHung = true;
    await expect(one.revoke(1)).rejects.toMatchObject({
      code: 'SIGN_OUTS_UNAVAILABLE',
      retryAfterSeconds: 1,
    });
    await expect(one.revoke(2)).rejects.toMatchObject({ code: 'SIGN_OUTS_UNAVAILABLE' });
    expect(one.sharing.readHealth().pendingCount).toBe(2);
    const before = server.appends.length;
    server.isHung = false;
    await until(() => server.living.length === 2);
    expect(server.appends.slice(before).filter((count) => count > 0)).toEqual([1, 1]);
    await until(() => one.sharing.readHealth().pendingCount === 0);
    expect(connection.mostAtOnce).toBe(1);
  });

  it('is asked again after a failure, and loses nothing', async () => {
    const [one, two] = [await start(), await start()];
    server.isDown = true;
    await expect(one.revoke(1)).rejects.toThrow(/not stored in the channel yet \(connect ECONNREFUSED\)/);
    server.isDown = false;
    await until(() => two.holds(1));
  });
});

describe('An instance that hears nothing', () => {
  it('says so, accepts tokens for acceptForMs by what it has heard, and then none', async () => {
    const outages = new EventRecorder();
    const connection = server.connect();
    const one = await start({ whenIsolated: { acceptForMs: 30_000 } }, connection);
    connection.isCut = true;
    nowMs += 2_000;
    expect([one.accepts(), state(one)]).toEqual([true, 'hearing']);
    nowMs += 1;
    expect([one.accepts(), state(one)]).toEqual([true, 'isolated']);
    await until(() => one.codes().includes('CHANNEL_SILENT'));
    nowMs += 29_999;
    expect([one.accepts(), state(one)]).toEqual([true, 'isolated']);
    nowMs += 1;
    expect([one.accepts(), state(one), one.sharing.readHealth().silentMs]).toEqual([
      false,
      'rejecting',
      32_001,
    ]);
    connection.isCut = false;
    letTimeRun();
    await until(one.accepts);
    await until(() => one.codes().includes('CHANNEL_RECOVERED'));
    expect(one.codes()).toEqual(['CHANNEL_SILENT', 'CHANNEL_RECOVERED']);
    outages.stop();
    expect(outages.of('outage').map(({ code }) => code)).toEqual([
      'SIGN_OUTS_UNAVAILABLE',
      'SIGN_OUTS_UNAVAILABLE',
    ]);
  });

  it("accepts none with 'reject'", async () => {
    const connection = server.connect();
    const one = await start({ whenIsolated: 'reject' }, connection);
    connection.isCut = true;
    nowMs += 2_000;
    expect(one.accepts()).toBe(true);
    nowMs += 1;
    expect([one.accepts(), state(one)]).toEqual([false, 'rejecting']);
    await until(() => one.codes().includes('CHANNEL_SILENT'));
    expect(one.notices[0]?.message).toContain('answered with 503 until then');
  });

  it('does not take for new what waited for it while the process stood still', async () => {
    const connection = server.connect();
    const one = await start({ whenIsolated: 'reject' }, connection);
    await until(() => connection.reads > 0);
    nowMs += 60_000; // of which the read knows nothing that is under way
    server.put([]);
    connection.isCut = true;
    expect(one.accepts()).toBe(false);
    await sleep(300);
    expect(one.accepts()).toBe(false);
  });

  it('does not trust a clock that was set back', async () => {
    const connection = server.connect();
    const one = await start({}, connection);
    connection.isCut = true;
    nowMs -= 3_600_000;
    expect([one.accepts(), state(one)]).toEqual([false, 'rejecting']);
    connection.isCut = false;
    letTimeRun();
    await until(one.accepts);
  });

  it('hears of what was revoked meanwhile, also where the records are gone', async () => {
    const connection = server.connect();
    const [one, two] = [await start(), await start({}, connection)];
    connection.isCut = true;
    await one.revoke(1);
    await one.revoke(2);
    server.trim();
    connection.isCut = false;
    await one.revoke(3);
    await until(() => two.size() === 3);
    expect(two.codes()).toEqual([]);
  });

  it('begins anew where the log goes on and nothing comes through', async () => {
    const connection = server.connect();
    const [one, two] = [await start(), await start({}, connection)];
    connection.isDeaf = true;
    await one.revoke(1);
    const beats = setInterval(() => (nowMs += 1_200), 400);
    await until(() => two.holds(1)).finally(() => clearInterval(beats));
  });
});

describe('A log that was lost', () => {
  it('is filled again by those who hold what it held', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1, 2);
    await until(() => two.size() === 2);
    server.empty();
    nowMs += 1_200; // when a heartbeat is due
    await until(() => server.living.length === 2);
    for (const instance of [one, two]) await until(() => instance.codes().includes('CHANNEL_RESET'));
    const three = await start();
    expect(three.size()).toBe(2);
  });

  it('gets again what was acknowledged before the first read, which came after the loss', async () => {
    const connection = server.connect();
    const [one, held] = [create({}, connection), connection.readLiving.bind(connection)];
    connection.readLiving = () => Promise.reject(new Error('LOADING'));
    await one.sharing.start();
    await one.revoke(1);
    server.empty();
    connection.readLiving = held;
    await until(() => server.living.length === 1);
    expect((await start()).holds(1)).toBe(true);
  });

  it('is written to by one instance, although several hold its entries', async () => {
    const others = Array.from({ length: 5 }, () => server.connect());
    const all = [await start(), ...(await Promise.all(others.map((line) => start({}, line))))];
    await all[0]?.revoke(...Array.from({ length: 50 }, (_, user) => user));
    await until(() => all.every((instance) => instance.size() === 50));
    for (const line of others) line.isCut = true; // else several may be equally early
    server.empty();
    server.appends.length = 0;
    nowMs += 1_200;
    await until(() => server.living.length === 50);
    for (const line of others) line.isCut = false;
    await until(() => all.every(({ codes }) => codes().includes('CHANNEL_RESET')));
    await sleep(600); // the longest wait before an instance writes
    expect(server.appends.reduce((sum, count) => sum + count)).toBe(50);
  });

  it('gets a new epoch where it came back in an earlier state, and what it lacks', async () => {
    const [one, two] = [await start(), await start()];
    await one.revoke(1);
    await until(() => two.holds(1));
    const restore = server.save();
    const { epoch } = server;
    await one.revoke(2);
    await until(() => two.holds(2));
    restore();
    await two.revoke(3);
    await until(() => server.living.length === 3);
    expect(server.epoch).not.toBe(epoch);
    expect((await start()).size()).toBe(3);
  });

  it('gets again what was acknowledged and lost before anybody read it', async () => {
    const [first, second] = [server.connect(), server.connect()];
    const [one, two] = [await start({}, first), await start({}, second)];
    await one.revoke(1);
    await until(() => two.holds(1));
    const restore = server.save();
    first.isDeaf = second.isDeaf = true;
    await one.revoke(2);
    restore();
    await two.revoke(3); // whose record has the number of the lost one
    first.isDeaf = second.isDeaf = false;
    await until(() => two.holds(2) && one.holds(3));
    expect(server.living.length).toBe(3);
  });
});

describe('What cannot be read', () => {
  it.each([
    ['a record', undefined],
    ['an entry', ['from-a-newer-version']],
  ] as const)('counts as nothing that was heard, and what follows does not either: %s', async (_, texts) => {
    const one = await start({ whenIsolated: 'reject' });
    server.put(texts);
    await until(() => one.codes().includes('CHANNEL_UNREADABLE'));
    nowMs += 2_001;
    server.put([encodeRevocation(toRevocation(1))]);
    await until(() => one.holds(1));
    await sleep(50);
    expect(one.accepts()).toBe(false);
  });

  it('is no obstacle once it is gone from the living ones', async () => {
    const one = await start({ whenIsolated: 'reject' });
    server.put(undefined);
    await until(() => one.codes().includes('CHANNEL_UNREADABLE'));
    nowMs += 5_001;
    await until(one.accepts);
  });

  it('is reported at the start, where tokens are answered with 503', async () => {
    server.put(['from-a-newer-version', encodeRevocation(toRevocation(1))]);
    const one = await start();
    expect([one.accepts(), one.holds(1), one.codes()]).toEqual([false, true, ['CHANNEL_UNREADABLE']]);
  });
});

describe('The end', () => {
  it('comes after what waited was appended', async () => {
    const one = await start({ clock: Date.now });
    await one.revoke(1);
    const published = one.revoke(2);
    await one.sharing.close();
    await published;
    expect(server.living.length).toBe(2);
    await expect(one.revoke(3)).rejects.toThrow(/The channel is closed/);
  });

  it('comes within 3 s where the server does not answer', async () => {
    const one = await start();
    server.isHung = true;
    const published = expect(one.revoke(1)).rejects.toMatchObject({ code: 'SIGN_OUTS_UNAVAILABLE' });
    expect(await isWithin(3_000, one.sharing.close())).toBe(true);
    await published;
  });

  it('ends the reading', async () => {
    const connection = server.connect();
    const one = await start({}, connection);
    await one.sharing.close();
    const { reads } = connection;
    await sleep(700);
    expect([connection.reads, connection.isClosed]).toEqual([reads, true]);
  });
});
