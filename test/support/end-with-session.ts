import type { DescopeSession } from 'nestjs-descope';
import { untilSessionEnds } from 'nestjs-descope/websockets';
import { NEVER } from 'rxjs';

/** Ends the events of a subscription when the session's token expires or is revoked. */
export function endWithSession<T>(events: AsyncIterator<T>, session: DescopeSession) {
  const done: IteratorResult<T> = { done: true, value: undefined };
  let isOver = false;
  let finish = () => {};
  const stop = () => {
    isOver = true;
    finish(); // at once, also while the next event is waited for
    events.return?.().catch(() => undefined);
  };
  const watch = NEVER.pipe(untilSessionEnds(session)).subscribe({ complete: stop });
  const ended: AsyncIterableIterator<T> = {
    next: async () => {
      let result: IteratorResult<T> = done;
      try {
        const stopped = new Promise<IteratorResult<T>>((resolve) => (finish = () => resolve(done)));
        if (!isOver) result = await Promise.race([events.next(), stopped]);
        return result;
      } finally {
        if (result.done) watch.unsubscribe();
      }
    },
    return: async () => {
      watch.unsubscribe();
      stop();
      return done;
    },
    [Symbol.asyncIterator]: () => ended,
  };
  return ended;
}
