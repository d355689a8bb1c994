// What a million revocations cost: their memory, a look-up among them, growth, a batch that was heard, and a guarded request.
import { randomFillSync } from 'node:crypto';
import { createChannel } from '../support/channel.mjs';
import { toContextSource } from '../support/contexts.mjs';
import { median, show, toDifferences, toRatios } from '../support/figures.mjs';
import { handlers, OrdersController } from '../support/handlers.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { measure, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { hand, isQuick, settings } from '../support/settings.mjs';
import { importSource } from '../support/source.mjs';

const ENTRIES = settings.revocations;
const BATCH = 1000;
const USERS = 200;
const PROBES = 100_000; // so many that they are in no cache of the processor
const GROWTHS = isQuick ? 2 : 5;
const LIMITS = { pauseMs: 20, ratio: 1.1 };
const OTHER_SCOPES = ['user', 'tenant', 'accessKey', 'project'];
const NO_OWNER = { high: 0, low: 0 };
const [TRIVIAL, ALONE, AGAIN, NOTHING_NEW, HEARD, HEARD_SCOPES, APPLIED] = [
  'a guard that returns true',
  'without shared',
  'without shared, a second guard',
  'nothing new was heard',
  'something new was heard, sessions are revoked',
  'something new was heard, all scopes have revocations',
  `a batch of ${BATCH} is heard`,
];
const NOW = Math.floor(Date.now() / 1000);

const { RevocationTable } = await importSource('core/revocation', [
  'revocation.ts',
  'revocation-part.ts',
  'revocation-table.ts',
]);
const keys = randomFillSync(new Uint32Array(4 * ENTRIES)); // of the entries, and of their owners
const known = { table: grow().table };
const memory = await measureMemory();
const growth = measureGrowth();
const tableSeries = await measureTable();
const guardSeries = await measureGuard();
hand({ tables: [toTableTable(), toGuardTable()], goals: toGoals() });

function toEntry(index) {
  return toNew(keys.subarray(4 * index, 4 * index + 4));
}

function toNew([high, low, ownerHigh, ownerLow]) {
  const owner = { high: ownerHigh, low: ownerLow };
  return { scope: 'session', key: { high, low }, owner, issuedBefore: NOW, until: NOW + 3600 };
}

function createTable() {
  return new RevocationTable({
    onFull: () => {
      throw new Error('A million entries must not fill the table.');
    },
  });
}

// Without `times`, as fast as it goes.
function grow(times) {
  const table = createTable();
  const before = process.hrtime.bigint();
  for (let index = 0; index < ENTRIES; index += 1) {
    const entry = toEntry(index);
    const start = times && performance.now();
    table.merge(entry, NOW);
    if (times !== undefined) times[index] = performance.now() - start;
  }
  return { table, micros: Number(process.hrtime.bigint() - before) / 1000 / ENTRIES };
}

// Of the process, not only of the arrays: heap, and what stands outside of it.
async function measureMemory() {
  known.table = undefined;
  const before = await readMemory();
  known.table = grow().table;
  const after = await readMemory();
  return { bytes: after.held - before.held, resident: after.rss - before.rss };
}

async function readMemory() {
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { held: heapUsed + external, rss };
}

// The same keys each time, so that the same merges rebuild a part. A pause that comes in one round only is the machine's.
function measureGrowth() {
  const least = new Float64Array(ENTRIES).fill(Infinity);
  const averages = [];
  for (let round = 0; round < GROWTHS; round += 1) {
    averages.push(grow().micros);
    const times = new Float64Array(ENTRIES);
    grow(times);
    for (let index = 0; index < ENTRIES; index += 1) least[index] = Math.min(least[index], times[index]);
  }
  return { averages, pauseMs: least.reduce((most, ms) => Math.max(most, ms), 0) };
}

async function measureTable() {
  const { table } = known;
  const step = Math.floor(ENTRIES / PROBES);
  const hits = Array.from({ length: PROBES }, (_, index) => toEntry(index * step).key);
  const words = randomFillSync(new Uint32Array(2 * PROBES));
  const misses = Array.from({ length: PROBES }, (_, index) => ({
    high: words[2 * index],
    low: words[2 * index + 1],
  }));
  const candidates = [
    toProbe('look-up, hit', hits, (key) => table.find(key, NOW) > 0),
    toProbe('look-up, miss', misses, (key) => table.find(key, NOW) === 0),
    toListing(table),
  ];
  return measure(candidates, { rounds: settings.rounds, slices: 10 });
}

function toProbe(name, probes, isRight) {
  let index = 0;
  const run = (operations) => {
    for (let done = 0; done < operations; done += 1) {
      if (!isRight(probes[index])) throw new Error(`A ${name} must be right.`);
      index = index + 1 === probes.length ? 0 : index + 1;
    }
  };
  return { name, operations: 1000, run };
}

// A listing goes on where it stood, as one does that lets requests in between.
function toListing(table) {
  let listing = table.list(NOW);
  const run = (operations) => {
    for (let done = 0; done < operations; done += 1)
      if (listing.next().done === true) listing = table.list(NOW);
  };
  return { name: 'list, an entry', operations: 1000, run };
}

// In one run, with the same tokens: a guard without `shared`, and guards that know a million revocations.
async function measureGuard() {
  known.table = undefined;
  const { published, mintSession } = createIssuer('RS256');
  const tokens = Array.from({ length: USERS }, (_, index) => mintSession(index));
  const next = toContextSource(tokens, { type: OrdersController, handler: handlers.get('a signed-in user') });
  const options = toOptions(published);
  const toShared = () => ({ ...options, shared: { channel: createChannel() } });
  const [alone, again] = [await createOurs(options), await createOurs(options)];
  const [sessions, scopes] = [await createOurs(toShared()), await createOurs(toShared())];
  for (const { revocations } of [sessions, scopes])
    for (let index = 0; index < ENTRIES; index += BATCH) revocations.apply(toBatch(index));
  scopes.revocations.apply(OTHER_SCOPES.map((scope, index) => toOther(scope, index)));
  const candidates = [
    toCandidate(TRIVIAL, next, { canActivate: () => true }),
    toCandidate(ALONE, next, alone.guard),
    toCandidate(AGAIN, next, again.guard),
    toCandidate(NOTHING_NEW, next, sessions.guard),
    toCandidate(HEARD, next, hearingGuard(sessions)),
    toCandidate(HEARD_SCOPES, next, hearingGuard(scopes)),
    { name: APPLIED, operations: 1, run: createApplying(sessions.revocations) },
  ];
  const series = await measure(candidates, { rounds: settings.rounds, slices: 10 });
  for (const ours of [alone, again, sessions, scopes]) await ours.close();
  return series;
}

function toCandidate(name, next, by) {
  const answer = by.canActivate(next());
  if (answer !== true) throw new Error(`The guard must return true, ${name}.`);
  return { name, operations: 10, run: toSequentialRun(next, (context) => by.canActivate(context)) };
}

// Hears something new once for each round of the users, so that every request is one of a cached token that is judged again.
function hearingGuard({ guard, revocations }) {
  let asked = 0;
  const canActivate = (context) => {
    if (asked++ % USERS === 0) revocations.apply([toNew(randomFillSync(new Uint32Array(4)))]);
    return guard.canActivate(context);
  };
  return { canActivate };
}

function createApplying(revocations) {
  return (operations) => {
    for (let done = 0; done < operations; done += 1) {
      const words = randomFillSync(new Uint32Array(4 * BATCH));
      revocations.apply(
        Array.from({ length: BATCH }, (_, index) => toNew(words.subarray(4 * index, 4 * index + 4))),
      );
    }
  };
}

function toBatch(first) {
  return Array.from({ length: BATCH }, (_, index) => toEntry(first + index));
}

function toOther(scope, index) {
  return { scope, key: { high: index, low: index }, owner: NO_OWNER, issuedBefore: 1, until: NOW + 3600 };
}

function toTableTable() {
  const { bytes, resident } = memory;
  const each = bytes / ENTRIES;
  const megabytes = (value) => (value / 1e6).toFixed(1);
  return {
    title: `Revocations: the memory of ${ENTRIES} entries`,
    columns: ['', 'measured'],
    rows: [
      ['memory at rest, MB', megabytes(bytes)],
      ['memory at rest, bytes an entry', each.toFixed(1)],
      ['resident memory beyond the empty table, MB', megabytes(resident)],
      ['growth, µs an entry', show(growth.averages, 2)],
      ['longest pause of one entry, ms', growth.pauseMs.toFixed(2)],
      ...[...tableSeries].map(([name, { wall }]) => [`${name}, µs`, show(wall, 3)]),
    ],
    isForPage: true,
  };
}

// Two guards that are the same differ by a few percent, by where their tokens lie in memory.
function readBase() {
  const [one, other] = [ALONE, AGAIN].map((name) => guardSeries.get(name).wall);
  return one.map((micros, round) => (micros + other[round]) / 2);
}

function toGuardTable() {
  const { wall: floor } = guardSeries.get(TRIVIAL);
  const base = readBase();
  const rows = [...guardSeries].map(([name, { wall }]) => {
    const [beyond, ratio] = [toDifferences(wall, base), toRatios(wall, base)];
    return name === APPLIED
      ? [name, show(wall, 0), '', '']
      : [name, show(toDifferences(wall, floor), 2), show(beyond, 2), show(ratio, 2)];
  });
  const columns = ['', 'µs beyond true', `µs beyond “${ALONE}”`, `× “${ALONE}”`];
  const title = `Revocations: canActivate beside ${ENTRIES} entries, ${USERS} users, RS256`;
  const note = 'Beyond, and times: the mean of the two guards without shared, round by round.';
  return { title, columns, rows, note, isForPage: true };
}

function toGoals() {
  const subject = `${ENTRIES} revocations`;
  const base = readBase();
  const ratio = toRatios(guardSeries.get(NOTHING_NEW).wall, base);
  const judging = toDifferences(guardSeries.get(HEARD).wall, base);
  const lookUps = ['look-up, hit', 'look-up, miss'].map((name) => tableSeries.get(name).wall);
  const goal = (text, measured, isMet) => ({ subject, goal: text, measured, isMet });
  return [
    goal('≤ 40 MB at rest', `${(memory.bytes / 1e6).toFixed(1)} MB`, memory.bytes <= 40 * ENTRIES),
    goal(
      'a look-up ≤ 1 µs: hit and miss',
      lookUps.map((wall) => `${show(wall, 2)} µs`).join(', '),
      lookUps.every((wall) => median(wall) <= 1),
    ),
    goal('judging a cached token again ≤ 1 µs', `${show(judging, 2)} µs`, median(judging) <= 1),
    goal(
      `≤ ${LIMITS.ratio} × without shared where nothing new was heard`,
      `${show(ratio, 2)} ×`,
      median(ratio) <= LIMITS.ratio,
    ),
    goal(
      `growth: no pause above ${LIMITS.pauseMs} ms`,
      `${growth.pauseMs.toFixed(2)} ms`,
      growth.pauseMs <= LIMITS.pauseMs,
    ),
  ];
}
