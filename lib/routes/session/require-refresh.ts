// The refresh token that a route works with.
import { DescopeCredentialError } from '../../core/errors.js';
import type { Exchange, TokenPlace } from '../../core/place/token-place.js';
import { ambiguousCookie } from '../../core/transport/cookies.js';

/** Reads it. Throws `SESSION_MISSING`; `COOKIE_AMBIGUOUS`, and expires what contradicts itself. */
export function requireRefresh(exchange: Exchange, place: TokenPlace): string {
  const reading = place.readRefresh(exchange.request);
  if (reading.kind === 'value') return reading.value;
  if (reading.kind === 'absent')
    throw new DescopeCredentialError('SESSION_MISSING', 'The request carries no refresh token.');
  place.clearAmbiguous(exchange);
  throw ambiguousCookie();
}
