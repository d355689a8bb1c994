// A process that imports what it is told, and says what each took and which files it loaded.
import { Session } from 'node:inspector';
import { setTimeout } from 'node:timers/promises';

const REST_MS = 50; // what V8 still does in its threads for one import must not count for the next

const names = process.argv.slice(2).filter((name) => name !== '--list');
const scripts = process.argv.includes('--list') ? watchScripts() : [];
const steps = [];
for (const name of names) {
  await setTimeout(REST_MS);
  const cpu = process.cpuUsage();
  const start = performance.now();
  await import(name);
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  steps.push({ wall, cpu: (user + system) / 1000 });
}
process.stdout.write(JSON.stringify({ steps, scripts }));

// The one way to see both kinds of module; it costs time, so it is asked for by itself.
function watchScripts() {
  const found = [];
  const session = new Session();
  session.connect();
  session.on('Debugger.scriptParsed', ({ params }) => found.push(params.url));
  session.post('Debugger.enable');
  return found;
}
