// One JWK → a key that may verify, or the reason why it may not.
import { createPublicKey } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { readAlgorithmRule } from './algorithms.js';
import { isJsonObject, readOwn, readText } from '../token/claims.js';
import type { JsonObject } from '../token/claims.js';

const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 8192; // a longer one would make each verification a denial of service
const MAX_KEY_ID_LENGTH = 256;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** A public key of the project that may verify signatures. */
export interface VerificationKey {
  readonly keyId: string;
  /** The only algorithm it may be used with, where its JWK names one. */
  readonly algorithm: string | undefined;
  readonly keyObject: KeyObject;
}

/** Reads a JWK (RFC 7517). Answers a text that says what is wrong with one that may not verify. */
export function readVerificationKey(jwk: unknown): VerificationKey | string {
  if (!isJsonObject(jwk)) return 'it is not a JSON object';
  const keyId = readText(jwk, 'kid');
  if (keyId === undefined || keyId.length > MAX_KEY_ID_LENGTH) return 'it has no usable "kid"';
  const flaw = findUseFlaw(jwk);
  if (flaw !== undefined) return flaw;
  const keyObject = importPublicKey(jwk);
  if (keyObject === undefined) return 'it cannot be read as a public RSA or EC key';
  const algorithm = readText(jwk, 'alg');
  return findStrengthFlaw(keyObject, algorithm) ?? { keyId, algorithm, keyObject };
}

function findUseFlaw(jwk: JsonObject): string | undefined {
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name)))
    return 'it holds private or symmetric key material';
  const use = readOwn(jwk, 'use');
  if (use !== undefined && use !== 'sig') return 'its "use" is not "sig"';
  const operations = readOwn(jwk, 'key_ops');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return 'its "key_ops" do not include "verify"';
  }
  const algorithm = readOwn(jwk, 'alg');
  if (algorithm === undefined) return undefined;
  const isKnown = typeof algorithm === 'string' && readAlgorithmRule(algorithm) !== undefined;
  return isKnown ? undefined : 'its "alg" is not a known signature algorithm';
}

function importPublicKey(jwk: JsonObject): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function findStrengthFlaw(key: KeyObject, algorithm: string | undefined): string | undefined {
  const rule = algorithm === undefined ? undefined : readAlgorithmRule(algorithm);
  if (rule !== undefined && rule.keyType !== key.asymmetricKeyType) return 'its type does not fit its "alg"';
  if (key.asymmetricKeyType === 'rsa') return findRsaFlaw(key);
  if (key.asymmetricKeyType !== 'ec') return 'it is neither an RSA nor an EC key';
  const fits = rule === undefined || rule.curve === key.asymmetricKeyDetails?.namedCurve;
  return fits ? undefined : 'its curve does not fit its "alg"';
}

function findRsaFlaw(key: KeyObject): string | undefined {
  const { modulusLength: bits = 0, publicExponent: exponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS) {
    return `its modulus is not ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bit`;
  }
  return exponent >= 3n && exponent % 2n === 1n ? undefined : 'its "e" is not an odd number of at least 3';
}
