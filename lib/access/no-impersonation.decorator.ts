// The decorator that closes a handler to those who act as another.
import type { AccessDecorator } from '../auth/access/access-metadata.js';
import { addDemand } from '../auth/access/access-metadata.js';

/**
 * Requires that the user acts in person: that the token names nobody who acts as the user (the claim of the option
 * `actorClaim`). Otherwise, and for a claim that cannot be read, the response is 403 `ACCESS_IMPERSONATED`.
 * @see https://www.rfc-editor.org/rfc/rfc8693#section-4.1
 * @example `@NoImpersonation() @Post('password') change() {}`
 */
export function NoImpersonation(): AccessDecorator {
  return addDemand({ kind: 'no-impersonation' }, '@NoImpersonation');
}
