// The property tests at length: FUZZ_RUNS runs of each or FUZZ_SECONDS, from FUZZ_SEED, which is random unless given.

export default function setup() {
  process.env.FUZZ_SEED ??= String(Math.trunc(Math.random() * 2 ** 31));
  process.env.FUZZ_RUNS ??= '1000000';
  process.env.FUZZ_SECONDS ??= '60';
  const { FUZZ_SEED, FUZZ_RUNS, FUZZ_SECONDS } = process.env;
  process.stderr.write(`FUZZ_SEED=${FUZZ_SEED} FUZZ_RUNS=${FUZZ_RUNS} FUZZ_SECONDS=${FUZZ_SECONDS}\n`);
}
