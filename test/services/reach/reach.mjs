// How soon all instances reject a token that was signed out at one of them: `node test/services/reach/reach.mjs`, after
// `npm run build:package`. It needs redis-server. Three instances, a real Redis, and what may happen to it.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runScenario, SCENARIOS } from './scenarios.mjs';
import { openWorld } from './world.mjs';

const { values } = parseArgs({
  options: {
    'sign-outs': { type: 'string', default: '10000' }, // while all is well; a tenth of it in each other scenario
    rate: { type: 'string', default: '200' }, // a second
    program: { type: 'string', default: fileURLToPath(new URL('instance.mjs', import.meta.url)) },
    json: { type: 'string' },
  },
});
const LIMIT_MS = 5_000; // until every instance rejects a token whose sign-out is stored
const SHARED = { maxSilenceMs: 2_000, whenIsolated: { acceptForMs: 1_000 } };

const [ratePerSecond, signOuts] = [Number(values.rate), Number(values['sign-outs'])];
const names = Object.keys(SCENARIOS);
const rows = [];
for (const name of names) rows.push(await run(name));
const mistakes = rows.flatMap(findMistakes);
print();
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ rows, mistakes }));
process.exitCode = mistakes.length === 0 ? 0 : 1;

// Each in a world of its own, so that what one leaves behind does not help the next.
async function run(name) {
  const count = name === names[0] ? signOuts : Math.max(6 * ratePerSecond, Math.floor(signOuts / 10));
  const users = Math.ceil(1.1 * count) + 60;
  const world = await openWorld({ users, program: values.program, shared: SHARED });
  try {
    await Promise.all(['one', 'two', 'three'].map((instance) => world.start(instance)));
    return await runScenario(world, name, { first: 0, count, ratePerSecond, settleMs: LIMIT_MS });
  } finally {
    await world.stop();
  }
}

function findMistakes({ name, lateMs, acceptedAfterHeard, notHeard, notRejectedAtEnd, rejectedLiving }) {
  const found = [];
  if (acceptedAfterHeard > 0)
    found.push(`${acceptedAfterHeard} revoked tokens were accepted after they were heard of`);
  if (notHeard > 0) found.push(`${notHeard} sign-outs did not reach an instance`);
  if (notRejectedAtEnd > 0)
    found.push(`${notRejectedAtEnd} requests with revoked tokens are not rejected at the end`);
  if (rejectedLiving > 0) found.push(`${rejectedLiving} requests with living tokens were rejected`);
  for (const [instance, ms] of Object.entries(lateMs))
    if (ms > LIMIT_MS)
      found.push(`the instance "${instance}" accepted a revoked token for ${Math.round(ms)} ms`);
  return found.map((what) => `${name}: ${what}.`);
}

function print() {
  const toLine = (cells, widths) => cells.map((cell, index) => cell.padEnd(widths[index])).join('  ');
  const columns = [
    '',
    'sign-outs',
    'not stored at once',
    'requests',
    '503',
    'reach ms p50 / p99 / max',
    'accepted ms after the answer',
    'new instance',
    'accepted after heard',
    'not rejected at the end',
  ];
  const cells = rows.map((row) => {
    const { p50, p99, max } = row.reachMs;
    const late = Object.entries(row.lateMs);
    const most = (entries) => Math.round(Math.max(0, ...entries.map(([, ms]) => ms)));
    return [
      row.name,
      row.signOuts,
      row.pending,
      row.requests,
      row.unavailable,
      [p50, p99, max].map(Math.round).join(' / '),
      most(late.slice(0, 3)),
      most(late.slice(3)),
      row.acceptedAfterHeard,
      row.notRejectedAtEnd,
    ].map(String);
  });
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index].length)),
  );
  for (const line of [columns, ...cells]) console.log(toLine(line, widths));
  console.log(
    `Node ${process.versions.node}, load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(', ')}`,
  );
  for (const mistake of mistakes) console.log(mistake);
}
