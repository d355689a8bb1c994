// Tokens that are bound to a key: a known one with its proof, floods of bad ones, memory, and requests without any.
import { toContextSource } from '../support/contexts.mjs';
import { median, show, toRatios } from '../support/figures.mjs';
import { toFloods } from '../support/floods.mjs';
import { handlers, OrdersController } from '../support/handlers.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { measure, toSequentialRun } from '../support/measure.mjs';
import { createOurs, toOptions } from '../support/ours.mjs';
import { createHolder, createRawProofs, ORIGIN, toContext, withProof } from '../support/proofs.mjs';
import { hand, settings } from '../support/settings.mjs';
import { importSource } from '../support/source.mjs';

const CLIENTS = 200;
const REQUESTS = 1000; // a round, each with a proof of its own
const SLICES = 10;
const MOST = 500_000; // what an instance remembers, as docs/dpop.md has it
const FURTHER = 100_000;
const RAW = 'node:crypto verify alone, ES256';
const [KNOWN, GUARDED, NEW] = [
  'token seen before, key known',
  'the same, canActivate',
  'token and key never seen',
];
const [ALONE, AGAIN, OFF, ALLOWED] = [
  'without the option',
  'without the option, a second guard',
  "dpop: 'off'",
  "dpop: 'allowed'",
];
const DPOP = { publicOrigin: ORIGIN, dpop: { replay: 'per-instance' } };

const issuer = createIssuer('ES256');
const options = toOptions(issuer.published);
const holders = Array.from({ length: CLIENTS }, (_, index) => createHolder(issuer, index));
const handler = handlers.get('a signed-in user');
const besideSeries = await measureBeside(); // first: what the others leave in the heap is a matter of luck
const ours = await createOurs({ ...options, ...DPOP });
for (let times = 0; times < 2; times += 1)
  // kept from the second time on
  for (const holder of holders) await ours.authenticator.authenticate(withProof(holder));

const floods = await toFloods({ issuer, holders, authenticator: ours.authenticator });
const candidates = [...toAccepted(), ...floods].map(toCandidate);
const series = await measure(candidates, { rounds: settings.rounds, slices: SLICES });
const memory = await measureMemory();
hand({ tables: [toAcceptedTable(), toFloodTable(), toBesideTable(), toMemoryTable()], goals: toGoals() });

function toAccepted() {
  const { authenticator, guard } = ours;
  const authenticate = (request) => authenticator.authenticate(request);
  const raw = createRawProofs(holders);
  let minted = CLIENTS;
  return [
    { name: RAW, toNext: raw.at, operate: raw.operate },
    { name: KNOWN, toNext: (place) => withProof(holders[place]), operate: authenticate },
    {
      name: GUARDED,
      toNext: (place) => toContext(withProof(holders[place]), { type: OrdersController, handler }),
      operate: (context) => guard.canActivate(context),
    },
    { name: NEW, toNext: () => withProof(createHolder(issuer, minted++)), operate: authenticate },
  ];
}

// A round goes once through what was made for it, because a proof counts once.
function toCandidate({ name, toNext, operate }) {
  let made;
  let index;
  const prepare = () => {
    made = Array.from({ length: REQUESTS }, (_, place) => toNext(place % CLIENTS));
    index = 0;
  };
  const run = toSequentialRun(() => made[index++], operate);
  return { name, prepare, operations: REQUESTS / SLICES, isFixed: true, run };
}

// Bearer tokens that were seen before, by guards with the option and without it.
async function measureBeside() {
  const tokens = Array.from({ length: CLIENTS }, (_, index) => issuer.mintSession(index));
  const next = toContextSource(tokens, { type: OrdersController, handler });
  const guards = { [ALONE]: {}, [AGAIN]: {}, [OFF]: { ...DPOP, dpop: 'off' }, [ALLOWED]: DPOP };
  const opened = [];
  for (const [name, added] of Object.entries(guards)) {
    const { guard } = await createOurs({ ...options, ...added });
    const run = toSequentialRun(next, (context) => guard.canActivate(context));
    opened.push({ name, operations: 10, run });
  }
  return measure(opened, { rounds: settings.rounds, slices: SLICES });
}

// The proofs of one user in four each, and in the other case each of another user.
async function measureMemory() {
  const { ReplayMemory } = await importSource('core/dpop', ['replay-memory.ts']);
  const kept = {};
  for (const [name, owners] of Object.entries({ few: 4, many: MOST })) {
    const before = await readHeap();
    const config = { lifetimeMs: 76_000, maxProofs: MOST, maxPerOwner: MOST / 4 };
    const seen = new ReplayMemory(config, () => 0);
    const outcomes = fill(seen, 0, MOST, owners);
    const full = await readHeap();
    const later = fill(seen, MOST, MOST + FURTHER, owners);
    if (outcomes.new !== MOST || later.full !== FURTHER) throw new Error('The memory must be full now.');
    kept[name] = { bytes: full - before, further: (await readHeap()) - full };
    seen.see(toDigest(0), ''); // so that it lives until here
  }
  return kept;
}

function fill(seen, first, last, owners) {
  const outcomes = { new: 0, known: 0, full: 0 };
  for (let index = first; index < last; index += 1) {
    const owner = `U2user${String(index % owners).padStart(21, '0')}`;
    outcomes[seen.see(toDigest(index), Buffer.from(owner).latin1Slice())] += 1;
  }
  return outcomes;
}

// As spread as a hash, and cheaper to make half a million of.
function toDigest(index) {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(Math.imul(index + 1, 2_654_435_761) >>> 0, 0);
  bytes.writeUInt32BE(index, 4);
  return bytes.toString('hex');
}

async function readHeap() {
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function toAcceptedTable() {
  return {
    title: `DPoP: bound tokens, ${CLIENTS} clients, ES256`,
    columns: ['', 'µs a request', '× raw verify'],
    rows: [RAW, KNOWN, GUARDED, NEW].map((name) => [name, show(wallOf(name)), show(ratioOf(name, RAW), 2)]),
    note: 'From the request to the session, with the token from the header, and the user. “canActivate” is the guard.',
    isForPage: true,
  };
}

function toFloodTable() {
  const [{ name: base }] = floods;
  return {
    title: 'DPoP: rejected requests, ES256',
    columns: ['', 'code', 'µs a request', `× ${base}`],
    rows: floods.map(({ name, code }) => [name, code, show(wallOf(name)), show(ratioOf(name, base), 2)]),
    isForPage: true,
  };
}

function toBesideTable() {
  return {
    title: 'DPoP: canActivate with bearer tokens seen before',
    columns: ['', 'µs a request', `× ${ALONE}`],
    rows: [...besideSeries].map(([name, { wall }]) => [name, show(wall, 2), show(besideOf(name), 2)]),
    isForPage: true,
  };
}

function toMemoryTable() {
  const megabytes = (bytes) => (bytes / 1e6).toFixed(1);
  return {
    title: `DPoP: memory of ${MOST} proofs`,
    columns: ['', 'MB', 'bytes a proof', `MB more after ${FURTHER} further proofs`],
    rows: [
      ['of 4 users', memory.few],
      ['each of another user', memory.many],
    ].map(([name, { bytes, further }]) => [
      name,
      megabytes(bytes),
      (bytes / MOST).toFixed(0),
      megabytes(further),
    ]),
    isForPage: true,
  };
}

function wallOf(name) {
  return series.get(name).wall;
}

function ratioOf(name, base) {
  return toRatios(wallOf(name), wallOf(base));
}

// Two guards that are the same differ by a few percent; their mean is what the others stand beside.
function besideOf(name) {
  const [one, other] = [ALONE, AGAIN].map((alone) => besideSeries.get(alone).wall);
  return besideSeries.get(name).wall.map((wall, round) => (2 * wall) / (one[round] + other[round]));
}

function toGoals() {
  const [{ name: base }, { name: largest }] = floods;
  const dearest = (isLarge, beside) =>
    floods
      .filter(({ name }) => name.includes('largest') === isLarge && !name.includes('bearer'))
      .map(({ name }) => ratioOf(name, beside))
      .reduce((most, ratios) => (median(ratios) > median(most) ? ratios : most));
  const toGoal = (subject, limit, beside, ratios) => ({
    subject,
    goal: `≤ ${limit} × ${beside}`,
    measured: `${show(ratios, 2)} ×`,
    isMet: median(ratios) <= limit,
  });
  const further = Math.max(memory.few.further, memory.many.further);
  return [
    toGoal(KNOWN, 1.15, 'raw verify', ratioOf(KNOWN, RAW)),
    toGoal(largest, 1.5, `a ${base}`, ratioOf(largest, base)),
    toGoal('the dearest bad proof', 1.15, `a ${base}`, dearest(false, base)),
    toGoal('the dearest bad proof, of the largest', 1.15, `a ${largest}`, dearest(true, largest)),
    toGoal("bearer token, dpop: 'off'", 1.1, ALONE, besideOf(OFF)),
    {
      subject: 'proofs remembered',
      goal: 'bounded',
      measured: `${(further / 1e6).toFixed(1)} MB for ${FURTHER} further ones`,
      isMet: further < 1e6,
    },
  ];
}
