// Deadlines for responses of other systems.

/** Whose response is waited for, and how long. */
export interface Deadline {
  readonly timeoutMs: number;
  /** The other system, as the message names it. */
  readonly who: string;
  /** Whether nobody waits for it but work in the background, which must not keep the process running. */
  readonly inBackground?: boolean;
}

// A process that was busy may find the deadline over and the response there at the same time: the response is read first.
const GRACE_MS = 20;

/** Waits for the response to a call, and rejects after `timeoutMs`. */
export async function withDeadline<T>(call: () => Promise<T>, deadline: Deadline): Promise<T> {
  const { timeoutMs, who, inBackground = false } = deadline;
  let timer: NodeJS.Timeout | undefined;
  const start = (end: () => void, ms: number): void => {
    timer = setTimeout(end, ms);
    if (inBackground) timer.unref();
  };
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error(`${who} did not respond within ${timeoutMs} ms.`));
    start(() => start(fail, GRACE_MS), timeoutMs);
  });
  try {
    return await Promise.race([call(), late]);
  } finally {
    clearTimeout(timer);
  }
}
