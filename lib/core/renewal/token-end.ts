// What a token says of its end and its owner: a look without proof, for what costs nothing if it is wrong.
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

/** Reads whose token it says to be; the text itself where it cannot be read. */
export function readOwner(token: string): string {
  try {
    const { dsub, sub } = decodeToken(token).payload;
    const owner = dsub ?? sub;
    return typeof owner === 'string' ? owner : token;
  } catch (error) {
    if (error instanceof DescopeCredentialError) return token;
    throw error;
  }
}
