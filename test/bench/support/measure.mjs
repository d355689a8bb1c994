// Interleaved measuring: every candidate in every round, the order turned each time, warm-up left out.
import { performance } from 'node:perf_hooks';

/**
 * @typedef {object} Candidate
 * @property {string} name
 * @property {number} operations How many operations one slice makes.
 * @property {boolean} [isFixed] Otherwise the number is made a multiple that takes about two milliseconds.
 * @property {() => unknown} [prepare] Runs before each round, outside the time.
 * @property {(operations: number) => unknown} run
 *
 * @typedef {object} Series Microseconds per operation, one figure a round.
 * @property {number[]} wall By the clock, of the round's best slice: whatever else the machine does only adds to it.
 * @property {number[]} cpu By the processor, of all slices and all threads of the process.
 */

/**
 * Measures candidates against each other. A round is made of short slices, so that every candidate stands beside
 * every other within milliseconds.
 * @param {readonly Candidate[]} candidates
 * @param {{ rounds: number, slices: number }} options
 * @returns {Promise<Map<string, Series>>}
 */
export async function measure(candidates, { rounds, slices }) {
  const series = new Map(candidates.map(({ name }) => [name, { wall: [], cpu: [] }]));
  const sizes = new Map(candidates.map(({ name, operations }) => [name, operations]));
  for (let round = -WARM_UPS; round < rounds; round += 1) {
    const runs = new Map(candidates.map(({ name }) => [name, []]));
    for (const { prepare } of candidates) await prepare?.();
    for (let slice = 0; slice < slices; slice += 1) {
      for (const candidate of toOrder(candidates, round + slice)) {
        runs.get(candidate.name).push(await measureRun(candidate, sizes.get(candidate.name)));
      }
    }
    if (round < 0) for (const candidate of candidates) sizes.set(candidate.name, toSize(candidate, runs));
    if (round < 0) continue;
    for (const [name, { wall, cpu }] of series) {
      wall.push(Math.min(...runs.get(name).map((run) => run.wall)));
      cpu.push(runs.get(name).reduce((sum, run) => sum + run.cpu, 0) / slices);
    }
  }
  return series;
}

const WARM_UPS = 3;
const SLICE_MICROS = 2000; // less than a scheduler gives at a time, more than the clock's grain

function toSize({ name, operations, isFixed = false }, runs) {
  if (isFixed) return operations;
  const best = Math.min(...runs.get(name).map(({ wall }) => wall));
  return operations * Math.min(1000, Math.max(1, Math.round(SLICE_MICROS / (best * operations))));
}

async function measureRun({ run }, operations) {
  globalThis.gc?.({ type: 'minor' }); // nobody pays for what the one before left behind
  const before = process.cpuUsage();
  const start = performance.now();
  const done = run(operations);
  if (typeof done?.then === 'function') await done;
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { wall: (wall * 1000) / operations, cpu: (user + system) / operations };
}

// Forwards, backwards, and from another start each time: nobody always runs behind the same neighbour.
export function toOrder(items, round) {
  const shift = Math.abs(round * 3) % items.length;
  const turned = [...items.slice(shift), ...items.slice(0, shift)];
  return round % 2 === 0 ? turned : turned.reverse();
}

/** One operation after another; what is synchronous stays so. */
export function toSequentialRun(next, operate) {
  return async (operations) => {
    for (let index = 0; index < operations; index += 1) {
      const result = operate(next());
      if (typeof result?.then === 'function') await result;
    }
  };
}

/** So many operations at once, then the next so many. */
export function toConcurrentRun(next, operate, width) {
  return async (operations) => {
    for (let begun = 0; begun < operations; begun += width) {
      const flights = Array.from({ length: Math.min(width, operations - begun) }, () => operate(next()));
      await Promise.all(flights);
    }
  };
}
