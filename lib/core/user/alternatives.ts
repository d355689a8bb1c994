// The rejection of a caller who meets none of several alternatives.
import type { DescopeErrorCode } from '../error-codes.js';
import type { DescopeError } from '../errors.js';
import { DescopeAccessError } from '../errors.js';

/**
 * Returns the rejection of a caller who meets none of the alternatives: the first one whose challenge says how a client can
 * meet it (other scopes, a stronger or more recent sign-in), otherwise `ACCESS_ALTERNATIVES_MISSING`.
 */
export function toAlternativesFlaw(flaws: readonly DescopeError[]): DescopeError {
  const message = 'The user meets none of the alternatives of this route.';
  const codes = flaws.map(({ code }) => code);
  return (
    flaws.find(({ code }) => isObtainable(code)) ??
    new DescopeAccessError('ACCESS_ALTERNATIVES_MISSING', message, { alternatives: codes })
  );
}

function isObtainable(code: DescopeErrorCode): boolean {
  return code === 'ACCESS_SCOPE_MISSING' || code.startsWith('AUTH_');
}
