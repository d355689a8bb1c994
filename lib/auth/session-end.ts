// The end of a session as an event, for what lasts longer than a request: streams, subscriptions, sockets.
import type { MonoTypeOperatorFunction } from 'rxjs';
import { Observable, takeUntil } from 'rxjs';
import type { Clock } from '../core/clock.js';
import { systemClock } from '../core/clock.js';
import type { DescopeSession } from '../core/session/session.js';

const MAX_TIMER_MS = 2 ** 31 - 1; // a longer one fires at once

/**
 * Completes a stream when the session's token ends; at once where nobody is signed in. A sign-out before that does not
 * end it. The timer keeps no process alive.
 * @example `@Sse('news') news(@CurrentSession() session: DescopeSession) { return this.news.pipe(untilSessionEnds(session)); }`
 */
export function untilSessionEnds<T>(session: DescopeSession): MonoTypeOperatorFunction<T> {
  const end = new Observable<void>((subscriber) =>
    onSessionEnd(session, () => subscriber.next(), systemClock),
  );
  return (source) => source.pipe(takeUntil(end));
}

/** Calls back once, when the session's token ends; gives what calls that off. */
export function onSessionEnd(session: DescopeSession, run: () => void, clock: Clock): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const leftMs = (session.expiresAt?.getTime() ?? 0) - clock();
    if (leftMs <= 0) {
      run();
      return;
    }
    timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS));
    timer.unref();
  };
  wait();
  return () => clearTimeout(timer);
}
