// What a renewal came to that brought nothing of use.
import type { DescopeRefusal } from '../api/descope-refusal.js';
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import type { DescopeRefreshOutcome } from '../events.js';

const VERDICTS: readonly string[] = ['SESSION_SIGNED_OUT', 'TOKEN_SUBJECT_MISMATCH', 'TOKEN_KEY_UNKNOWN'];

/** Descope's no to a refresh token, for the one who sent it. */
export function sessionEnded({ errorCode }: DescopeRefusal): DescopeCredentialError {
  const details = { descopeCode: errorCode };
  return new DescopeCredentialError('SESSION_ENDED', 'Descope ended the session.', details);
}

/** Says for operators what a failed renewal came to. */
export function toOutcome(error: unknown): DescopeRefreshOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  if (!(error instanceof DescopeCredentialError)) return 'failed';
  return error.code === 'SESSION_SUPERSEDED' ? 'superseded' : 'ended';
}

/**
 * Tells whether what Descope issued cannot be used: a garbled answer, or clocks that differ. That something was issued
 * says that the session goes on, so nobody may be signed out for it.
 */
export function isUnusable(error: unknown): boolean {
  return error instanceof DescopeCredentialError && !VERDICTS.includes(error.code);
}
