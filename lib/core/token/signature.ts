// Is this signature by this key? The one place that asks node:crypto.
import { verify } from 'node:crypto';
import { DescopeCredentialError } from '../errors.js';
import { readAlgorithmRule } from '../keys/algorithms.js';
import type { AlgorithmRule } from '../keys/algorithms.js';
import type { DecodedToken } from './decode.js';
import type { VerificationKey } from '../keys/verification-key.js';

/**
 * Asserts that the key signed the token, with the algorithm that token and key agree on (RFC 8725 §3.1).
 * Throws `TOKEN_ALGORITHM_NOT_ALLOWED` or `TOKEN_SIGNATURE_INVALID`.
 */
export function assertSignature(token: DecodedToken, key: VerificationKey): void {
  const rule = readAlgorithmRule(token.algorithm);
  if (rule === undefined || !isKeyFor(rule, token.algorithm, key)) throw notAllowed();
  if (token.signature.length !== signatureBytes(rule, key)) throw invalid();
  const input = { key: key.keyObject, ...rule.options };
  if (!verify(rule.hash, token.signingInput, input, token.signature)) throw invalid();
}

function isKeyFor(rule: AlgorithmRule, algorithm: string, key: VerificationKey): boolean {
  if (key.algorithm !== undefined && key.algorithm !== algorithm) return false;
  if (key.keyObject.asymmetricKeyType !== rule.keyType) return false;
  return rule.curve === undefined || key.keyObject.asymmetricKeyDetails?.namedCurve === rule.curve;
}

function signatureBytes(rule: AlgorithmRule, key: VerificationKey): number {
  return rule.signatureBytes ?? Math.ceil((key.keyObject.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
}

function notAllowed(): DescopeCredentialError {
  const message = 'The token is not signed with the algorithm that its key is for.';
  return new DescopeCredentialError('TOKEN_ALGORITHM_NOT_ALLOWED', message);
}

function invalid(): DescopeCredentialError {
  return new DescopeCredentialError(
    'TOKEN_SIGNATURE_INVALID',
    "The token's signature is not by the project's key.",
  );
}
