// What the module adds to the start of an application, by its handlers.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, show, toDifferences } from '../support/figures.mjs';
import { toOrder } from '../support/measure.mjs';
import { hand, settings } from '../support/settings.mjs';

const PROBE = fileURLToPath(new URL('../support/boot-probe.mjs', import.meta.url));
const PER_CONTROLLER = 20;
const MODES = { without: 'Nest alone', with: 'with DescopeModule' };
const { rounds, handlers } = settings.boot;

const ask = promisify(execFile);
const figures = new Map();
for (const count of handlers) figures.set(count, await measureBoots(count));
hand({ tables: [toTable()], goals: [toGoal()] });

async function measureBoots(count) {
  const found = { without: { wall: [], cpu: [] }, with: { wall: [], cpu: [] } };
  for (let round = -1; round < rounds; round += 1) {
    for (const mode of toOrder(Object.keys(found), round)) {
      const { stdout } = await ask(process.execPath, [PROBE, mode, `${count}`, `${PER_CONTROLLER}`]);
      const { wall, cpu } = JSON.parse(stdout);
      if (round < 0) continue;
      found[mode].wall.push(wall);
      found[mode].cpu.push(cpu);
    }
  }
  return found;
}

function toTable() {
  const rows = handlers.flatMap((count) =>
    Object.entries(MODES).map(([mode, name]) => {
      const { wall, cpu } = figures.get(count)[mode];
      const more = mode === 'with' ? show(toExtra(count), 3) : '';
      return [`${count} handlers, ${name}`, show(wall, 0), show(cpu, 0), more];
    }),
  );
  return {
    title: `Boot: Nest + Express, ${PER_CONTROLLER} handlers a controller`,
    columns: ['', 'ms', 'processor ms', 'processor ms more a handler'],
    rows,
    note: 'From NestFactory.create to the end of init(), in processes of their own, without the import.',
  };
}

function toGoal() {
  const most = handlers.at(-1);
  const extra = toExtra(most);
  return {
    subject: `boot with ${most} handlers`,
    goal: '≤ 0.05 ms a handler beyond Nest’s own',
    measured: `${show(extra, 3)} ms`,
    isMet: median(extra) <= 0.05,
  };
}

function toExtra(count) {
  const { without, with: ours } = figures.get(count);
  return toDifferences(ours.cpu, without.cpu).map((ms) => ms / count);
}
