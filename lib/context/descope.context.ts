// The injectable that says who acts, and the storage that it reads.
import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable } from '@nestjs/common';
import type { CallerReference, CurrentCaller } from './caller.js';
import { readCarriedCaller, toReference } from './caller.js';

/** Finds the caller when it is asked, because a request enters before its guard has decided. */
export type CallerSource = () => CurrentCaller | undefined;

/** The storage of one application: another application of the process has its own. */
@Injectable()
export class CallerStorage extends AsyncLocalStorage<CallerSource> {}

/**
 * Says who acts, in any service, without the request being passed on. Import `DescopeContextModule` once to inject it.
 * @example `constructor(private readonly context: DescopeContext) {}`
 */
@Injectable()
export class DescopeContext {
  @Inject(CallerStorage) private readonly storage!: CallerStorage;

  /**
   * Reads who acts, by the rule of `@CurrentUser()`: nobody on a public route, nobody before the guard has accepted the
   * caller, and nobody outside a request, unless `runAs` runs.
   * @returns the caller; `undefined` if there is none
   */
  current(): CurrentCaller | undefined {
    return this.storage.getStore()?.();
  }

  /**
   * Returns who acts as plain JSON without a token, for the data of a job.
   * @returns the reference; `undefined` if nobody acts
   */
  carry(): CallerReference | undefined {
    const caller = this.current();
    return caller && toReference({ tenant: undefined, actor: undefined, ...caller });
  }

  /**
   * Runs a function as a carried caller: `current()` returns it, with `isVerified: false`, until all that the function has
   * started has ended. It gives no access: `@CurrentUser()` and the guard never read it.
   * @param carried what `carry()` returned; `undefined` or `null` for nobody
   * @param run the function
   * @returns what the function returns
   * @throws {DescopeRequestError} CALLER_INVALID, and the function is not called, if `carried` is anything else
   */
  runAs<Result>(carried: CallerReference | null | undefined, run: () => Result): Result {
    const caller = readCarriedCaller(carried);
    return this.storage.run(() => caller, run);
  }
}
