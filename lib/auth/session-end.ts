// The end of a session as an event, for streams, subscriptions and sockets, which last longer than a request.
import type { MonoTypeOperatorFunction } from 'rxjs';
import { Observable, takeUntil } from 'rxjs';
import type { Clock } from '../core/clock.js';
import { systemClock } from '../core/clock.js';
import type { DescopeSession } from '../core/session/session.js';

const MAX_TIMER_MS = 2 ** 31 - 1; // a longer one fires at once

/**
 * Completes a stream when the session's token expires; at once for an anonymous session. A sign-out before that does not
 * complete it. The timer does not keep the process alive.
 * @returns an operator for `pipe()`
 * @example `@Sse('news') news(@CurrentSession() session: DescopeSession) { return this.news.pipe(untilSessionEnds(session)); }`
 */
export function untilSessionEnds<T>(session: DescopeSession): MonoTypeOperatorFunction<T> {
  const end = new Observable<void>((subscriber) =>
    onSessionEnd(session, () => subscriber.next(), systemClock),
  );
  return (source) => source.pipe(takeUntil(end));
}

/** Calls back once, when the session's token expires; returns a function that cancels it. */
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
