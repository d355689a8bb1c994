// What `import 'nestjs-descope'` adds to the start of a Nest application.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, show } from '../support/figures.mjs';
import { toOrder } from '../support/measure.mjs';
import { hand, isQuick, settings } from '../support/settings.mjs';

const PROBE = fileURLToPath(new URL('../support/import-probe.mjs', import.meta.url));
const BUILT = new URL('../../../dist/esm/index.js', import.meta.url).href;
const NEST = ['@nestjs/common', '@nestjs/core', '@nestjs/config'];
const OURS = 'nestjs-descope';
// What is imported after Nest, so that only what it adds is counted.
const PEERS = isQuick ? [] : ['@descope/node-sdk', 'jose'];
const ADDED = { [OURS]: BUILT, ...Object.fromEntries(PEERS.map((name) => [name, name])) };

const ask = promisify(execFile);
const figures = new Map([...NEST, ...Object.keys(ADDED)].map((name) => [name, { wall: [], cpu: [] }]));
for (let round = -1; round < settings.imports; round += 1) {
  for (const [name, module] of toOrder(Object.entries(ADDED), round)) {
    const { steps } = await probe(...NEST, module);
    if (round < 0) continue;
    for (const [place, counted] of (name === OURS
      ? [...NEST, OURS]
      : [undefined, undefined, undefined, name]
    ).entries()) {
      figures.get(counted)?.wall.push(steps[place].wall);
      figures.get(counted)?.cpu.push(steps[place].cpu);
    }
  }
}
const { scripts } = await probe('--list', BUILT);
hand({ tables: [toTable()], goals: toGoals() });

async function probe(...args) {
  const { stdout } = await ask(process.execPath, [PROBE, ...args]);
  return JSON.parse(stdout);
}

function toTable() {
  const rows = [...figures].map(([name, { wall, cpu }]) => [name, show(wall), show(cpu)]);
  const note =
    'Each beyond @nestjs/common, @nestjs/core and @nestjs/config, and those beyond the line before.';
  return { title: 'Import time, in processes of their own', columns: ['', 'ms', 'processor ms'], rows, note };
}

function toGoals() {
  const subject = 'import of nestjs-descope';
  const beyond = figures.get(OURS).cpu;
  const isLoaded = scripts.some((url) => url.includes('@descope/node-sdk'));
  return [
    { subject, goal: '≤ 15 ms beyond Nest', measured: `${show(beyond)} ms`, isMet: median(beyond) <= 15 },
    {
      subject,
      goal: '@descope/node-sdk is not loaded',
      measured: isLoaded ? 'loaded' : 'not loaded',
      isMet: !isLoaded,
    },
  ];
}
