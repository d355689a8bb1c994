// A process that samples itself: which share of its work is done in which function of the built package.
import inspector from 'node:inspector/promises';

const INTERVAL_MICROS = 200;
const OWN = '/dist/esm/';

/**
 * Starts to sample. From the first request on, because code that is optimized unwatched does not tell what was inlined
 * into it, and would count the package's functions as Nest's.
 */
export async function startProfiler() {
  const session = new inspector.Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_MICROS });
  await session.post('Profiler.start');
  return {
    /** Forgets what was seen. */
    async restart() {
      await session.post('Profiler.stop');
      await session.post('Profiler.start');
    },
    /** Tells shares of all that was worked, by function of the package, and goes on. */
    async read() {
      const { profile } = await session.post('Profiler.stop');
      await session.post('Profiler.start');
      return toOwnShares(profile);
    },
  };
}

function toOwnShares({ nodes, samples }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const counts = new Map();
  let worked = 0;
  for (const id of samples) {
    const frame = frames.get(id);
    if (frame.functionName === '(idle)') continue;
    worked += 1;
    if (!frame.url.includes(OWN)) continue;
    const place = toPlace(frame);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return [...counts].map(([place, count]) => [place, count / worked]);
}

function toPlace({ functionName, url, lineNumber }) {
  const file = url.slice(url.indexOf(OWN) + OWN.length);
  return `${functionName || '(anonymous)'}, ${file}:${lineNumber + 1}`;
}
