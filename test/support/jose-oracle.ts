// What jose says of a token: a second opinion that shares no code with ours.
import type { CryptoKey, JWTPayload, JWTVerifyOptions } from 'jose';
import { importJWK, jwtVerify } from 'jose';
import type { SigningKey } from './tokens.js';
import { NOW_MS } from './tokens.js';

/** Makes a judge by these keys at the tests' time: it gives a token's claims, or rejects. */
export async function createJoseOracle(
  keys: readonly SigningKey[],
  options: JWTVerifyOptions,
): Promise<(token: string) => Promise<JWTPayload>> {
  const imported = new Map<string, CryptoKey>();
  for (const { keyId, jwk } of keys) imported.set(keyId, (await importJWK(jwk)) as CryptoKey);
  const keyFor = ({ kid = '' }: { kid?: string }): CryptoKey => {
    const key = imported.get(kid);
    if (key === undefined) throw new Error('unknown key');
    return key;
  };
  const policy = { clockTolerance: 5, currentDate: new Date(NOW_MS), ...options };
  return async (token) => (await jwtVerify(token, keyFor, policy)).payload;
}
