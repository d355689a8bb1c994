// The name under which something about a credential is remembered, so that the credential itself need not be.
import { hash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Makes digests of one process: what stands in its memory cannot be compared with anything outside of it. */
export type CredentialDigest = (credential: string) => string;

/**
 * Creates the digests of one memory. SHA-256 over a secret of fixed length and the credential: a seventh of the time
 * of an HMAC, whose one advantage, that a digest cannot be lengthened, means nothing where nobody sees it.
 */
export function createCredentialDigest(): CredentialDigest {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return (credential) => hash('sha256', secret + credential, 'base64url');
}
