// What happens to Redis, or to an instance, while people sign out; and the rule that holds then.
import { setTimeout as sleep } from 'node:timers/promises';
import { Traffic } from './traffic.mjs';

const now = () => performance.timeOrigin + performance.now();

/** Each begins after half of the sign-outs, and goes on beside the others; a new instance starts at every such moment. */
export const SCENARIOS = {
  'all is well': async () => undefined,
  'Redis stopped for 5 s (SIGSTOP)': async ({ world, traffic }) => {
    world.redis.halt();
    const started = join(world, traffic, 'started while Redis was stopped');
    await sleep(5_000);
    world.redis.resume();
    await started;
  },
  'Redis killed, empty after 1 s': async ({ world, traffic }) => {
    await world.redis.kill();
    const started = join(world, traffic, 'started while Redis was away');
    await sleep(1_000);
    traffic.anewAt = now();
    await world.redis.restart({ isEmpty: true });
    await join(world, traffic, 'started while Redis was empty');
    await started;
  },
  'Redis killed, back from an older snapshot': async ({ world, traffic }) => {
    await world.redis.run('SAVE');
    await sleep(1_500); // further sign-outs, which the snapshot does not have
    await world.redis.kill();
    traffic.anewAt = now();
    await world.redis.restart({ isEmpty: false });
    await join(world, traffic, 'started when Redis was back');
  },
  'one instance cut off for 8 s': async ({ world, traffic }) => {
    const [, , cut] = world.instances;
    cut.wire.block();
    const started = join(world, traffic, 'started while cut off', { isBlocked: true });
    const [{ wire }] = await Promise.all([started, sleep(8_000)]);
    for (const blocked of [cut.wire, wire]) blocked.mend();
  },
};

async function join(world, traffic, name, options) {
  const instance = await world.start(name, options);
  traffic.join(instance);
  return instance;
}

/** Runs one scenario beside the sign-outs of `count` tokens from the index `first` on. */
export async function runScenario(world, name, { first, count, ratePerSecond, settleMs }) {
  const traffic = new Traffic(world.tokens, { first, count });
  for (const instance of world.instances) traffic.join(instance);
  await sleep(300);
  const half = Math.floor(count / 2);
  await signOut(world, traffic, { first, count: half, ratePerSecond });
  const rest = signOut(world, traffic, { first: first + half, count: count - half, ratePerSecond });
  await SCENARIOS[name]({ world, traffic });
  await rest;
  const startedAt = now();
  if (name === 'all is well') await join(world, traffic, 'started afterwards');
  const left = await traffic.countNotRejected(world.instances, settleMs);
  const settledMs = now() - startedAt;
  await traffic.end();
  const reports = await Promise.all(world.instances.map(({ report }) => report()));
  return toRow(name, { traffic, reports, left, settledMs });
}

// In turn at the instances of the start, evenly in time, each without waiting for the one before.
async function signOut(world, traffic, { first, count, ratePerSecond }) {
  const [startedAt, sent] = [now(), []];
  for (let index = 0; index < count; index += 1) {
    const waitMs = startedAt + (index * 1000) / ratePerSecond - now();
    if (waitMs > 1) await sleep(waitMs);
    sent.push(traffic.signOut(world.instances[index % 3], first + index));
  }
  await Promise.all(sent);
}

function toRow(name, { traffic, reports, left, settledMs }) {
  const { counts, revoked, pending, late } = traffic;
  const reach = revoked
    .flatMap(([index]) => toReach(reports.slice(0, 3), index))
    .sort((one, other) => one - other);
  const at = (share) => reach[Math.min(reach.length - 1, Math.floor(reach.length * share))] ?? Number.NaN;
  return {
    name,
    signOuts: revoked.length + pending.length,
    pending: pending.length,
    ...counts,
    reachMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
    lateMs: Object.fromEntries(late),
    acceptedAfterHeard: reports.reduce((sum, report) => sum + report.acceptedAfterHeard, 0),
    notHeard: countNotHeard(reports, [...revoked.map(([index]) => index), ...pending]),
    notRejectedAtEnd: left,
    settledMs,
  };
}

// From the arrival of a sign-out at one instance until each of the others has heard of it.
function toReach(reports, index) {
  const from = reports.find(({ startedAt }) => startedAt[index] !== 0);
  if (from === undefined) return [];
  return reports
    .filter((report) => report !== from && report.heardAt[index] !== 0)
    .map(({ heardAt }) => heardAt[index] - from.startedAt[index]);
}

// Over all instances, those included that started meanwhile.
function countNotHeard(reports, indexes) {
  return reports.reduce(
    (sum, { heardAt }) => sum + indexes.filter((index) => heardAt[index] === 0).length,
    0,
  );
}
