// What a renewal came to that brought nothing of use.
import { DescopeCredentialError, DescopeUnavailableError } from '../errors.js';
import type { DescopeRefreshOutcome } from '../events.js';

const VERDICTS: readonly string[] = ['SESSION_SIGNED_OUT', 'TOKEN_SUBJECT_MISMATCH', 'TOKEN_KEY_UNKNOWN'];

/** Says for operators what a failed renewal came to. */
export function toOutcome(error: unknown): DescopeRefreshOutcome {
  if (error instanceof DescopeUnavailableError) return 'outage';
  if (!(error instanceof DescopeCredentialError)) return 'failed';
  return error.code === 'SESSION_SUPERSEDED' ? 'superseded' : 'ended';
}

/**
 * Turns what cannot be used of an answer into an outage. A garbled answer, or clocks that differ: that Descope issued
 * something says that the session goes on, so nobody may be signed out for it.
 */
export function toOutage(error: unknown): never {
  if (!(error instanceof DescopeCredentialError) || VERDICTS.includes(error.code)) throw error;
  const input = { retryAfterSeconds: 1, cause: error };
  throw new DescopeUnavailableError('DESCOPE_UNAVAILABLE', 'What Descope issued cannot be used.', input);
}
