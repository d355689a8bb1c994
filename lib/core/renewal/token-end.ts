// When a token says that it ends: a look without proof, for what costs nothing if it is wrong.
import { DescopeCredentialError } from '../errors.js';
import { decodeToken } from '../token/decode.js';

/** Reads the end of a token, in epoch milliseconds; `undefined` where it says none that can be read. */
export function readEndMs(token: string): number | undefined {
  try {
    const expires = decodeToken(token).payload['exp'];
    return typeof expires === 'number' ? expires * 1000 : undefined;
  } catch (error) {
    if (error instanceof DescopeCredentialError) return undefined;
    throw error;
  }
}
