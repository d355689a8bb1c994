// How long somebody else's answer is waited for.

// A process that was busy itself finds both at once, the time over and the answer there: that one is read first.
const GRACE_MS = 20;

/** Waits for an answer until the time is over, and rejects then; `who` says in the message who gave none. */
export async function withDeadline<T>(answer: Promise<T>, timeoutMs: number, who: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error(`${who} did not answer in ${timeoutMs} ms.`));
    timer = setTimeout(() => (timer = setTimeout(fail, GRACE_MS)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
