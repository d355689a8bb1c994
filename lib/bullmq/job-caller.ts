// The caller among the options of a job: written when it is added, read when it runs.
import type { CallerReference } from '../context/caller.js';
import { readCarriedCaller, toReference } from '../context/caller.js';

/** What `readJobCaller` reads of a job: a `Job` of BullMQ, or what its `toJSON()` returns. */
export interface CarryingJob {
  /** The options of the job. */
  readonly opts?: object | undefined;
  /** The key of the scheduler that created the job. */
  readonly repeatJobKey?: string | undefined;
}

/** Options of a job, which BullMQ keeps whole. */
export type JobOptions = Readonly<Record<string, unknown>>;

// BullMQ stores options that it does not know, and hands them back.
const NAME = 'nestjs-descope:caller';

/**
 * Returns the options of a job with the caller who adds it, in place of one that they have had: a job that is copied belongs to
 * the one who copies it. What repeats belongs to nobody.
 */
export function withCaller(
  options: JobOptions | undefined,
  caller: CallerReference | undefined,
): JobOptions | undefined {
  const { [NAME]: former, ...others } = options ?? {};
  if (caller !== undefined && !isRepeating(others)) return { ...others, [NAME]: caller };
  return former === undefined ? options : others;
}

/**
 * Reads who ordered a job. It is a name that proves nothing: everybody who writes to Redis can write it.
 * @param job a job of BullMQ
 * @returns the caller, as `DescopeContext.runAs()` takes it; `undefined` if nobody ordered it, or a scheduler created it
 * @throws {DescopeRequestError} CALLER_INVALID for what `DescopeContext.carry()` cannot have returned
 * @example `this.context.runAs(readJobCaller(job), () => this.queue.add(job.name, job.data))`
 */
export function readJobCaller(job: CarryingJob): CallerReference | undefined {
  const { [NAME]: carried, ...options } = (job.opts ?? {}) as JobOptions;
  if (isRepeating(options) || (job.repeatJobKey ?? undefined) !== undefined) return undefined;
  const caller = readCarriedCaller(carried);
  return caller && toReference({ tenant: undefined, actor: undefined, ...caller });
}

// A scheduler gives each job the options of the one before.
function isRepeating({ repeat, repeatJobKey }: JobOptions): boolean {
  return (repeat ?? undefined) !== undefined || (repeatJobKey ?? undefined) !== undefined;
}
