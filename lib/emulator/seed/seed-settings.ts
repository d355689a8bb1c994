// The settings of a project in a seed, which Descope's console has in its own pages.
import type { JsonObject } from '../http/message.js';

/**
 * A JWT template of a seed. The first one for users applies to the tokens of users, the first one for access keys to
 * those of access keys; the settings `userJwtTemplate` and `accessKeyJwtTemplate` choose another.
 *
 * @see {@link https://docs.descope.com/project-settings/jwt-templates | JWT Templates}
 * @example { name: 'with-email', template: { email: '{{user.email}}' } }
 */
export interface SeedJwtTemplate {
  /** The name of the template. */
  readonly name: string;
  /**
   * Whose tokens it is for: those of users, or of access keys.
   *
   * @defaultValue `user`
   */
  readonly type?: 'user' | 'key';
  /**
   * The claims that it adds; values may contain placeholders, such as `{{user.email}}`.
   *
   * @defaultValue none
   */
  readonly template?: JsonObject;
  /**
   * The form of roles and permissions: `tenantOnly` has those of the current tenant at the top level and no claim
   * `tenants`, `none` has none.
   *
   * @defaultValue `default`
   */
  readonly authSchema?: 'default' | 'tenantOnly' | 'none';
  /**
   * What becomes of a claim without a value: `none` keeps it as an empty string, `nil` as `null`, `delete` leaves it out.
   *
   * @defaultValue `none`
   */
  readonly emptyClaimPolicy?: 'none' | 'nil' | 'delete';
  /**
   * Whether a user with only one tenant has it as the current tenant (the claim `dct`).
   *
   * @defaultValue false
   */
  readonly autoDCT?: boolean;
  /**
   * Whether the claim `iss` is a URL, as OpenID Connect wants it.
   *
   * @defaultValue false
   */
  readonly conformanceIssuer?: boolean;
  /**
   * Whether `template` may set the claim `sub`; the id then stands in the claim `dsub`.
   *
   * @defaultValue false
   */
  readonly overrideSubject?: boolean;
  /**
   * Whether refresh tokens are without the claims of `template`.
   *
   * @defaultValue false
   */
  readonly omitCustomClaimsFromDSR?: boolean;
  /**
   * Whether every token has a claim `jti` of its own.
   *
   * @defaultValue false
   */
  readonly addJti?: boolean;
  /**
   * Whether tokens are without permissions.
   *
   * @defaultValue false
   */
  readonly excludePermissions?: boolean;
}

/**
 * The rules for passwords of a seed. What is left out is as in a new project: eight characters, and no other rule.
 *
 * @see {@link https://docs.descope.com/auth-methods/passwords | Passwords}
 * @example { minLength: 10, uppercase: true, lock: true, lockAttempts: 3 }
 */
export interface SeedPasswordSettings {
  /**
   * Whether users may sign in with passwords.
   *
   * @defaultValue true
   */
  readonly enabled?: boolean;
  /**
   * How many characters a password has at least.
   *
   * @defaultValue 8
   */
  readonly minLength?: number;
  /**
   * Whether a password needs a lowercase letter.
   *
   * @defaultValue false
   */
  readonly lowercase?: boolean;
  /**
   * Whether a password needs an uppercase letter.
   *
   * @defaultValue false
   */
  readonly uppercase?: boolean;
  /**
   * Whether a password needs a number.
   *
   * @defaultValue false
   */
  readonly number?: boolean;
  /**
   * Whether a password needs a character that is no letter or number.
   *
   * @defaultValue false
   */
  readonly nonAlphanumeric?: boolean;
  /**
   * Whether passwords expire after `expirationWeeks`.
   *
   * @defaultValue false
   */
  readonly expiration?: boolean;
  /**
   * The age at which a password expires, in weeks.
   *
   * @defaultValue 0, which is not enough once it is asked for
   */
  readonly expirationWeeks?: number;
  /**
   * Whether the latest `reuseAmount` passwords may not be chosen again.
   *
   * @defaultValue false
   */
  readonly reuse?: boolean;
  /**
   * How many passwords may not be chosen again, the current one among them.
   *
   * @defaultValue 0, which is not enough once it is asked for
   */
  readonly reuseAmount?: number;
  /**
   * Whether `lockAttempts` wrong passwords in a row disable the user.
   *
   * @defaultValue false
   */
  readonly lock?: boolean;
  /**
   * How many wrong passwords in a row disable the user.
   *
   * @defaultValue 0, which is not enough once it is asked for
   */
  readonly lockAttempts?: number;
}

/** A custom attribute of users. */
export interface SeedCustomAttribute {
  /** The name. */
  readonly name: string;
  /**
   * The type of its values.
   *
   * @defaultValue `text`
   */
  readonly type?: 'text' | 'number' | 'boolean' | 'singleSelect' | 'multiSelect' | 'date' | 'monthDay';
  /**
   * The name for people.
   *
   * @defaultValue the name
   */
  readonly displayName?: string;
  /**
   * The values that a select may have.
   *
   * @defaultValue any
   */
  readonly options?: readonly string[];
}
