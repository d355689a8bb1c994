// The refresh token that a route works with.
import { DescopeCredentialError } from '../../core/errors.js';
import type { Exchange, TokenPlace } from '../../core/place/token-place.js';
import { ambiguousCookie } from '../../core/transport/cookies.js';

/**
 * Reads it. Throws `SESSION_MISSING`, or `REFRESH_TOKEN_MISSING` where the client has sent a session token itself;
 * `COOKIE_AMBIGUOUS`, and expires what contradicts itself.
 */
export function requireRefresh(exchange: Exchange, place: TokenPlace, isSent: boolean): string {
  const reading = place.readRefresh(exchange.request);
  if (reading.kind === 'value') return reading.value;
  if (reading.kind === 'absent') {
    const code = isSent ? 'REFRESH_TOKEN_MISSING' : 'SESSION_MISSING';
    throw new DescopeCredentialError(code, 'The request carries no refresh token.');
  }
  place.clearAmbiguous(exchange);
  throw ambiguousCookie();
}
