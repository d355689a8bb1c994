// Encryption with a key from a credential: what a shared store keeps is useless without the credential.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** What is encrypted: each use has keys of its own. */
export type EncryptionUse = 'refresh' | 'exchange';

/** Returns a key for values about a credential, from which the credential cannot be computed. */
export function toTokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Encrypts a string with a key derived from a credential (AES-256-GCM, HKDF). */
export function encryptToken(text: string, token: string, use: EncryptionUse): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, toKey(token, use), iv);
  const encrypted = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), encrypted]).toString('base64url');
}

/** Decrypts a result of `encryptToken` with the same credential and use; `undefined` for anything else. */
export function decryptToken(encrypted: unknown, token: string, use: EncryptionUse): string | undefined {
  const bytes = Buffer.from(typeof encrypted === 'string' ? encrypted : '', 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, toKey(token, use), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    const text = [decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()];
    return Buffer.concat(text).toString('utf8');
  } catch {
    return undefined; // altered, or of another credential: GCM does not show which
  }
}

function toKey(token: string, use: EncryptionUse): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', `nestjs-descope ${use}`, 32));
}
