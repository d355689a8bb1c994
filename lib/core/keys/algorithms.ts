// The signature algorithms that may be allowed, and what each asks of its key (RFC 7518 §3).
import { constants } from 'node:crypto';

/** A JWS algorithm (RFC 7518 §3.1) that this package can verify. There is no HMAC and no `none` among them. */
export type SignatureAlgorithm =
  'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

/** How an algorithm is checked with `node:crypto`. */
export interface AlgorithmRule {
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly keyType: 'rsa' | 'ec';
  /** OpenSSL's name of the one curve that goes with an ECDSA algorithm. */
  readonly curve?: string;
  /** Length in bytes of an ECDSA signature; an RSA signature is as long as its modulus. */
  readonly signatureBytes?: number;
  readonly options: object;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
const PKCS1 = { padding: constants.RSA_PKCS1_PADDING };
const ECDSA = { dsaEncoding: 'ieee-p1363' };

const RULES: ReadonlyMap<string, AlgorithmRule> = new Map<SignatureAlgorithm, AlgorithmRule>([
  ['RS256', { hash: 'sha256', keyType: 'rsa', options: PKCS1 }],
  ['RS384', { hash: 'sha384', keyType: 'rsa', options: PKCS1 }],
  ['RS512', { hash: 'sha512', keyType: 'rsa', options: PKCS1 }],
  ['PS256', { hash: 'sha256', keyType: 'rsa', options: PSS }],
  ['PS384', { hash: 'sha384', keyType: 'rsa', options: PSS }],
  ['PS512', { hash: 'sha512', keyType: 'rsa', options: PSS }],
  ['ES256', { hash: 'sha256', keyType: 'ec', curve: 'prime256v1', signatureBytes: 64, options: ECDSA }],
  ['ES384', { hash: 'sha384', keyType: 'ec', curve: 'secp384r1', signatureBytes: 96, options: ECDSA }],
  ['ES512', { hash: 'sha512', keyType: 'ec', curve: 'secp521r1', signatureBytes: 132, options: ECDSA }],
]);

/** Every algorithm that the option `algorithms` may name. */
export const SIGNATURE_ALGORITHMS: readonly string[] = [...RULES.keys()];

/** Finds the rule of an algorithm; an unknown name has none. */
export function readAlgorithmRule(algorithm: string): AlgorithmRule | undefined {
  return RULES.get(algorithm);
}
