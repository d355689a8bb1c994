// `node test/bench/profile.mjs [guard|cookie|verify]`: where the microseconds go, by function.
import inspector from 'node:inspector/promises';
import { toContextSource, toCookie } from './support/contexts.mjs';
import { handlers, OrdersController } from './support/handlers.mjs';
import { createIssuer, toTokenSource } from './support/issuer.mjs';
import { createOurs, toOptions } from './support/ours.mjs';

const SECONDS = 6;
const PEOPLE = 200;
const { published, mintSession } = createIssuer('RS256');
const tokens = Array.from({ length: PEOPLE }, (_, index) => mintSession(index));
const { guard, verifier } = await createOurs(toOptions(published));
const on = { type: OrdersController, handler: handlers.get(process.argv[3] ?? 'a signed-in user') };

const OPERATIONS = {
  guard: () => toGuardOperation(toContextSource(tokens, on)),
  cookie: () => toGuardOperation(toContextSource(tokens, { ...on, toHeader: toCookie })),
  verify: () => toVerifyOperation(toTokenSource(tokens)),
};
await profile(OPERATIONS[process.argv[2] ?? 'guard']());

function toGuardOperation(next) {
  return () => guard.canActivate(next());
}

function toVerifyOperation(next) {
  return () => verifier.verify(next());
}

async function profile(operate) {
  repeat(operate, 1);
  const session = new inspector.Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  const { operations, micros } = repeat(operate, SECONDS);
  const { profile: found } = await session.post('Profiler.stop');
  console.log(
    `${(micros / operations).toFixed(2)} µs of the processor an operation, of these by function, itself alone:`,
  );
  for (const [place, share] of toShares(found).slice(0, 40)) {
    console.log(`${((micros / operations) * share).toFixed(3).padStart(8)}  ${place}`);
  }
}

function repeat(operate, seconds) {
  const start = process.cpuUsage(); // the clock would count what else the machine does
  const toMicros = () => process.cpuUsage(start).user + process.cpuUsage(start).system;
  let operations = 0;
  for (; toMicros() < seconds * 1_000_000; operations += 100) {
    for (let index = 0; index < 100; index += 1) operate();
  }
  return { operations, micros: toMicros() };
}

function toShares({ nodes, samples }) {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, toPlace(callFrame)]));
  const counts = new Map();
  for (const id of samples) counts.set(places.get(id), (counts.get(places.get(id)) ?? 0) + 1);
  return [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([place, count]) => [place, count / samples.length]);
}

function toPlace({ functionName, url, lineNumber }) {
  const file = url.split('/').slice(-2).join('/');
  return `${functionName || '(anonymous)'}  ${file}${file === '' ? '' : `:${lineNumber + 1}`}`;
}
