// Measures the work of code rather than the time on the wall, which a busy machine makes longer.

/** Answers the milliseconds that the processor worked for this process while the code ran. */
export function processorMsOf(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
