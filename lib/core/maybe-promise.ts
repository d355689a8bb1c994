// A value that is at hand, or will be: the road stays synchronous when it can be.

/** A value, or a promise of it. */
export type MaybePromise<T> = T | Promise<T>;

/** Applies `next` at once to a value at hand, and later to a promised one. */
export function whenReady<T, R>(
  value: MaybePromise<T>,
  next: (value: T) => MaybePromise<R>,
): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
