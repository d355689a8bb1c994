// Claims in, a signed token out.
import { SignJWT } from 'jose';
import type { JsonObject } from '../http/call.js';
import type { EmulatorKey } from './key-ring.js';

/** Signs claims; a header or a claim that is undefined is left out. */
export async function signToken(
  claims: JsonObject,
  key: EmulatorKey,
  header: JsonObject = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid, typ: 'JWT', ...header })
    .sign(key.privateKey);
}
