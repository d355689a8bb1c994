// Values that are at hand or promised: the request pipeline stays synchronous when it can.

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Checks whether a value is promised, which is whether it has a `then`. Its class does not decide, because every library
 * may bring a promise of its own, and a patched global `Promise` (zone.js) is not the class of what an `async` function
 * returns.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayHaveThen && typeof (value as { readonly then?: unknown }).then === 'function';
}

/**
 * Applies `next` at once to a value at hand, and later to a promised one; what is promised by another library's promise
 * is then promised by the platform's.
 */
export function whenReady<T, R>(
  value: T | PromiseLike<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return isThenable(value) ? applyLater(value, next) : next(value);
}

/** Runs a function; if it throws or rejects, returns what `recover` returns. */
export function attempt<T>(
  run: () => MaybePromise<T>,
  recover: (error: unknown) => MaybePromise<T>,
): MaybePromise<T> {
  try {
    const value = run();
    return isThenable(value) ? recoverLater(value, recover) : value;
  } catch (error) {
    return recover(error);
  }
}

// `await` asks for `then` as often as the language says, takes its first answer only, and catches what it throws
// (ECMA-262 §27.2.1.3.2). What an `async` function returns is the platform's promise, whatever `Promise` names.
async function applyLater<T, R>(value: PromiseLike<T>, next: (value: T) => MaybePromise<R>): Promise<R> {
  return next(await value);
}

async function recoverLater<T>(
  value: PromiseLike<T>,
  recover: (error: unknown) => MaybePromise<T>,
): Promise<T> {
  try {
    return await value;
  } catch (error) {
    return recover(error);
  }
}

// The one value by which a rule, a store or Descope grants something.

/**
 * Checks whether an answer grants: only the boolean `true` does, and never a promise that was not awaited, a string, an
 * object or nothing at all.
 */
export function isYes(answer: unknown): answer is true {
  return answer === true;
}
