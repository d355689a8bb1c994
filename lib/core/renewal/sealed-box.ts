// Values that only the holder of a token can read: what a shared store keeps must not be worth stealing.
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The name under which something about a token is kept; it does not give the token away. */
export function toTokenDigest(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Encrypts a text so that the same token opens it again. */
export function seal(text: string, token: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(CIPHER, toKey(token), iv);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
}

/** Opens what `seal` made; `undefined` for anything else. */
export function unseal(text: string, token: string): string | undefined {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, toKey(token), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  } catch {
    return undefined; // altered, or of another token: GCM says no more than that
  }
}

function toKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'nestjs-descope renewal', 32));
}
