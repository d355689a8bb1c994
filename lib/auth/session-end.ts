// The end of a session as an event, for streams, subscriptions and sockets, which last longer than a request.
import type { MonoTypeOperatorFunction } from 'rxjs';
import { Observable, takeUntil } from 'rxjs';
import type { Clock } from '../core/clock.js';
import { systemClock } from '../core/clock.js';
import { DescopeCredentialError } from '../core/errors.js';
import type { DescopeSession } from '../core/session/session.js';
import type { WatchRevocations } from './applications.js';
import { watchRevocations } from './applications.js';

const MAX_TIMER_MS = 2 ** 31 - 1; // a longer one fires at once

/**
 * Completes a stream when the session's token expires or is revoked; at once for an anonymous session. Neither keeps the
 * process alive.
 * @returns an operator for `pipe()`
 * @see `DescopeRevocations` for what is revoked, and by which instances it is heard
 * @example `@Sse('news') news(@CurrentSession() session: DescopeSession) { return this.news.pipe(untilSessionEnds(session)); }`
 */
export function untilSessionEnds<T>(session: DescopeSession): MonoTypeOperatorFunction<T> {
  const end = new Observable<void>((subscriber) =>
    onSessionEnd(session, () => subscriber.next(), { clock: systemClock, watch: watchRevocations }),
  );
  return (source) => source.pipe(takeUntil(end));
}

/** What `onSessionEnd` needs of an application. */
export interface SessionEndSources {
  readonly clock: Clock;
  readonly watch: WatchRevocations;
}

/**
 * Calls back once, with the reason, when the session's token expires or is revoked; at once if it has. Returns a function
 * that cancels it.
 */
export function onSessionEnd(
  session: DescopeSession,
  run: (reason: DescopeCredentialError) => void,
  { clock, watch }: SessionEndSources,
): () => void {
  const { token, claims } = session;
  let timer: NodeJS.Timeout | undefined;
  let unwatch: (() => void) | undefined;
  let isOver = false;
  const cancel = (): void => {
    isOver = true;
    clearTimeout(timer);
    unwatch?.();
  };
  const end = (reason: DescopeCredentialError): void => {
    if (isOver) return;
    cancel();
    run(reason);
  };
  const wait = (): void => {
    const leftMs = (session.expiresAt?.getTime() ?? 0) - clock();
    if (leftMs <= 0) {
      end(expired(session));
      return;
    }
    timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS));
    timer.unref();
  };
  wait();
  // After the session was authenticated it may have been revoked already: a watch says so at once.
  if (!isOver && token !== undefined && claims !== undefined)
    unwatch = watch(token, claims, () => end(signedOut()));
  if (isOver) unwatch?.();
  return cancel;
}

/** Creates the reason of a session whose token has expired. */
export function expired({ claims }: DescopeSession): DescopeCredentialError {
  const message = 'The session of this connection has ended.';
  return new DescopeCredentialError('TOKEN_EXPIRED', message, { exp: claims?.exp });
}

function signedOut(): DescopeCredentialError {
  return new DescopeCredentialError('SESSION_SIGNED_OUT', 'The session of this connection was signed out.');
}
