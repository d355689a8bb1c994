// Values or promises of values, so that the request pipeline is synchronous when it can be, and what counts as a yes.

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/**
 * Checks whether a value is a promise: whether it has a `then`. The class does not decide, because a library may have its
 * own promises, and a patched global `Promise` (zone.js) is not the class of the result of an `async` function.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayHaveThen = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayHaveThen && typeof (value as { readonly then?: unknown }).then === 'function';
}

/**
 * Applies `next` synchronously to a value, and later to a promised value. The promise of another library is converted to
 * a native promise.
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

// `await` reads `then` as the language requires, uses its first result only, and catches its exceptions
// (ECMA-262 §27.2.1.3.2). An `async` function returns a native promise, also if the global `Promise` was replaced.
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

// The only value by which a rule, a store or Descope grants something.

/**
 * Checks whether a result grants access: only the boolean `true` does; a promise, a string or an object does not.
 */
export function isYes(answer: unknown): answer is true {
  return answer === true;
}
