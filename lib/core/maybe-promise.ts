// A value that is at hand, or will be: the road stays synchronous when it can be.

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/** Makes a promise of whatever has a `then`, such as a query of a database: what an application gives need be no `Promise`. */
export function toMaybePromise<T>(value: T | PromiseLike<T>): MaybePromise<T> {
  return isPromiseLike(value) ? Promise.resolve(value) : value;
}

/** Applies `next` at once to a value at hand, and later to a promised one. */
export function whenReady<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
