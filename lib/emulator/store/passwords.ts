// The passwords of users: what the project asks of them, and how they are kept and compared.
import { DescopeError } from '../http/descope-error.js';
import { toDigest } from './ids.js';

/** Says whether a password is the right one; a user keeps this and never the password. */
export type PasswordCheck = (given: string) => boolean;

/** The policy as clients read it. */
export const PASSWORD_POLICY = {
  minLength: 8,
  lowercase: false,
  uppercase: false,
  number: false,
  nonAlphanumeric: false,
};

/** The check of a password that somebody chooses; refuses one that is too short. */
export function toChosenPassword(password: string): PasswordCheck {
  if (password.length >= PASSWORD_POLICY.minLength) return toPasswordCheck(password);
  const message = `A password has at least ${PASSWORD_POLICY.minLength} characters`;
  throw new DescopeError('invalidArguments', message);
}

/** The check of a password, whatever it is like. */
export function toPasswordCheck(password: string): PasswordCheck {
  const digest = toDigest(password);
  return (given) => toDigest(given) === digest;
}
