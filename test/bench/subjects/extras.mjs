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
const { rounds, slices, requests, warmUp } = settings.extras;

// The folder of another clone that has been built: what an application without extras cost there.
const before = process.env.BENCH_BEFORE;
const rows = [...(before === undefined ? [] : [{ on: PLAIN, off: BEFORE }]), ...EXTRAS];
const names = [...new Set(rows.flatMap(({ on, off }) => [off, on]))];

const { published, mintSession } = createIssuer('RS256');
const tokens = Array.from({ length: USERS }, (_, index) => mintSession(index));
const tables = [];
const goals = [];
for (const [adapter, title] of Object.entries({ express: 'Nest + Express', fastify: 'Nest + Fastify' })) {
  const series = await measureAll(adapter);
  tables.push(toTable(title, { series, adapter }));
  if (before !== undefined) goals.push(toGoal(title, series));
}
hand({ tables, goals });

async function measureAll(adapter) {
  const programs = [];
  for (const name of names) programs.push([name, await start(adapter, name)]);
  const series = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1)
    for (const [name, child] of toOrder(programs, round))
      series.get(name).push(await ask(child, { slices, requests: requests[adapter] }));
  for (const [, child] of programs) child.disconnect();
  return series;
}

async function start(adapter, name) {
  const dist = name === BEFORE ? `${before}/dist/esm` : DIST;
  const application = name === BEFORE ? PLAIN : name;
  const child = fork(PROGRAM, { env: { ...process.env, NODE_ENV: 'production' } });
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

function toTable(title, { series, adapter }) {
  return {
    title: `Extras, ${title}: processor time a request, tokens seen before`,
    isForPage: true,
    columns: ['', 'off, µs', 'on, µs', 'µs more', '× off'],
    rows: rows.map(({ on, off }) => toRow({ on, off }, series)),
    note: `Without network and HTTP parser. ${rounds} rounds, of each the best ${requests[adapter]} requests in a row, ${USERS} users, RS256, production mode. “${AGAIN}” shows the noise.`,
  };
}

function toRow({ on, off }, series) {
  const [theirs, base] = [series.get(on), series.get(off)];
  const name = off === PLAIN ? on : `${on}, beside ${off}`;
  return [name, show(base), show(theirs), show(toDifferences(theirs, base)), show(toRatios(theirs, base), 2)];
}

function toGoal(subject, series) {
  const [now, then] = [series.get(PLAIN), series.get(BEFORE)];
  return {
    subject: `${subject}, without extras`,
    goal: '≤ 1.03 × the build before',
    measured: `${show(toRatios(now, then), 2)} ×`,
    isMet: median(toRatios(now, then)) <= 1.03,
  };
}
