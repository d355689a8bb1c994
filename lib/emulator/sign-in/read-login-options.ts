// What a client may ask of a sign-in: Descope's `loginOptions`.
import type { Call } from '../http/call.js';
import { DescopeError } from '../http/descope-error.js';
import { readFlag, readObject, readText } from '../http/fields.js';
import type { World } from '../world.js';
import type { LoginOptions } from './login-options.js';
import { requireSignIn } from './require-sign-in.js';

/** Reads `loginOptions`; step-up and MFA need the refresh token of an earlier sign-in. */
export async function readLoginOptions(call: Call, world: World): Promise<LoginOptions> {
  const options = readObject(call.body, 'loginOptions') ?? {};
  const stepUp = readFlag(options, 'stepup') ?? false;
  const mfa = readFlag(options, 'mfa') ?? false;
  if ((stepUp || mfa) && !call.authorization.credential) {
    throw new DescopeError('missingArguments', 'A step-up or MFA sign-in needs the refresh token');
  }
  return {
    callerClaims: readObject(options, 'customClaims') ?? {},
    tenantId: readText(options, 'tenantId'),
    stepUp,
    revokeOtherSessions: readFlag(options, 'revokeOtherSessions') ?? false,
    earlier: stepUp || mfa ? await requireSignIn(call, world) : undefined,
  };
}
