// What a test may ask of the application's process, over its channel; imported before anything reads the clock.
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** One call of Descope: its path, and when it left, in milliseconds that no clock jump moves. */
export interface UpstreamCall {
  readonly path: string;
  readonly atMs: number;
}

/** What the process holds after a collection, and the most it ever held; in bytes. */
export interface MemoryReading {
  readonly held: number;
  readonly peakRss: number;
}

/** Everything that may be asked, with its answer. */
export interface Controls {
  advance(ms: number): number;
  calls(): readonly UpstreamCall[];
  memory(): MemoryReading;
  /** The event loop's delay since the last asking, in milliseconds. */
  delay(): { readonly p50: number; readonly p99: number };
}

const KEPT = 1000;
const trueNow = Date.now;
const trueFetch = globalThis.fetch;
const calls: UpstreamCall[] = [];
const histogram = monitorEventLoopDelay({ resolution: 1 });
let offsetMs = 0;

Date.now = () => trueNow() + offsetMs;

globalThis.fetch = (input, init) => {
  const { pathname } = new URL(input instanceof Request ? input.url : input);
  calls.push({ path: pathname, atMs: performance.now() });
  if (calls.length > KEPT) calls.shift();
  return trueFetch(input, init);
};

const controls: Controls = {
  advance: (ms) => (offsetMs += ms),
  calls: () => calls,
  memory: () => {
    for (let round = 0; round < 3; round += 1) globalThis.gc?.();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return { held: heapUsed + external + arrayBuffers, peakRss: process.resourceUsage().maxRSS * 1024 };
  },
  delay: () => {
    histogram.disable();
    const reading = { p50: histogram.percentile(50) / 1e6, p99: histogram.percentile(99) / 1e6 };
    histogram.reset();
    histogram.enable();
    return reading;
  },
};

process.on('message', ({ id, ask, value }: { id: number; ask: keyof Controls; value: number }) => {
  process.send?.({ id, answer: controls[ask](value) });
});
process.once('disconnect', () => process.exit()); // the test is gone
process.channel?.unref(); // the test's ear must not keep the process alive
