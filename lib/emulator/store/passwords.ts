// What the project asks of passwords.
import { DescopeError } from '../http/descope-error.js';
import { toDigest } from './ids.js';

/** The policy as clients read it. */
export const PASSWORD_POLICY = {
  minLength: 8,
  lowercase: false,
  uppercase: false,
  number: false,
  nonAlphanumeric: false,
};

/** The digest of a new password; refuses one that is too short. */
export function toPasswordDigest(password: string): string {
  if (password.length >= PASSWORD_POLICY.minLength) return toDigest(password);
  const message = `A password has at least ${PASSWORD_POLICY.minLength} characters`;
  throw new DescopeError('invalidArguments', message);
}
