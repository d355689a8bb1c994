// What the extras cost on a request, on and off: applications in processes of their own, which take turns.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AGAIN, BEFORE, EXTRAS, PLAIN } from '../support/extras.mjs';
import { median, show, toDifferences, toRatios } from '../support/figures.mjs';
import { createIssuer } from '../support/issuer.mjs';
import { toOrder } from '../support/measure.mjs';
import { hand, settings } from '../support/settings.mjs';

const PROGRAM = fileURLToPath(new URL('../support/extras-program.mjs', import.meta.url));
const DIST = fileURLToPath(new URL('../../../dist/esm', import.meta.url));
const USERS = 200;
// Of fixed size, so that no collection comes between for the one and not for the other.
const YOUNG = ['--min-semi-space-size=64', '--max-semi-space-size=64'];
const { lives, rounds, slices, requests, warmUp } = settings.extras;

// The folder of another clone that has been built: what an application without extras cost there.
const before = process.env.BENCH_BEFORE;
const rows = [...(before === undefined ? [] : [{ on: PLAIN, off: BEFORE }]), ...EXTRAS];
const names = [...new Set(rows.flatMap(({ on, off }) => [off, on]))];

const { published, mintSession } = createIssuer('RS256');
const tokens = Array.from({ length: USERS }, (_, index) => mintSession(index));
const ADAPTERS = { express: 'Express', fastify: 'Fastify' };
const byAdapter = {};
for (const adapter of Object.keys(ADAPTERS)) byAdapter[adapter] = await measureAll(adapter);
hand({ tables: [toTable()], goals: before === undefined ? [] : Object.keys(ADAPTERS).map(toGoal) });

async function measureAll(adapter) {
  const series = new Map(names.map((name) => [name, []]));
  for (let life = 0; life < lives; life += 1) await measureLife(adapter, series);
  return series;
}

// Now and then a process stays half as slow again as its like, for all its life: what it has compiled is a matter of luck.
async function measureLife(adapter, series) {
  const programs = [];
  for (const name of names) programs.push([name, await start(adapter, name)]);
  for (let round = 0; round < rounds; round += 1)
    for (const [name, child] of toOrder(programs, round))
      series.get(name).push(await ask(child, { slices, requests: requests[adapter] }));
  for (const [, child] of programs) child.disconnect();
}

async function start(adapter, name) {
  const dist = name === BEFORE ? `${before}/dist/esm` : DIST;
  const application = name === BEFORE ? PLAIN : name;
  const child = fork(PROGRAM, { execArgv: YOUNG, env: { ...process.env, NODE_ENV: 'production' } });
  await ask(child, { adapter, application, dist, published, tokens });
  await ask(child, { slices: 1, requests: warmUp });
  return child;
}

function ask(child, order) {
  child.send(order);
  return answerOf(child);
}

function answerOf(child) {
  return new Promise((resolve, reject) => {
    const fail = (code) => reject(new Error(`An application ended early (${code}).`));
    child.once('exit', fail);
    child.once('message', (answer) => {
      child.off('exit', fail);
      resolve(answer);
    });
  });
}

function toTable() {
  const columns = Object.values(ADAPTERS).flatMap((name) => [`${name}: off, µs`, 'more', '× off']);
  const { express, fastify } = requests;
  return {
    title: 'Extras: processor time a request, tokens seen before',
    isForPage: true,
    columns: ['', ...columns],
    rows: rows.map(toRow),
    note: `Without network and HTTP parser. ${lives} processes of each, ${rounds} rounds, of each round the best ${express} (Express) or ${fastify} (Fastify) requests in a row, ${USERS} users, RS256, production mode. “${AGAIN}” shows the noise.`,
  };
}

function toRow({ on, off }) {
  const figures = Object.keys(ADAPTERS).flatMap((adapter) => {
    const [theirs, base] = [byAdapter[adapter].get(on), byAdapter[adapter].get(off)];
    return [
      median(base).toFixed(1),
      show(toDifferences(theirs, base)),
      median(toRatios(theirs, base)).toFixed(2),
    ];
  });
  return [off === PLAIN ? on : `${on}, beside ${off}`, ...figures];
}

function toGoal(adapter) {
  const [now, then] = [PLAIN, BEFORE].map((name) => byAdapter[adapter].get(name));
  return {
    subject: `Nest + ${ADAPTERS[adapter]}, without extras`,
    goal: '≤ 1.03 × the build before',
    measured: `${show(toRatios(now, then), 2)} ×`,
    isMet: median(toRatios(now, then)) <= 1.03,
  };
}
