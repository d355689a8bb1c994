// A signed-in user gives another address, which a code then confirms.
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { requireText } from '../http/fields.js';
import { NO_LOGIN_OPTIONS } from '../sign-in/login-options.js';
import { requireEnabledUser, requireSignIn } from '../sign-in/require-sign-in.js';
import type { UserRecord } from '../store/users.js';
import type { World } from '../world.js';
import { requireMethod, toConfirmed } from './delivery.js';
import type { PendingSignIn } from './pending-sign-ins.js';

/** The user of the refresh token, who must be the one that the body names. */
export async function requireOwnSignIn(call: Call, world: World): Promise<UserRecord> {
  const { userId } = await requireSignIn(call, world);
  const user = requireEnabledUser(world, userId);
  if (user.loginIds.includes(requireText(call.body, 'loginId'))) return user;
  throw new DescopeError('invalidToken', 'The refresh token belongs to another user');
}

/** A pending change of the address; the code goes out under the user's first login id. */
export function toAddressChange(call: Call, world: World): PendingSignIn {
  const method = call.params.has('method') ? requireMethod(call) : 'email';
  const address =
    method === 'email'
      ? { email: requireText(call.body, 'email') }
      : { phone: requireText(call.body, 'phone') };
  return {
    loginId: requireText(call.body, 'loginId'),
    deliveryMethod: method,
    options: NO_LOGIN_OPTIONS,
    changes: { ...address, ...toConfirmed(method) },
    expiresMs: world.clock.now() + world.settings.codeSeconds * 1000,
  };
}
