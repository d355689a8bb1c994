// The users of the project, found by user id or by any login id.
import type { JsonObject } from '../http/message.js';
import { DescopeError } from '../http/message.js';
import { toDigest } from './records.js';
import type { TenantGrant } from './roles.js';

/** A user as the emulator keeps it. */
export interface UserRecord {
  readonly userId: string;
  readonly loginIds: readonly string[];
  readonly name?: string | undefined;
  readonly givenName?: string | undefined;
  readonly middleName?: string | undefined;
  readonly familyName?: string | undefined;
  readonly email?: string | undefined;
  readonly phone?: string | undefined;
  readonly picture?: string | undefined;
  readonly verifiedEmail: boolean;
  readonly verifiedPhone: boolean;
  readonly status: UserStatus;
  readonly test: boolean;
  /** Whether it has signed in before: the first time is `firstSeen`. */
  readonly seen: boolean;
  readonly roleNames: readonly string[];
  /** Permissions beyond those of the roles; only a seed can give them. */
  readonly permissions: readonly string[];
  readonly tenants: readonly TenantGrant[];
  readonly customAttributes: JsonObject;
  /** Claims that go into each of the user's session tokens. */
  readonly customClaims: JsonObject;
  readonly createdSeconds: number;
  readonly password?: PasswordCheck | undefined;
  readonly passwordExpired: boolean;
}

/** What Descope lets a user be. */
export type UserStatus = 'enabled' | 'disabled' | 'invited';

/** Keeps users; names are looked up in maps, so `__proto__` is a name like any other. */
export class Users {
  readonly #byId = new Map<string, UserRecord>();
  readonly #idByLogin = new Map<string, string>();

  /** All users, in the order in which they came. */
  get all(): readonly UserRecord[] {
    return [...this.#byId.values()];
  }

  /** The user of a login id or a user id. */
  find(id: string): UserRecord | undefined {
    return this.#byId.get(this.#idByLogin.get(id) ?? id);
  }

  /** Adds or replaces a user; rejects a login id that belongs to another. */
  save(user: UserRecord): UserRecord {
    for (const loginId of user.loginIds) {
      if ((this.#idByLogin.get(loginId) ?? user.userId) !== user.userId) {
        throw new DescopeError('userExists', `A user with the login id ${loginId} already exists`);
      }
    }
    this.#forgetLogins(user.userId);
    for (const loginId of user.loginIds) this.#idByLogin.set(loginId, user.userId);
    this.#byId.set(user.userId, user);
    return user;
  }

  /** Removes a user. */
  remove(userId: string): void {
    this.#forgetLogins(userId);
    this.#byId.delete(userId);
  }

  #forgetLogins(userId: string): void {
    for (const loginId of this.#byId.get(userId)?.loginIds ?? []) this.#idByLogin.delete(loginId);
  }
}

// The passwords of users: what the project asks of them, and how they are kept and compared.

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

/** The check of a password that somebody chooses; rejects one that is too short. */
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
