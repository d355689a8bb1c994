// `npm run bench`: installs what it measures against, builds what it measures, and runs one subject after another.
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { assertBuilt, assertInstalled } from './support/ready.mjs';
import { toChapter, toGoalTable, toText } from './support/report.mjs';

const HELP = `npm run bench -- [--quick] [--only <subject>,…] [--json <file>] [--markdown <file>]

  --quick      a look that takes five minutes, with fewer rounds
  --only       ${'tokens, guard, http, server, extras, dpop, memory, imports, boot, keys, scale, revocations'}
  --json       writes tables and goals to a file
  --markdown   writes them as the chapter Results of docs/benchmarks.md`;

// Each in a process of its own, so that none inherits another's heap and compiled code.
const SUBJECTS = {
  tokens: ['--expose-gc'],
  guard: ['--expose-gc'],
  http: ['--expose-gc'],
  server: [],
  extras: [],
  dpop: ['--expose-gc'],
  memory: ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128'],
  imports: [],
  boot: [],
  keys: [],
  scale: ['--expose-gc', '--max-old-space-size=3072'],
  revocations: ['--expose-gc'],
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: Object.keys(SUBJECTS).join() },
    json: { type: 'string' },
    markdown: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) console.log(HELP);
else await main();

async function main() {
  const names = values.only.split(',');
  const unknown = names.filter((name) => !Object.hasOwn(SUBJECTS, name));
  if (unknown.length > 0) throw new Error(`There is no subject ${unknown.join(', ')}.\n\n${HELP}`);
  assertInstalled();
  assertBuilt();
  const machine = toMachine();
  console.log(`Node ${machine.node}, ${machine.cpus} CPUs, ${machine.platform}, ${machine.date}`);
  const outcomes = [];
  for (const name of names) outcomes.push(await runSubject(name));
  const tables = outcomes.flatMap((outcome) => outcome.tables);
  const goals = outcomes.flatMap((outcome) => outcome.goals);
  console.log(toText(toGoalTable(goals)));
  const missed = goals.filter(({ isMet }) => isMet === false).length;
  console.log(
    `\n${goals.length - missed} of ${goals.length} goals met or not yet to be measured, ${missed} missed.`,
  );
  const report = { machine, command: toCommand(), tables, goals };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (values.markdown !== undefined) writeFileSync(values.markdown, toChapter(report));
}

async function runSubject(name) {
  const file = fileURLToPath(new URL(`subjects/${name}.mjs`, import.meta.url));
  const start = performance.now();
  const child = fork(file, values.quick ? ['--quick'] : [], { execArgv: SUBJECTS[name] });
  const outcome = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The subject "${name}" ended early (${code}).`)));
  });
  for (const table of outcome.tables) console.log(toText(table));
  console.log(`(${name}: ${((performance.now() - start) / 1000).toFixed(0)} s)`);
  return outcome;
}

function toMachine() {
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpus: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
  };
}

function toCommand() {
  return values.quick ? 'npm run bench -- --quick' : 'npm run bench';
}
