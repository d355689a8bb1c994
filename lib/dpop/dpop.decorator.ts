// The decorator that closes a handler to tokens that anybody could use who has them.
import type { AccessDecorator } from '../auth/access/access-metadata.js';
import { addDemand } from '../auth/access/access-metadata.js';

/**
 * Requires a token that is bound to a key of its sender (`Authorization: DPoP`), with a proof. Otherwise the response is 401
 * `DPOP_REQUIRED`. Needs the option `dpop`.
 * @see https://www.rfc-editor.org/rfc/rfc9449
 * @example `@Dpop() @Post('payments') pay() {}`
 */
export function Dpop(): AccessDecorator {
  return addDemand({ kind: 'dpop' }, '@Dpop');
}
