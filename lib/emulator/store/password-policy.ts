// The password settings of the project and its tenants, and what they need to know: earlier passwords and failures.
import { DescopeError } from '../errors.js';
import type { PasswordCheck } from './passwords.js';
import type { RecordChange } from './project.js';

/** Password settings, of the project or a tenant. */
export interface PasswordSettings {
  /** Whether users may sign in with passwords. */
  readonly enabled: boolean;
  readonly minLength: number;
  readonly lowercase: boolean;
  readonly uppercase: boolean;
  readonly number: boolean;
  readonly nonAlphanumeric: boolean;
  readonly expiration: boolean;
  readonly expirationWeeks: number;
  readonly reuse: boolean;
  /** How many of the latest passwords may not be chosen again, the current one among them. */
  readonly reuseAmount: number;
  readonly lock: boolean;
  /** How many wrong passwords in a row disable the user. */
  readonly lockAttempts: number;
}

/** The settings of a new project. */
export const DEFAULT_PASSWORD_SETTINGS: PasswordSettings = {
  enabled: true,
  minLength: 8,
  lowercase: false,
  uppercase: false,
  number: false,
  nonAlphanumeric: false,
  expiration: false,
  expirationWeeks: 0,
  reuse: false,
  reuseAmount: 0,
  lock: false,
  lockAttempts: 0,
};

/** Lists what is wrong with settings. */
export function findSettingsMistakes(settings: PasswordSettings): readonly string[] {
  const counts: readonly (readonly [
    name: keyof PasswordSettings,
    isOn: boolean,
    least: number,
    most: number,
  ])[] = [
    ['minLength', true, 1, MAX_LENGTH],
    ['expirationWeeks', settings.expiration, 1, 520],
    ['reuseAmount', settings.reuse, 1, MAX_HISTORY],
    ['lockAttempts', settings.lock, 1, 100],
  ];
  return counts.flatMap(([name, isOn, least, most]) => {
    const count = Number(settings[name]);
    const holds = Number.isInteger(count) && count >= (isOn ? least : 0) && count <= most;
    return holds ? [] : [`${name} must be a whole number from ${least} to ${most}, got ${count}`];
  });
}

// The Terraform provider of Descope: "The maximum length is always 64".
const MAX_LENGTH = 64;
const MAX_HISTORY = 50;
const WEEK_SECONDS = 7 * 24 * 60 * 60;

/** Rejects a password that breaks a rule, with all rules that it breaks. */
export function assertAllowed(settings: PasswordSettings, password: string): void {
  const rules: readonly (readonly [isAsked: boolean, holds: boolean, rule: string])[] = [
    [true, password.length >= settings.minLength, `at least ${settings.minLength} characters`],
    [true, password.length <= MAX_LENGTH, `at most ${MAX_LENGTH} characters`],
    [settings.lowercase, /\p{Ll}/u.test(password), 'a lowercase letter'],
    [settings.uppercase, /\p{Lu}/u.test(password), 'an uppercase letter'],
    [settings.number, /\p{Nd}/u.test(password), 'a number'],
    [settings.nonAlphanumeric, /[^\p{L}\p{Nd}]/u.test(password), 'a character that is no letter or number'],
  ];
  const broken = rules.flatMap(([isAsked, holds, rule]) => (isAsked && !holds ? [rule] : []));
  if (broken.length > 0) throw new DescopeError('invalidArguments', `A password has ${broken.join(', ')}`);
}

interface Used {
  readonly checks: readonly PasswordCheck[];
  readonly setSeconds: number;
  readonly failures: number;
}

const UNUSED: Used = { checks: [], setSeconds: 0, failures: 0 };

/** Keeps password settings, and for each user the latest passwords and the wrong ones in a row. */
export class PasswordPolicies {
  readonly #settings = new Map<string, PasswordSettings>();
  readonly #byUser = new Map<string, Used>();

  constructor(private readonly clock: { nowSeconds(): number }) {}

  /** The settings of a tenant; those of the project where it has none, or without a tenant. */
  settingsOf(tenantId = ''): PasswordSettings {
    return this.#settings.get(tenantId) ?? this.#settings.get('') ?? DEFAULT_PASSWORD_SETTINGS;
  }

  /** Changes the settings of a tenant, or of the project. */
  configure(tenantId: string, settings: PasswordSettings): void {
    this.#settings.set(tenantId, settings);
  }

  /** Notes the passwords that users get, in whatever way; an enabled user starts without failures. */
  noteChange({ kind, before, after }: RecordChange): void {
    if (kind !== 'User') return;
    if (!after) {
      if (before) this.#byUser.delete(before.userId);
      return;
    }
    const used = this.#byUser.get(after.userId) ?? UNUSED;
    if (after.password && after.password !== before?.password) {
      const checks = [after.password, ...used.checks].slice(0, MAX_HISTORY);
      this.#byUser.set(after.userId, { checks, setSeconds: this.clock.nowSeconds(), failures: 0 });
    } else if (before?.status === 'disabled' && after.status !== 'disabled') {
      this.noteSuccess(after.userId);
    }
  }

  /** Whether a password is one of the user's latest. */
  isReused(userId: string, password: string, amount: number): boolean {
    const { checks } = this.#byUser.get(userId) ?? UNUSED;
    return checks.slice(0, amount).some((check) => check(password));
  }

  /** Whether the user's password is older than the settings allow. */
  isExpired(userId: string, { expiration, expirationWeeks }: PasswordSettings): boolean {
    const { setSeconds } = this.#byUser.get(userId) ?? UNUSED;
    return expiration && this.clock.nowSeconds() >= setSeconds + expirationWeeks * WEEK_SECONDS;
  }

  /** Counts a wrong password; returns how many there were in a row. */
  noteFailure(userId: string): number {
    const used = this.#byUser.get(userId) ?? UNUSED;
    this.#byUser.set(userId, { ...used, failures: used.failures + 1 });
    return used.failures + 1;
  }

  /** Forgets wrong passwords. */
  noteSuccess(userId: string): void {
    const used = this.#byUser.get(userId);
    if (used) this.#byUser.set(userId, { ...used, failures: 0 });
  }

  /** Removes all settings, passwords and failures. */
  clear(): void {
    this.#settings.clear();
    this.#byUser.clear();
  }
}
