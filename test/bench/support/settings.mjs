// How long a subject may take: the whole truth, or the quick look.

const SETTINGS = {
  full: {
    rounds: 15,
    tokens: 400,
    requests: { seen: 3000, new: 1500 },
    httpRounds: 5,
    server: { rounds: 5, requests: 6000 },
    extras: { lives: 5, rounds: 7, slices: 10, requests: { express: 300, fastify: 1500 }, warmUp: 10_000 },
    imports: 15,
    boot: { rounds: 5, handlers: [1000, 10_000] },
    sessions: [1, 100, 10_000, 100_000],
    memory: { remembered: 4000, beyond: 30_000 },
    revocations: 1_000_000,
  },
  quick: {
    rounds: 5,
    tokens: 200,
    requests: { seen: 1000, new: 300 },
    httpRounds: 5,
    server: { rounds: 3, requests: 3000 },
    extras: { lives: 3, rounds: 3, slices: 5, requests: { express: 200, fastify: 1000 }, warmUp: 4000 },
    imports: 5,
    boot: { rounds: 3, handlers: [10_000] },
    sessions: [1, 100, 10_000],
    memory: { remembered: 2000, beyond: 20_000 },
    revocations: 200_000,
  },
};

/** Whether this process was told to be quick. */
export const isQuick = process.argv.includes('--quick');
export const settings = isQuick ? SETTINGS.quick : SETTINGS.full;

/** Hands a subject's outcome to who started it, or shows it. */
export function hand(outcome) {
  if (process.send === undefined) console.dir(outcome, { depth: null });
  else process.send(outcome, () => process.exit(0));
}
